package rtsp

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
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
	"tapedeck/client/rtsp/rtsptest"
)

const (
	// A stream with holes goes on: no chunk comes later than this after the one
	// before. What is missing is waited for 150 ms, a picture takes 40 ms; the
	// rest is for the machine.
	chunkGap = 700 * time.Millisecond

	// Late packets are to be late by so much at the most, and are in time as long
	// as the machine does not make that inTime.
	late   = 85 * time.Millisecond
	inTime = 125 * time.Millisecond

	// sameTime is how far picture and sound may be from each other.
	sameTime = 40 * time.Millisecond
)

// taken is a session that was read to its end.
type taken struct {
	data []byte // all bytes, the header first
	gap  time.Duration
	err  error
	sent rtsptest.Sent
	got  media.Stats
}

// takeInTime plays a path as take does, again if the server was too busy to
// keep what it says of late packets.
func takeInTime(t *testing.T, cfg rtsptest.Config, path string) (r taken) {
	for range 3 {
		if r = take(t, cfg, path); r.sent.Held <= inTime {
			break
		}
	}
	return r
}

// take plays a path of a server of its own over UDP, to the end.
func take(t *testing.T, cfg rtsptest.Config, path string) (r taken) {
	srv := rtsptest.NewServer(cfg)
	defer srv.Close()
	s, err := Open(t.Context(), parse(t, over("rtspu", srv.URL(path))), Config{})
	if err != nil {
		return taken{err: err}
	}
	defer s.Close()
	for last := time.Now(); ; last = time.Now() {
		c, err := s.Next(t.Context())
		if err != nil {
			r.err, r.sent, r.got = err, srv.Sent(), s.Stats()
			return r
		}
		r.gap = max(r.gap, time.Since(last))
		r.data = append(append(r.data, c.Init...), c.Data...)
	}
}

// check fails unless the stream went on to its end and what the client counts
// is what the server did.
func (r *taken) check(t *testing.T) {
	t.Helper()
	if r.err != io.EOF {
		t.Fatalf("after %d bytes: %v", len(r.data), r.err)
	}
	if r.gap > chunkGap {
		t.Errorf("nothing came for %v", r.gap)
	}
	if r.sent.Held > inTime {
		t.Skipf("the machine is too busy: packets were %v late", r.sent.Held)
	}
	if s, g := r.sent, r.got; g.Packets != s.Packets || g.Lost != s.Dropped || g.Duplicates != s.Duplicated || g.Reordered != s.Reordered {
		t.Errorf("sent %+v, got %+v", s, g)
	}
}

// TestLoss plays the clip over UDP from servers that drop, double and reorder
// packets. What is missing is counted to the packet, the stream goes on to its
// end, and what a viewer gets belongs together. With a third of the packets late
// nothing is lost; that this holds for exactly 100 ms, and at 50 Mbit/s, is shown
// in virtual time by client/rtp's TestLatePackets.
//
// A picture with a hole is dropped, and those that follow are given as they are
// although they were coded with it in view: VLC and ffmpeg conceal what is
// missing, and show something the whole time. To wait for the next key picture
// instead would leave, at 5 % loss, hardly a picture of a camera that sends a
// key picture every few seconds.
func TestLoss(t *testing.T) {
	t.Parallel()
	const length = 10
	lossy := func(share float64) rtsptest.Config {
		return rtsptest.Config{Drop: share, Duplicate: share, Reorder: share, Late: late, Seed: 3, ReportEvery: time.Second}
	}
	delayed := rtsptest.Config{Reorder: 0.3, Late: late, Seed: 5}
	cases := []struct {
		name     string
		cfg      rtsptest.Config
		path     string
		pictures int // where all come
		taken
	}{
		{name: "0%, live", cfg: lossy(0), path: "/live?seconds=10"},
		{name: "0%, on demand", cfg: lossy(0), path: "/vod?seconds=10", pictures: length * clip.FrameRate},
		{name: "1%, live", cfg: lossy(0.01), path: "/live?seconds=10"},
		{name: "1%, on demand", cfg: lossy(0.01), path: "/vod?seconds=10"},
		{name: "5%, live", cfg: lossy(0.05), path: "/live?seconds=10"},
		{name: "5%, on demand", cfg: lossy(0.05), path: "/vod?seconds=10"},
		{name: "late", cfg: delayed, path: "/vod?seconds=10", pictures: length * clip.FrameRate},
		{name: "late, 8 Mbit/s", cfg: delayed, path: "/bench?mbit=8&seconds=4", pictures: 4 * clip.FrameRate},
	}
	var all sync.WaitGroup
	for i := range cases { // at once: each has little to do
		all.Go(func() { cases[i].taken = takeInTime(t, cases[i].cfg, cases[i].path) })
	}
	all.Wait()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.check(t)
			loss := c.cfg.Drop
			if (loss > 0) != (c.got.Lost > 0) || (loss > 0) != (c.got.Duplicates > 0) || (c.cfg.Reorder > 0) != (c.got.Reordered > 0) {
				t.Errorf("%+v", c.got)
			}
			if n := countPictures(t, c.data); c.pictures > 0 && n != c.pictures {
				t.Errorf("%d pictures", n)
			}
			if !strings.HasPrefix(c.path, "/bench") {
				checkUnits(t, c.data)
				checkSecondsMeet(t, c.data, loss)
			}
		})
	}
}

// TestStandstill has late packets come while we stand still now and then: what
// lies in the socket is not lost, however long ago it was due.
func TestStandstill(t *testing.T) {
	t.Parallel()
	srv := rtsptest.NewServer(rtsptest.Config{Reorder: 0.3, Late: 50 * time.Millisecond, Seed: 9})
	defer srv.Close()
	s, _ := start(t, over("rtspu", srv.URL("/bench?mbit=4&seconds=3")), Config{})
	for i := range 6 {
		readUntil(t, s, time.Duration(i)*300*time.Millisecond)
		s.f.mu.Lock()
		<-time.After(200 * time.Millisecond)
		s.f.mu.Unlock()
	}
	if _, err := readToEnd(t, s); err != io.EOF {
		t.Error(err)
	}
	sent, got := srv.Sent(), s.Stats()
	if sent.Held > inTime {
		t.Skipf("the machine is too busy: packets were %v late", sent.Held)
	}
	if got.Lost != 0 || got.Packets != sent.Packets || got.Reordered != sent.Reordered {
		t.Errorf("sent %+v, got %+v", sent, got)
	}
}

// ffmpeg runs it on recorded bytes and returns what it says.
func ffmpeg(t *testing.T, data []byte, args ...string) string {
	t.Helper()
	path := peers.Find(t, "ffmpeg")
	cmd := exec.CommandContext(t.Context(), path, append([]string{"-v", "error", "-copyts", "-i", "-"}, args...)...)
	var out, words bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &out, &words
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, &words)
	}
	return out.String()
}

// frame is a line of what ffmpeg lists: stream, dts, pts, duration, size, sum.
type frame struct {
	stream int
	at     time.Duration
	size   int
	sum    string
}

// frames reads a list in the form of framemd5 or framecrc.
func frames(t *testing.T, list string) (all []frame) {
	t.Helper()
	ticks := map[int]float64{} // of a second, by stream
	lines := bufio.NewScanner(strings.NewReader(list))
	for lines.Scan() {
		var stream, num, den int
		if n, _ := fmt.Sscanf(lines.Text(), "#tb %d: %d/%d", &stream, &num, &den); n == 3 {
			ticks[stream] = float64(num) / float64(den)
		}
		f := strings.Split(lines.Text(), ",")
		if len(f) < 6 || strings.HasPrefix(f[0], "#") {
			continue
		}
		n := func(i int) int {
			v, err := strconv.Atoi(strings.TrimSpace(f[i]))
			if err != nil {
				t.Fatalf("%q: %v", lines.Text(), err)
			}
			return v
		}
		at := time.Duration(float64(n(2)) * ticks[n(0)] * float64(time.Second))
		all = append(all, frame{n(0), at, n(4), strings.TrimSpace(f[5])})
	}
	return all
}

// countPictures is how many pictures are decoded.
func countPictures(t *testing.T, data []byte) int {
	t.Helper()
	return len(frames(t, ffmpeg(t, data, "-map", "0:v", "-vsync", "passthrough", "-f", "framecrc", "-")))
}

// clipUnits is the places of the clip at which a unit stands, by its sum.
func clipUnits() map[string][]time.Duration {
	places := map[string][]time.Duration{}
	add := func(at time.Duration, unit []byte) {
		sum := md5.Sum(unit)
		places[hex.EncodeToString(sum[:])] = append(places[hex.EncodeToString(sum[:])], at)
	}
	for _, u := range clip.Video() {
		var unit, slice []byte
		for _, nal := range u.NALs {
			if nal[0]&0x1f == 9 { // the server leaves delimiters out
				continue
			}
			slice = append(binary.BigEndian.AppendUint32(nil, uint32(len(nal))), nal...)
			unit = append(unit, slice...)
		}
		add(u.Time, unit)
		if u.Key { // whole as well when the parameter sets before it were lost
			add(u.Time, slice)
		}
	}
	for _, u := range clip.Audio() {
		add(u.Time, u.Data)
	}
	return places
}

// checkUnits takes the stream apart and fails unless every unit is one of the
// clip, whole, and has its time in it, for pictures and sound alike.
func checkUnits(t *testing.T, data []byte) {
	t.Helper()
	places := clipUnits()
	lead := map[int]time.Duration{} // of the stream's time before the clip's
	known := map[int]bool{}
	off := func(f frame, place, lead time.Duration) time.Duration {
		d := (f.at - place - lead) % clip.Duration
		return min(d.Abs(), clip.Duration-d.Abs())
	}
	all := frames(t, ffmpeg(t, data, "-map", "0", "-c", "copy", "-f", "framemd5", "-"))
	for _, f := range all {
		if p := places[f.sum]; len(p) == 1 && !known[f.stream] {
			lead[f.stream], known[f.stream] = f.at-p[0], true
		}
	}
	for _, f := range all {
		var near bool
		for _, p := range places[f.sum] {
			near = near || off(f, p, lead[f.stream]) <= 2*time.Millisecond
		}
		if !near {
			t.Errorf("stream %d: the unit at %v is none of the clip or out of place: %v", f.stream, f.at, places[f.sum])
		}
	}
	if d := off(frame{at: lead[0]}, 0, lead[1]); !known[0] || !known[1] || d > sameTime {
		t.Errorf("picture and sound are %v apart", d)
	}
}

// checkSecondsMeet decodes the stream and fails unless the picture's second
// changes when the tone does.
func checkSecondsMeet(t *testing.T, data []byte, loss float64) {
	t.Helper()
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	read := func(name string) []byte {
		b, err := os.ReadFile(file(name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	ffmpeg(t, data, "-map", "0:v", "-vsync", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", file("gray"),
		"-map", "0:v", "-vsync", "passthrough", "-f", "framecrc", file("pictures"),
		"-map", "0:a", "-c:a", "pcm_s16le", "-f", "s16le", file("samples"),
		"-map", "0:a", "-c:a", "pcm_s16le", "-f", "framecrc", file("sound"))

	var samples []int16 // as they are heard
	var came []bool
	var began time.Duration
	pcm := read("samples")
	for i, f := range frames(t, string(read("sound"))) {
		if i == 0 {
			began = f.at
		}
		from := int((f.at - began) * clip.SampleRate / time.Second)
		more := max(0, from+f.size/2-len(samples))
		samples, came = append(samples, make([]int16, more)...), append(came, make([]bool, more)...)
		for j := range f.size / 2 {
			came[from+j] = true
			samples[from+j] = int16(binary.LittleEndian.Uint16(pcm[2*j:]))
		}
		pcm = pcm[f.size:]
	}
	// heard is the second of the tone around a moment, -1 where there is none.
	heard := func(at time.Duration) int {
		const window = 2048
		from := int((at-began)*clip.SampleRate/time.Second) - window/2
		if from < 0 || from+window > len(samples) || slices.Contains(came[from:from+window], false) {
			return -1
		}
		hz, _ := clip.Tone(samples[from:from+window], clip.SampleRate)
		if second, ok := clip.SecondOfTone(hz); ok {
			return second
		}
		return -1
	}

	met, seen, gray := 0, -1, read("gray")
	var before time.Duration
	for _, f := range frames(t, string(read("pictures"))) {
		second, ok := clip.SecondOfPicture(gray, clip.Width, clip.Height)
		gray = gray[pictureSize:]
		changes := ok && seen >= 0 && second == (seen+1)%60 && f.at-before < 50*time.Millisecond
		if before = f.at; !ok {
			continue
		}
		seen = second
		if !changes {
			continue
		}
		from, to := time.Duration(-1), time.Duration(-1) // the tone changes between them
		for at := f.at - 300*time.Millisecond; at < f.at+300*time.Millisecond && to < 0; at += 5 * time.Millisecond {
			switch heard(at) {
			case (second + 59) % 60:
				from = at
			case second:
				to = at
			}
		}
		if from < 0 || to < 0 || to-from > 80*time.Millisecond {
			continue // the sound is missing there
		}
		if d := (from+to)/2 - f.at; d.Abs() > sameTime {
			t.Errorf("second %d is seen at %v and heard %v later", second, f.at, d)
		}
		met++
	}
	if want := map[bool]int{true: 9, false: 4}[loss == 0]; met < want {
		t.Errorf("%d changes of the second were seen and heard", met)
	}
}
