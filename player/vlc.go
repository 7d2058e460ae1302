// Package player runs one VLC process and speaks to it politely. It knows
// bytes, not protocols: what VLC is to play is offered by Feed as a resource on
// a loopback port, and VLC is told its address over a Unix socket.
//
// It leaves out what is played and why: the deck (player/playback) decides, and
// the tape (player/tape) holds the bytes.
//
//	feed, err := player.NewFeed()
//	vlc, err := player.Start(ctx, player.Config{Path: path, LogFile: log})
//	url := feed.Stream("video/mp2t", func() (io.ReadCloser, error) { return tape.Reader() })
//	err = vlc.Open(ctx, url)
//	status, err := vlc.Status(ctx)
package player

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Config is how VLC is started. Path is needed; the rest may be left zero.
type Config struct {
	Path      string // the program, as Find gives it
	LogFile   string // where its words go, appended; empty: only the last words are kept
	CachingMS int    // how far it reads ahead before it starts; 0: 300
	Audio     Output // default Auto
	Video     Output // default Auto
	AudioFile string // when set, the sound is written to this WAV file instead

	guardOnly bool // for the guard's test on systems that do without it
}

const (
	startTime = 10 * time.Second     // given to VLC to open its socket: a cold disk or a new plugin cache is slow
	startTick = 5 * time.Millisecond // between two looks at the socket
)

// ErrClosed is what a VLC that was closed by us answers.
var ErrClosed = errors.New("VLC is closed")

// errHung is why a VLC that answers nothing is ended.
var errHung = errors.New("VLC does not answer and was ended")

// VLC is one warm VLC process. All methods may be called from any goroutine;
// one is served at a time.
type VLC struct {
	proc   *process
	remote *remote
	log    *journal
	dir    string
	turn   chan struct{} // holds one token: one operation at a time
	done   chan struct{} // closed when the process has ended and nothing of it is left

	mu     sync.Mutex
	out    Outputs
	src    source   // what is open
	given  []string // the last addresses that VLC was given
	volume volume
	err    error // why it ended; nil while it runs and when we closed it
	closed bool  // Close was called
}

// Start runs VLC and returns when it answers. ctx is for the start only: the
// process lives until Close, or until it ends by itself.
func Start(ctx context.Context, cfg Config) (*VLC, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, errNoAnswer)
	defer cancel()
	as, err := runAs(systemAccounts)
	if err != nil {
		return nil, err
	}
	dir, err := privateDir(as)
	if err != nil {
		return nil, err
	}
	v := &VLC{
		dir: dir, out: systemSurroundings.outputs(cfg, as),
		turn: make(chan struct{}, 1), done: make(chan struct{}),
	}
	v.turn <- struct{}{}
	if err := v.start(ctx, cfg, as); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	go v.wait()
	return v, nil
}

func (v *VLC) start(ctx context.Context, cfg Config, as account) error {
	var err error
	if v.log, err = openJournal(cfg.LogFile, time.Now()); err != nil {
		return err
	}
	v.log.listen = v.heard
	socket := filepath.Join(v.dir, socketName)
	v.proc, err = start(ctx, launch{
		path: cfg.Path, dir: v.dir, as: as, out: v.log, guardOnly: cfg.guardOnly,
		args: arguments(cfg, v.out, socket, runtime.GOOS),
		env:  environment(os.Environ(), as, v.dir, isDir),
	})
	if err != nil {
		v.log.close()
		return err
	}
	if v.remote, err = v.dial(ctx, socket); err == nil {
		if _, err = v.remote.do(ctx, "status"); err == nil {
			return nil
		}
		v.remote.close()
	}
	v.proc.kill()
	v.log.close()
	return err
}

// dial connects to VLC's socket as soon as it is there.
func (v *VLC) dial(ctx context.Context, socket string) (*remote, error) {
	tick := time.NewTicker(startTick)
	defer tick.Stop()
	for {
		if r, err := dialRemote(ctx, socket, v.changed); err == nil {
			return r, nil
		}
		select {
		case <-tick.C:
		case <-v.proc.done:
			return nil, fmt.Errorf("vlc: start: %w", v.proc.err)
		case <-ctx.Done():
			return nil, fmt.Errorf("vlc: start: %w", context.Cause(ctx))
		}
	}
}

// wait sees VLC's end and clears up after it.
func (v *VLC) wait() {
	<-v.proc.done
	v.remote.close()
	v.mu.Lock()
	switch {
	case v.closed:
		v.err = nil
	case v.err == nil:
		v.err = v.proc.err
	}
	v.mu.Unlock()
	v.log.note(time.Now(), "VLC has ended")
	v.log.close()
	os.RemoveAll(v.dir)
	close(v.done)
}

// Outputs says where sound and pictures go and what is missing here. A display
// that is there and refuses VLC shows only with the first picture.
func (v *VLC) Outputs() Outputs {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.out
}

// PID is the number of VLC's process.
func (v *VLC) PID() int { return v.proc.pid }

// Done is closed when VLC has ended, for whatever reason.
func (v *VLC) Done() <-chan struct{} { return v.done }

// Err is why VLC ended: an *ExitError, or that it was hung. It is nil while it
// runs and when Close ended it.
func (v *VLC) Err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}

// Close ends VLC, politely first, and waits until nothing of it is left: two
// seconds at the most, usually a tenth of one. It may be called twice.
func (v *VLC) Close() error {
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	// Written past the queue of operations: whatever they wait for, this is the
	// last word. An answer is not waited for.
	_ = v.remote.conn.SetWriteDeadline(time.Now().Add(commandTime))
	if _, err := v.remote.conn.Write([]byte("quit\n")); err != nil && !errors.Is(err, net.ErrClosed) {
		_ = signalGroup(v.proc.pid, syscall.SIGTERM) // it does not listen
	}
	v.proc.end()
	<-v.done
	return nil
}

// begin takes the turn for one operation.
func (v *VLC) begin(ctx context.Context) error {
	select {
	case <-v.turn:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("vlc: %w", context.Cause(ctx))
	case <-v.done:
		return v.ended()
	}
}

func (v *VLC) finish() { v.turn <- struct{}{} }

// ended is what every operation answers when VLC is not there any more.
func (v *VLC) ended() error {
	if err := v.Err(); err != nil {
		return fmt.Errorf("vlc: %w", err)
	}
	return fmt.Errorf("vlc: %w", ErrClosed)
}

// do is one dialogue, and ends a VLC that has stopped answering.
func (v *VLC) do(ctx context.Context, commands ...string) ([][]string, error) {
	replies, err := v.remote.do(ctx, commands...)
	switch {
	case err == nil:
		return replies, nil
	case errors.Is(err, errGone):
		// Without its socket VLC is of no use; usually it is dead already.
		v.proc.end()
		<-v.done
		return nil, v.ended()
	case errors.Is(err, errNoAnswer) && v.remote.hung():
		v.mu.Lock()
		v.err = errHung
		v.mu.Unlock()
		v.proc.kill()
		<-v.done
		return nil, v.ended()
	}
	return nil, err
}
