package playback

import (
	"time"

	"tapedeck/client/media"
)

// maxAired bounds the dates that are remembered: there is one where a stream
// begins, and one wherever its dates jump.
const maxAired = 256

// airs takes a date that the broadcaster gives.
func (s *stream) airs(e media.Aired) {
	if len(s.aired) == maxAired {
		s.aired = append(s.aired[:0], s.aired[1:]...)
	}
	s.aired = append(s.aired, e)
}

// airedAt is when what is at media time at was sent, to the second; zero where
// nobody says.
func (s *stream) airedAt(at time.Duration) time.Time {
	var last media.Aired
	for _, a := range s.aired {
		if a.Time <= at && (last.At.IsZero() || a.Time >= last.Time) {
			last = a
		}
	}
	if last.At.IsZero() {
		return time.Time{}
	}
	return last.At.Add(at - last.Time).Truncate(time.Second)
}
