package web

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/peers"
	"tapedeck/client/web/webtest"
)

func TestIcecast(t *testing.T) {
	icecast := webtest.StartIcecast(t)
	for _, c := range []struct {
		codec     string
		container string
		track     media.Codec
	}{
		{"mp3", "audio/mpeg", media.MP3},
		{"aac", "audio/aac", media.AAC},
		{"vorbis", "application/ogg", media.Vorbis},
		{"opus", "application/ogg", media.Opus},
		{"flac", "audio/ogg; codecs=flac", media.FLAC},
	} {
		mount := icecast.Mount(t, c.codec)
		t.Run(c.codec, func(t *testing.T) {
			var j journal
			s := open(t, mount, Config{Trace: j.add})
			info := s.Info()
			if info.Protocol != "icy" || !info.Live || info.Title != "Tone "+c.codec || !strings.HasPrefix(info.Server, "Icecast 2.4") {
				t.Errorf("%+v", info)
			}
			if info.ContentType != c.container || len(info.Tracks) != 1 || info.Tracks[0].Codec != c.track {
				t.Errorf("%s, %+v", info.ContentType, info.Tracks)
			}
			var got []byte
			for len(got) < 5_000 {
				chunk, err := s.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if !chunk.Key || (chunk.Init != nil) != (len(got) == 0) {
					t.Errorf("key %v, header %v at %d", chunk.Key, chunk.Init != nil, len(got))
				}
				got = append(append(got, chunk.Init...), chunk.Data...)
			}
			decodes(t, got)
		})
	}

	t.Run("titles and a drop", func(t *testing.T) {
		mount := icecast.URL + "/mp3" // still running
		var j journal
		s := open(t, mount, Config{Trace: j.add})
		// Icecast turns UTF-8 into Latin-1 here: the letters have to come back.
		want := []string{"Björk - Jóga", "Don't; stop 'now'"}
		for _, title := range want {
			icecast.SetTitle(mount, title)
			for !slices.Contains(j.titles(), title) {
				if _, err := s.Next(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		icecast.Stop(mount)
		if _, err := drain(t.Context(), s); !errors.Is(err, ErrDropped) {
			t.Errorf("after the source went away: %v", err)
		}
	})

	t.Run("unknown mount", func(t *testing.T) {
		_, err := tryOpen(t, icecast.URL+"/nothing", Config{})
		var status *StatusError
		if !errors.As(err, &status) || status.Code != 404 || rungOf(err) != media.RungReply {
			t.Errorf("%v", err)
		}
	})

	t.Run("playlist beside the mount", func(t *testing.T) {
		_, err := tryOpen(t, icecast.URL+"/opus.m3u", Config{})
		var list *ListError
		if !errors.As(err, &list) || list.Format != "M3U" || rungOf(err) != media.RungContainer {
			t.Errorf("%v", err)
		}
	})
}

// decodes has ffmpeg decode what was received: not a word of complaint but
// about the end, which was cut.
func decodes(t *testing.T, data []byte) {
	t.Helper()
	cmd := exec.Command(peers.Find(t, "ffmpeg"), "-nostdin", "-loglevel", "error", "-i", "pipe:0", "-f", "null", "-")
	cmd.Stdin = bytes.NewReader(data)
	if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), "\n") > 2 {
		t.Errorf("ffmpeg: %v: %s", err, out)
	}
}

func TestNginx(t *testing.T) {
	root := t.TempDir()
	data := movie(12 << 20)
	mp3 := webtest.SilentMP3(20 * time.Second)
	for name, content := range map[string][]byte{"a.mp4": data, "a.mp3": mp3, "page.html": []byte("<html>x"), "users": []byte("me:{PLAIN}se@cret\n")} {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	url := webtest.StartNginx(t, root, `
    location /see { return 302 /a.mp4; }
    location /moved { return 301 ../see; }
    location /keep { return 307 $scheme://$http_host/a.mp4?x=1; }
    location /loop { return 302 /loop; }
    location /camera { return 302 rtsp://127.0.0.1/x; }
    location /forbidden { return 403; }
    location /busy { add_header Retry-After 5 always; return 503; }
    location /plain { alias `+root+`/; max_ranges 0; }
    location /slow { alias `+root+`/; limit_rate 200k; }
    location /private { alias `+root+`/; auth_basic "x"; auth_basic_user_file `+root+`/users; }
`)
	for _, path := range []string{"/a.mp4", "/see", "/moved", "/keep"} {
		f := openFile(t, url+path, Config{})
		reads(t, f, data, 0, 1000)
		reads(t, f, data, 11<<20, 500_000)
		reads(t, f, data, len(data)-1, 1)
		reads(t, f, data, 5<<20, 100_000)
		if f.Info().Server != "nginx/1.22.1" && !strings.HasPrefix(f.Info().Server, "nginx/") {
			t.Errorf("server %q", f.Info().Server)
		}
	}
	if s, ok := open(t, url+"/plain/a.mp3", Config{}).(*Stream); !ok {
		t.Error("no ranges, but a file")
	} else if got, err := drain(t.Context(), s); err != nil || !bytes.Equal(got, mp3) {
		t.Errorf("%d of %d bytes, %v", len(got), len(mp3), err)
	}
	slow := openFile(t, url+"/slow/a.mp3", Config{})
	if got, err := drain(t.Context(), slow); err != nil || !bytes.Equal(got, mp3) {
		t.Errorf("slowly: %d of %d bytes, %v", len(got), len(mp3), err)
	}
	private := strings.Replace(url, "//", "//me:se@cret@", 1) + "/private/a.mp4"
	reads(t, openFile(t, private, Config{}), data, 10<<20, 1000)

	for path, want := range map[string]struct {
		code int
		rung media.Rung
	}{
		"/nothing": {404, media.RungReply}, "/forbidden": {403, media.RungReply}, "/busy": {503, media.RungReply},
		"/private/a.mp4": {401, media.RungReply}, "/loop": {0, media.RungReply}, "/camera": {0, media.RungReply},
		"/page.html": {0, media.RungContainer},
	} {
		_, err := tryOpen(t, url+path, Config{})
		var status *StatusError
		if rungOf(err) != want.rung || errors.As(err, &status) != (want.code != 0) || status != nil && status.Code != want.code {
			t.Errorf("%s: %s: %v", path, rungOf(err), err)
		}
		if errors.Is(err, login.ErrWanted) != (want.code == 401) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := tryOpen(t, strings.Replace(private, "cret", "xx", 1), Config{}); !errors.Is(err, login.ErrWanted) || strings.Contains(err.Error(), "se@") {
		t.Errorf("a wrong password: %v", err)
	}

	// The file is replaced while it is open.
	f := openFile(t, url+"/a.mp4", Config{})
	if err := os.WriteFile(filepath.Join(root, "a.mp4"), movie(13<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadAt(t.Context(), make([]byte, 10), 11<<20); !errors.Is(err, ErrChanged) {
		t.Errorf("replaced: %v", err)
	}
}
