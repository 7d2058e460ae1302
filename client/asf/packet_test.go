package asf

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// seen is a payload in words.
func (pl Payload) seen() string {
	key := ""
	if pl.Key {
		key = " key"
	}
	return fmt.Sprintf("%d%s object %d at %d of %d, %d ms: %q", pl.Stream, key, pl.Object, pl.Offset, pl.Size, pl.Time, pl.Data)
}

// walk is all payloads of a packet.
func walk(b []byte, size int) (list []string, err error) {
	var p Packet
	if err := p.Parse(b, size); err != nil {
		return nil, err
	}
	for pl := (Payload{}); p.Next(&pl); {
		list = append(list, pl.seen())
	}
	return list, p.Err()
}

// layouts are all ways to write a packet.
func layouts(yield func(l layout)) {
	for _, correction := range []string{"\x82\x00\x00", "", "\x8fabcdefghijklmno", "\x80"} {
		for n := range 4 * 4 * 4 * 4 * 4 * 4 {
			t := func(i int) byte { return byte(n >> (2 * i) & 3) }
			l := layout{correction: correction, length: t(0), sequence: t(1), padding: t(2), object: t(3), offset: t(4), replicated: t(5)}
			yield(l)
			for l.several, l.payload = true, 1; l.payload < 4; l.payload++ {
				yield(l)
			}
		}
	}
}

// TestEveryLayout: a packet of any layout is read, cut as servers do it, and
// restored.
func TestEveryLayout(t *testing.T) {
	count := 0
	layouts(func(l layout) {
		count++
		const size = 160
		parts := []part{{head: 0x81, object: 3, offset: 0, data: "a picture"}}
		if l.several {
			parts = append(parts, part{head: 2, object: 4, data: "sound"}, part{head: 0x81, object: 3, data: "more"})
		}
		var want []string
		for i := range parts {
			if l.replicated > 0 {
				parts[i].copied = join(sized(20, 555), []byte("xyz"))
			}
			if l.offset > 0 {
				parts[i].offset = 9
			}
			pl := Payload{Stream: int(parts[i].head & 0x7f), Key: parts[i].head > 0x7f, Offset: parts[i].offset, Time: 1000, Data: []byte(parts[i].data)}
			if l.object > 0 {
				pl.Object = parts[i].object
			}
			if l.replicated > 0 {
				pl.Size, pl.Time = 20, 555
			}
			want = append(want, pl.seen())
		}
		if l.several && l.padding == 0 && l.length == 0 || l.padding == 0 && !l.several {
			if !l.several { // only its end tells where the data ends
				used := len(l.packet(0, parts...))
				l.judge(t, l.packet(used, parts...), used, want)
				return
			}
		}
		l.judge(t, l.packet(size, parts...), size, want)
	})
	if count < 60000 {
		t.Errorf("%d layouts", count)
	}
}

func (l layout) judge(t *testing.T, b []byte, size int, want []string) {
	t.Helper()
	same := func(what string, b []byte, err error) {
		t.Helper()
		got, werr := walk(b, size)
		if err != nil || werr != nil || !slices.Equal(got, want) {
			t.Fatalf("%+v: %s: %v, %v\n%s\nwant\n%s\n%x", l, what, err, werr, strings.Join(got, "\n"), strings.Join(want, "\n"), b)
		}
	}
	same("as it is", b, nil)
	for _, keep := range []bool{false, true} {
		cut, err := Trim(nil, b, size, keep)
		if l.padding == 0 && !l.several && len(cut) != len(b) {
			t.Fatalf("%+v: what is no padding is cut", l)
		}
		same("cut", cut, err)
		full, err := Restore(nil, cut, size)
		same("restored", full, err)
		if len(full) != size || l.length == 0 && l.padding > 0 && !bytes.Equal(full, b) {
			t.Fatalf("%+v: cut (%v) and restored:\n%x\nwant\n%x", l, keep, full, b)
		}
	}
	if full, err := Restore([]byte("before"), b, size); err != nil || l.padding > 0 && !bytes.Equal(full, append([]byte("before"), b...)) {
		t.Fatalf("%+v: a whole one is restored to\n%x\nwant\n%x", l, full, b)
	}
	one, ok := Filter(nil, b, size, func(stream int) bool { return stream == 1 })
	got, err := walk(one, size)
	if !ok || err != nil || len(one) != size || len(got) != (len(want)+1)/2 || got[0] != want[0] {
		t.Fatalf("%+v: filtered: %v %v\n%s", l, ok, err, strings.Join(got, "\n"))
	}
	if b, ok := Filter(nil, b, size, func(stream int) bool { return stream == 3 }); ok || len(b) != 0 {
		t.Fatalf("%+v: nothing is left: %v %x", l, ok, b)
	}
}

// packetSize is that of the packets in most tests.
const packetSize = 64

func many(n int, p part) (list []part) {
	for range n {
		list = append(list, p)
	}
	return list
}

// with changes bytes of a packet: pairs of a place and a value.
func with(b []byte, changes ...int) []byte {
	b = bytes.Clone(b)
	for i := 0; i < len(changes); i += 2 {
		b[changes[i]] = byte(changes[i+1])
	}
	return b
}

var oneSound = part{head: 2, object: 1, copied: sized(3, 2000), data: "abc"}

const sound = `2 object 1 at 0 of 3, 2000 ms: "abc"`

// single is a packet with one payload, of which only its end tells where the
// data ends; wide has one byte for its padding.
var (
	single = layout{correction: "\x82\x00\x00", object: 1, offset: 3, replicated: 1}
	wide1  = layout{correction: "\x82\x00\x00", padding: 1, object: 1, offset: 3, replicated: 1}
)

// packets are what the table test and the fuzz targets begin with.
//
//	 0  82 00 00      error correction
//	 3  09 5d         several, a byte of padding; bytes but for the offset
//	 5  1c            padding
//	 6  e8 03 00 00   1000 ms
//	10  28 00         40 ms
//	12  81            one payload, its length is a word
//	13  02 01         stream, object
//	15  00 00 00 00   offset
//	19  08            replicated data: size and time
//	28  03 00         length
//	30  61 62 63
var packets = []struct {
	name string
	b    []byte
	size int
	want []string
	err  error // under Parse's or Err's
}{
	{"common", common.packet(packetSize, oneSound), packetSize, []string{sound}, nil},
	{"its size is not known", common.packet(packetSize, oneSound), 0, []string{sound}, nil},
	{"a group", common.packet(packetSize, part{head: 0x82, object: 250, offset: 3000, copied: []byte{20}, data: "\x03abc\x00\x02de"}), packetSize,
		[]string{`2 key object 250 at 0 of 3, 3000 ms: "abc"`, `2 key object 252 at 0 of 2, 3040 ms: "de"`}, nil},
	{"a group alone", wide1.packet(packetSize, part{head: 2, object: 5, offset: 3000, copied: []byte{20}, data: "\x03abc\x02de"}), packetSize,
		[]string{`2 object 5 at 0 of 3, 3000 ms: "abc"`, `2 object 6 at 0 of 2, 3020 ms: "de"`}, nil},
	{"63 payloads", common.packet(1200, many(63, part{head: 1, data: "x"})...), 1200, slices.Repeat([]string{`1 object 0 at 0 of 0, 1000 ms: "x"`}, 63), nil},

	// Padding that a server cut (section 7.6 of the sheet).
	{"cut, the field is 0", with(wide1.packet(packetSize, oneSound)[:30], 5, 0), packetSize, []string{sound}, nil},
	{"cut, the field stayed", wide1.packet(packetSize, oneSound)[:30], packetSize, []string{sound}, nil},
	{"cut in part", with(wide1.packet(packetSize, oneSound)[:40], 5, 10), packetSize, []string{sound}, nil},
	{"cut, and a field that cannot be", with(wide1.packet(packetSize, oneSound)[:30], 5, 200), packetSize, []string{sound}, nil},
	{"longer than the header says", common.packet(packetSize+1, oneSound), packetSize, nil, ErrFormat},
	{"a length of its own, less than the packet", with(layout{correction: "\x82\x00\x00", length: 1, object: 1, offset: 3, replicated: 1}.packet(packetSize, oneSound), 5, 29+1), packetSize, []string{sound}, nil},

	{"an object of a size that is not told", common.packet(80, part{head: 1, offset: 7, copied: sized(0, 5), data: "xyz"}), 80, []string{`1 object 0 at 7 of 0, 5 ms: "xyz"`}, nil},

	// Hostile ones.
	{"nothing", nil, packetSize, nil, ErrFormat},
	{"error correction alone", []byte{0x8f, 0}, packetSize, nil, ErrFormat},
	{"a head alone", common.packet(packetSize, oneSound)[:9], packetSize, nil, ErrFormat},
	{"error correction with a length of another type", with(common.packet(packetSize, oneSound), 0, 0xa2), packetSize, nil, ErrFormat},
	{"flags of error correction twice", with(common.packet(packetSize, oneSound), 3, 0x89), packetSize, nil, ErrFormat},
	{"stream numbers that are words", with(common.packet(packetSize, oneSound), 4, 0x9d), packetSize, nil, ErrFormat},
	{"a length of its own, less than its head", with(layout{correction: "\x82\x00\x00", length: 1, several: true, payload: 2}.packet(packetSize, oneSound), 5, 3), packetSize, nil, ErrFormat},
	{"more padding than packet", with(wide1.packet(packetSize, oneSound), 5, 250), packetSize, nil, ErrFormat},
	{"more padding than packet, but payloads with lengths", with(common.packet(packetSize, oneSound), 5, 250), packetSize, []string{sound}, nil},
	{"no payloads", with(common.packet(packetSize, oneSound), 12, 0x80), packetSize, nil, nil},
	{"more payloads than there are", with(common.packet(40, oneSound), 12, 0xbf), 40, []string{sound}, ErrFormat},
	{"a payload longer than the packet", with(common.packet(packetSize, oneSound), 29, 0xff), packetSize, nil, ErrFormat},
	{"an empty payload", common.packet(packetSize, part{head: 1, copied: sized(0, 0)}, oneSound), packetSize, []string{sound}, nil},
	{"replicated data longer than the packet", with(common.packet(packetSize, oneSound), 19, 0xff), packetSize, nil, ErrFormat},
	{"replicated data of 2 bytes", common.packet(packetSize, part{head: 1, copied: []byte("ab"), data: "x"}, oneSound), packetSize, []string{sound}, ErrFormat},
	{"replicated data of 7 bytes", common.packet(packetSize, part{head: 1, copied: []byte("abcdefg"), data: "x"}, oneSound), packetSize, []string{sound}, ErrFormat},
	{"a payload that ends behind its object", common.packet(80, part{head: 1, offset: 8, copied: sized(10, 0), data: "xyz"}, oneSound), 80, []string{sound}, ErrFormat},
	{"an offset near 4 GB", common.packet(80, part{head: 1, offset: math.MaxUint32, copied: sized(10, 0), data: "xyz"}, oneSound), 80, []string{sound}, ErrFormat},
	{"an object of 4 GB", common.packet(80, part{head: 1, copied: sized(math.MaxUint32, 0), data: "xyz"}, oneSound), 80, []string{sound}, ErrFormat},
	{"stream 0", common.packet(80, part{head: 0x80, copied: sized(3, 0), data: "xyz"}, oneSound), 80, []string{sound}, ErrFormat},
	{"an object in a group longer than its payload", common.packet(80, part{head: 1, copied: []byte{1}, data: "\x01a\x05b"}, oneSound), 80, []string{sound}, ErrFormat},
	{"a group of empty objects", common.packet(80, part{head: 1, copied: []byte{0}, data: "\x00\x00\x00"}, oneSound), 80, []string{sound}, ErrFormat},
	{"a payload's length has no field", with(common.packet(packetSize, oneSound), 12, 0x01), packetSize, nil, nil},
}

func TestPackets(t *testing.T) {
	for _, c := range packets {
		t.Run(c.name, func(t *testing.T) {
			got, err := walk(c.b, c.size)
			if !slices.Equal(got, c.want) || !errors.Is(err, c.err) || c.err == nil && err != nil {
				t.Fatalf("%v\n%s\nwant %v\n%s", err, strings.Join(got, "\n"), c.err, strings.Join(c.want, "\n"))
			}
			size := c.size
			if size == 0 {
				size = len(c.b)
			}
			full, err := Restore(nil, c.b, size)
			if (err != nil) != (c.want == nil) || err != nil && !errors.Is(err, ErrFormat) {
				t.Fatalf("restored: %v", err)
			}
			if got, err := walk(full, size); c.want != nil && (err != nil || len(full) != size || !slices.Equal(got, c.want)) {
				t.Errorf("restored to %d bytes: %v\n%s\n%x", len(full), err, strings.Join(got, "\n"), full)
			}
		})
	}
}

// TestRestoreMakesRoom: of any number of missing bytes, packets get a padding
// field that says so, with or without one of their own.
func TestRestoreMakesRoom(t *testing.T) {
	for _, l := range []layout{single, wide1} {
		for _, missing := range []int{0, 1, 2, 3, 255, 256, 257, 258, 259, 1000, 60000} {
			used := len(l.packet(0, oneSound))
			b := l.packet(used, oneSound) // its padding is 0
			full, err := Restore(nil, b, used+missing)
			if err != nil || len(full) != used+missing {
				t.Fatalf("%d missing: %d bytes, %v", missing, len(full), err)
			}
			var p Packet
			if err := p.Parse(full, used+missing); err != nil || p.length != 0 || len(p.b)+int(p.padding) != len(full) {
				t.Errorf("%d missing: %v, %d of padding, %d of payloads in %d", missing, err, p.padding, len(p.b), len(full))
			}
			if got, err := walk(full, 0); err != nil || !slices.Equal(got, []string{sound}) {
				t.Errorf("%d missing: %v %v", missing, got, err)
			}
		}
	}
}

func TestClock(t *testing.T) {
	var c Clock
	for _, step := range []struct {
		ms   uint32
		want time.Duration
	}{
		{math.MaxUint32 - 4999, (1<<32 - 5000) * time.Millisecond},
		{math.MaxUint32, (1<<32 - 1) * time.Millisecond},
		{4000, (1<<32 + 4000) * time.Millisecond},
		{math.MaxUint32 - 9, (1<<32 - 10) * time.Millisecond}, // a packet that came late
		{5000, (1<<32 + 5000) * time.Millisecond},
	} {
		if got := c.Unwrap(step.ms); got != step.want {
			t.Errorf("%d: %v, want %v", step.ms, got, step.want)
		}
	}
}

// TestNoAllocations: of a packet on its way through.
func TestNoAllocations(t *testing.T) {
	b := common.packet(1400, oneSound, part{head: 0x81, copied: sized(9, 5), data: "a picture"}, part{head: 2, copied: []byte{20}, data: "\x03abc\x02de"})
	cut, err := Trim(nil, b, len(b), false)
	if err != nil || len(cut) > 200 {
		t.Fatal(len(cut), err)
	}
	bad := common.packet(80, part{head: 1, copied: sized(math.MaxUint32, 0), data: "xyz"})
	buf := make([]byte, 0, 2*len(b))
	var p Packet
	var clock Clock
	payloads := 0
	if n := testing.AllocsPerRun(100, func() {
		buf, _ = Restore(buf[:0], cut, len(b))
		buf, _ = Filter(buf[:0], cut, len(b), func(stream int) bool { return stream == 2 })
		if _, err := Restore(buf, bad, 80); err == nil {
			t.Error("an object of 4 GB is restored")
		}
		if p.Parse(buf, len(b)) != nil {
			t.Error("it does not parse")
		}
		for pl := (Payload{}); p.Next(&pl); {
			payloads++
		}
		clock.Unwrap(p.Send())
	}); n > 0 || payloads == 0 {
		t.Errorf("%v allocations, %d payloads", n, payloads)
	}
}

func BenchmarkRestore(b *testing.B) {
	packet := common.packet(8000, many(10, part{head: 0x81, copied: sized(700, 5), data: strings.Repeat("x", 700)})...)
	cut, _ := Trim(nil, packet, len(packet), false)
	var buf []byte
	b.SetBytes(int64(len(packet)))
	for b.Loop() {
		buf, _ = Restore(buf[:0], cut, len(packet))
	}
}
