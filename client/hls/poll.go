package hls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

const (
	minTarget = time.Second // some tell 0

	// stuckAfter is how long a live playlist may stay as it is, or fail to come:
	// so many target durations, and no less than stuckLeast.
	stuckAfter = 6
	stuckLeast = 30 * time.Second

	// startBehind is how far from the end a live list begins to be played, in
	// target durations (RFC 8216, section 6.3.3).
	startBehind = 3

	// backSteps is how far a list may go back because another of the server's
	// machines answers. One that goes back further was begun anew.
	backSteps = 4
)

// poller says when a live playlist is asked for again: a target duration after
// the last time where that brought something new, half of it where it did not,
// never sooner (RFC 8216, section 6.3.4).
type poller struct {
	asked   time.Time // when the last request began
	changed time.Time // when the list last told something new
	same    bool      // the last request brought nothing new
}

func (p *poller) due(target time.Duration) time.Time {
	if p.same {
		return p.asked.Add(target / 2)
	}
	return p.asked.Add(target)
}

func (p *poller) stuck(target time.Duration, now time.Time) bool {
	return now.Sub(p.changed) > max(stuckLeast, stuckAfter*target)
}

// mediaList is a playlist as it was fetched.
type mediaList struct {
	asked address.Address // of whom
	from  sender
	list  *playlist
	poll  poller
}

// fetchList fetches a media playlist.
func (s *Session) fetchList(ctx context.Context, a address.Address) (*mediaList, error) {
	begun := time.Now()
	body, from, err := s.get(ctx, Request{Link: a}, maxPlaylist, errTooLong)
	if err != nil {
		return nil, wrappedAt(media.RungReply, "the playlist", err)
	}
	m, err := s.parseList(begun, from, body)
	if err == nil {
		m.asked = a
	}
	return m, err
}

func (s *Session) parseList(begun time.Time, from sender, body []byte) (*mediaList, error) {
	if isMaster(body) {
		return nil, media.At(media.RungReply, errNested)
	}
	list, err := parsePlaylist(body, query(from.link), s.variables)
	if err != nil {
		return nil, media.At(media.RungReply, err)
	}
	return &mediaList{asked: from.link, from: from, list: list, poll: poller{asked: begun, changed: time.Now()}}, nil
}

// wrappedAt is wrapped for what has no rung of its own.
func wrappedAt(rung media.Rung, what string, err error) error {
	if _, ok := errors.AsType[*media.RungError](err); ok || errors.Is(err, ErrPlaylist) {
		return media.At(rung, err)
	}
	return media.At(rung, fmt.Errorf("hls: %s: %w", what, err))
}

// next is the segment to play now. It waits for the list to bring it; io.EOF is
// the end of the list, and a rejoin is wanted where it went on without us.
func (r *reel) next(ctx context.Context) (*segment, error) {
	for {
		if g := r.list.number(r.seq); g != nil {
			return g, nil
		}
		switch {
		case len(r.list.segments) > 0 && r.seq < r.list.first():
			missed := r.list.first() - r.seq
			return nil, &rejoin{fmt.Sprintf("the stream went on without us: %d segments are not there any more", missed)}
		case !r.list.live():
			return nil, io.EOF
		}
		if err := r.reload(ctx); err != nil {
			return nil, err
		}
	}
}

// rejoin is why a live stream has to be joined anew.
type rejoin struct{ why string }

func (e *rejoin) Error() string { return "hls: " + e.why }

// reload asks for the playlist when it is due. What fails is asked for again
// until the list counts as stuck.
func (r *reel) reload(ctx context.Context) error {
	target := r.list.target
	if err := wait(ctx, time.Until(r.poll.due(target))); err != nil {
		return err
	}
	begun := time.Now()
	m, err := r.s.fetchList(ctx, r.asked)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.poll.asked, r.poll.same = begun, true
	stuck := r.poll.stuck(target, time.Now())
	if err != nil {
		switch code := r.s.status(err); {
		case stuck, code == 401, code == 403, code == 410, errors.Is(err, ErrPlaylist):
			return err
		}
		return nil
	}
	r.from = m.from
	old := r.list
	m.list.continues(old)
	switch {
	case m.list.ended && !old.ended:
	case m.list.next() > old.next():
	case m.list.next() < old.next()-backSteps:
		r.list = m.list
		return &rejoin{"the station's encoder was started again"}
	case stuck:
		return media.At(media.RungTransport, ErrStuck)
	default:
		return nil
	}
	r.list = m.list
	r.poll.same, r.poll.changed = false, time.Now()
	return nil
}

// continues finds the numbers of a list without EXT-X-MEDIA-SEQUENCE, as small
// cameras write them: its segments are known by their URIs.
func (p *playlist) continues(old *playlist) {
	if p.numbered || len(old.segments) == 0 || len(p.segments) == 0 || p.event || p.onDemand {
		return
	}
	shift := old.next() - p.first()
	for i := range old.segments {
		if old.segments[i].uri == p.segments[0].uri && old.segments[i].bytes == p.segments[0].bytes {
			shift = old.segments[i].sequence - p.first()
			break
		}
	}
	for i := range p.segments {
		p.segments[i].sequence += shift
	}
}

// joint is where a list begins to be played: where it says, else at the
// beginning, or some way before the end of what is live.
func (p *playlist) joint() time.Duration {
	end := p.duration()
	switch {
	case p.hasStart && p.start < 0:
		return max(0, end+p.start)
	case p.hasStart:
		return min(p.start, end)
	case !p.live():
		return 0
	}
	return max(0, end-max(startBehind*p.target, p.hold))
}

// find is the segment that holds a place of the list. What lies beyond the end
// is in the last one.
func (p *playlist) find(at time.Duration) *segment {
	for i := range p.segments {
		if at < p.segments[i].end() {
			return &p.segments[i]
		}
	}
	if n := len(p.segments); n > 0 {
		return &p.segments[n-1]
	}
	return nil
}
