package tape

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
)

// put appends a chunk of n bytes of value b at second s; the first carries init.
func put(t *Tape, s float64, key bool, init string, b byte, n int, seek int) {
	c := media.Chunk{
		Time: time.Duration(s * float64(time.Second)), Key: key, Seek: seek,
		Data: bytes.Repeat([]byte{b}, n),
	}
	if init != "" {
		c.Init = []byte(init)
	}
	t.Append(c)
}

func read(t *testing.T, r *Reader, n int) string {
	t.Helper()
	p := make([]byte, n)
	if _, err := io.ReadFull(r, p); err != nil {
		t.Fatalf("reading %d bytes: %v", n, err)
	}
	return string(p)
}

func TestReaderStartsAtKeyPointWithHeader(t *testing.T) {
	tp := New(Limits{})
	if _, err := tp.ReadOldest(); !errors.Is(err, ErrEmpty) {
		t.Fatalf("reading an empty tape: %v, want ErrEmpty", err)
	}
	put(tp, 0, true, "HEAD", 'a', 3, 0)
	put(tp, 1, false, "", 'b', 3, 0)
	put(tp, 2, true, "", 'c', 3, 0)
	put(tp, 3, false, "", 'd', 3, 0)
	tests := []struct {
		at    time.Duration
		want  string
		start time.Duration
	}{
		{-time.Second, "HEADaaabbbcccddd", 0},
		{1900 * time.Millisecond, "HEADaaabbbcccddd", 0},
		{2 * time.Second, "HEADcccddd", 2 * time.Second},
		{time.Hour, "HEADcccddd", 2 * time.Second},
	}
	for _, tt := range tests {
		r, err := tp.ReadAt(tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, r, len(tt.want)); got != tt.want || r.Start() != tt.start {
			t.Errorf("ReadAt(%v) = %q from %v, want %q from %v", tt.at, got, r.Start(), tt.want, tt.start)
		}
		r.Close()
	}
}

func TestReaderWaitsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := New(Limits{})
		put(tp, 0, true, "H", 'a', 1, 0)
		r, _ := tp.ReadOldest()
		defer r.Close()
		read(t, r, 2)
		got := make(chan string)
		go func() {
			rest, err := io.ReadAll(r)
			if err != nil {
				t.Error(err)
			}
			got <- string(rest)
		}()
		synctest.Wait()
		put(tp, 1, false, "", 'b', 2, 0)
		tp.End(io.EOF)
		if s := <-got; s != "bb" {
			t.Errorf("got %q, want %q", s, "bb")
		}
	})
}

func TestCloseEndsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := New(Limits{})
		put(tp, 0, true, "H", 'a', 1, 0)
		r, _ := tp.ReadOldest()
		read(t, r, 2)
		done := make(chan error)
		go func() { _, err := r.Read(make([]byte, 1)); done <- err }()
		synctest.Wait()
		r.Close()
		r.Close()
		if err := <-done; !errors.Is(err, os.ErrClosed) {
			t.Errorf("Read after Close: %v, want os.ErrClosed", err)
		}
	})
}

func TestBytesFallOffAndReaderIsTold(t *testing.T) {
	tp := New(Limits{Bytes: 10})
	put(tp, 0, true, "H", 'a', 4, 0)
	r, _ := tp.ReadOldest()
	defer r.Close()
	put(tp, 1, true, "", 'b', 4, 0)
	put(tp, 2, true, "", 'c', 4, 0) // 'a' no longer whole
	p := make([]byte, 64)
	n, err := r.Read(p)
	var lost *Lost
	if !errors.As(err, &lost) || n != 0 {
		t.Fatalf("Read = %d, %v, want *Lost", n, err)
	}
	if lost.Bytes != 4 || lost.Now != time.Second {
		t.Errorf("lost %d bytes, now at %v, want 4 and 1s", lost.Bytes, lost.Now)
	}
	if got := read(t, r, 9); got != "Hbbbbcccc" {
		t.Errorf("after the loss got %q, want the header and both whole parts", got)
	}
	if from, to, ok := tp.Span(); !ok || from != time.Second || to != 2*time.Second {
		t.Errorf("Span = %v, %v, %v", from, to, ok)
	}
}

func TestTimeLimit(t *testing.T) {
	tp := New(Limits{Time: 10 * time.Second})
	for s := range 100 {
		put(tp, float64(s), s%5 == 0, map[bool]string{true: "H"}[s == 0], 'x', 10, 0)
	}
	from, to, _ := tp.Span()
	if to != 99*time.Second || from != 85*time.Second {
		t.Errorf("Span = %v to %v, want 85s to 99s: the point that covers ten seconds", from, to)
	}
}

func TestSeekBeginsANewTimeline(t *testing.T) {
	tp := New(Limits{})
	put(tp, 10, true, "H", 'a', 2, 0)
	recorder, _ := tp.ReadOldest()
	defer recorder.Close()
	put(tp, 3, true, "H", 'b', 2, 1)
	r, err := tp.ReadOldest()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := read(t, r, 3); got != "Hbb" || r.Start() != 3*time.Second {
		t.Errorf("after the seek got %q from %v", got, r.Start())
	}
	if got := read(t, recorder, 5); got != "Haabb" {
		t.Errorf("the recorder got %q, want both parts and one header", got)
	}
}

func TestNewHeaderIsSentWhereItChanges(t *testing.T) {
	tp := New(Limits{})
	put(tp, 0, true, "H1", 'a', 2, 0)
	put(tp, 1, true, "H2", 'b', 2, 0)
	r, _ := tp.ReadOldest()
	defer r.Close()
	if got := read(t, r, 8); got != "H1aaH2bb" {
		t.Errorf("got %q", got)
	}
}

func TestWaitRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tp := New(Limits{})
		put(tp, 0, true, "", 'a', 100, 0)
		tp.Append(media.Chunk{Init: []byte{}, Key: true, Data: make([]byte, 100)})
		r, err := tp.ReadOldest()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		done := make(chan error, 1)
		go func() { done <- tp.WaitRoom(t.Context(), 50) }()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("WaitRoom returned with 100 bytes unread and 50 allowed")
		default:
		}
		read(t, r, 60)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		put(tp, 0, true, "", 'a', 100, 0)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { done <- tp.WaitRoom(ctx, 50) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("WaitRoom after cancel: %v", err)
		}
	})
}

// Random appends and reads: what a reader gets is always a run of what was
// appended, whole but for the announced losses.
func TestReadersSeeRunsOfWhatWasAppended(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	tp := New(Limits{Bytes: 300 << 10})
	tp.Append(media.Chunk{Init: []byte{}, Key: true, Data: []byte{0}})
	r, err := tp.ReadOldest()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	next, want := byte(1), byte(0)
	buf := make([]byte, 200<<10)
	for step := range 2000 {
		data := make([]byte, rnd.IntN(9000))
		for i := range data {
			data[i], next = next, next+1
		}
		tp.Append(media.Chunk{Time: time.Duration(step) * time.Second, Key: rnd.IntN(3) == 0, Data: data})
		if tp.Bytes() == r.offset || rnd.IntN(12) != 0 {
			continue
		}
		n, err := r.Read(buf[:rnd.IntN(len(buf))+1])
		var lost *Lost
		if errors.As(err, &lost) {
			want += byte(lost.Bytes)
			continue
		}
		for _, b := range buf[:n] {
			if b != want {
				t.Fatalf("step %d: got byte %d, want %d", step, b, want)
			}
			want++
		}
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	tp := New(Limits{Bytes: 1 << 20})
	c := media.Chunk{Init: []byte{}, Key: true, Data: make([]byte, 8<<10)}
	tp.Append(c)
	c.Init = nil
	r, _ := tp.ReadOldest()
	defer r.Close()
	buf := make([]byte, 8<<10)
	step := func() {
		c.Time += 10 * time.Millisecond
		tp.Append(c)
		r.Read(buf)
	}
	for range 1000 {
		step()
	}
	if n := testing.AllocsPerRun(2000, step); n != 0 {
		t.Errorf("%v allocations for a chunk, want none", n)
	}
}

func BenchmarkAppendRead(b *testing.B) {
	tp := New(Limits{})
	c := media.Chunk{Init: []byte{}, Key: true, Data: make([]byte, 32<<10)}
	tp.Append(c)
	r, _ := tp.ReadOldest()
	defer r.Close()
	buf := make([]byte, 64<<10)
	b.SetBytes(int64(len(c.Data)))
	for b.Loop() {
		c.Time += 5 * time.Millisecond
		tp.Append(c)
		r.Read(buf)
	}
}

// TestHeadersCount has a stream change its header with every chunk: the headers
// count towards the limit.
func TestHeadersCount(t *testing.T) {
	tp := New(Limits{Bytes: 1 << 20})
	for i := range 10_000 {
		init := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 5_000)
		tp.Append(media.Chunk{Init: init, Key: true, Time: time.Duration(i) * time.Second, Data: []byte("x")})
	}
	tp.mu.Lock()
	defer tp.mu.Unlock()
	if n := len(tp.inits); n > 1<<20/10_000+1 {
		t.Errorf("%d headers of 10 kB are kept", n)
	}
}
