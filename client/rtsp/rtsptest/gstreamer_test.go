package rtsptest

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

// probe asks ffprobe for the codecs at url, by name; problem is what it said
// otherwise. GStreamer answers 503 to who comes while it is ending the pipeline
// of the one before, which the two share: it is asked again.
func probe(t *testing.T, ffprobe, url, transport string) (codecs, problem string) {
	t.Helper()
	for range 5 {
		codecs, problem = probeOnce(t, ffprobe, url, transport)
		if !strings.Contains(problem, "503") {
			break
		}
	}
	return codecs, problem
}

func probeOnce(t *testing.T, ffprobe, url, transport string) (codecs, problem string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), ffprobe, "-v", "error", "-rtsp_transport", transport,
		"-timeout", "20000000", "-analyzeduration", "1000000", "-show_entries", "stream=codec_name", "-of", "csv=p=0", url)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Run()
	names := strings.Fields(stdout.String())
	slices.Sort(names) // the order in a transport stream is chance, and each is listed twice
	return strings.Join(slices.Compact(names), " "), stderr.String()
}

// TestGStreamerServes: each mount point of gst-server.py is what it says.
func TestGStreamerServes(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(file, clip.MP4(), 0o600); err != nil {
		t.Fatal(err)
	}
	base := StartGStreamer(t, "--file", file)
	ffprobe := peers.Find(t, "ffprobe")
	var probes sync.WaitGroup // nearly all their time is waiting
	slots := make(chan struct{}, 8)
	for _, test := range []struct {
		path, transport, codecs, problem string
	}{
		{"/live", "tcp", "aac h264", ""},
		{"/live", "udp", "aac h264", ""},
		{"/live-h265", "tcp", "aac hevc", ""},
		{"/live-opus", "tcp", "h264 opus", ""},
		{"/live-pcmu", "tcp", "h264 pcm_mulaw", ""},
		{"/live-pcma", "udp", "h264 pcm_alaw", ""},
		{"/live-vp8", "tcp", "vp8", ""},
		{"/live-vp9", "tcp", "vp9", ""},
		{"/live-jpeg", "tcp", "mjpeg", ""},
		{"/live-theora", "tcp", "theora", ""},
		{"/live-fua", "udp", "h264", ""},
		{"/live-stap", "tcp", "h264", ""},
		{"/live-aac-latm", "tcp", "aac", ""},
		{"/live-mp2", "tcp", "mp2", ""},
		{"/live-mp3", "udp", "mp3", ""},
		{"/live-ac3", "tcp", "ac3", ""},
		{"/live-vorbis", "tcp", "vorbis", ""},
		{"/live-speex", "tcp", "speex", ""},
		{"/live-g722", "udp", "adpcm_g722", ""},
		{"/live-g726", "tcp", "adpcm_g726le", ""},
		{"/live-gsm", "tcp", "gsm", ""},
		{"/live-amr", "tcp", "amr_nb", ""},
		{"/live-amrwb", "udp", "amr_wb", ""},
		{"/live-l16", "tcp", "pcm_s16be", ""},
		{"/live-l24", "tcp", "pcm_s24be", ""},
		{"/ts", "tcp", "aac h264", ""},
		{"/tcponly", "tcp", "aac h264", ""},
		{"/tcponly", "udp", "", "461"},
		{"/udponly", "udp", "aac h264", ""},
		{"/udponly", "tcp", "", "461"},
		{"/digest", "tcp", "", "401"},
		{"/nothing", "tcp", "", "404"},
	} {
		probes.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			codecs, problem := probe(t, ffprobe, base+test.path, test.transport)
			if codecs != test.codecs || !strings.Contains(problem, test.problem) {
				t.Errorf("%s over %s: codecs %q, want %q; %s", test.path, test.transport, codecs, test.codecs, problem)
			}
		})
	}
	probes.Wait()
	login := "rtsp://alice:p%40ss%3Aword@" + base[len("rtsp://"):] + "/digest"
	if codecs, problem := probe(t, ffprobe, login, "tcp"); codecs != "aac h264" {
		t.Errorf("/digest with a login: codecs %q; %s", codecs, problem)
	}

	if first := ffmpeg(t, base+"/vod", "tcp", "3").begins(t, 3*time.Second); first != 0 {
		t.Errorf("/vod begins at %d", first)
	}
	if first := ffmpeg(t, base+"/vod", "udp", "3", "-ss", "30.5").begins(t, 3*time.Second); first != 30 {
		t.Errorf("/vod from 30.5 begins at %d", first)
	}
	live := ffmpeg(t, base+"/live", "tcp", "2")
	if hz, level := clip.Tone(live.sound, clip.SampleRate); math.Abs(hz-440) > 1 || level < 0.1 {
		t.Errorf("/live sounds of %.1f Hz at %.2f", hz, level)
	}
}
