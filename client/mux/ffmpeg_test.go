package mux

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/peers"
)

const clip = 3 * time.Second

// Arguments of ffmpeg for the samples' encoders. Groups of pictures are closed:
// each can be decoded without the one before it.
const (
	h264  = "-c:v libx264 -preset ultrafast -bf 0 -g 25 -sc_threshold 0"
	h264B = "-c:v libx264 -preset veryfast -bf 3 -b_strategy 0 -g 25 -sc_threshold 0"
	h265  = "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25:open-gop=0"
)

type sample struct {
	name    string
	video   string // encoder's arguments; empty: none
	audio   string // likewise
	rate    int    // samples a second
	streams []string
}

var samples = []sample{
	{"H.264 and AAC", h264, "-c:a aac", 48000, []string{"h264 320x240", "aac 48000"}},
	{"H.264 with B-frames and PCMU", h264B, "-c:a pcm_mulaw", 8000, []string{"h264 320x240", "pcm_mulaw 8000"}},
	{"H.265 and Opus", h265, "-c:a libopus", 48000, []string{"hevc 320x240", "opus 48000"}},
	{"H.264 alone", h264, "", 0, []string{"h264 320x240"}},
	{"AAC", "", "-c:a aac", 44100, []string{"aac 44100"}},
	{"MP3", "", "-c:a libmp3lame", 44100, []string{"mp3 44100"}},
	{"Opus", "", "-c:a libopus", 48000, []string{"opus 48000"}},
	{"PCMU", "", "-c:a pcm_mulaw", 8000, []string{"pcm_mulaw 8000"}},
	{"PCMA", "", "-c:a pcm_alaw", 8000, []string{"pcm_alaw 8000"}},
	{"Vorbis", "", "-c:a libvorbis", 44100, []string{"vorbis 44100"}},
	{"FLAC", "", "-c:a flac", 44100, []string{"flac 44100"}},
}

// encode lets ffmpeg make the sample and takes the file apart.
func (s sample) encode(t testing.TB) *stream {
	t.Helper()
	args := []string{"-v", "error"}
	if s.video != "" {
		args = append(args, "-f", "lavfi", "-i", fmt.Sprintf("testsrc=size=320x240:rate=25:duration=%v", clip.Seconds()))
	}
	if s.audio != "" {
		args = append(args, "-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:sample_rate=%d:duration=%v", s.rate, clip.Seconds()))
	}
	args = append(args, "-pix_fmt", "yuv420p", "-threads", "1")
	args = append(args, strings.Fields(s.video+" "+s.audio)...)
	cmd := exec.Command(peers.Find(t, "ffmpeg"), append(args, "-f", "matroska", "pipe:1")...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, &stderr)
	}
	parts, err := read(out)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

// remux writes the packets that come at or after from, beginning at an entry, by
// a writer of ours, later by shift. It returns the bytes of each packet.
func remux(t testing.TB, parts *stream, from, shift time.Duration) (w *Writer, packets []media.Packet, chunks [][]byte) {
	t.Helper()
	w = mustNew(t, parts.tracks(t)...)
	for _, p := range parts.packets {
		at := p.Time
		p.Time += shift
		b, mark := w.Append(nil, p)
		if len(chunks) > 0 || mark.Key && at >= from {
			packets = append(packets, p)
			chunks = append(chunks, b)
		}
	}
	if len(chunks) == 0 {
		t.Fatalf("no entry after %v", from)
	}
	return w, packets, chunks
}

// report is what ffprobe says of a stream.
type report struct {
	Streams []struct {
		CodecName  string `json:"codec_name"`
		Width      int
		Height     int
		SampleRate string `json:"sample_rate"`
		Frames     string `json:"nb_read_frames"`
		Packets    string `json:"nb_read_packets"`
	}
	Packets []struct {
		Stream int    `json:"stream_index"`
		Time   string `json:"pts_time"`
		Flags  string
	}
}

// ffprobe demuxes and decodes all of b. Any complaint fails the test.
func ffprobe(t *testing.T, b []byte) report {
	t.Helper()
	cmd := exec.Command(peers.Find(t, "ffprobe"), "-v", "error", "-of", "json", "-threads", "1",
		"-show_streams", "-show_packets", "-count_frames", "-count_packets", "-f", "matroska", "pipe:0")
	cmd.Stdin = bytes.NewReader(b)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("ffprobe: %v\n%s", err, &stderr)
	}
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFFmpegDecodes plays each sample whole, and from an entry in its middle
// with times of an hour, to ffmpeg's demuxer and decoders.
func TestFFmpegDecodes(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			parts := s.encode(t)
			for _, c := range []struct{ from, shift time.Duration }{{0, 0}, {time.Second, time.Hour}} {
				w, packets, chunks := remux(t, parts, c.from, c.shift)
				checkReport(t, s, packets, ffprobe(t, append(w.Init(), bytes.Join(chunks, nil)...)))
			}
		})
	}
}

func checkReport(t *testing.T, s sample, packets []media.Packet, got report) {
	t.Helper()
	var streams []string
	for i, st := range got.Streams {
		if st.Width > 0 {
			streams = append(streams, fmt.Sprintf("%s %dx%d", st.CodecName, st.Width, st.Height))
		} else {
			streams = append(streams, st.CodecName+" "+st.SampleRate)
		}
		sent := 0
		for _, p := range packets {
			if p.Track == i {
				sent++
			}
		}
		if st.Packets != strconv.Itoa(sent) {
			t.Errorf("%s: %s packets of %d", st.CodecName, st.Packets, sent)
		}
		// The first packet of a lapped transform makes no sound.
		if n, _ := strconv.Atoi(st.Frames); n < sent-1 || n > sent {
			t.Errorf("%s: %d frames of %d packets", st.CodecName, n, sent)
		}
	}
	if !slices.Equal(streams, s.streams) {
		t.Errorf("streams %q, want %q", streams, s.streams)
	}
	first, last := packets[0].Time, packets[0].Time
	for _, p := range packets {
		first, last = min(first, p.Time), max(last, p.Time)
	}
	var times []float64
	for _, p := range got.Packets {
		at, _ := strconv.ParseFloat(p.Time, 64)
		times = append(times, at)
		if strings.Contains(p.Flags, "D") {
			t.Fatalf("packet at %s is to be discarded: %s", p.Time, p.Flags)
		}
	}
	// Opus: the decoder's delay is off by less than the clock's millisecond.
	const near = 0.0015
	if d := slices.Min(times) - first.Seconds(); d > near || d < -near {
		t.Errorf("begins at %v, not %v", slices.Min(times), first.Seconds())
	}
	if d := slices.Max(times) - last.Seconds(); d > near || d < -near {
		t.Errorf("ends at %v, not %v", slices.Max(times), last.Seconds())
	}
}

// TestWaveFormatLikeFFmpeg compares our private data of mu-law and A-law with
// what ffmpeg writes.
func TestWaveFormatLikeFFmpeg(t *testing.T) {
	for _, s := range samples {
		if s.name != "PCMU" && s.name != "PCMA" {
			continue
		}
		parts := s.encode(t)
		ours, err := read(mustNew(t, parts.tracks(t)...).Init())
		if err != nil {
			t.Fatal(err)
		}
		got, want := ours.entries[0].bytes(idCodecPrivate), parts.entries[0].bytes(idCodecPrivate)
		if !bytes.HasPrefix(got, want) {
			t.Errorf("%s: %x, ffmpeg writes %x", s.name, got, want)
		}
	}
}
