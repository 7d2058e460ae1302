package wire

import (
	"bytes"
	"errors"
	"testing"
)

// chunkRows are bodies and the chunks in them. A row without chunks and error is
// an unfinished one.
var chunkRows = []struct {
	name string
	body string
	want []Chunk
	fail bool
}{
	{"nothing", "", nil, false},
	{"data", "$D\x0b\x00" + "\x2a\x00\x00\x00" + "\x07\xfe" + "\x0b\x00" + "abc",
		[]Chunk{{Kind: ChunkData, Location: 42, Incarnation: 7, Flags: 0xfe, Payload: []byte("abc")}}, false},
	{"the next at once", "\xa4D\x09\x00" + "\x00\x00\x00\x00" + "\x00\x00" + "\x09\x00" + "a" + "$E\x04\x00\x01\x00\x00\x00",
		[]Chunk{{Kind: ChunkData, AtOnce: true, Payload: []byte("a")}, {Kind: ChunkEnd, Reason: EndOfEntry}}, false},
	{"size less than the length", "$D\x0b\x00" + "\x01\x00\x00\x00" + "\x00\x00" + "\x09\x00" + "abc" + "$C\x04\x00\x00\x00\x00\x00",
		[]Chunk{{Kind: ChunkData, Location: 1, Payload: []byte("a")}, {Kind: ChunkChange}}, false},
	{"size more than the length", "$D\x0b\x00" + "\x01\x00\x00\x00" + "\x00\x00" + "\xff\xff" + "abc" + "$T\x00\x00",
		[]Chunk{{Kind: ChunkData, Location: 1, Payload: []byte("abc")}, {Kind: ChunkTest}}, false},
	{"empty payload", "$D\x08\x00" + "\x01\x00\x00\x00" + "\x00\x00" + "\x08\x00",
		[]Chunk{{Kind: ChunkData, Location: 1, Payload: []byte{}}}, false},
	{"size below its head", "$D\x0b\x00" + "\x01\x00\x00\x00" + "\x00\x00" + "\x07\x00" + "abc", nil, true},
	{"length below its head", "$D\x07\x00", nil, true},
	{"no room for the reason", "$E\x03\x00", nil, true},
	{"a longer end", "$E\x06\x00" + "\x09\x2f\x0d\x00" + "??" + "$T\x00\x00",
		[]Chunk{{Kind: ChunkEnd, Reason: RewoundToHead}, {Kind: ChunkTest}}, false},
	{"unknown kind", "$X\x02\x00??" + "$T\x00\x00", []Chunk{{Kind: ChunkTest}}, false},
	{"unknown and empty", "$X\x00\x00$T\x00\x00", []Chunk{{Kind: ChunkTest}}, false},
	{"not a chunk", "<asx", nil, true},
	{"raw ASF", "\x30\x26\xb2\x75", nil, true},
	{"unfinished head", "$D\x0b", nil, false},
	{"unfinished payload", "$D\x0b\x00" + "\x01\x00\x00\x00" + "\x00\x00" + "\x0b\x00" + "ab", nil, false},
	{"many ends", string(bytes.Repeat([]byte("$E\x04\x00\x00\x00\x00\x00"), 512)) + "$T\x00\x00",
		[]Chunk{{Kind: ChunkEnd}, {Kind: ChunkTest}}, false},
	{"endless ends", string(bytes.Repeat([]byte("$E\x04\x00\x00\x00\x00\x00"), maxEnds+1)),
		[]Chunk{{Kind: ChunkEnd}}, true},
	{"an end and an error", "$E\x04\x00\x00\x00\x00\x00" + "$E\x04\x00\x05\x40\x00\x80",
		[]Chunk{{Kind: ChunkEnd}, {Kind: ChunkEnd, Reason: 0x80004005}}, false},
	{"pair", string(AppendPair(nil, 300)) + "$T\x00\x00",
		[]Chunk{{Kind: ChunkPair, Reason: 300}, {Kind: ChunkPair, Reason: 300}, {Kind: ChunkPair, Reason: 300}, {Kind: ChunkTest}}, false},
	{"pair behind a long head", string(AppendPair(nil, 4000)) + "$T\x00\x00",
		[]Chunk{{Kind: ChunkPair, Reason: 504}, {Kind: ChunkPair, Reason: 504}, {Kind: ChunkPair, Reason: 504}, {Kind: ChunkTest}}, false},
	{"pair with a huge reason", "$P\xf8\x01\xff\xff\xff\xff", nil, true},
	{"a fourth of a pair", string(AppendPair(nil, 0)) + "$P\x18\x04\x00\x00\x00\x00",
		[]Chunk{{Kind: ChunkPair}, {Kind: ChunkPair}, {Kind: ChunkPair}}, true},
}

// feed gives the body to a buffer in reads of at most so many bytes.
func feed(t *testing.T, body []byte, step int) (all []Chunk, left int, err error) {
	t.Helper()
	var b ChunkBuffer
	for {
		var c Chunk
		more := true
		for more && err == nil {
			if more, err = b.Next(&c); more {
				if c.Payload != nil {
					c.Payload = append([]byte{}, c.Payload...)
				}
				all = append(all, c)
			}
		}
		if err != nil || len(body) == 0 {
			return all, b.Pending(), err
		}
		room := b.Room()
		if len(room) == 0 {
			t.Fatal("no room")
		}
		n := copy(room[:min(step, len(room))], body)
		b.Filled(n)
		body = body[n:]
	}
}

func TestChunks(t *testing.T) {
	for _, row := range chunkRows {
		for _, step := range []int{1, 7, 1 << 20} {
			got, _, err := feed(t, []byte(row.body), step)
			if (err != nil) != row.fail || err != nil && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s by %d: error %v", row.name, step, err)
			}
			if len(got) != len(row.want) {
				t.Errorf("%s by %d: %d chunks %v, want %d", row.name, step, len(got), got, len(row.want))
				continue
			}
			for i, want := range row.want {
				if !sameChunk(got[i], want) {
					t.Errorf("%s by %d: %+v, want %+v", row.name, step, got[i], want)
				}
			}
		}
	}
}

func sameChunk(a, b Chunk) bool {
	return a.Kind == b.Kind && a.AtOnce == b.AtOnce && a.Reason == b.Reason && a.Location == b.Location &&
		a.Incarnation == b.Incarnation && a.Flags == b.Flags && bytes.Equal(a.Payload, b.Payload)
}

// TestLongestChunk: the longest one fits, however little came with it.
func TestLongestChunk(t *testing.T) {
	whole := bytes.Repeat([]byte{7}, MaxPayload)
	body := AppendChunk(nil, &Chunk{Kind: ChunkData, Location: 1, Payload: whole})
	body = AppendChunk(body, &Chunk{Kind: ChunkData, Location: 2, Payload: whole})
	body = AppendReason(body, ChunkEnd, EndOfAll)
	for _, step := range []int{100, 65536, 100_000, 1 << 20} {
		got, left, err := feed(t, body, step)
		if err != nil || left != 0 || len(got) != 3 || !bytes.Equal(got[1].Payload, whole) {
			t.Errorf("by %d: %d chunks, %d bytes left, %v", step, len(got), left, err)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	var body []byte
	for n := range 20 {
		body = AppendChunk(body, &Chunk{Kind: ChunkData, Location: uint32(n), Payload: make([]byte, 1400)})
	}
	var b ChunkBuffer
	b.Room()
	if n := testing.AllocsPerRun(100, func() {
		b.Filled(copy(b.Room(), body))
		var c Chunk
		for more, err := b.Next(&c); more; more, err = b.Next(&c) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestPieces(t *testing.T) {
	for _, size := range []int{0, 100_000, 7, 5} {
		whole := bytes.Repeat([]byte("0123456789"), 10)
		if size == 100_000 {
			whole = bytes.Repeat([]byte("0123456789"), size/10)
		}
		got, _, err := feed(t, AppendPieces(nil, ChunkHeader, whole, size), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		var p Pieces
		for i := range got {
			made, err := p.Add(&got[i])
			if err != nil {
				t.Fatal(err)
			}
			if last := i == len(got)-1; last != (made != nil) || last && !bytes.Equal(made, whole) {
				t.Errorf("by %d: piece %d of %d gives %d bytes", size, i, len(got), len(made))
			}
		}
	}
}

func TestPiecesOfOthers(t *testing.T) {
	piece := func(location uint32, flags uint8, s string) Chunk {
		return Chunk{Kind: ChunkHeader, Location: location, Flags: flags, Payload: []byte(s)}
	}
	for name, row := range map[string]struct {
		pieces []Chunk
		want   string
		fail   bool
	}{
		"first and last":           {[]Chunk{piece(0, 4, "a"), piece(1, 0, "b"), piece(2, 8, "c")}, "abc", false},
		"as in MMS":                {[]Chunk{piece(0, 4, "a"), piece(1, 4, "b"), piece(2, 12, "c")}, "abc", false},
		"one twice":                {[]Chunk{piece(0, 4, "a"), piece(1, 0, "b"), piece(1, 0, "b"), piece(2, 8, "c")}, "abc", false},
		"one is missing":           {[]Chunk{piece(0, 4, "a"), piece(2, 8, "c")}, "", true},
		"begun anew":               {[]Chunk{piece(0, 4, "x"), piece(0, 4, "a"), piece(1, 8, "b")}, "ab", false},
		"without an end":           {[]Chunk{piece(0, 4, "a"), piece(1, 0, "b")}, "", false},
		"numbered from another":    {[]Chunk{piece(5, 12, "a")}, "a", false},
		"too much":                 {append([]Chunk{piece(0, 4, "")}, many(32, 60_000)...), "", true},
		"too many":                 {append([]Chunk{piece(0, 4, "")}, many(maxPieces, 1)...), "", true},
		"the numbers run past all": {[]Chunk{piece(0xFFFFFFFF, 4, "a"), piece(1, 8, "b")}, "", true},
	} {
		var p Pieces
		var got string
		var err error
		for i := range row.pieces {
			var made []byte
			if made, err = p.Add(&row.pieces[i]); err != nil {
				break
			}
			got += string(made)
		}
		if got != row.want || (err != nil) != row.fail {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func many(n, size int) []Chunk {
	var all []Chunk
	for i := range n {
		all = append(all, Chunk{Kind: ChunkHeader, Location: uint32(i + 1), Payload: make([]byte, size)})
	}
	return all
}
