package asf

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

// reals are files of ffmpeg's, of the first 4 seconds of the clip.
var reals = []struct {
	name   string
	args   string
	tracks []string
}{
	{"wmv2", "-c:v wmv2 -b:v 300k -g 25 -c:a wmav2 -b:a 64k", []string{"video WMV 8 320x180", "audio WMA 2 48000/1"}},
	{"wmv1, big packets", "-c:v wmv1 -b:v 300k -g 25 -c:a wmav1 -ac 2 -packet_size 8000", []string{"video WMV 7 320x180", "audio WMA 1 48000/2"}},
	{"small packets", "-c:v msmpeg4v3 -b:v 300k -g 25 -c:a libmp3lame -packet_size 200", []string{"video MS MPEG-4 v3 320x180", "audio MP3 48000/1"}},
	{"the largest packets", "-c:v copy -bsf:v h264_mp4toannexb -c:a copy -packet_size 65536", []string{"video H.264 320x180", "audio AAC 48000/1"}},
	{"msmpeg4v2", "-c:v msmpeg4v2 -b:v 300k -c:a ac3", []string{"video MS MPEG-4 v2 320x180", "audio AC-3 48000/1"}},
	{"mpeg4", "-c:v mpeg4 -bf 2 -b:v 300k -c:a adpcm_ms", []string{"video MPEG-4 Visual 320x180", "audio ADPCM 48000/1"}},
	{"sound", "-vn -c:a wmav2", []string{"audio WMA 2 48000/1"}},
	{"several", several, []string{"video WMV 8 320x180", "video WMV 8 160x90", "video WMV 8 96x54", "audio WMA 2 48000/1", "audio WMA 2 48000/1"}},
}

const (
	realLength = 4 * time.Second
	several    = "-map 0:v -map 0:v -map 0:v -map 0:a -map 0:a -c:v wmv2 -g 25 -b:v:0 400k -b:v:1 150k -b:v:2 60k -s:v:1 160x90 -s:v:2 96x54 -c:a wmav2 -b:a:0 96k -b:a:1 32k " +
		"-metadata title=T\u00e4st -metadata:s:a:0 language=ger -metadata:s:a:1 language=eng"
)

var (
	realMu    sync.Mutex
	realFiles = map[string][]byte{}
)

// real has ffmpeg make a file, once.
func real(t testing.TB, args string) []byte {
	t.Helper()
	realMu.Lock()
	defer realMu.Unlock()
	if b := realFiles[args]; b != nil {
		return b
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "clip.mp4"), filepath.Join(dir, "clip.asf")
	if err := os.WriteFile(in, clip.MP4(), 0o600); err != nil {
		t.Fatal(err)
	}
	line := []string{"-v", "error", "-nostdin", "-threads", "1", "-t", "4", "-i", in, "-threads", "1", "-flags", "+bitexact", "-fflags", "+bitexact"}
	run(t, "ffmpeg", append(append(line, strings.Fields(args)...), out)...)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	realFiles[args] = b
	return b
}

// run starts a program, which must say nothing of errors.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), peers.Find(t, name), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %q: %v\n%s", name, args, err, &stderr)
	}
	return stdout.String()
}

// file writes b for another program.
func file(t testing.TB, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.asf")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// split is the header of a file and its packets.
func split(t testing.TB, b []byte) (*Header, [][]byte) {
	t.Helper()
	h, err := Parse(b)
	if err != nil || h.data == 0 {
		t.Fatal(err)
	}
	end := h.Size + int(le.Uint64(b[h.data+40:]))*h.PacketSize
	return h, slices.Collect(slices.Chunk(b[h.Size:end], h.PacketSize))
}

func describe(tracks []media.Track) (list []string) {
	for _, k := range tracks {
		s := fmt.Sprintf("%v %v", k.Kind, k.Codec)
		switch k.Kind {
		case media.Video:
			s += fmt.Sprintf(" %dx%d", k.Width, k.Height)
		case media.Audio:
			s += fmt.Sprintf(" %d/%d", k.SampleRate, k.Channels)
		}
		if k.Problem != "" {
			s += ": " + k.Problem
		}
		list = append(list, s)
	}
	return list
}

func numbers(h *Header) (list []int) {
	for _, s := range h.Streams {
		list = append(list, s.Number)
	}
	return list
}

// TestRealFiles: what ffmpeg wrote is read as ffprobe reads it; its packets are
// those of the file again after a server has cut their padding.
func TestRealFiles(t *testing.T) {
	for _, c := range reals {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := real(t, c.args)
			h, packets := split(t, b)
			if d := h.Duration - realLength; d < -200*time.Millisecond || d > 200*time.Millisecond || h.Broadcast || len(packets) == 0 || int(h.Packets) != len(packets) {
				t.Errorf("it lasts %v, broadcast %v, %d packets", h.Duration, h.Broadcast, h.Packets)
			}
			if got := describe(h.Tracks(numbers(h))); !slices.Equal(got, c.tracks) {
				t.Errorf("tracks %q, want %q", got, c.tracks)
			}
			for i, packet := range packets {
				for _, keep := range []bool{false, true} {
					cut, err := Trim(nil, packet, h.PacketSize, keep)
					if err != nil {
						t.Fatal(err)
					}
					full, err := Restore(nil, cut, h.PacketSize)
					if err != nil || !bytes.Equal(full, packet) {
						t.Fatalf("packet %d, cut to %d, the field kept %v: %v\n%x\nwant\n%x", i, len(cut), keep, err, full, packet)
					}
				}
			}
			if got, want := objectsOf(t, h, packets), probed(t, b); !slices.Equal(got, want) {
				t.Errorf("%d objects, ffprobe has %d:\n%q\n%q", len(got), len(want), got[:min(5, len(got))], want[:min(5, len(want))])
			}
		})
	}
}

// objectsOf puts the objects of packets together.
func objectsOf(t testing.TB, h *Header, packets [][]byte) (list []string) {
	var p Packet
	under := map[int]*object{}
	for _, b := range packets {
		if err := p.Parse(b, h.PacketSize); err != nil {
			t.Fatal(err)
		}
		for pl := (Payload{}); p.Next(&pl); {
			o := under[pl.Stream]
			if o == nil || pl.Offset == 0 {
				o = &object{Payload: pl}
				o.Data = nil
				under[pl.Stream] = o
			}
			if o.Data = append(o.Data, pl.Data...); len(o.Data) == int(pl.Size) {
				key := o.Key || h.Stream(pl.Stream).Kind == media.Audio // as ffprobe has it
				list = append(list, sumOf(pl.Stream-1, key, o.Data))
			}
		}
		if err := p.Err(); err != nil {
			t.Error(err)
		}
	}
	slices.Sort(list)
	return list
}

type object struct{ Payload }

func sumOf(stream int, key bool, data []byte) string {
	sum := md5.Sum(data)
	return fmt.Sprintf("%d %v %s", stream, key, hex.EncodeToString(sum[:]))
}

// probed is what ffprobe says of the packets of streams with pictures and sound.
func probed(t testing.TB, b []byte) (list []string) {
	t.Helper()
	out := run(t, "ffprobe", "-v", "error", "-of", "csv=p=0", "-show_entries", "packet=stream_index,flags,data_hash", "-show_data_hash", "md5", file(t, b))
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSpace(line), ",")
		if len(f) < 3 {
			t.Fatalf("ffprobe says %q", line)
		}
		list = append(list, fmt.Sprintf("%s %v %s", f[0], strings.HasPrefix(f[1], "K"), strings.TrimPrefix(f[2], "MD5:")))
	}
	slices.Sort(list)
	return list
}

// saved is a file as a recording of the chosen streams leaves it: a header of a
// broadcast, and the packets of those streams.
func saved(t testing.TB, h *Header, packets [][]byte, chosen []int) []byte {
	t.Helper()
	const preroll = 300 * time.Millisecond
	b := h.Keep(chosen, preroll)
	for _, packet := range packets {
		at := len(b)
		b, _ = Filter(b, packet, h.PacketSize, func(n int) bool { return slices.Contains(chosen, n) })
		if at == len(b) {
			continue
		}
		if err := Shift(b[at:], h.PacketSize, 0, uint32((h.Preroll-preroll)/time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestSavedFiles: ffprobe has no complaint about a stream that was saved, and
// after Finish it knows how long that is.
func TestSavedFiles(t *testing.T) {
	for _, c := range reals {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, packets := split(t, real(t, c.args))
			for _, chosen := range [][]int{Choose(h, 0, ""), Choose(h, 100_000, "en"), numbers(h)[len(h.Streams)-1:], numbers(h)} {
				b := saved(t, h, packets, chosen)
				kept, err := Parse(b)
				if err != nil || !kept.Broadcast || kept.Duration != 0 || kept.Preroll != min(h.Preroll, 300*time.Millisecond) || !slices.Equal(numbers(kept), chosen) || kept.Title != h.Title {
					t.Fatalf("%v: %+v", err, kept)
				}
				probeSaved(t, "live", b, len(chosen), 0)
				b = finished(t, b)
				probeSaved(t, "finished", b, len(chosen), realLength)
				again := finished(t, b)
				if !bytes.Equal(again, b) {
					t.Error("a finished file changes when it is finished")
				}
			}
		})
	}
}

// TestSavedPart: of a stream that was joined in its middle, and broken off in a
// packet.
func TestSavedPart(t *testing.T) {
	h, packets := split(t, real(t, reals[0].args))
	from := 0
	var p Packet
	for i, packet := range packets {
		if p.Parse(packet, h.PacketSize) == nil && p.Send() <= 1500 {
			from = i
		}
	}
	b := saved(t, h, packets[from:], []int{1, 2})
	b = append(b, packets[0][:100]...)
	b = finished(t, b)
	probeSaved(t, "a part", b, 2, 2500*time.Millisecond)
	begin, err := strconv.ParseFloat(strings.TrimSpace(run(t, "ffprobe", "-v", "error", "-of", "csv=p=0", "-show_entries", "format=start_time", file(t, b))), 64)
	if err != nil || begin < -0.1 || begin > 0.3 {
		t.Errorf("it begins at %v, %v", begin, err)
	}
}

func finished(t testing.TB, b []byte) []byte {
	t.Helper()
	name := file(t, b)
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := Finish(f, int64(len(b))); err != nil {
		t.Fatal(err)
	}
	b, err = os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// probeSaved: ffprobe reads all packets without a word, and knows the length.
func probeSaved(t testing.TB, what string, b []byte, streams int, length time.Duration) {
	t.Helper()
	name := file(t, b)
	run(t, "ffprobe", "-v", "error", "-show_packets", name)
	out := run(t, "ffprobe", "-v", "error", "-of", "csv=p=0", "-show_entries", "format=nb_streams,duration", name)
	f := strings.Split(strings.TrimSpace(out), ",")
	seconds, _ := strconv.ParseFloat(f[1], 64)
	got := time.Duration(seconds * float64(time.Second))
	if f[0] != strconv.Itoa(streams) || length > 0 && (got-length).Abs() > 200*time.Millisecond {
		t.Errorf("%s: %s streams, %v long; want %d, %v", what, f[0], got, streams, cmp.Or(length, realLength))
	}
}
