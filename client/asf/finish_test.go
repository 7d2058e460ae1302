package asf

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"time"
)

// memory is a file.
type memory struct{ b []byte }

func (m *memory) ReadAt(p []byte, at int64) (int, error) {
	if at >= int64(len(m.b)) {
		return 0, io.EOF
	}
	n := copy(p, m.b[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memory) WriteAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > int64(len(m.b)) {
		return 0, io.ErrShortWrite
	}
	return copy(m.b[at:], p), nil
}

// paced are packets, one each 500 ms from first on, with an object of stream 1
// that is shown 1000 ms later.
func paced(n int, first uint32) (b []byte) {
	for i := range uint32(n) {
		at := first + 500*i
		b = join(b, common.packetAt(at, packetSize, part{head: 0x81, copied: sized(3, at+1000), data: "abc"}))
	}
	return b
}

func TestFinish(t *testing.T) {
	live := func(children ...[]byte) []byte {
		return join(headerOf(propsOf(packetSize, flagBroadcast), join(children...)), dataOf(0, 0))
	}
	film := video(1, "WMV3")
	for _, c := range []struct {
		name    string
		b       []byte
		packets int
		content time.Duration
		sending time.Duration
	}{
		{"a stream", join(live(film), paced(10, 0)), 10, 5 * time.Second, 4500 * time.Millisecond},
		{"one that was joined late", join(live(film), paced(10, 1e9)), 10, 5 * time.Second, 4500 * time.Millisecond},
		{"over the wrap of its clock", join(live(film), paced(10, math.MaxUint32-1999)), 10, 5 * time.Second, 4500 * time.Millisecond},
		{"broken off in a packet", join(live(film), paced(10, 0), make([]byte, packetSize-1)), 10, 5 * time.Second, 4500 * time.Millisecond},
		{"longer than what is read of it", join(live(film), paced(2000, 0)), 2000, 1000 * time.Second, 999500 * time.Millisecond},
		{"the header says how long a picture is", join(live(film, extensionOf(extendedOf(1, 0, 0, 40*time.Millisecond))), paced(10, 0)), 10, 4540 * time.Millisecond, 4500 * time.Millisecond},
		{"pictures in the order of decoding", join(live(film), paced(3, 0), common.packetAt(1500, packetSize, part{head: 1, copied: sized(3, 3500), data: "abc"}),
			common.packetAt(2000, packetSize, part{head: 1, copied: sized(3, 3000), data: "abc"})), 5, 3 * time.Second, 2 * time.Second},
		{"commands of another time", join(live(film, command), paced(3, 0), common.packetAt(1500, packetSize, part{head: 3, copied: sized(3, 1e6), data: "abc"})), 4, 1500 * time.Millisecond, 1500 * time.Millisecond},
		{"one picture", join(live(film), paced(1, 0)), 1, 0, 0},
		{"no packet", live(film), 0, 0, 0},
		{"no packet that is sound", join(live(film), make([]byte, 10*packetSize)), 10, 0, 0},
		{"a clock that was set back", join(live(film), paced(300, 1e6), paced(300, 0)), 600, 0, 0},
		{"lengths of a longer film", join(headerOf(props, film), dataOf(40, 50+40*packetSize), paced(10, 0)), 10, 5 * time.Second, 4500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &memory{bytes.Clone(c.b)}
			if err := Finish(f, int64(len(f.b))); err != nil {
				t.Fatal(err)
			}
			h, err := Parse(f.b)
			if err != nil || h.Broadcast || !h.Seekable || int(h.Packets) != c.packets || h.Duration != c.content {
				t.Errorf("%v, broadcast %v, seekable %v, %d packets, %v; want %d, %v", err, h.Broadcast, h.Seekable, h.Packets, h.Duration, c.packets, c.content)
			}
			p, d := f.b[h.props:], f.b[h.data:]
			if size := h.Size + c.packets*packetSize; int(le.Uint64(p[propsSize:])) != size || int(le.Uint64(d[16:])) != size-h.data || int(le.Uint64(d[40:])) != c.packets {
				t.Errorf("a file of %d bytes with %d of data and %d packets", le.Uint64(p[propsSize:]), le.Uint64(d[16:]), le.Uint64(d[40:]))
			}
			if sending := time.Duration(le.Uint64(p[propsSend:])) * 100; sending != c.sending {
				t.Errorf("sent in %v, want %v", sending, c.sending)
			}
			if !bytes.Equal(f.b[h.Size:], c.b[h.Size:]) {
				t.Error("the packets are not as they were")
			}
			before := bytes.Clone(f.b)
			if err := Finish(f, int64(len(f.b))); err != nil || !bytes.Equal(f.b, before) {
				t.Errorf("a second time it changes: %v", err)
			}
		})
	}
}

// TestFinishLeavesFilms: a whole file has an index behind its packets.
func TestFinishLeavesFilms(t *testing.T) {
	b := join(headerOf(props, video(1, "WMV3")), dataOf(40, 50+40*packetSize), paced(40, 0), AppendIndex(nil, time.Second, make([]IndexEntry, 20)))
	f := &memory{bytes.Clone(b)}
	if err := Finish(f, int64(len(b))); err != nil || !bytes.Equal(f.b, b) {
		t.Errorf("it changed: %v", err)
	}
}

func TestFinishRefuses(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing": nil, "no ASF": []byte("RIFF and so on, and so on, and so on"), "no data object": headerOf(film),
		"a link": join(headerOf(scriptOf([]string{"FILENAME"}, commandOf(0, "mms://b/"))), dataOf(0, 0)),
	} {
		if err := Finish(&memory{b}, int64(len(b))); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := join(headerOf(propsOf(packetSize, flagBroadcast), video(1, "WMV3")), dataOf(0, 0), paced(10, 0))
	if err := Finish(&memory{b}, int64(len(b)+1000)); !errors.Is(err, io.EOF) {
		t.Errorf("a file that is shorter than they say: %v", err)
	}
	if err := Finish(readOnly{&memory{b}}, int64(len(b))); !errors.Is(err, errReadOnly) {
		t.Errorf("a file that cannot be written: %v", err)
	}
}

var errReadOnly = errors.New("read only")

type readOnly struct{ *memory }

func (readOnly) WriteAt([]byte, int64) (int, error) { return 0, errReadOnly }

func TestIndex(t *testing.T) {
	entries := []IndexEntry{{0, 2}, {0, 2}, {7, 3}, {9, 1}}
	b := AppendIndex([]byte("before"), time.Second, entries)[6:]
	for _, c := range []struct {
		at   time.Duration
		want IndexEntry
	}{{0, entries[1]}, {999 * time.Millisecond, entries[1]}, {time.Second, entries[2]}, {time.Hour, entries[3]}, {-time.Hour, entries[0]}} {
		if e, ok := IndexAt(b, c.at, time.Second); !ok || e != c.want {
			t.Errorf("%v: %v %v, want %v", c.at, e, ok, c.want)
		}
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "another object": dataOf(1, 1), "no entries": AppendIndex(nil, time.Second, nil), "an interval of 0": AppendIndex(nil, 0, entries), "cut": b[:60],
	} {
		if e, ok := IndexAt(b, 0, 0); ok {
			t.Errorf("%s: %v", name, e)
		}
	}
	more := with(b, 52, 255, 53, 255, 54, 255, 55, 255) // 2^32 entries
	if e, ok := IndexAt(more, time.Hour, 0); !ok || e != entries[3] {
		t.Errorf("more entries than there are: %v %v", e, ok)
	}
}
