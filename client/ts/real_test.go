package ts_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mux/muxtest"
	"tapedeck/client/ts"
)

// streams are what ffmpeg makes transport streams of.
var streams = []struct {
	name, args string
	codecs     []media.Codec

	// decoded: ffmpeg muxes the same content with other bytes: H.265 with a zero
	// of the next start code, LATM as it is.
	decoded bool
}{
	{"H.264 and AAC", "-c copy", []media.Codec{media.H264, media.AAC}, false},
	{"H.264 with B-frames and slices", "-c:v libx264 -preset veryfast -bf 3 -g 25 -x264-params slices=4 -c:a copy", []media.Codec{media.H264, media.AAC}, false},
	{"H.264 in fields", "-vf scale=320:192,setfield=tff -c:v libx264 -preset veryfast -flags +ildct+ilme -g 25 -c:a copy", []media.Codec{media.H264, media.AAC}, false},
	{"H.264 refreshed bit by bit, and MP3", "-c:v libx264 -preset veryfast -x264-params intra-refresh=1:keyint=25 -c:a libmp3lame", []media.Codec{media.H264, media.MP3}, false},
	{"H.265 and AC-3", "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25 -c:a ac3", []media.Codec{media.H265, media.AC3}, true},
	{"MPEG-2 and MP2", "-c:v mpeg2video -bf 2 -g 12 -c:a mp2", []media.Codec{media.MPEG2Video, media.MP2}, false},
	{"MPEG-1 and E-AC-3", "-c:v mpeg1video -g 12 -c:a eac3", []media.Codec{media.MPEG1Video, media.EAC3}, false},
	{"AAC in LATM", "-vn -c:a aac -mpegts_flags latm", []media.Codec{media.AAC}, true},
	{"Opus", "-vn -c:a libopus", []media.Codec{media.Opus}, false},
	{"AC-3 and H.264 as in Europe", "-c:v copy -c:a ac3 -mpegts_flags system_b", []media.Codec{media.H264, media.AC3}, false},
	{"packets of 192 bytes", "-c:v copy -c:a ac3 -mpegts_m2ts_mode 1", []media.Codec{media.H264, media.AC3}, false},
}

// TestLikeFFmpeg takes what ffmpeg makes apart: the packets are those that
// ffprobe sees, and what we mux of them is what ffmpeg muxes.
func TestLikeFFmpeg(t *testing.T) {
	for _, s := range streams {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			file := muxtest.Encode(t, "clip.ts", "-t 3 "+s.args)
			stream := muxtest.Read(t, file)
			d := ts.New()
			got := muxtest.Demux(t, d, stream, 1000)
			for i, track := range d.Tracks() {
				if track.Codec != s.codecs[i] || track.Problem != "" || !d.Known() {
					t.Errorf("track %d: %+v", i, track)
				}
			}
			// ffprobe tells microseconds, of times that are ticks of 90 kHz.
			muxtest.Compare(t, "MPEG-TS", got, muxtest.Probe(t, file), 12*time.Microsecond, false)
			if s := d.Stats(); s.Damaged+s.Gaps+s.BadTables > 0 {
				t.Errorf("%+v", s)
			}

			theirs := filepath.Join(t.TempDir(), "theirs.mkv")
			muxtest.Run(t, "ffmpeg", "-v", "error", "-copyts", "-i", file, "-c", "copy", theirs)
			ours := muxtest.Matroska(t, ts.New(), stream)
			muxtest.Compare(t, "Matroska", muxtest.Probe(t, ours), muxtest.Probe(t, theirs), time.Millisecond, !s.decoded)
			if s.decoded && !slices.Equal(muxtest.Decoded(t, ours), muxtest.Decoded(t, file)) {
				t.Error("decoded, it is something else")
			}
		})
	}
}
