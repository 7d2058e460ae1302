package fmp4_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tapedeck/client/fmp4"
	"tapedeck/client/media"
	"tapedeck/client/media/clip"
)

// needPeer finds a real program. On a developer's machine its absence skips the
// test; in CI it fails.
func needPeer(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("missing peer: %s", name)
	default:
		t.Skipf("missing peer: %s", name)
	}
	return path
}

// run starts a peer and returns what it writes.
func run(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), needPeer(t, name), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, &stderr)
	}
	return out
}

// encoded has ffmpeg make a file of the clip's first seconds.
func encoded(t testing.TB, name, args string) string {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "clip.mp4"), filepath.Join(dir, name)
	if err := os.WriteFile(in, clip.MP4(), 0o600); err != nil {
		t.Fatal(err)
	}
	line := []string{"-v", "error", "-nostdin", "-threads", "1", "-i", in}
	run(t, "ffmpeg", append(append(line, strings.Fields(args)...), out)...)
	return out
}

// packet is one as ffprobe or the demuxer sees it.
type packet struct {
	track int
	time  time.Duration
	key   bool
	size  int
	sum   string
}

func (p packet) String() string {
	return fmt.Sprintf("track %d %v key %v, %d bytes %.8s", p.track, p.time, p.key, p.size, p.sum)
}

// probed is what ffprobe says of a file's packets.
func probed(t testing.TB, file string) (list []packet) {
	t.Helper()
	var r struct {
		Packets []struct {
			Stream int    `json:"stream_index"`
			PTS    string `json:"pts_time"`
			Size   string
			Flags  string
			Hash   string `json:"data_hash"`
		}
	}
	out := run(t, "ffprobe", "-v", "error", "-of", "json", "-show_packets", "-show_data_hash", "md5", file)
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Packets {
		at, _ := strconv.ParseFloat(p.PTS, 64)
		size, _ := strconv.Atoi(p.Size)
		list = append(list, packet{p.Stream, time.Duration(at * 1e9), strings.HasPrefix(p.Flags, "K"), size,
			strings.TrimPrefix(p.Hash, "MD5:")})
	}
	return list
}

func collect(list *[]packet) func(media.Packet) {
	return func(p media.Packet) {
		sum := md5.Sum(p.Data)
		*list = append(*list, packet{p.Track, p.Time, p.Key, len(p.Data), hex.EncodeToString(sum[:])})
	}
}

func TestLikeFFmpeg(t *testing.T) {
	file := encoded(t, "a.mp4", "-t 3 -c copy -movflags frag_keyframe+empty_moov+default_base_moof")
	want := probed(t, file)
	b, _ := os.ReadFile(file)
	d := fmp4.New()
	var got []packet
	if err := d.Write(b, collect(&got)); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(collect(&got)); err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v %v %+v", d.Tracks(), d.Known(), d.Stats())
	for i := range 6 {
		t.Log(got[i], "|", want[i])
	}
	t.Log(len(got), len(want))
}
