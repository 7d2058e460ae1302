package playback

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"tapedeck/player"
)

// dryPlayer stands in for the player where there is none: it takes the bytes
// at the pace of their media times and drops them. It is player and feed in one
// and decodes nothing, so it never claims a picture or a sound.
type dryPlayer struct {
	mu      sync.Mutex
	open    func() (io.ReadCloser, error)
	reader  io.ReadCloser
	drained sync.WaitGroup
	bytes   uint64
	start   time.Duration
	at      time.Duration
	origin  time.Duration // of the timestamps at start
	// absolute: the clock shows the container's timestamps, as VLC's would.
	absolute bool
	ended    bool
	paused   chan struct{} // not nil while paused; closed to go on
	done     chan struct{}
	once     sync.Once
}

func newDryPlayer() *dryPlayer { return &dryPlayer{done: make(chan struct{})} }

// timed is a reader that knows the media time of its place: a tape's.
type timed interface {
	Start() time.Duration
	Time() time.Duration
	Origin() time.Duration
}

func (d *dryPlayer) Stream(contentType string, open func() (io.ReadCloser, error)) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open, d.absolute = open, showsTimestamps(contentType)
	return "dry"
}

// File is never asked for: without a decoder a file is read as a stream.
func (d *dryPlayer) File(string, int64, func(context.Context, []byte, int64) (int, error)) string {
	return "dry"
}

func (d *dryPlayer) Drop(string) {}

func (d *dryPlayer) Open(ctx context.Context, _ string) error {
	d.Stop(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == nil {
		return errors.New("nothing to read")
	}
	r, err := d.open()
	if err != nil {
		return err
	}
	d.reader, d.bytes, d.ended, d.paused = r, 0, false, nil
	d.start, d.at, d.origin = 0, 0, 0
	if t, ok := r.(timed); ok {
		d.start, d.at, d.origin = t.Start(), t.Start(), t.Origin()
	}
	d.drained.Go(func() { d.drain(r) })
	return nil
}

// drain reads at the pace of the media times.
func (d *dryPlayer) drain(r io.ReadCloser) {
	buf := make([]byte, 64<<10)
	began := time.Now()
	clock, _ := r.(timed)
	for {
		n, err := r.Read(buf)
		d.mu.Lock()
		d.bytes += uint64(n)
		if clock != nil {
			d.at = clock.Time()
		}
		ahead := d.at - d.start - time.Since(began)
		paused := d.paused
		d.ended = errors.Is(err, io.EOF)
		d.mu.Unlock()
		if err != nil {
			return
		}
		if paused != nil {
			pausedAt := time.Now()
			select {
			case <-paused:
			case <-d.done:
				return
			}
			began = began.Add(time.Since(pausedAt))
		}
		if ahead > 0 {
			select {
			case <-time.After(min(ahead, time.Second)):
			case <-d.done:
				return
			}
		}
	}
}

func (d *dryPlayer) Stop(context.Context) error {
	d.halt()
	return nil
}

// halt ends the reading and waits for it.
func (d *dryPlayer) halt() {
	d.mu.Lock()
	r := d.reader
	d.reader = nil
	if d.paused != nil {
		close(d.paused)
		d.paused = nil
	}
	d.mu.Unlock()
	if r != nil {
		r.Close()
		d.drained.Wait()
	}
}

func (d *dryPlayer) Pause(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.paused == nil {
		d.paused = make(chan struct{})
	}
	return nil
}

func (d *dryPlayer) Resume(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.paused != nil {
		close(d.paused)
		d.paused = nil
	}
	return nil
}

func (d *dryPlayer) Seek(context.Context, time.Duration) error    { return os.ErrInvalid }
func (d *dryPlayer) SeekByte(context.Context, int64, int64) error { return os.ErrInvalid }
func (d *dryPlayer) SetRate(context.Context, float64) error       { return os.ErrInvalid }
func (d *dryPlayer) SetVolume(context.Context, int) error         { return nil }

func (d *dryPlayer) Status(context.Context) (player.Status, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	st := player.Status{State: player.Playing, Time: d.at - d.start}
	if d.absolute {
		st.Time = d.at + d.origin
	}
	st.DemuxBytes = d.bytes
	switch {
	case d.ended:
		st.State = player.Ended
	case d.paused != nil:
		st.State = player.Paused
	}
	return st, nil
}

func (d *dryPlayer) Outputs() player.Outputs { return player.Outputs{} }
func (d *dryPlayer) Done() <-chan struct{}   { return d.done }
func (d *dryPlayer) Err() error              { return nil }

func (d *dryPlayer) Close() error {
	d.once.Do(func() { close(d.done) })
	d.halt()
	return nil
}
