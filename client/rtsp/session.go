// Package rtsp is the client's side of RTSP 1.0 (RFC 2326): it opens a link,
// plays it over UDP or over the RTSP connection itself, and gives the media as
// chunks of a container that VLC can demux.
//
// The files follow the road of a session:
//
//	open.go      the way up the ladder              lower.go     which transports are tried, in which order
//	scheme.go    what a link's scheme asks for      redirect.go  where it may lead
//	dial.go, tls.go   name, connection, handshake
//	tunnel.go, httptunnel.go, httppost.go, websocket.go   RTSP within HTTP
//	describe.go  OPTIONS, DESCRIBE                  control.go   what a control URL means
//	setup.go     SETUP                              transport.go the header
//	play.go      PLAY, PAUSE                        rtpinfo.go   where a range begins
//	seek.go      PLAY from elsewhere, or faster     ruler.go, pace.go  places and speeds
//	aggregate.go whom they are sent to              iptv.go, satip.go  servers with ways of their own
//	watch.go     keepalive, reports, silence, the end
//	wire.go, message.go, conn.go, dialogue.go       bytes, messages, requests, logins
//	interleaved.go, udp.go, datagrams.go            packets in
//	multicast.go                                    groups and their sockets
//	keys.go, cipher.go                              SRTP: where its keys come from, and packets out of it
//	silence.go      packets that do not come        keypoint.go  where a decoder starts
//	funnel.go, outbox.go                            packets to chunks
//
// One goroutine reads the connection; over UDP one more reads each socket. The
// goroutine that receives packets also depacketizes and muxes them: chunks are
// the first thing that is handed to another goroutine. A reader of the session
// that is slow holds up an on-demand server over TCP, makes a live stream lose
// its oldest chunks, and never holds up keepalives.
//
// It leaves out RTSP 2.0 and the dialects of RealNetworks and Windows Media.
//
//	s, err := rtsp.Open(ctx, a, rtsp.Config{})
//	defer s.Close()
//	for {
//		chunk, err := s.Next(ctx)
//		...
//	}
package rtsp

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tapedeck/client/media"
)

// Session is an open stream. It satisfies client.Session.
type Session struct {
	cfg       Config
	d         *dialogue
	f         *funnel
	over      lower
	from      origin
	host      string // as Memory knows it; empty when this session teaches nothing
	offers    offers
	ownKeys   bool        // the server takes the keys that we make, with a name of four bytes
	control   string      // the aggregate URL: PLAY, PAUSE, TEARDOWN, keepalives
	described string      // the URL that DESCRIBE asked for
	perTrack  atomic.Bool // the server has no aggregate
	telco     atomic.Bool // see isTelco
	ruler     ruler
	tracks    []*track
	channels  [256]channel

	mu   sync.Mutex
	info media.Info

	turn    chan struct{} // held by Pause, Resume and Seek: one at a time
	playing bool          // guarded by the funnel's mutex

	batch bool      // the connection's reader is in a batch
	now   time.Time // when that batch came

	asks askLimit

	reported time.Time // when the watch sent the first receiver report over TCP

	alive   keepalive
	stop    chan struct{} // closed by Close
	once    sync.Once
	workers sync.WaitGroup
}

// Info says what was opened.
func (s *Session) Info() media.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := s.info
	info.Tracks = slices.Clone(info.Tracks)
	return info
}

// Next returns the next run of container bytes; see client.Session.
func (s *Session) Next(ctx context.Context) (media.Chunk, error) {
	for {
		s.f.mu.Lock()
		chunk, ok := s.f.out.take(s.f.busy == 0)
		if s.f.backlogged && s.f.out.bytes < maxQueue/2 {
			wake(s.f.room)
		}
		err := s.f.err
		s.f.mu.Unlock()
		switch {
		case err == ErrClosed:
			return media.Chunk{}, err
		case ok:
			return chunk, nil
		case err != nil:
			return media.Chunk{}, err
		}
		select {
		case <-s.f.ready:
		case <-ctx.Done():
			return media.Chunk{}, context.Cause(ctx)
		}
	}
}

// Stats adds up the tracks' figures.
func (s *Session) Stats() media.Stats {
	var sum media.Stats
	s.f.mu.Lock() // receivers change with the payload type
	defer s.f.mu.Unlock()
	for _, t := range s.tracks {
		if t.receiver == nil {
			continue
		}
		sum = sum.Plus(t.stats())
	}
	return sum
}

// Close ends the session: TEARDOWN with a short budget, then the sockets. It
// waits for every goroutine and may be called twice.
func (s *Session) Close() error {
	s.once.Do(func() {
		s.f.mu.Lock()
		s.f.finish(ErrClosed)
		s.f.err = ErrClosed
		s.f.mu.Unlock()
		wake(s.f.ready)
		wake(s.f.room)
		close(s.stop)
		if s.d.sessionID() != "" && s.d.failure() == nil {
			// The server may close without an answer, or not read any more, and
			// nothing depends on it. Close has no caller's context to end with.
			limit := s.cfg.Timeouts.Teardown
			force := time.AfterFunc(limit, func() { s.d.nc.Close() })
			_, _ = s.command(context.Background(), limit, "TEARDOWN")
			force.Stop()
		}
		s.d.close(ErrClosed)
		for _, t := range s.tracks {
			t.pair.close()
		}
	})
	s.workers.Wait()
	return nil
}

// fail ends the stream with an error of ours or of the network's.
func (s *Session) fail(rung media.Rung, err error) {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.f.finish(media.At(rung, err))
}

// lostConnection ends the stream when the connection's reader has ended: at
// the end of a recording that is the server's way to say so.
func (s *Session) lostConnection(err error) {
	info := s.Info()
	closed := err == ErrConnection
	if closed && time.Since(s.reported) < shyTime {
		s.cfg.Memory.note(hostPort(s.from.a), func(h *hostMemory) { h.shy = true })
	}
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.f.flush()
	if closed && !info.Live && (info.Duration == 0 || s.f.atEnd(info.Duration)) {
		s.f.finish(io.EOF)
		return
	}
	if _, ours := err.(*PanicError); !ours {
		err = fmt.Errorf("rtsp: %w", err)
	}
	s.f.finish(media.At(media.RungTransport, err))
}
