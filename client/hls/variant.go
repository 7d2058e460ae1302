package hls

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tapedeck/client/media"
)

const (
	// startRate is what a line is thought to carry before it is measured, in bits
	// a second.
	startRate = 2_000_000

	// A variant is taken that uses so much of the measured speed: less of it on
	// the way up, so that one does not fall down again.
	upPart   = 0.7
	downPart = 0.9

	// scarce is how little media ahead makes a slow line a reason to go down, and
	// ample how much is wanted before it is tried higher.
	scarce = 10 * time.Second
	ample  = 4 * time.Second

	// calm is how many segments are played after a change before the next one up.
	calm = 2
)

// ladder is the choice among the variants that can be played.
type ladder struct {
	all     []variant
	usable  []int // of all, by bandwidth, the lowest first
	now     int   // of all
	since   int   // segments since the last change
	refused map[int]bool
}

// codings are the codecs that can be played, as CODECS begins to name them, and
// what the variants' pictures are called; the first are preferred.
var codings = []struct {
	prefix  string
	picture media.Codec
}{
	{"avc1", media.H264}, {"avc3", media.H264},
	{"hvc1", media.H265}, {"hev1", media.H265},
	{"vp09", media.VP9}, {"av01", media.AV1}, {"mp4v", media.MPEG4Video},
	{"mp4a", ""}, {"ac-3", ""}, {"ec-3", ""}, {"opus", ""}, {"flac", ""}, {"mp3", ""},
}

// notShown are codecs of subtitles, which are left out without harm.
var notShown = []string{"stpp", "wvtt", "c608", "c708", "text"}

// newLadder sorts out what cannot be played. The variants that are kept have the
// same codings, so that one can go on where another ended.
func newLadder(all []variant) (*ladder, error) {
	l := &ladder{all: all, refused: make(map[int]bool)}
	best, bad := len(codings)+1, ""
	pictures := slices.ContainsFunc(all, func(v variant) bool { return v.width > 0 })
	var rank []int
	for i := range all {
		n, unknown := all[i].rank()
		if unknown != "" {
			bad = join(bad, unknown)
			n = -1
		}
		if pictures && all[i].width == 0 && n == len(codings) && len(all[i].codecs) > 0 {
			n++ // sound alone
		}
		rank = append(rank, n)
		if n >= 0 {
			best = min(best, n)
		}
	}
	for i, n := range rank {
		if n == best {
			l.usable = append(l.usable, i)
		}
	}
	if len(l.usable) == 0 {
		return nil, media.At(media.RungCodec, fmt.Errorf("hls: %w: their codecs are %s", ErrNoPlayable, bad))
	}
	slices.SortStableFunc(l.usable, func(a, b int) int { return all[a].bandwidth - all[b].bandwidth })
	l.now = l.fitting(startRate)
	sound := all[l.now].soundCoding()
	l.usable = slices.DeleteFunc(l.usable, func(i int) bool { return all[i].soundCoding() != sound })
	return l, nil
}

// rank is the place of the variant's pictures in codings; len(codings) where it
// has none or does not tell. unknown is a codec that cannot be played.
func (v *variant) rank() (rank int, unknown string) {
	rank = len(codings)
	for _, c := range v.codecs {
		low := strings.ToLower(c)
		i := slices.IndexFunc(codings, func(k struct {
			prefix  string
			picture media.Codec
		}) bool {
			return strings.HasPrefix(low, k.prefix)
		})
		switch {
		case i >= 0 && codings[i].picture != "":
			rank = min(rank, i)
		case i < 0 && !slices.ContainsFunc(notShown, func(p string) bool { return strings.HasPrefix(low, p) }):
			unknown = c
		}
	}
	return rank, unknown
}

// soundCoding is the coding of the sound, whose configuration is in the header
// of the stream that comes out.
func (v *variant) soundCoding() string {
	for _, c := range v.codecs {
		low := strings.ToLower(c)
		for _, k := range codings {
			if k.picture == "" && strings.HasPrefix(low, k.prefix) {
				return low
			}
		}
	}
	return ""
}

// fitting is the highest variant that needs no more than rate, or the lowest.
func (l *ladder) fitting(rate float64) int {
	found := -1
	for _, i := range l.usable {
		if !l.refused[i] && (found < 0 || float64(l.all[i].need()) <= rate) {
			if found >= 0 && l.all[i].need() == l.all[found].need() {
				continue // the same from elsewhere
			}
			found = i
		}
	}
	return found
}

// need is what a variant takes of the line.
func (v *variant) need() int { return v.bandwidth }

// choose is the variant for the next segment, at a measured speed and with so
// much media ahead.
func (l *ladder) choose(rate int, ahead time.Duration) int {
	if rate == 0 || len(l.usable) < 2 {
		return l.now
	}
	need := l.all[l.now].need()
	if down := l.fitting(downPart * float64(rate)); float64(need) > downPart*float64(rate) && ahead < scarce && down >= 0 && l.all[down].need() < need {
		return down
	}
	if up := l.fitting(upPart * float64(rate)); up >= 0 && l.all[up].need() > need && ahead >= ample && l.since >= calm {
		return up
	}
	return l.now
}

// errTooSlow ends the fetching of a segment in favour of a smaller one.
var errTooSlow = errors.New("hls: the line is too slow for this variant")

// slowLook is how long a segment comes before it is judged.
const slowLook = time.Second

// tooSlow reports whether a segment of which so much is there, and so much is to
// come, is better given up: what is ahead will be used up before it is complete,
// and there is a variant that the line carries.
func (r *reel) tooSlow(got, rest int64, spent time.Duration) bool {
	l := r.s.ladder
	if l == nil || r.sound || r.gaveUp || rest <= 0 || spent < slowLook || got < meterLeast {
		return false
	}
	rate := float64(got) / spent.Seconds()
	ahead := r.stock - time.Since(r.stocked)
	if ahead > scarce || float64(rest)/rate < max(ahead, 0).Seconds() {
		return false
	}
	to := l.fitting(downPart * 8 * rate)
	return to >= 0 && l.all[to].need() < l.all[l.now].need()
}

// words describe a variant: "1.2 Mbit/s, 1280x720".
func (v *variant) words() string {
	var words []string
	switch {
	case v.bandwidth >= 1_000_000:
		words = append(words, fmt.Sprintf("%.1f Mbit/s", float64(v.bandwidth)/1e6))
	case v.bandwidth > 0:
		words = append(words, fmt.Sprintf("%d kbit/s", v.bandwidth/1000))
	}
	if v.width > 0 {
		words = append(words, fmt.Sprintf("%dx%d", v.width, v.height))
	}
	return strings.Join(words, ", ")
}

// switchOver goes over to another playlist before the next segment, where that
// is better.
func (r *reel) switchOver(ctx context.Context) error {
	s := r.s
	if s.ladder == nil {
		return nil
	}
	if r.sound {
		return r.switchSound(ctx)
	}
	ahead := r.stock
	if r.gaveUp {
		ahead = 0
	}
	to := s.ladder.choose(s.meter.rate(), ahead)
	s.ladder.since++
	if to == s.ladder.now {
		return nil
	}
	v := &s.ladder.all[to]
	if !r.changeTo(ctx, v.uri) {
		if ctx.Err() == nil {
			s.ladder.refused[to] = true
		}
		return orCause(ctx, nil)
	}
	s.mu.Lock()
	s.ladder.now, s.ladder.since = to, 0
	s.soundGroup = v.audio
	s.info.BitRate = v.bandwidth
	s.mu.Unlock()
	s.note("now " + v.words())
	return nil
}

// switchSound follows the variant to the sound of its group.
func (r *reel) switchSound(ctx context.Context) error {
	s := r.s
	s.mu.Lock()
	group, name, uri := s.soundGroup, s.soundName, s.soundURI
	s.mu.Unlock()
	to, ok := s.master.sound(group, name)
	if !ok || to.uri == "" || to.uri == uri {
		return nil
	}
	if r.changeTo(ctx, to.uri) {
		s.mu.Lock()
		s.soundURI = to.uri
		s.mu.Unlock()
	}
	return orCause(ctx, nil)
}

// changeTo puts the playlist of a URI in the place of the present one, where the
// stream can go on in it.
func (r *reel) changeTo(ctx context.Context, uri string) bool {
	s := r.s
	a, err := link(s.base, uri)
	if err != nil {
		return false
	}
	m, ok := s.lists.get(a)
	if !ok {
		if m, err = s.fetchList(ctx, a); err != nil {
			return false
		}
		if m.list.ended {
			s.lists.put(a, m)
		}
	}
	seq, ok := r.counterpart(m.list)
	if !ok {
		return false
	}
	r.asked, r.from, r.list, r.poll, r.seq = m.asked, m.from, m.list, m.poll, seq
	r.overlap()
	return true
}

// overlap begins another run that may bring again what came already.
func (r *reel) overlap() {
	r.fresh()
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.lanes {
		if l := &s.lanes[i]; l.reel == r && l.order != unset {
			l.skip, l.waitKey = true, i == videoLane
		}
	}
}

// counterpart is the number in another list of the segment that is next in this.
func (r *reel) counterpart(to *playlist) (seq int64, ok bool) {
	next, at := r.list.number(r.seq), r.list.duration()
	if next != nil {
		at = next.at
	}
	if r.list.absolute() && to.absolute() {
		const near = 100 * time.Millisecond // lists round their durations
		if g := to.find(at + near); g != nil {
			if at+near >= to.duration() {
				return to.next(), true
			}
			return g.sequence, true
		}
		return 0, false
	}
	if next != nil && !next.date.IsZero() {
		if g := to.findDate(next.date); g != nil {
			return g.sequence, true
		}
	}
	return r.seq, r.seq >= to.first() && r.seq <= to.next()
}

// findDate is the segment that holds a moment; nil where none is known to.
func (p *playlist) findDate(at time.Time) *segment {
	for i := range p.segments {
		g := &p.segments[i]
		if g.date.IsZero() {
			continue
		}
		const near = 100 * time.Millisecond
		if d := at.Sub(g.date) + near; d >= 0 && d < g.duration {
			return g
		}
	}
	return nil
}
