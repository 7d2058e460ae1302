package mms

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tapedeck/client/mms/wire"
)

func TestCollector(t *testing.T) {
	// A piece is its location, its flags in hexadecimal, and its bytes.
	for _, c := range []struct{ name, in, want string }{
		{"one piece", "0 c abc", "abc"},
		{"one piece, last alone", "0 8 abc", "abc"},
		{"three", "0 4 a, 1 4 b, 2 c c", "abc"},
		{"three, as HTTP has them", "0 4 a, 1 0 b, 2 8 c", "abc"},
		{"any order", "2 c c, 0 4 a, 1 0 b", "abc"},
		{"twice", "0 4 a, 0 4 a, 1 c b", "ab"},
		{"one missing", "0 4 a, 2 c c", "more"},
		{"the last missing", "0 4 a, 1 4 b", "more"},
		{"empty ones", "0 c , 0 4 a, 1 c b", "ab"},
		{"another header", "0 4 a, 0 4 x, 1 c y", "xy"},
		{"behind the last one", "1 c b, 2 4 c", "piece 2"},
		{"the last before others", "2 4 c, 1 c b", "the last piece"},
		{"too many", "4096 4 a", "piece 4096"},
		{"a packet pair", "4042321920 10 x, 4042321921 10 y, 0 c a", "a"},
	} {
		collect := newCollector()
		got := "more"
		for piece := range strings.SplitSeq(c.in, ", ") {
			var location uint32
			var flags byte
			var data string
			fmt.Sscanf(piece, "%d %x %s", &location, &flags, &data)
			whole, err := collect.add(location, flags, []byte(data))
			if err != nil {
				if !errors.Is(err, ErrProtocol) {
					t.Error(err)
				}
				got = err.Error()
				break
			}
			if whole {
				got = string(collect.header())
			}
		}
		if got != c.want && (len(c.want) < 5 || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCollectorSize(t *testing.T) {
	c := newCollector()
	var err error
	for i := uint32(0); err == nil; i++ {
		_, err = c.add(i, wire.HeaderPiece, make([]byte, 60_000))
	}
	if !errors.Is(err, ErrProtocol) || len(c.pieces) != maxHeader/60_000 {
		t.Errorf("%v after %d pieces", err, len(c.pieces))
	}
}

func FuzzCollector(f *testing.F) {
	f.Add([]byte{2, 12, 1, 'c', 0, 4, 1, 'a', 1, 0, 1, 'b'})
	f.Add([]byte{0, 4, 0, 0, 4, 3, 1, 2, 3, 1, 8, 1, 9})
	f.Fuzz(func(t *testing.T, in []byte) {
		c := newCollector()
		for len(in) >= 3 {
			n := min(int(in[2]), len(in)-3)
			whole, err := c.add(uint32(in[0]), in[1], in[3:3+n])
			if err != nil {
				return
			}
			if whole {
				if slices.ContainsFunc(c.pieces, func(p []byte) bool { return len(p) == 0 }) || len(c.header()) != c.size {
					t.Fatalf("%q", c.pieces)
				}
				return
			}
			in = in[3+n:]
		}
	})
}

func TestIncarnations(t *testing.T) {
	var i incarnations
	seen := make(map[uint8]int)
	for range 2 * 245 {
		seen[i.nextPlay()]++
	}
	for v := range 256 {
		want := 2
		if v < 9 || v == 0xFF || v == 0xCE {
			want = 0
		}
		if seen[uint8(v)] != want {
			t.Errorf("%#x: %d times", v, seen[uint8(v)])
		}
	}
	var headers []uint8
	for range 9 {
		headers = append(headers, i.nextHeader())
	}
	if !bytes.Equal(headers, []byte{1, 2, 3, 4, 5, 6, 7, 8, 1}) {
		t.Errorf("%v", headers)
	}
}

// TestBlocks: what next gave is whole until the next call, whatever is read or
// dropped meanwhile, and blocks are used again.
func TestBlocks(t *testing.T) {
	var q blocks
	var b *block
	write := func(n byte, size int) {
		b = q.space(b, size, 0)
		at := b.end
		b.end += copy(b.buf[at:], bytes.Repeat([]byte{n}, size))
		q.push(b, item{packet: b.buf[at:b.end:b.end], id: uint32(n)})
	}
	whole := func(it item, n byte) {
		t.Helper()
		if it.id != uint32(n) || bytes.ContainsFunc(it.packet, func(r rune) bool { return r != rune(n) }) {
			t.Errorf("packet %d, want %d", it.id, n)
		}
	}
	const half = blockSize/2 - 10
	for n := range byte(100) {
		write(n, half)
		write(n+1, half)
		first, _ := q.pop()
		write(n+2, half)
		whole(first, n)
		second, _ := q.pop()
		q.clear()
		write(n+3, half)
		write(n+4, half)
		write(n+5, half)
		whole(second, n+1)
		for i := range byte(3) {
			it, ok := q.pop()
			if !ok {
				t.Fatal("nothing is left")
			}
			whole(it, n+3+i)
		}
		if _, ok := q.pop(); ok {
			t.Fatal("something is left")
		}
	}
	if len(q.free) > 5 {
		t.Errorf("%d blocks were made", len(q.free)+1)
	}
	// What is not a whole packet yet moves to the next block.
	b = q.space(nil, 10, 0)
	b.end = copy(b.buf[blockSize-4:], "tail") + blockSize - 4
	if b = q.space(b, 10, 4); string(b.buf[:b.end]) != "tail" {
		t.Errorf("%q", b.buf[:b.end])
	}
}
