package playback

import "time"

// maxGaps bounds how many gaps of one stream are remembered.
const maxGaps = 1000

// gap is a part of a live stream that is missing: what was before and what came
// after it lie side by side at media time at.
type gap struct {
	at, missing time.Duration
}

// gap takes note of what a live stream sent while it was away. One on demand
// goes on where it was lost.
func (l *loop) gap(s *stream, missing time.Duration) {
	if !s.info.Live || missing <= 0 {
		return
	}
	if len(s.gaps) == maxGaps {
		s.gaps = append(s.gaps[:0], s.gaps[1:]...)
	}
	s.gaps = append(s.gaps, gap{s.lostAt, missing})
	l.measureRecording()
	l.emit(GapEvent{Position: seconds(s.lostAt), Missing: seconds(missing)})
}

// gapsBetween are how many gaps lie from media time from on and before until, 0
// for no end, and what they left out together.
func (s *stream) gapsBetween(from, until time.Duration) (n int, missing time.Duration) {
	for _, g := range s.gaps {
		if g.at >= from && (until == 0 || g.at < until) {
			n, missing = n+1, missing+g.missing
		}
	}
	return n, missing
}
