package web

import "time"

// How a station without ICY headers is told from a file without a length, once
// either has ended in good order: a file comes as fast as the network takes it.
const (
	pacedFor   = 30 * time.Second // it lasted at least so long
	pacedAhead = 30 * time.Second // of media before their time: what a station sends at once to those who come
)

// paced reports whether the sound came in real time, as from a station.
func (s *Stream) paced() bool {
	sound := s.chunks.found.selfSync() || s.chunks.found.name == "Ogg"
	lasted := time.Since(s.chunks.clock.opened)
	return sound && !s.saved && lasted >= pacedFor && s.chunks.clock.passed() <= lasted+pacedAhead
}

// saved reports whether the server describes the body as a file of its own
// (RFC 9110, section 8.8; RFC 6266).
func (r *reply) saved() bool {
	for _, name := range []string{"Etag", "Last-Modified", "Content-Disposition"} {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}
