package tape

import (
	"errors"
	"testing"
	"time"

	"tapedeck/client/media"
)

// TestBreaks: a reader that cannot go on over a new header, or over timestamps
// that jump, ends there, and one that is opened there goes on.
func TestBreaks(t *testing.T) {
	tp := New(Limits{})
	for _, c := range []media.Chunk{
		{Init: []byte("A"), Key: true, Data: []byte("one")},
		{Key: true, Time: 1 * time.Second, Data: []byte("two")},
		{Init: []byte("A"), Key: true, Time: 2 * time.Second, Data: []byte("three")}, // said again
		{Init: []byte("A"), Key: true, Time: 3 * time.Second, Origin: -3 * time.Second, Data: []byte("four")},
		{Init: []byte("B"), Key: true, Time: 4 * time.Second, Origin: -3 * time.Second, Data: []byte("five")},
	} {
		tp.Append(c)
	}
	read := func(r *Reader) (got string, err error) {
		buf := make([]byte, 4)
		for len(got) < 100 {
			n, err := r.Read(buf)
			got += string(buf[:n])
			if err != nil {
				return got, err
			}
			if n == 0 {
				break
			}
		}
		return got, nil
	}
	for _, c := range []struct {
		at     time.Duration
		want   string
		next   time.Duration
		origin time.Duration
	}{{0, "Aonetwothree", 3 * time.Second, 0}, {3 * time.Second, "Afour", 4 * time.Second, -3 * time.Second}} {
		r, err := tp.ReadAt(c.at)
		if err != nil {
			t.Fatal(err)
		}
		r.StopAtBreaks()
		for range 2 {
			got, err := read(r)
			end, ok := errors.AsType[*Break](err)
			if got != c.want || !ok || end.At != c.next || r.Origin() != c.origin {
				t.Errorf("from %v on %q, %v, origin %v", c.at, got, err, r.Origin())
			}
			c.want = "" // it stays there
		}
		r.Close()
	}
	r, err := tp.ReadOldest()
	if err != nil {
		t.Fatal(err)
	}
	r.StopAtBreaks()
	for _, want := range []string{"Aonetwothree", "Afour"} {
		if got, err := read(r); got != want || err == nil {
			t.Errorf("%q, %v", got, err)
		}
		r.Pass()
	}
	r.Close()

	tp.End(errors.New("end"))
	r, err = tp.ReadOldest() // one that goes on gets the header where it has to be given anew
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, _ := read(r); got != "AonetwothreeAfourBfive" {
		t.Errorf("%q", got)
	}
}
