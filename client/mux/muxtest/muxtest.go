// Package muxtest has ffmpeg make streams of the clip for the tests of demuxers,
// and ffprobe say what is in them.
//
//	file := muxtest.Encode(t, "clip.ts", "-t 3 -c copy")
//	want := muxtest.Probe(t, file)
package muxtest

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/mux"
	"tapedeck/client/peers"
)

// Run starts a peer and returns what it writes.
func Run(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), peers.Find(t, name), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, &stderr)
	}
	return out
}

// Encode has ffmpeg make a file of the clip; args come after the input.
func Encode(t testing.TB, name, args string) string {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "clip.mp4"), filepath.Join(dir, name)
	if err := os.WriteFile(in, clip.MP4(), 0o600); err != nil {
		t.Fatal(err)
	}
	line := []string{"-v", "error", "-nostdin", "-threads", "1", "-i", in, "-threads", "1"}
	Run(t, "ffmpeg", append(append(line, strings.Fields(args)...), out)...)
	return out
}

// Read returns the bytes of a file.
func Read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Decoded is what ffmpeg decodes a file to: the sums of pictures and of sound.
func Decoded(t testing.TB, file string) (sums []string) {
	t.Helper()
	for line := range strings.Lines(string(Run(t, "ffmpeg", "-v", "error", "-threads", "1", "-i", file, "-f", "framemd5", "-"))) {
		if f := strings.Split(strings.TrimSpace(line), ","); len(f) == 6 {
			sums = append(sums, f[0]+f[5])
		}
	}
	slices.Sort(sums)
	return sums
}

// Packet is one as ffprobe or a demuxer sees it.
type Packet struct {
	Track int
	Time  time.Duration
	Key   bool
	Size  int
	Sum   string // MD5
}

func (p Packet) String() string {
	return fmt.Sprintf("track %d %v key %v, %d bytes %.8s", p.Track, p.Time, p.Key, p.Size, p.Sum)
}

// Probe is what ffprobe says of a file's packets.
func Probe(t testing.TB, file string) (list []Packet) {
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
	out := Run(t, "ffprobe", "-v", "error", "-of", "json", "-show_packets", "-show_data_hash", "md5", file)
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Packets {
		at, _ := strconv.ParseFloat(p.PTS, 64)
		size, _ := strconv.Atoi(p.Size)
		list = append(list, Packet{p.Stream, time.Duration(at * float64(time.Second)), strings.HasPrefix(p.Flags, "K"), size,
			strings.TrimPrefix(p.Hash, "MD5:")})
	}
	return list
}

// Collect returns what appends packets to list.
func Collect(list *[]Packet) func(media.Packet) {
	return func(p media.Packet) {
		sum := md5.Sum(p.Data)
		*list = append(*list, Packet{p.Track, p.Time, p.Key, len(p.Data), hex.EncodeToString(sum[:])})
	}
}

// Demuxer is what all of them have.
type Demuxer interface {
	Write(p []byte, yield func(media.Packet)) error
	Flush(yield func(media.Packet)) error
	Tracks() []media.Track
	Known() bool
	Reset()
}

// Demux has d take a whole stream apart, cut into parts of size bytes.
func Demux(t testing.TB, d Demuxer, stream []byte, size int) (list []Packet) {
	t.Helper()
	yield := Collect(&list)
	for len(stream) > 0 {
		n := min(size, len(stream))
		if err := d.Write(stream[:n], yield); err != nil {
			t.Fatal(err)
		}
		stream = stream[n:]
	}
	if err := d.Flush(yield); err != nil {
		t.Fatal(err)
	}
	return list
}

// Matroska has d take a stream apart, and mux it; it returns the file.
func Matroska(t testing.TB, d Demuxer, stream []byte) string {
	t.Helper()
	var body []byte
	var w *mux.Writer
	var early []media.Packet
	yield := func(p media.Packet) {
		if w == nil {
			if !d.Known() {
				p.Data = bytes.Clone(p.Data)
				early = append(early, p)
				return
			}
			var err error
			if w, err = mux.New(d.Tracks()); err != nil {
				t.Fatal(err)
			}
			for _, e := range early {
				body, _ = w.Append(body, e)
			}
		}
		body, _ = w.Append(body, p)
	}
	if err := d.Write(stream, yield); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(yield); err != nil {
		t.Fatal(err)
	}
	if w == nil {
		t.Fatal("the tracks never were known")
	}
	file := filepath.Join(t.TempDir(), "ours.mkv")
	if err := os.WriteFile(file, append(w.Init(), body...), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Compare reports packets that differ, track by track: times by more than
// slack. Sizes and sums count where both lists have them.
func Compare(t testing.TB, what string, got, want []Packet, slack time.Duration, content bool) {
	t.Helper()
	for track := range 2 {
		g, w := of(got, track), of(want, track)
		if len(g) != len(w) {
			t.Errorf("%s: track %d: %d packets, want %d", what, track, len(g), len(w))
		}
		for i := range min(len(g), len(w)) {
			a, b := g[i], w[i]
			off := (a.Time-b.Time).Abs() > slack || a.Key != b.Key
			if off || content && (a.Size != b.Size || a.Sum != b.Sum) {
				t.Errorf("%s: packet %d is %v\nwant %v", what, i, a, b)
				break
			}
		}
	}
}

func of(list []Packet, track int) (out []Packet) {
	for _, p := range list {
		if p.Track == track {
			out = append(out, p)
		}
	}
	return out
}
