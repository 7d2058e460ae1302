package rtsp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/player"
)

// gstMounts is what GStreamer's server sends live, over either transport.
var gstMounts = []struct {
	path         string
	video, audio media.Codec
}{
	{"/live", media.H264, media.AAC},
	{"/live-fua", media.H264, ""},
	{"/live-stap", media.H264, ""},
	{"/live-h265", media.H265, media.AAC},
	{"/live-opus", media.H264, media.Opus},
	{"/live-pcmu", media.H264, media.PCMU},
	{"/live-pcma", media.H264, media.PCMA},
	{"/live-vp8", media.VP8, ""},
	{"/live-vp9", media.VP9, ""},
	{"/live-jpeg", media.JPEG, ""},
	{"/live-theora", media.Theora, ""},
	{"/live-aac-latm", "", media.AAC},
	{"/live-mp2", "", media.MP2},
	{"/live-mp3", "", media.MP3},
	{"/live-ac3", "", media.AC3},
	{"/live-vorbis", "", media.Vorbis},
	{"/live-speex", "", media.Speex},
	{"/live-g722", "", media.G722},
	{"/live-g726", "", media.G726},
	{"/live-gsm", "", media.GSM},
	{"/live-amr", "", media.AMR},
	{"/live-amrwb", "", media.AMRWB},
	{"/live-l16", "", media.L16},
	{"/live-l24", "", media.L24},
	{"/ts", media.MPEGTS, ""},
}

// TestGStreamerLive plays each mount of gst-server.py over UDP, then over TCP,
// and sees and hears what is there. One client at a time: when a second comes,
// over the other transport, the server leaves out a packet or two of the first.
func TestGStreamerLive(t *testing.T) {
	t.Parallel()
	base := rtsptest.StartGStreamer(t)
	tests := map[string]func(*testing.T){}
	for _, m := range gstMounts {
		tests[m.path[1:]] = func(t *testing.T) {
			for scheme, transport := range map[string]string{"rtspu": "udp", "rtspt": "tcp"} {
				s, _ := start(t, over(scheme, base)+m.path, Config{})
				checkMount(t, s, transport, m.video, m.audio)
				s.Close()
			}
		}
	}
	sideBySide(t, tests)
}

// checkMount sees to it that the tracks are video and audio, that there is
// something on the pictures, and that the tone is 440 Hz, the clip's second 4.
func checkMount(t *testing.T, s *Session, transport string, video, audio media.Codec) {
	t.Helper()
	i := s.Info()
	var got, want []media.Codec
	for _, track := range i.Tracks {
		got = append(got, track.Codec)
		if track.Problem != "" {
			t.Errorf("%s: %s: %s", transport, track.Codec, track.Problem)
		}
	}
	for _, codec := range []media.Codec{video, audio} {
		if codec != "" {
			want = append(want, codec)
		}
	}
	if !slices.Equal(got, want) || !i.Live || i.Transport != transport || i.Can.NoSeek == "" {
		t.Errorf("%s: %+v", transport, i)
	}
	const pictures, quarters = 20, 3
	length, hears := 1200*time.Millisecond, audio != ""
	if video == media.MPEGTS { // which carries the sound, and begins anywhere
		length, hears = 2200*time.Millisecond, true
	}
	data, _ := record(t, s, 0, length)
	var f film
	if slices.Contains(vlcAlone, audio) {
		f.sound = listen(t, i.ContentType, data)
	} else {
		f = decodeTracks(t, data, video != "", hears)
	}
	if strings.Contains(f.words, "rror") && video != media.MPEGTS {
		t.Errorf("%s: ffmpeg: %s", transport, f.words)
	}
	if video != "" && f.contrast < pictures {
		t.Errorf("%s: %d pictures, something on %d; %s", transport, len(f.pictures), f.contrast, f.words)
	}
	if hears && (len(f.sound) < quarters || slices.ContainsFunc(f.sound, func(second int) bool { return second != 4 })) {
		t.Errorf("%s: the tone is that of %v; %s", transport, f.sound, f.words)
	}
	if n := s.Stats(); n.Lost+n.Reordered+n.Duplicates != 0 {
		t.Errorf("%s: %+v", transport, n)
	}
}

// vlcAlone is what ffmpeg does not take from Matroska.
var vlcAlone = []media.Codec{media.Speex, media.G722, media.GSM}

// listen plays recorded bytes with VLC, as decode does with ffmpeg.
func listen(t *testing.T, contentType string, data []byte) []int {
	t.Helper()
	path, err := player.Find("")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("missing peer: vlc")
		}
		t.Skip("missing peer: vlc")
	}
	dir, err := os.MkdirTemp("", "listen-") // VLC may be another user
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	feed, err := player.NewFeed()
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	wav := filepath.Join(dir, "wav")
	vlc, err := player.Start(ctx, player.Config{Path: path, Video: player.None, AudioFile: wav})
	if err != nil {
		t.Fatal(err)
	}
	defer vlc.Close()
	if err := vlc.Open(ctx, feed.Stream(contentType, func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	})); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		st, err := vlc.Status(ctx)
		if err != nil || st.Problem != "" {
			t.Fatalf("VLC: %v, %s", err, st.Problem)
		}
		if st.State == player.Ended {
			break
		}
		<-tick.C
	}
	return hear(t, wav)
}

// TestGStreamerOneWay plays from mounts that have one transport only, and meets
// one that is not there.
func TestGStreamerOneWay(t *testing.T) {
	t.Parallel()
	base := rtsptest.StartGStreamer(t)
	for path, transport := range map[string]string{"/tcponly": "tcp", "/udponly": "udp"} {
		memory := new(Memory)
		if transport == "udp" {
			memory.set(hostPort(parse(t, base+path)), overTCP) // so that TCP is tried first
		}
		s, ev := start(t, base+path, Config{Memory: memory})
		if s.Info().Transport != transport || !ev.has("461") {
			t.Errorf("%s: %+v\n%s", path, s.Info(), ev)
		}
		checkMount(t, s, transport, media.H264, media.AAC)
		s.Close()
	}
	if _, err := Open(t.Context(), parse(t, base+"/nothing"), Config{}); status(err) != 404 {
		t.Errorf("without a path: %v", err)
	}
}

// TestGStreamerLogin logs in by each way that the server has.
func TestGStreamerLogin(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T){}
	for _, auth := range []string{"basic", "digest", "both"} {
		tests[auth] = func(t *testing.T) {
			base := rtsptest.StartGStreamer(t, "--auth", auth)
			with := func(login string) string { return strings.Replace(base, "://", "://"+login+"@", 1) + "/digest" }
			s, ev := start(t, with("alice:p%40ss%3Aword"), Config{})
			checkMount(t, s, "udp", media.H264, media.AAC)
			s.Close()
			if ev.has("p@ss") || ev.has("p%40ss") {
				t.Error("the password is told")
			}
			for _, link := range []string{base + "/digest", with("alice:wrong"), with("bob:p%40ss%3Aword")} {
				_, err := Open(t.Context(), parse(t, link), Config{})
				if refused, ok := errors.AsType[*login.Error](err); !ok || refused.Refused != (link != base+"/digest") {
					t.Errorf("%s: %v", link, err)
				}
			}
		}
	}
	sideBySide(t, tests)
}

// clipAs writes the clip, in the container that its ending names.
func clipAs(t *testing.T, ext string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "clip.mp4")
	if err := os.WriteFile(path, clip.MP4(), 0o600); err != nil || ext == "mp4" {
		return path
	}
	ffmpeg := peers.Find(t, "ffmpeg")
	other := filepath.Join(dir, "clip."+ext)
	if out, err := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-i", path, "-c", "copy", other).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	return other
}
