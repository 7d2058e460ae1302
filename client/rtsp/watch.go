package rtsp

import (
	"errors"
	"io"
	"time"

	"tapedeck/client/media"
)

const (
	// watchEvery is how often the clockwork looks; every wait it keeps is much
	// longer.
	watchEvery = 250 * time.Millisecond

	// nearEnd is how close to the end of a recording silence means that it is
	// over: the announced duration is seldom exact.
	nearEnd = 2 * time.Second

	// byeSilence is how long a stream must be silent after the BYE of all its
	// tracks: some cameras go on under another name.
	byeSilence = 2 * time.Second

	// shyTime is how soon after the first receiver report a connection must be
	// lost to have been lost for it: servers on ESP32 chips take nothing but
	// requests (sheet 2.4).
	shyTime = 2 * time.Second
)

// watch is the session's clockwork: keepalives, receiver reports, tracks whose
// parameter sets do not come, silence, and the end.
func (s *Session) watch() {
	defer recovered(s.broken)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	s.alive.methods = keepaliveMethods(s.d.serverName(), s.d.has)
	s.alive.next = time.Now().Add(keepaliveInterval(s.d.sessionTimeout()))
	report := time.Now().Add(s.cfg.Timeouts.Report)
	if !s.over.interleaved() { // some cameras wait for one; it is empty yet
		s.sendReports(time.Now())
	}
	gone := s.d.done
	for {
		select {
		case <-s.stop:
			return
		case <-gone:
			gone = nil
			s.lostConnection(s.d.failure())
		case <-s.f.kick:
			s.tell()
		case now := <-tick.C:
			if gone == nil {
				continue
			}
			if err := s.keepAlive(now); err != nil {
				s.fail(media.RungTransport, err)
			}
			if !now.Before(report) {
				report = now.Add(s.cfg.Timeouts.Report)
				s.sendReports(now)
			}
			s.judge(now)
		}
	}
}

// tell passes the funnel's notes on, without its mutex.
func (s *Session) tell() {
	s.f.mu.Lock()
	notes := s.f.notes
	s.f.notes = nil
	s.f.mu.Unlock()
	for _, n := range notes {
		s.cfg.Trace(media.Note{Text: n})
	}
}

// sendReports sends a receiver report for each track that plays.
func (s *Session) sendReports(now time.Time) {
	if s.over.interleaved() && s.cfg.Memory.of(hostPort(s.from.a)).shy {
		return
	}
	for _, t := range s.tracks {
		if t.receiver == nil {
			continue
		}
		s.f.mu.Lock()
		quiet := !s.playing || s.f.err != nil
		var report []byte
		if !quiet {
			report = t.appendReport([]byte{'$', t.rtcpTo, 0, 0}, now)
		}
		s.f.mu.Unlock()
		switch {
		case quiet:
		case s.over.interleaved():
			n := len(report) - 4
			report[2], report[3] = byte(n>>8), byte(n)
			// What cannot be written fails the next request as well.
			_ = s.d.write(func(dst []byte) []byte { return append(dst, report...) })
			if s.reported.IsZero() {
				s.reported = now
			}
		default:
			if to, ok := t.pair.rtcpTo(); ok {
				t.pair.report(report[4:], to)
			}
		}
	}
}

// judge looks at what came, and what did not.
func (s *Session) judge(now time.Time) {
	info := s.Info()
	limits := s.cfg.Timeouts
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	f := s.f
	s.judgeKeys(now)
	if f.first.IsZero() || f.err != nil {
		return
	}
	if f.writer == nil && now.Sub(f.first) >= f.patience(limits) {
		f.open(true)
	}
	if !s.playing || f.backlogged {
		f.last = now
		return
	}
	silent := now.Sub(f.last)
	atEnd := !info.Live && info.Duration > 0 && f.atEnd(info.Duration)
	switch {
	case s.allSaidBye() && (atEnd && silent >= watchEvery || silent >= byeSilence), atEnd && silent >= limits.End:
		f.flush()
		f.finish(io.EOF)
	case s.lostTrack(now):
	case silent >= limits.Silence:
		f.flush()
		var why error = &TimeoutError{"rtsp: the stream stopped: no media", limits.Silence}
		if f.misfits() {
			why = errMisfit
		}
		f.finish(media.At(media.RungTransport, why))
	}
}

// allSaidBye reports that the source of every track has said that it ends.
func (s *Session) allSaidBye() bool {
	n := 0
	for _, t := range s.tracks {
		if t.receiver == nil {
			continue
		}
		if t.bye.IsZero() {
			return false
		}
		n++
	}
	return n > 0
}

// broken ends the session for a reason that is not the server's.
func (s *Session) broken(err error) {
	if errors.Is(err, ErrClosed) {
		return
	}
	s.fail(media.RungTransport, err)
}
