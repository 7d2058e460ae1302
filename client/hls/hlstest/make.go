package hlstest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
	"tapedeck/client/web/webtest"
)

// Make has ffmpeg make a film of the clip, on demand, and returns its directory.
// args are those of ffmpeg's HLS muxer and what else stands before the playlist,
// which is film.m3u8, or what the last argument names.
func Make(t webtest.TB, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	cmd := command(context.Background(), t, dir, nil, append([]string{"-hls_list_size", "0", "-hls_playlist_type", "vod"}, args...))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return dir
}

// Live has ffmpeg make a live programme of the clip, in a loop and at its pace,
// until the test ends. It returns once the playlist is there.
func Live(t webtest.TB, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := command(ctx, t, dir, []string{"-re", "-stream_loop", "-1"}, append([]string{"-hls_time", "1", "-hls_list_size", "6", "-hls_flags", "delete_segments"}, args...))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is killed in the end
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); ; <-tick.C {
		if list, err := os.ReadFile(filepath.Join(dir, "film.m3u8")); err == nil && bytes.Contains(list, []byte("#EXTINF")) {
			return dir
		}
		select {
		case <-ended:
			t.Fatalf("ffmpeg ended: %s", said.Bytes())
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("ffmpeg made no playlist")
		}
	}
}

// command is ffmpeg with the clip as its input and dir as its place.
func command(ctx context.Context, t webtest.TB, dir string, input, args []string) *exec.Cmd {
	source := filepath.Join(dir, ".clip.mp4")
	if err := os.WriteFile(source, clip.MP4(), 0o644); err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	all := append([]string{"-v", "error", "-nostdin", "-y"}, input...)
	all = append(all, "-i", source)
	if !strings.Contains(strings.Join(args, " "), "-c:v") {
		all = append(all, "-c", "copy")
	}
	all = append(append(all, "-f", "hls"), args...)
	if last := args[len(args)-1]; !strings.HasSuffix(last, ".m3u8") {
		all = append(all, "film.m3u8")
	}
	cmd := exec.CommandContext(ctx, peers.Find(t, "ffmpeg"), all...)
	cmd.Dir = dir
	return cmd
}

// Encrypted is Make with AES-128. The key is the.key, beside the segments.
func Encrypted(t webtest.TB, key string, args ...string) string {
	t.Helper()
	secrets := t.TempDir()
	file, info := filepath.Join(secrets, "the.key"), filepath.Join(secrets, "info")
	for path, content := range map[string]string{file: key, info: "the.key\n" + file + "\n"} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatalf("ffmpeg: %v", err)
		}
	}
	dir := Make(t, append([]string{"-hls_key_info_file", info}, args...)...)
	if err := os.WriteFile(filepath.Join(dir, "the.key"), []byte(key), 0o644); err != nil {
		t.Fatalf("ffmpeg: %v", err)
	}
	return dir
}
