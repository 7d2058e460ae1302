package asf

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// FuzzHeader: whatever is read is within its bounds.
func FuzzHeader(f *testing.F) {
	for _, c := range headers {
		f.Add(c.b)
	}
	f.Add(everything())
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := Parse(b)
		if err != nil {
			return
		}
		if h.PacketSize > MaxPacket || h.PacketSize < MinPacket && h.Elsewhere == "" || h.Size > len(b) || h.Duration < 0 || h.Preroll < 0 || len(h.Streams) > MaxStream || len(h.Title) > maxText {
			t.Errorf("%+v", h)
		}
		var seen [MaxStream + 1]bool
		for _, s := range h.Streams {
			if s.Number < 1 || s.Number > MaxStream || seen[s.Number] || s.BitRate < 0 || s.Width < 0 || s.Kind == 0 || s.Codec == "" {
				t.Errorf("%+v", s)
			}
			seen[s.Number] = true
		}
		for _, n := range Choose(h, 300000, "de") {
			if h.Stream(n) == nil || h.Stream(n).Problem != "" {
				t.Errorf("stream %d is chosen of %+v", n, h.Streams)
			}
		}
	})
}

// FuzzKeep: what is kept is a header of the chosen streams, all of them as they
// were, and stays as it is when it is kept again.
func FuzzKeep(f *testing.F) {
	for _, c := range headers {
		f.Add(c.b, uint64(0b0110))
	}
	f.Add(everything(), uint64(0b1010110))
	f.Fuzz(func(t *testing.T, b []byte, mask uint64) {
		h, err := Parse(b)
		if err != nil || h.Elsewhere != "" {
			return
		}
		var chosen, want []int
		for n := range 64 {
			if mask>>n&1 != 0 {
				chosen = append(chosen, n)
			}
		}
		for _, s := range h.Streams {
			if slices.Contains(chosen, s.Number) {
				want = append(want, s.Number)
			}
		}
		out := h.Keep(chosen, time.Second/4)
		if len(out) > len(b)+DataHead {
			t.Errorf("%d bytes of %d", len(out), len(b))
		}
		kept, err := Parse(out)
		if err != nil {
			t.Fatal(err)
		}
		consistent(t, out)
		got := numbers(kept)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || kept.PacketSize != h.PacketSize || !kept.Broadcast || kept.Preroll > time.Second/4 {
			t.Errorf("%v of %v: %v\n%+v", chosen, numbers(h), got, kept)
		}
		for i := range kept.Streams {
			a, b := kept.Streams[i], h.Stream(kept.Streams[i].Number)
			if a.Kind != b.Kind || a.Encrypted != b.Encrypted || a.Width != b.Width || a.SampleRate != b.SampleRate || a.Problem != b.Problem {
				t.Errorf("%+v\nwas\n%+v", a, *b)
			}
		}
		if again := kept.Keep(chosen, time.Second/4); !bytes.Equal(again, out) {
			t.Errorf("kept again\n%x\nwant\n%x", again, out)
		}
	})
}

// FuzzPacket: whatever parses restores to the size of the file's packets, with
// the same payloads, whether it is cut before or not; and each of its streams
// can be taken out alone.
func FuzzPacket(f *testing.F) {
	for _, c := range packets {
		f.Add(c.b, uint16(c.size))
	}
	f.Fuzz(func(t *testing.T, b []byte, size uint16) {
		list, _ := walk(b, int(size))
		s := int(size)
		if s == 0 {
			s = len(b)
		}
		full, err := Restore(nil, b, s)
		if (err == nil) != (len(list) > 0) {
			t.Fatalf("%d payloads, restored: %v", len(list), err)
		}
		if err != nil {
			return
		}
		check := func(what string, b []byte) {
			if got, err := walk(b, s); err != nil || !slices.Equal(got, list) {
				t.Fatalf("%s: %v\n%q\nwant\n%q\n%x", what, err, got, list, b)
			}
		}
		if check("restored", full); len(full) != s {
			t.Fatalf("%d bytes, want %d", len(full), s)
		}
		if again, err := Restore(nil, full, s); err != nil || !bytes.Equal(again, full) {
			t.Fatalf("restored again: %v\n%x\nwant\n%x", err, again, full)
		}
		cut, err := Trim(nil, full, s, false)
		if err != nil || len(cut) > s {
			t.Fatalf("cut to %d: %v", len(cut), err)
		}
		if full, err = Restore(full[:0], cut, s); err != nil {
			t.Fatal(err)
		}
		check("cut and restored", full)
		streams := map[int]int{}
		var p Packet
		if err := p.Parse(full, s); err != nil {
			t.Fatal(err)
		}
		for pl := (Payload{}); p.Next(&pl); {
			streams[pl.Stream]++
		}
		for n, count := range streams {
			one, ok := Filter(nil, b, s, func(stream int) bool { return stream == n })
			got, err := walk(one, s)
			if !ok || err != nil || len(one) != s || len(got) != count {
				t.Fatalf("stream %d: %d payloads, want %d; %v", n, len(got), count, err)
			}
		}
		if err := Shift(full, s, 1, 1); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzFinish: a file that can be finished is one that is finished, and its
// packets stay as they are.
func FuzzFinish(f *testing.F) {
	f.Add(join(headerOf(propsOf(packetSize, flagBroadcast), video(1, "WMV3")), dataOf(0, 0), paced(3, 0)))
	f.Add(join(headerOf(propsOf(packetSize, 0), video(1, "WMV3")), dataOf(3, 50+3*packetSize), paced(3, 0)))
	f.Add(everything())
	f.Fuzz(func(t *testing.T, b []byte) {
		m := &memory{bytes.Clone(b)}
		if Finish(m, int64(len(b))) != nil {
			return
		}
		h, err := Parse(m.b)
		if err != nil || h.Broadcast || h.Duration < 0 || int(h.Packets)*h.PacketSize+h.Size > len(b) || !bytes.Equal(m.b[h.Size:], b[h.Size:]) {
			t.Fatalf("%v %+v", err, h)
		}
		before := bytes.Clone(m.b)
		if err := Finish(m, int64(len(b))); err != nil || !bytes.Equal(m.b, before) {
			t.Errorf("a second time: %v", err)
		}
	})
}
