package mms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
	"tapedeck/client/trace"
)

// funnel is MMST or MMSU: a link whose requests and answers go over TCP, and
// whose packets come over the same connection or over UDP ([MS-MMSP]).
//
//	TCP ──> readControl ──> answers ──> play, stop, change
//	             └ packets ─┐
//	UDP ──> readDatagrams ──┴──> blocks ──> next
//
// Its states are the specification's:
//
//	ready ──play──> streaming ──EndOfStream──> ready
//	                    └── entry over ──> between ──header──> streaming (TCP)
//	                                          └─────header──> ready     (UDP)
type funnel struct {
	cfg   Config
	trace *trace.Tracer
	link  string // as it is logged: without user and password
	guid  string // of this session

	c       *control
	sock    *socket // nil over TCP
	peer    netip.Addr
	public  bool // the peer is in the network that everybody shares
	server  string
	major   int // of the server's version, 0 where it says none
	scheme  string
	client  uint32 // what requests for datagrams begin with
	file    wire.ReportOpenFile
	rtt     time.Duration // of the fastest answer
	first   *programme
	workers sync.WaitGroup

	turn chan struct{} // holds one value: play, stop, change and the reading of a header take turns

	mu      sync.Mutex
	incs    incarnations
	state   state
	paused  bool      // nothing is wanted, whatever the server sends
	halting bool      // the server was asked to stop
	plays   int       // play calls
	inc     uint8     // of the packets that are wanted; 0 none
	auto    bool      // so are those of the server's own next entry
	heard   time.Time // when anything came last
	full    bool      // a reader waits for room
	q       blocks
	order   reorder
	counted media.Stats   // over TCP
	from    time.Duration // where the last play began, for the log
	since   time.Time     // and when

	collect  *collector // of the header that is due; nil none
	headers  uint16     // incarnations of ReadBlocks that it may come with, a bit each
	entering bool       // the server sends it by itself
	entries  int        // headers behind the first
	whole    chan []byte

	coming  wire.StreamChange // the entry that comes next
	changes int               // in a row without a packet
	tail    *tail             // the end was announced; over UDP packets may still be under way
	over    error             // why next ends, once the blocks are empty

	ready  chan struct{} // next: something may have come
	room   chan struct{} // the reader: something was taken
	entry  chan struct{} // readEntries: an entry was announced
	ebb    chan struct{} // readEntries: the tail is over
	closed bool
	closes sync.Once
}

// state is how far the session is.
type state uint8

const (
	ready     state = iota
	streaming       // packets come, or are about to
	between         // an entry is over, and the next one was not announced whole
)

var _ link = (*funnel)(nil)

func (f *funnel) programme() *programme { return f.first }

func (f *funnel) stats() media.Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counted.Plus(f.order.stats)
}

// more reports whether next has something at hand.
func (f *funnel) more() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.q.waiting() > 0
}

// next gives the packets as they lie in the blocks.
func (f *funnel) next(ctx context.Context) (item, error) {
	for {
		f.mu.Lock()
		if f.closed {
			f.mu.Unlock()
			return item{}, ErrClosed
		}
		waiting := f.q.waiting()
		it, ok := f.q.pop()
		over := f.over
		if waiting >= maxBlocks && f.q.waiting() < maxBlocks {
			wake(f.room)
		}
		f.mu.Unlock()
		if ok {
			return it, nil
		}
		if over != nil {
			return item{}, over
		}
		select {
		case <-f.ready:
		case <-ctx.Done():
			return item{}, context.Cause(ctx)
		}
	}
}

// wake lets the goroutine go on that waits for c, or will.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// fail ends the link for a reason; the first one stays.
func (f *funnel) fail(err error) {
	f.c.fail(err)
	f.mu.Lock()
	f.finish(media.At(media.RungTransport, err))
	sock := f.sock
	f.mu.Unlock()
	if sock != nil {
		sock.close()
	}
}

// finish sets why next ends. f.mu is held.
func (f *funnel) finish(err error) {
	if f.over == nil {
		f.over = err
	}
	f.state = ready
	f.inc, f.auto = 0, false
	wake(f.ready)
	wake(f.room)
}

// guard keeps a panic of a goroutine of ours from ending the program.
func (f *funnel) guard() {
	if p := recover(); p != nil {
		f.fail(fmt.Errorf("mms: panic: %v\n%s", p, debug.Stack()))
	}
}

// take waits for its turn among those who speak with the server.
func (f *funnel) take(ctx context.Context) error {
	select {
	case <-f.turn:
		err := f.c.failure()
		if err != nil {
			f.give()
		}
		return err
	case <-f.c.dead:
		return f.c.failure()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (f *funnel) give() { f.turn <- struct{}{} }

// close takes leave: the server learns how it went, and closes the connection.
// What it has not read by then it does not learn.
func (f *funnel) close() error {
	f.closes.Do(func() {
		f.mu.Lock()
		playing, inc := f.state != ready, f.incs.play
		f.closed = true
		f.state, f.inc, f.auto = ready, 0, false
		f.q.clear()
		f.mu.Unlock()
		wake(f.ready)
		wake(f.room)
		if f.c.failure() == nil {
			f.farewell(playing, inc)
		}
	})
	f.fail(ErrClosed)
	f.workers.Wait()
	return nil
}

// farewell says goodbye in the time that there is.
func (f *funnel) farewell(playing bool, inc uint8) {
	limit := f.cfg.Timeouts.Close
	f.c.hurry(limit / 2)
	if playing {
		k, err := f.c.askFor(wire.StopPlaying{OpenFileID: f.file.OpenFileID, Incarnation: uint32(inc)}, f.endOf(inc))
		if err != nil || f.c.send(f.log()) != nil {
			return
		}
		timer := time.NewTimer(limit / 2)
		defer timer.Stop()
		select {
		case <-k.got:
		case <-f.c.dead:
		case <-timer.C:
		}
	}
	_ = f.c.send(wire.CloseFile{OpenFileID: f.file.OpenFileID}) // the connection is closed anyhow
}

// connectionError is err of the TCP connection, in words.
func connectionError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("mms: the server has closed the connection: %w", io.ErrUnexpectedEOF)
	}
	if errors.Is(err, net.ErrClosed) {
		return ErrClosed
	}
	return fmt.Errorf("mms: %w", media.Plainly(err))
}
