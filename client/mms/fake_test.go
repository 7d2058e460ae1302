package mms

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"tapedeck/client/media"
)

// fakeLink is a server within the test: it sends a film at its pace, which is
// that of the clock, from where it was asked to.
type fakeLink struct {
	prog   programme
	film   shape
	packet func(i int, send time.Duration, on *[128]bool) []byte // filmPacket
	count  int                                                   // packets of the film; 0: no end
	first  time.Duration                                         // send time of packet 0
	gop    int                                                   // where it starts after a seek; 0: testGOP
	slow   func(on *[128]bool) float64                           // how much slower than it should it sends
	delay  time.Duration                                         // of the first packet after play
	eager  bool                                                  // packets come without any pace

	refuse  func(n int, r request) error
	refuses error // of change

	mu      sync.Mutex
	plays   []request
	changes [][]decision
	stops   int
	number  int
	on      [128]bool
	playing bool
	pos     int
	due     time.Time
	queue   []item // come first
	fails   error  // then this
	counted media.Stats
	woken   chan struct{}
	gone    chan struct{}
	once    sync.Once
}

func newFake(sh shape) *fakeLink {
	l := &fakeLink{film: sh, packet: filmPacket, woken: make(chan struct{}, 1), gone: make(chan struct{})}
	l.prog = programme{server: "9.1.1.3814", way: overTCP, proto: "tcp", header: headerOf(sh), broadcast: sh.live, seekable: !sh.live, duration: sh.length}
	l.count = int(sh.length / testStep)
	return l
}

func (l *fakeLink) programme() *programme { return &l.prog }

func (l *fakeLink) play(ctx context.Context, r request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plays = append(l.plays, r)
	l.number++
	l.playing = false
	if l.refuse != nil {
		if err := l.refuse(l.number, r); err != nil {
			return err
		}
	}
	l.decide(r.streams)
	gop := testGOP
	if l.gop != 0 {
		gop = l.gop
	}
	l.pos = int(r.from/testStep) / gop * gop
	if r.packet != 0 {
		l.pos = int(r.packet)
	}
	l.playing, l.due = true, time.Now().Add(l.delay)
	l.wake()
	return nil
}

func (l *fakeLink) decide(d []decision) {
	for _, x := range d {
		l.on[x.stream] = x.thin == sendAll
		if x.instead != 0 {
			l.on[x.instead] = false
		}
	}
}

func (l *fakeLink) wake() {
	select {
	case l.woken <- struct{}{}:
	default:
	}
}

func (l *fakeLink) stop(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stops++
	l.playing = false
	return nil
}

func (l *fakeLink) change(_ context.Context, d []decision) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = append(l.changes, d)
	if l.refuses != nil {
		return l.refuses
	}
	l.decide(d)
	return nil
}

// send puts items in front of the film.
func (l *fakeLink) send(items ...item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, items...)
	l.wake()
}

// die ends the link.
func (l *fakeLink) die(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fails = err
	l.wake()
}

func (l *fakeLink) next(ctx context.Context) (item, error) {
	for {
		it, due, err := l.give()
		if err != nil || it.play != 0 {
			return it, err
		}
		var timer <-chan time.Time
		if !due.IsZero() {
			timer = time.After(time.Until(due))
		}
		select {
		case <-timer:
		case <-l.woken:
		case <-l.gone:
			return it, errors.New("fake: the link is closed")
		case <-ctx.Done():
			return it, context.Cause(ctx)
		}
	}
}

// give is the item that is due, or when one is.
func (l *fakeLink) give() (item, time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.queue) > 0:
		it := l.queue[0]
		l.queue = l.queue[1:]
		return it, time.Time{}, nil
	case l.fails != nil:
		return item{}, time.Time{}, l.fails
	case !l.playing:
		return item{}, time.Time{}, nil
	case l.count > 0 && l.pos >= l.count:
		l.playing = false
		return item{}, time.Time{}, io.EOF
	case !l.eager && time.Now().Before(l.due):
		return item{}, l.due, nil
	}
	i := l.pos
	l.pos++
	step := testStep
	if l.slow != nil {
		step = time.Duration(float64(step) * l.slow(&l.on))
	}
	l.due = l.due.Add(step)
	l.counted.Packets++
	return item{play: l.number, packet: l.packet(i, l.first+time.Duration(i)*testStep, &l.on), id: uint32(i)}, time.Time{}, nil
}

func (l *fakeLink) stats() media.Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counted
}

func (l *fakeLink) close() error {
	l.once.Do(func() { close(l.gone) })
	return nil
}
