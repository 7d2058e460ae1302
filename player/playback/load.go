package playback

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"tapedeck/player/tape"
)

// RungPlayer is the rung of a failure of the player itself, after the ladder of
// media.Rung.
const RungPlayer = "player"

// loadOldest plays the present timeline from its oldest key point: what a
// stream does when it begins and after the server has seeked.
func (l *loop) loadOldest(s *stream) {
	if l.head == nil {
		l.state.Phase = Playing
		l.emit(PlayingEvent{Position: seconds(l.state.Position)})
		return
	}
	l.load(s, s.tape.ReadOldest)
}

// load gives the player a new address whose bytes come from a reader that open
// makes. A seek, a return to live and a restart of the player are all this.
func (l *loop) load(s *stream, open func() (*tape.Reader, error)) {
	first, err := open()
	if err != nil {
		l.refuse("nothing is on the tape yet")
		return
	}
	// The player asks once; should it ask again, it starts at the same place.
	start := first.Start()
	again := func() (*tape.Reader, error) { return s.tape.ReadAt(start) }
	s.base, s.anew = start, nil
	if showsTimestamps(s.info.ContentType) {
		s.base = -first.Origin()
	}
	loads := s.loads + 1
	broken := func(at time.Duration) {
		l.mail.post(func() {
			if l.stream == s && s.loads == loads {
				s.anew = &at
			}
		})
	}
	l.give(s, l.head.feed.Stream(s.info.ContentType, func() (io.ReadCloser, error) {
		r := first
		first = nil
		if r == nil {
			if r, err = again(); err != nil {
				return nil, err
			}
		}
		if !goesOn(s.info.ContentType) {
			r.StopAtBreaks()
		}
		return &feedReader{Reader: r, broken: broken}, nil
	}))
}

// showsTimestamps reports whether the player's clock shows the container's own
// timestamps, which are media times and the chunks' Origin. What VLC 3.0.24 shows
// of a stream that begins 1030 s after its timestamps' zero:
//
//	Matroska, WebM  1030    Ogg (Vorbis, Opus, FLAC, Theora)  1030
//	fragmented MP4  1030    native FLAC                       1030
//	ASF             1030    FLV, MPEG-TS, MP3, AAC            0
//
// In ASF that is the send time of the packets, not the presentation times in
// them, which are ahead of it by the header's preroll: the picture that is seen
// at clock t has the presentation time t plus the preroll of the header that VLC
// got. Where only the header's preroll is made smaller, pictures come later than
// the clock by the difference, and none comes sooner: 3.5 s after the beginning
// for 0.5 s of preroll in place of 3.1 s. With the difference taken off the
// presentation times as well the first picture comes after 0.5 s.
func showsTimestamps(contentType string) bool {
	switch subtype(contentType) {
	case "x-matroska", "webm", "ogg", "mp4", "flac", "x-ms-asf":
		return true
	}
	return false
}

// goesOn reports whether the player goes on by itself where a stream gets a new
// header or its timestamps jump. Of VLC 3.0.24: in MP3, AAC and MPEG-TS it does,
// and in a chain of Ogg, where its clock goes on counting. FLV and Matroska stand
// still; MP4 and FLAC, in Ogg too, play on with holes. At a header in the middle
// of ASF it ends; where its send times jump back it stands still, and where they
// jump ahead its clock counts on without a picture until they are reached.
func goesOn(contentType string) bool {
	switch subtype(contentType) {
	case "x-matroska", "webm", "x-flv", "x-ms-asf", "mp4", "flac":
		return false
	case "ogg":
		return !strings.Contains(contentType, "codecs=flac")
	}
	return true
}

func subtype(contentType string) string {
	_, kind, _ := strings.Cut(strings.ToLower(contentType), "/")
	kind, _, _ = strings.Cut(kind, ";")
	return strings.TrimSpace(kind)
}

// feedReader steps over what fell off the tape: the player goes on at the next
// key point, as after any loss. At a new beginning that the player would not
// understand it ends.
type feedReader struct {
	*tape.Reader
	broken func(at time.Duration)
}

func (r *feedReader) Read(p []byte) (int, error) {
	for {
		n, err := r.Reader.Read(p)
		if _, ok := errors.AsType[*tape.Lost](err); ok {
			continue
		}
		if end, ok := errors.AsType[*tape.Break](err); ok {
			r.broken(end.At)
			return n, io.EOF
		}
		return n, err
	}
}

// give hands url to the player in place of the one before.
func (l *loop) give(s *stream, url string) {
	if s.url != "" {
		l.head.feed.Drop(s.url)
	}
	s.url, s.awaited, s.paused, s.shownBefore = url, time.Now(), false, 0
	s.loads++
	s.stale, s.parked, s.stood = false, false, false
	s.clock = playerClock{}
	s.countsBase = l.state.Counts
	if l.state.Phase != Seeking {
		l.state.Phase = Buffering
	}
	if !l.head.running {
		if l.head.err != nil {
			l.head.start(l) // it may have been installed meanwhile
		}
	}
	loads := s.loads
	l.head.do(func(ctx context.Context, p Player) {
		if s.ctx.Err() != nil {
			return
		}
		if err := insist(ctx, p, func() error { return p.Open(ctx, url) }); err != nil {
			l.mail.post(func() { l.playerTrouble(s, loads, err) })
		}
	})
}

const (
	// insistFor is how long a command that the player does not take is repeated:
	// longer than the player's keeper watches one that hangs before it ends it.
	insistFor   = 20 * time.Second
	insistPause = 250 * time.Millisecond
)

// insist repeats command until the player takes it or has ended, which is
// playerDied's to handle, and returns the last error where neither happens. It
// runs in the head's goroutine, which has nothing better to do then.
func insist(ctx context.Context, p Player, command func() error) error {
	began := time.Now()
	for {
		err := command()
		if err == nil || time.Since(began) > insistFor {
			return err
		}
		select {
		case <-p.Done():
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(insistPause):
		}
	}
}

// playerTrouble learns that the player did not take a command.
func (l *loop) playerTrouble(s *stream, loads int, err error) {
	if l.stream != s || s.loads != loads || !l.head.running {
		return
	}
	l.failAt(RungPlayer, err)
}

// reload goes on at the present position with a player that has just started.
func (l *loop) reload(s *stream) {
	at := l.state.Position
	l.state.Phase = Buffering
	if s.file != nil {
		s.start = at
		s.target.rate = 1 // a new player plays at normal speed
		l.rateIs(1)
		l.loadFile(s)
		return
	}
	l.load(s, func() (*tape.Reader, error) { return s.tape.ReadAt(s.played(at)) })
}
