package playback

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"tapedeck/client"
	"tapedeck/client/media"
	"tapedeck/player"
	"tapedeck/playlist"
)

// fakeSession gives a chunk each 100 ms whose bytes say when it was made:
// "[12.3]". It seeks to whole seconds, as servers seek to key frames.
type fakeSession struct {
	info media.Info

	mu     sync.Mutex
	at     time.Duration
	seek   int
	step   time.Duration // of media time for each chunk
	fresh  bool          // the next chunk carries Init
	end    time.Duration
	paused bool
	calls  []string
	bytes  uint64
	closed chan struct{}
	once   sync.Once
	fail   error // what Next returns instead of io.EOF
}

func newSession(info media.Info) *fakeSession {
	return &fakeSession{info: info, fresh: true, step: chunkTime, closed: make(chan struct{})}
}

// bubbled is a session that can be taken into a bubble of fake time.
type bubbled interface {
	client.Session
	enter()
}

func (f *fakeSession) enter() { f.closed = make(chan struct{}) }

const chunkTime = 100 * time.Millisecond

func (f *fakeSession) Info() media.Info { return f.info }

func (f *fakeSession) Next(ctx context.Context) (media.Chunk, error) {
	for {
		select {
		case <-time.After(chunkTime):
		case <-ctx.Done():
			return media.Chunk{}, context.Cause(ctx)
		case <-f.closed:
			return media.Chunk{}, io.ErrClosedPipe
		}
		f.mu.Lock()
		paused := f.paused
		f.mu.Unlock()
		if !paused {
			break
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return media.Chunk{}, f.fail
	}
	if f.end > 0 && f.at >= f.end {
		return media.Chunk{}, io.EOF
	}
	c := media.Chunk{Time: f.at, Key: f.at%time.Second == 0, Seek: f.seek, Data: fmt.Appendf(nil, "[%.1f]", f.at.Seconds())}
	if f.fresh {
		c.Init, f.fresh = []byte("HEAD"), false
	}
	f.at += f.step
	f.bytes += uint64(len(c.Data))
	return c, nil
}

func (f *fakeSession) call(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
}

func (f *fakeSession) Pause(context.Context) error {
	f.call("pause")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paused = true
	return nil
}

func (f *fakeSession) Resume(context.Context) error {
	f.call("resume")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paused = false
	return nil
}

func (f *fakeSession) Seek(_ context.Context, to time.Duration) (time.Duration, error) {
	f.call(fmt.Sprintf("seek %v", to))
	time.Sleep(200 * time.Millisecond) // a server takes its time
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.fresh, f.paused = to.Truncate(time.Second), true, false
	f.seek++
	return f.at, nil
}

func (f *fakeSession) Stats() media.Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return media.Stats{Bytes: f.bytes}
}

func (f *fakeSession) Close() error {
	f.once.Do(func() { close(f.closed) })
	return nil
}

// fakePlayer reads what the feed offers and shows a picture for each chunk.
type fakePlayer struct {
	feed *fakeFeed
	done chan struct{}
	once sync.Once

	mu      sync.Mutex
	reader  io.ReadCloser
	got     []byte // since the last Open
	state   player.State
	started time.Time
	opened  int
	deaf    int // of what is opened as such it makes nothing
	volume  int
	rate    float64
	frozen  time.Duration
	reading sync.WaitGroup
}

func newPlayer(feed *fakeFeed) *fakePlayer {
	return &fakePlayer{feed: feed, done: make(chan struct{}), state: player.Idle}
}

func (p *fakePlayer) Open(_ context.Context, url string) error {
	p.stop()
	r, err := p.feed.get(url)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reader, p.got, p.state, p.started = r, nil, player.Playing, time.Now()
	p.opened++
	p.reading.Go(func() {
		buf := make([]byte, 100)
		for {
			n, err := r.Read(buf)
			p.mu.Lock()
			p.got = append(p.got, buf[:n]...)
			if err == io.EOF {
				p.state = player.Ended
			}
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	return nil
}

func (p *fakePlayer) stop() {
	p.mu.Lock()
	r := p.reader
	p.reader = nil
	p.state = player.Idle
	p.mu.Unlock()
	if r != nil {
		r.Close()
	}
	p.reading.Wait()
}

func (p *fakePlayer) Stop(context.Context) error { p.stop(); return nil }

func (p *fakePlayer) Pause(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.frozen = player.Paused, time.Since(p.started)
	return nil
}

func (p *fakePlayer) Resume(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.started = player.Playing, time.Now().Add(-p.frozen)
	return nil
}

// Seek ends a pause, as VLC's does.
func (p *fakePlayer) Seek(_ context.Context, to time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.started, p.frozen = player.Playing, time.Now().Add(-to), to
	return nil
}

func (p *fakePlayer) SeekByte(context.Context, int64, int64) error { return nil }

func (p *fakePlayer) SetRate(_ context.Context, rate float64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate = rate
	return nil
}

func (p *fakePlayer) SetVolume(_ context.Context, percent int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.volume = percent
	return nil
}

func (p *fakePlayer) Status(context.Context) (player.Status, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	st := player.Status{State: p.state}
	if p.opened != p.deaf {
		st.Displayed = uint64(len(p.got))
	}
	switch p.state {
	case player.Playing:
		st.Time = time.Since(p.started)
	case player.Paused:
		st.Time = p.frozen
	}
	return st, nil
}

func (p *fakePlayer) Outputs() player.Outputs { return player.Outputs{} }
func (p *fakePlayer) Done() <-chan struct{}   { return p.done }
func (p *fakePlayer) Err() error              { return io.ErrUnexpectedEOF }
func (p *fakePlayer) die()                    { p.once.Do(func() { close(p.done) }) }
func (p *fakePlayer) Close() error            { p.die(); p.stop(); return nil }

func (p *fakePlayer) seen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.got)
}

// fakeFeed numbers its addresses.
type fakeFeed struct {
	mu    sync.Mutex
	n     int
	opens map[string]func() (io.ReadCloser, error)
}

func newFeed() *fakeFeed { return &fakeFeed{opens: map[string]func() (io.ReadCloser, error){}} }

func (f *fakeFeed) Stream(_ string, open func() (io.ReadCloser, error)) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	url := fmt.Sprint("feed:", f.n)
	f.opens[url] = open
	return url
}

func (f *fakeFeed) File(contentType string, size int64, readAt func(context.Context, []byte, int64) (int, error)) string {
	return f.Stream(contentType, func() (io.ReadCloser, error) {
		return &fakeReader{closed: make(chan struct{})}, nil
	})
}

func (f *fakeFeed) Drop(url string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.opens, url)
}

func (f *fakeFeed) get(url string) (io.ReadCloser, error) {
	f.mu.Lock()
	open := f.opens[url]
	f.mu.Unlock()
	if open == nil {
		return nil, io.ErrNoProgress
	}
	return open()
}

// fakeReader gives a byte each 100 ms.
type fakeReader struct{ closed chan struct{} }

func (r *fakeReader) Read(p []byte) (int, error) {
	select {
	case <-time.After(chunkTime):
		return copy(p, "."), nil
	case <-r.closed:
		return 0, io.ErrClosedPipe
	}
}

func (r *fakeReader) Close() error { close(r.closed); return nil }

// bench is a deck with fakes around it and a log of what it said.
type bench struct {
	deck    *Deck
	feed    *fakeFeed
	mu      sync.Mutex
	players []*fakePlayer
	events  []string
	states  []State
	said    []Event // all but those of each second
	trace   func(media.Event)
	open    func(ctx context.Context, e playlist.Entry) (client.Session, error)
	done    chan struct{}
	stop    context.CancelFunc
}

func newBench(ctx context.Context, open func(ctx context.Context, e playlist.Entry) (client.Session, error)) *bench {
	b := &bench{feed: newFeed(), open: open, done: make(chan struct{})}
	b.deck = New(b.config())
	ctx, b.stop = context.WithCancel(ctx)
	go func() {
		defer close(b.done)
		b.deck.Run(ctx)
	}()
	return b
}

func (b *bench) config() Config {
	return Config{
		Open: func(ctx context.Context, e playlist.Entry, trace func(media.Event)) (client.Session, error) {
			b.mu.Lock()
			b.trace = trace
			b.mu.Unlock()
			return b.open(ctx, e)
		},
		Player: func(context.Context) (Player, error) {
			p := newPlayer(b.feed)
			b.mu.Lock()
			defer b.mu.Unlock()
			b.players = append(b.players, p)
			return p, nil
		},
		Feed: b.feed,
		OnEvent: func(e Event) {
			b.mu.Lock()
			defer b.mu.Unlock()
			switch e.(type) {
			case StatsEvent, PositionEvent: // each second: tested apart
			default:
				b.events, b.said = append(b.events, e.Name()), append(b.said, e)
			}
		},
		OnState: func(s State) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.states = append(b.states, s)
		},
	}
}

func (b *bench) close() { b.stop(); <-b.done }

func (b *bench) state() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.states[len(b.states)-1]
}

func (b *bench) player() *fakePlayer {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.players[len(b.players)-1]
}

// tell is an event of the session.
func (b *bench) tell(e media.Event) {
	b.mu.Lock()
	trace := b.trace
	b.mu.Unlock()
	trace(e)
}

// last is the newest event of its kind.
func last[E Event](b *bench) (e E) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.said) - 1; i >= 0; i-- {
		if e, ok := b.said[i].(E); ok {
			return e
		}
	}
	return e
}

func all[E Event](b *bench) (es []E) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, said := range b.said {
		if e, ok := said.(E); ok {
			es = append(es, e)
		}
	}
	return es
}

func (b *bench) log() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprint(b.events)
}
