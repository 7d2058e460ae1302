// Package hls plays HTTP Live Streaming (RFC 8216): playlists that are asked for
// again and again, and short files that they name, one after the other.
//
// The files follow the road of a session:
//
//	open.go        from a playlist's text to a session
//	lines.go, attr.go, define.go      lines, attributes, variables
//	master.go, playlist.go, protect.go the two kinds of playlist, and DRM
//	variant.go, meter.go              which variant, and when to change it
//	turn.go        playing from one place on: the start, a seek, a live stream joined anew
//	reel.go, poll.go, place.go        following one playlist
//	fetch.go, segment.go, key.go      one segment: bytes, ranges, AES-128
//	demux.go, formats.go              what is in it
//	timeline.go    timestamps to media time
//	lane.go        packets that wait
//	output.go, paramset.go            packets to chunks
//	seek.go, title.go, info.go        what a session offers besides
//
// Segments are taken apart into packets, and all of them are put into one stream
// of Matroska on one timeline: positions, seeks, sound from a playlist of its
// own, discontinuities and changes of variant are then all the same thing.
//
//	playlist ── segment ── demuxer ── clock ──> lane ─┐
//	playlist ── segment ── demuxer ── clock ──> lane ─┴─ mux ──> Chunk
//
// One goroutine follows each playlist and fetches ahead of the reader by
// aheadTime or aheadBytes; one conducts them. A recording is given out as fast as
// it is taken, a live stream at its own pace.
//
// Low-latency playlists are read as ordinary ones: parts are left to whoever
// wants them, delta updates are never asked for. Subtitles and closed captions
// are named and not shown. What is encrypted in other ways than AES-128 on whole
// segments ends in a *ProtectedError.
//
//	s, err := hls.Open(ctx, hls.Source{Link: a, Body: body}, hls.Config{Fetch: fetch})
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//	for {
//		chunk, err := s.Next(ctx)
//		...
//	}
package hls

import (
	"context"
	"crypto/cipher"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
	"tapedeck/client/trace"
)

// Source is the playlist with which a stream begins.
type Source struct {
	Link address.Address // who sent it, after redirects
	Body []byte          // all of it

	Transport string // how it came: "http/1.1", "http/2"
	Public    bool   // a server of the public network sent it
}

// Config says how to open. Fetch is required.
type Config struct {
	// Fetch asks for playlists, segments and keys.
	Fetch Fetch

	// Status is the status code of HTTP that an error of Fetch stands for, 0 for
	// none. Nil: no error stands for any.
	Status func(error) int

	// Trace is told what is tried and learned. Calls come one at a time, but from
	// more than one goroutine; none comes after Close. Nil: nobody is told.
	Trace func(media.Event)

	// Place is how far the programme was played by sessions before this one, which
	// carries it on. Nil: nothing is remembered.
	Place *Place

	// Close ends what Fetch rests on; it is called when the session ends, or Open
	// fails. Nil: there is nothing to end.
	Close func() error

	sniff   func([]byte) (container, error) // tests have formats of their own
	titleOf func([]byte) (string, bool)
}

// Session is an open stream. It satisfies client.Session.
type Session struct {
	cfg       Config
	trace     *trace.Tracer
	base      address.Address // of the playlist that was opened
	transport string          // over which it came
	variables variables
	master    *master // nil where the link led to a media playlist
	ladder    *ladder
	meter     meter
	keys      kept[cipher.Block]
	inits     kept[[]byte]
	lists     kept[*mediaList]
	got       atomic.Uint64

	// Between turns these are the conductor's, in one they are the reels'.
	mainList, soundList *mediaList
	line                timeline

	mu         sync.Mutex
	info       media.Info
	lanes      [laneCount]lane
	reels      []*reel
	hasSound   bool // the sound has a playlist of its own
	soundGroup string
	soundName  string
	soundURI   string
	live       bool
	out        output
	landed     bool          // the turn has found its beginning
	target     time.Duration // which is at or before this
	seeking    *seek         // told when it has
	seeks      int
	wish       *seek // the next turn's
	latest     *seek // that was wished for
	cancelTurn context.CancelCauseFunc
	isOpened   bool
	format     string        // of the latest run of segments
	paused     chan struct{} // closed when a pause ends; nil while not paused
	title      string
	aired      media.Aired // the latest that was told
	notes      []string    // to be told by Next
	err        error       // why Next ends

	ready   chan struct{} // something may have come
	wished  chan struct{} // there is a wish
	opened  chan struct{} // closed at the first landing
	failed  chan struct{} // closed with the first err
	fail    sync.Once
	turns   chan struct{} // held by Seek: one at a time
	cancel  context.CancelCauseFunc
	closing sync.Once
	workers sync.WaitGroup
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (s *Session) status(err error) int {
	if err == nil || s.cfg.Status == nil {
		return 0
	}
	return s.cfg.Status(err)
}

func (s *Session) note(text string) { s.trace.Event(media.Note{Text: text}) }

func (s *Session) isOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isOpened
}

// finish sets why Next ends after what it can still give.
func (s *Session) finish(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failLocked(err)
}

func (s *Session) failLocked(err error) {
	if s.err != nil && s.err != io.EOF && err != errClosed { // an end is none where a seek follows it
		return
	}
	s.err = err
	s.seeking.fails(err)
	s.seeking = nil
	if err != io.EOF { // a wish leads back from the end
		s.wish.fails(err)
		s.wish = nil
	}
	s.fail.Do(func() { close(s.failed) })
	if s.cancelTurn != nil {
		s.cancelTurn(err)
	}
	wake(s.ready)
}

// Stats counts the bytes of the segments.
func (s *Session) Stats() media.Stats { return media.Stats{Bytes: s.got.Load()} }

// Close ends the session and waits for its goroutines. It may be called twice.
func (s *Session) Close() error {
	s.closing.Do(func() {
		s.cancel(errClosed)
		s.workers.Wait()
		s.finish(errClosed)
		s.trace.Stop()
		if s.cfg.Close != nil {
			s.cfg.Close()
		}
	})
	return nil
}
