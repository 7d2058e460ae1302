package playback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"tapedeck/player"
)

// Player is what the deck needs of *player.VLC.
type Player interface {
	Open(ctx context.Context, url string) error
	Stop(ctx context.Context) error
	Pause(ctx context.Context) error
	Resume(ctx context.Context) error
	Seek(ctx context.Context, to time.Duration) error
	SeekByte(ctx context.Context, off, size int64) error
	SetRate(ctx context.Context, rate float64) error
	SetVolume(ctx context.Context, percent int) error
	Status(ctx context.Context) (player.Status, error)
	Outputs() player.Outputs
	Done() <-chan struct{} // closed when the player is gone
	Err() error            // why it is gone
	Close() error
}

// Feed is what the deck needs of *player.Feed: addresses for the player.
type Feed interface {
	Stream(contentType string, open func() (io.ReadCloser, error)) (url string)
	File(contentType string, size int64, readAt func(ctx context.Context, p []byte, off int64) (int, error)) (url string)
	Drop(url string)
}

const (
	// maxRestarts is how many times within restartSpan a player that dies is
	// started again.
	maxRestarts = 3
	restartSpan = time.Minute
)

// head is the deck's player and the one goroutine that talks to it: commands
// queue here, so that the deck itself never waits for the player. The player is
// started at once and kept warm between streams.
type head struct {
	player func(context.Context) (Player, error)
	feed   Feed

	mu       sync.Mutex
	commands []func(context.Context, Player)
	signal   chan struct{}

	// The rest belongs to the deck's goroutine.
	running bool
	err     error // why there is no player; nil while there is or may be one
	deaths  []time.Time
	polling bool
}

func newHead(l *loop) *head {
	h := &head{player: l.cfg.Player, feed: l.cfg.Feed, signal: make(chan struct{}, 1)}
	if h.player == nil {
		dry := newDryPlayer()
		h.player = func(context.Context) (Player, error) { return dry, nil }
		h.feed = dry
	}
	h.start(l)
	return h
}

// start brings the player up in a worker that then serves the queue.
func (h *head) start(l *loop) {
	h.running, h.err, h.polling = true, nil, false
	l.spawn(func() {
		p, err := h.player(l.work)
		if err != nil {
			l.mail.post(func() { l.noPlayer(err) })
			return
		}
		l.mail.post(func() { l.playerUp(p.Outputs()) })
		err = h.serve(l.work, p)
		l.mail.post(func() { l.playerDied(err) })
	})
}

// serve runs commands until the player or the deck is gone.
func (h *head) serve(ctx context.Context, p Player) error {
	defer p.Close()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-p.Done():
			return p.Err()
		case <-h.signal:
		}
		for f := h.next(); f != nil && ctx.Err() == nil; f = h.next() {
			f(ctx, p)
		}
	}
}

func (h *head) next() func(context.Context, Player) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.commands) == 0 {
		return nil
	}
	f := h.commands[0]
	h.commands = h.commands[1:]
	return f
}

// do queues f.
func (h *head) do(f func(context.Context, Player)) {
	h.mu.Lock()
	h.commands = append(h.commands, f)
	h.mu.Unlock()
	select {
	case h.signal <- struct{}{}:
	default:
	}
}

// unload takes s's address from the player.
func (h *head) unload(s *stream) {
	if s.url == "" {
		return
	}
	h.feed.Drop(s.url)
	fast := s.file != nil && s.target.rate != 1
	h.do(func(ctx context.Context, p Player) {
		if fast { // the next stream is played at normal speed
			p.SetRate(ctx, 1)
		}
		p.Stop(ctx)
	})
}

// noPlayer learns that the player cannot be started.
func (l *loop) noPlayer(err error) {
	if l.work.Err() != nil {
		return
	}
	l.head.running, l.head.err = false, err
	if l.stream != nil {
		l.failAt(RungPlayer, err)
	} else {
		l.state.Output = err.Error()
	}
}

// playerUp learns that the player runs, for the first time or again.
func (l *loop) playerUp(out player.Outputs) {
	l.state.Output = out.Notice
	l.setVolume()
	if s := l.stream; s != nil && s.url != "" && len(l.head.deaths) > 0 {
		l.reload(s)
	}
}

// playerDied starts the player again and goes on where it was, unless it dies
// again and again.
func (l *loop) playerDied(err error) {
	if l.work.Err() != nil {
		return
	}
	h, now := l.head, time.Now()
	h.running = false
	recent := h.deaths[:0]
	for _, at := range h.deaths {
		if now.Sub(at) < restartSpan {
			recent = append(recent, at)
		}
	}
	h.deaths = append(recent, now)
	if err == nil {
		err = errors.New("it ended")
	}
	h.mu.Lock()
	h.commands = nil // they were meant for the one that is gone
	h.mu.Unlock()
	if len(h.deaths) > maxRestarts {
		h.err = fmt.Errorf("the player stopped %d times within a minute: %w", len(h.deaths), err)
		if l.stream != nil {
			l.failAt(RungPlayer, h.err)
		}
		return
	}
	l.note(fmt.Sprintf("the player stopped (%v); it was started again", err))
	h.start(l)
}
