package mms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"tapedeck/client/http1"
	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
)

// httpStream is a data connection: the reply to a Play. It ends when it is
// halted, or when its end was read.
type httpStream struct {
	conn  *httpConn
	reply *httpReply // says what goes for all its entries
	piped bool       // other requests may be answered on its connection

	number  atomic.Int64 // of the play call that its packets are of
	waiting atomic.Bool  // the server waits for a choice before it sends
	halted  atomic.Bool  // nobody wants what comes any more
	logged  atomic.Bool  // what was played is in a log

	mu   sync.Mutex // held by whoever reads it
	body *http1.Body
	end  error // sticky; io.EOF: the server said so

	began   time.Time
	packets uint64 // counters of the link when it began
	bytes   uint64
	from    time.Duration

	due struct {
		sync.Mutex
		kinds []string // requests that are answered behind the body, in order
	}
}

// halt ends what next may be waiting for on the stream. The connection of one
// that is not pipelined is closed: that is how it is stopped.
func (s *httpStream) halt() {
	s.halted.Store(true)
	if s.piped {
		s.conn.SetReadDeadline(past)
	} else {
		s.conn.Close()
	}
}

// expect adds to what is answered behind the body.
func (s *httpStream) expect(kind string) {
	s.due.Lock()
	defer s.due.Unlock()
	s.due.kinds = append(s.due.kinds, kind)
}

// expected takes the kind of the reply that comes next; "" for none.
func (s *httpStream) expected() (kind string) {
	s.due.Lock()
	defer s.due.Unlock()
	if len(s.due.kinds) > 0 {
		kind, s.due.kinds = s.due.kinds[0], s.due.kinds[1:]
	}
	return kind
}

// parser is what next makes packets with. Its goroutine owns it.
type parser struct {
	watch http1.Watch
	of    *httpStream // that it reads
	buf   wire.ChunkBuffer
	chunk wire.Chunk
	heads headers
	told  []byte // the header that the session knows
	fresh bool   // a new header is announced ($C)
	entry bool   // an entry has ended, and a change follows
	heard int    // headers and changes in a row without a packet
	nap   bool   // the last read brought little: more comes if the next one waits
}

// awaits reports whether the reply to another request is to come.
func (s *httpStream) awaits() bool {
	s.due.Lock()
	defer s.due.Unlock()
	return len(s.due.kinds) > 0
}

// errSwitched: the stream is not the one to read any more.
var errSwitched = errors.New("mms: the stream was replaced")

// more reports whether next has a packet at hand.
func (l *httpLink) more() bool {
	s := l.cur.Load()
	return s != nil && s == l.in.of && !s.halted.Load() && l.in.buf.Ready()
}

// next returns what comes next of the stream that plays. It reads the connection
// itself: no goroutine stands between, and nothing is allocated for a packet.
func (l *httpLink) next(ctx context.Context) (item, error) {
	for {
		s := l.cur.Load()
		if s == nil || s.waiting.Load() || s.halted.Load() {
			if err := l.await(ctx, s); err != nil {
				return item{}, err
			}
			continue
		}
		it, err := l.read(ctx, s)
		if err != errSwitched {
			return it, err
		}
	}
}

// await waits until there is something else to read than s.
func (l *httpLink) await(ctx context.Context, s *httpStream) error {
	for l.cur.Load() == s && (s == nil || s.waiting.Load() || s.halted.Load()) {
		select {
		case <-l.wake:
		case <-l.done:
			return ErrClosed
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// read takes the next item off s.
func (l *httpLink) read(ctx context.Context, s *httpStream) (item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := &l.in
	if in.of != s {
		in.of, in.fresh, in.entry, in.heard = s, false, false, 0
		in.heads = headers{}
		in.buf.Reset()
	}
	for s.end == nil {
		more, err := in.buf.Next(&in.chunk)
		if err != nil {
			s.end = media.At(media.RungTransport, fmt.Errorf("%w: %w", ErrProtocol, err))
			break
		}
		if more {
			it, ok, err := l.take(s)
			if err != nil {
				s.end = err
				break
			}
			if ok {
				return it, nil
			}
			continue
		}
		if err := l.fill(ctx, s); err != nil {
			return item{}, err
		}
	}
	switch {
	case l.isClosed():
		return item{}, ErrClosed
	case l.cur.Load() != s || s.halted.Load():
		return item{}, errSwitched
	}
	if !s.piped {
		s.conn.Close()
	}
	l.logOf(s)
	return item{}, s.end
}

// fill reads more of s. What ends it is put into s.end; what ends the call alone
// is returned.
func (l *httpLink) fill(ctx context.Context, s *httpStream) error {
	if l.in.nap {
		l.in.nap = false
		s.conn.naps.nap() // so that one system call brings many packets
	}
	l.in.watch.Over(ctx)
	s.conn.SetReadDeadline(time.Time{})
	if ctx.Err() != nil { // whatever comes now ends the read
		return context.Cause(ctx)
	}
	if s.halted.Load() {
		return errSwitched
	}
	if s.body == nil {
		return l.turnOver(ctx, s)
	}
	room := l.in.buf.Room()
	n, err := s.body.Read(room)
	l.in.buf.Filled(n)
	l.bytes.Add(uint64(n))
	l.in.nap = n > 0 && n < len(room)/2 && l.in.heard == 0 // between packets
	switch {
	case n > 0 || err == nil:
		return nil
	case s.halted.Load():
		return errSwitched
	case isTimeout(err): // ctx has ended, or an earlier one
		return nil
	case err == io.EOF && s.awaits(): // what follows is the reply to another request
		s.conn.rest, s.body = s.body.Rest(), nil
		return nil
	case err == io.EOF && l.in.entry:
		s.end = io.EOF // it was the last entry, though the server did not say so
		return nil
	}
	s.end = media.At(media.RungTransport, l.cut(err))
	return nil
}

// cut words the end of a stream that is none.
func (l *httpLink) cut(err error) error {
	short, _ := errors.AsType[*http1.ShortError](err)
	if err == io.EOF || short != nil {
		return fmt.Errorf("mms: the server closed the connection in the middle of the stream: %w", io.ErrUnexpectedEOF)
	}
	if isNetwork(err) {
		return plainly(err)
	}
	return fmt.Errorf("mms: %w: %w", ErrProtocol, err)
}

// take makes an item of a chunk.
func (l *httpLink) take(s *httpStream) (it item, ok bool, err error) {
	in := &l.in
	c := &in.chunk
	switch c.Kind {
	case wire.ChunkData:
		if len(c.Payload) == 0 {
			return it, false, nil
		}
		in.heard = 0
		l.packets.Add(1)
		l.last.Store(int64(c.Location))
		return item{play: int(s.number.Load()), packet: c.Payload, id: c.Location}, true, nil
	case wire.ChunkHeader, wire.ChunkMetadata:
		header, err := in.heads.add(c)
		if err != nil {
			return it, false, media.At(media.RungTransport, err)
		}
		if header == nil {
			return it, false, nil
		}
		return l.newHeader(s, header)
	case wire.ChunkChange:
		reason := HResult(c.Reason)
		if reason.Failed() {
			return it, false, media.At(media.RungTransport, &ServerError{Step: "play", Code: reason})
		}
		in.fresh, in.entry = true, false
		return it, false, l.counted()
	case wire.ChunkEnd:
		switch reason := HResult(c.Reason); {
		case reason.Failed():
			return it, false, media.At(media.RungTransport, &ServerError{Step: "play", Code: reason})
		case reason == wire.EndOfEntry:
			in.entry = true
			return it, false, l.counted()
		}
		return it, false, io.EOF // all of it, or rewound to the beginning
	case wire.ChunkPair, wire.ChunkTest: // of no use here
	}
	return it, false, nil
}

// newHeader is a header in a stream. The reply to a Play begins with the one that
// the session knows already; behind a change it begins another entry, even if it
// looks the same.
func (l *httpLink) newHeader(s *httpStream, header []byte) (item, bool, error) {
	in := &l.in
	if err := l.counted(); err != nil {
		return item{}, false, err
	}
	changed := in.fresh
	in.fresh, in.entry = false, false
	meta := in.heads.meta
	in.heads.meta = nil
	if meta != nil {
		l.entryIs(meta)
	}
	if !changed && string(header) == string(in.told) {
		return item{}, false, nil
	}
	p := l.programmeOf(header, s.reply, meta)
	in.told = p.header
	it := item{play: int(s.number.Load()), header: p}
	if changed && !l.predicts() {
		it.chose = true
		s.waiting.Store(true)
	}
	return it, true, nil
}

// counted bounds what may come without a packet.
func (l *httpLink) counted() error {
	if l.in.heard++; l.in.heard > 3*maxChange { // an end, a change and a header
		return media.At(media.RungTransport, fmt.Errorf("mms: %w: %d new headers and no packet", ErrProtocol, maxChange))
	}
	return nil
}

// entryIs keeps the number of the entry of the server's playlist.
func (l *httpLink) entryIs(m *wire.Metadata) {
	if n, ok := m.Tokens.Number("playlist-gen-id"); ok {
		l.mu.Lock()
		l.session.entry = fmt.Sprint(n)
		l.mu.Unlock()
	}
}

// predicts reports a server that begins an entry with streams of its own choice.
func (l *httpLink) predicts() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session.predict
}
