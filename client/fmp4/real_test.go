package fmp4_test

import (
	"slices"
	"testing"
	"time"

	"tapedeck/client/fmp4"
	"tapedeck/client/media"
	"tapedeck/client/mux/muxtest"
)

// films are what ffmpeg makes fragmented MP4 of.
var films = []struct {
	name, args string
	codecs     []media.Codec

	// later: ffmpeg shows pictures that much later where fragments have some shown
	// before they are decoded, as CMAF has it to begin at 0.
	later time.Duration
}{
	{"H.264 and AAC", "-c copy -movflags frag_keyframe+empty_moov+default_base_moof", []media.Codec{media.H264, media.AAC}, 0},
	{"offsets from the file's beginning", "-c copy -movflags frag_keyframe+empty_moov", []media.Codec{media.H264, media.AAC}, 0},
	{"offsets from the track before", "-c copy -movflags frag_keyframe+empty_moov+omit_tfhd_offset", []media.Codec{media.H264, media.AAC}, 0},
	{"a fragment for each track", "-c copy -movflags frag_keyframe+empty_moov+separate_moof", []media.Codec{media.H264, media.AAC}, 0},
	{"CMAF with B-frames", "-c:v libx264 -preset veryfast -bf 3 -g 25 -c:a copy -movflags cmaf", []media.Codec{media.H264, media.AAC}, 80 * time.Millisecond},
	{"B-frames and an edit list", "-c:v libx264 -preset veryfast -bf 3 -g 25 -c:a aac -movflags frag_keyframe+delay_moov+default_base_moof", []media.Codec{media.H264, media.AAC}, 0},
	{"short fragments, the index behind", "-c copy -frag_duration 100000 -movflags empty_moov+default_base_moof+global_sidx", []media.Codec{media.H264, media.AAC}, 0},
	{"H.265 and AC-3", "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25 -tag:v hvc1 -c:a ac3 -movflags cmaf+delay_moov", []media.Codec{media.H265, media.AC3}, 80 * time.Millisecond},
	{"H.265 as hev1 and E-AC-3", "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25 -c:a eac3 -movflags cmaf+delay_moov", []media.Codec{media.H265, media.EAC3}, 80 * time.Millisecond},
	{"MPEG-4 Visual and MP3", "-c:v mpeg4 -g 25 -c:a libmp3lame -movflags frag_keyframe+empty_moov", []media.Codec{media.MPEG4Video, media.MP3}, 0},
	{"VP9 and Opus", "-t 1 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus -movflags cmaf", []media.Codec{media.VP9, media.Opus}, 0},
	{"FLAC", "-vn -c:a flac -strict -2 -movflags cmaf", []media.Codec{media.FLAC}, 0},
	{"AV1", "-t 0.2 -an -c:v libaom-av1 -cpu-used 8 -usage realtime -movflags cmaf+delay_moov", []media.Codec{media.AV1}, 0},
}

// TestLikeFFmpeg takes what ffmpeg makes apart: the packets are those that
// ffprobe sees, and what we mux of them decodes to the same pictures and sound.
func TestLikeFFmpeg(t *testing.T) {
	for _, s := range films {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			file := muxtest.Encode(t, "clip.mp4.mp4", "-t 3 "+s.args)
			stream := muxtest.Read(t, file)
			d := fmp4.New()
			got := muxtest.Demux(t, d, stream, 1000)
			for i, track := range d.Tracks() {
				if track.Codec != s.codecs[i] || track.Problem != "" || !d.Known() {
					t.Errorf("track %d: %+v", i, track)
				}
			}
			want := muxtest.Probe(t, file)
			for i := range want {
				if want[i].Track == 0 {
					want[i].Time -= s.later
				}
			}
			muxtest.Compare(t, "MP4", got, want, time.Microsecond, true)
			if s := d.Stats(); s.Damaged > 0 || s.Fragments == 0 {
				t.Errorf("%+v", s)
			}

			ours := muxtest.Matroska(t, fmp4.New(), stream)
			muxtest.Compare(t, "Matroska", muxtest.Probe(t, ours), got, time.Second, true)
			if g, w := muxtest.Decoded(t, ours), muxtest.Decoded(t, file); !slices.Equal(g, w) {
				t.Errorf("decoded, it is something else: %d, %d", len(g), len(w))
			}
		})
	}
}
