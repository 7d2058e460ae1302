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

// TestBreakAmongWhatIsLost: a reader that falls behind over a new header stops at
// it all the same.
func TestBreakAmongWhatIsLost(t *testing.T) {
	const size = 100
	tp := New(Limits{Bytes: 10 * size})
	put(tp, 0, true, "A", 'a', size, 0)
	put(tp, 1, true, "", 'a', size, 0)
	r, err := tp.ReadOldest()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.StopAtBreaks()
	read(t, r, 2)
	put(tp, 4, true, "B", 'b', size, 0)
	for n := 5; n < 20; n++ {
		put(tp, float64(n), true, "", 'b', size, 0)
	}
	buf := make([]byte, size)
	_, err = r.Read(buf)
	if _, ok := errors.AsType[*Lost](err); !ok {
		t.Fatalf("%v, want a *Lost", err)
	}
	for range 2 {
		n, err := r.Read(buf)
		if _, ok := errors.AsType[*Break](err); !ok {
			t.Fatalf("%q, %v, want a *Break", buf[:n], err)
		}
	}
	r.Pass()
	if got := read(t, r, 5); got != "Bbbbb" {
		t.Errorf("%q", got)
	}
}

// TestLossBehindABreak: what is lost between a Break and the Pass over it does not
// cost the header, nor the next Break.
func TestLossBehindABreak(t *testing.T) {
	const size = 100
	tp := New(Limits{Bytes: 10 * size})
	put(tp, 0, true, "A", 'a', size, 0)
	put(tp, 1, true, "B", 'b', size, 0)
	r, err := tp.ReadOldest()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.StopAtBreaks()
	read(t, r, 1+size)
	buf := make([]byte, size)
	if _, err = r.Read(buf); err == nil {
		t.Fatal("no Break")
	}
	r.Pass()
	put(tp, 2, true, "A", 'a', size, 0)
	for n := 3; n < 20; n++ {
		put(tp, float64(n), true, "", 'a', size, 0)
	}
	put(tp, 20, true, "C", 'c', size, 0)
	if _, err = r.Read(buf); err == nil {
		t.Fatal("no *Lost")
	}
	if got := read(t, r, 5); got != "Aaaaa" {
		t.Errorf("%q", got)
	}
	for {
		n, err := r.Read(buf)
		if _, ok := errors.AsType[*Break](err); ok {
			return
		}
		if err != nil || buf[0] != 'a' {
			t.Fatalf("%q, %v, want a *Break", buf[:n], err)
		}
	}
}
