package rtsp

import (
	"fmt"
	"slices"
	"time"

	"tapedeck/client/media"
)

// A track whose packets do not fit its keys, so many in a row and for so long,
// is given up. Single ones are what strangers may send.
const (
	maxMisfits = 100
	misfitTime = 2 * time.Second
)

// decrypt takes the encryption off a packet. The funnel's mutex is held.
func (t *track) decrypt(rtcp bool, raw []byte, now time.Time) ([]byte, bool) {
	if rtcp {
		plain, err := t.cipher.RTCP(raw)
		return plain, err == nil
	}
	plain, err := t.cipher.RTP(raw)
	if err != nil {
		return nil, false
	}
	t.fitted = now
	return plain, true
}

// appendReport appends a receiver report as it goes over the network. The
// funnel's mutex is held.
func (t *track) appendReport(dst []byte, now time.Time) []byte {
	if t.cipher == nil {
		return t.receiver.AppendReport(dst, now)
	}
	// Reports end after 2^31 of them: it cannot fail before.
	dst, _ = t.cipher.AppendRTCP(dst, t.receiver.AppendReport(nil, now))
	return dst
}

// judgeKeys gives up the tracks whose keys do not fit, and the stream where none
// is left. The funnel's mutex is held.
func (s *Session) judgeKeys(now time.Time) {
	left, lost := 0, 0
	for _, t := range s.tracks {
		if t.receiver == nil || t.problem != "" {
			continue
		}
		left++
		if t.cipher == nil || t.cipher.Misfits() < maxMisfits || now.Sub(t.fitted) < misfitTime {
			continue
		}
		t.problem = ErrKeys.Error()
		s.f.note(fmt.Sprintf("%s left out: %s", t.kind, t.problem))
		lost++
	}
	switch {
	case lost == 0 || s.f.err != nil:
	case lost == left:
		s.f.finish(media.At(media.RungTransport, errMisfit))
	case s.f.writer == nil && !s.f.first.IsZero():
		s.f.open(false) // the others need not wait for it
	}
}

var errMisfit = fmt.Errorf("rtsp: %w", ErrKeys)

// silence is why nothing came: if what did come did not fit the keys, that is
// it.
func (s *Session) silence(after time.Duration) error {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	if s.f.misfits() {
		return errMisfit
	}
	return &silentError{over: s.over, after: after, server: s.d.serverName()}
}

// misfits reports whether the last that came of a track did not fit its keys.
func (f *funnel) misfits() bool {
	return slices.ContainsFunc(f.tracks, func(t *track) bool { return t.cipher != nil && t.cipher.Misfits() > 0 })
}
