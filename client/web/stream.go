package web

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"tapedeck/client/http1"
	"tapedeck/client/media"
	"tapedeck/client/web/cut"
)

// Why a Stream cannot do something.
const (
	whyLive     = "the stream is live"
	whyNoRanges = "the server offers no byte ranges"
)

// Stream is a body that is read as it comes: endless, or of known length
// where the server gives no ranges.
type Stream struct {
	c      *client
	body   body
	info   media.Info
	titles *icy
	chunks *chunker
	got    atomic.Uint64
	closed atomic.Bool
	marked bool // reply.marked
	saved  bool // the server keeps it as a file: see paced

	begun error // what the opening already saw of the end

	watch http1.Watch

	mu     sync.Mutex
	resume chan struct{} // closed when a pause ends; nil while not paused
	done   chan struct{} // closed by Close
	ended  sync.Once
}

func newStream(c *client, r *reply, info media.Info, titles *icy, head *beginning) *Stream {
	info.Live = titles.radio || r.length < 0 || head.found.pushed
	info.Can.NoSeek = whyNoRanges
	if info.Live {
		info.Can = media.Capabilities{NoSeek: whyLive, NoPause: whyLive, NoScale: whyLive}
	}
	s := &Stream{
		c: c, body: r.body, info: info, titles: titles, begun: head.end, marked: r.marked, saved: r.saved(),
		done: make(chan struct{}),
	}
	s.got.Store(uint64(len(head.data)))
	var start time.Duration
	if info.Live {
		start = c.cfg.Start
	}
	s.chunks = newChunker(head.found, head.data, newClock(head.found, info.BitRate, start))
	s.chunks.fill, s.chunks.titles, s.chunks.letters = s.fill, titles.titles, titles.letters
	if info.Live || head.found.packets > 0 { // a file is kept as it is
		s.chunks.cutter = cut.New(head.found.name, start)
	}
	s.watch.Wake = func() { r.body.SetReadDeadline(past) }
	return s
}

// Info says what was opened.
func (s *Stream) Info() media.Info { return s.info }

// Next is the next run of bytes, as they came from the server and without
// titles. The end of a finite body is io.EOF; that of a live one is ErrDropped.
func (s *Stream) Next(ctx context.Context) (media.Chunk, error) {
	if err := s.unpaused(ctx); err != nil {
		return media.Chunk{}, err
	}
	return s.chunks.next(ctx)
}

// fill reads media from the body. It allocates nothing.
func (s *Stream) fill(ctx context.Context, p []byte) (int, error) {
	if s.begun != nil {
		return 0, s.ending(s.begun)
	}
	s.watch.Over(ctx)
	for {
		deadline := time.Now().Add(s.c.cfg.Timeouts.Stall)
		s.body.SetReadDeadline(deadline)
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		n, err := s.body.Read(p)
		if n = s.titles.filter(p[:n]); n > 0 {
			s.got.Add(uint64(n))
			return n, nil
		}
		switch {
		case err == nil: // a title and nothing else
		case s.closed.Load():
			return 0, errClosed
		case ctx.Err() != nil:
			return 0, context.Cause(ctx)
		case isTimeout(err) && time.Now().Before(deadline): // another call's ctx, late
		case isTimeout(err):
			return 0, media.At(media.RungTransport, &TimeoutError{What: "nothing came from the server", After: s.c.cfg.Timeouts.Stall})
		default:
			return 0, s.ending(err)
		}
	}
}

// ending says what the end of the body means. A radio never ends by itself;
// nor does a stream that a decoder can join anywhere, where the end of the
// connection is the only sign, nor one that came as it is heard.
func (s *Stream) ending(err error) error {
	endless := s.titles.radio || s.chunks.found.name == pushedName || s.info.Live && (!s.marked && s.chunks.found.selfSync() || s.paced())
	switch {
	case err == io.EOF && !endless:
		return io.EOF
	case err == io.EOF:
		return media.At(media.RungTransport, ErrDropped)
	case s.info.Live && !errors.Is(err, http1.ErrChunk):
		return media.At(media.RungTransport, &dropped{wireError(err)})
	}
	return media.At(media.RungTransport, wireError(err))
}

// dropped is ErrDropped with the connection's own reason.
type dropped struct{ why error }

func (e *dropped) Error() string   { return ErrDropped.Error() + ": " + e.why.Error() }
func (e *dropped) Unwrap() []error { return []error{ErrDropped, e.why} }

func (s *Stream) unpaused(ctx context.Context) error {
	s.mu.Lock()
	resume := s.resume
	s.mu.Unlock()
	if resume == nil {
		return nil
	}
	select {
	case <-resume:
		return nil
	case <-s.done:
		return errClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Pause stops reading: the server waits once the buffers on the way are full.
// A live stream is not paused here; whoever plays it can keep what comes.
func (s *Stream) Pause(context.Context) error {
	if s.info.Can.NoPause != "" {
		return cannot("pause", s.info.Can.NoPause)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resume == nil {
		s.resume = make(chan struct{})
	}
	return nil
}

// Resume ends a pause.
func (s *Stream) Resume(context.Context) error {
	if s.info.Can.NoPause != "" {
		return cannot("resume", s.info.Can.NoPause)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resume != nil {
		close(s.resume)
		s.resume = nil
	}
	return nil
}

// Seek is never possible on a Stream.
func (s *Stream) Seek(context.Context, time.Duration) (time.Duration, error) {
	return 0, cannot("seek", s.info.Can.NoSeek)
}

// Stats counts the media bytes that came, titles left out.
func (s *Stream) Stats() media.Stats { return media.Stats{Bytes: s.got.Load()} }

// Close ends the connection; a blocked Next returns.
func (s *Stream) Close() error {
	s.ended.Do(func() {
		s.closed.Store(true)
		close(s.done)
		s.body.Close()
		s.watch.End()
		s.c.end()
	})
	return nil
}
