package mms

import (
	"fmt"
	"time"

	"tapedeck/client/media"
)

// How a link is judged that may be too slow for what it has to carry (section
// 6.6 of the sheet).
const (
	window    = 3 * time.Second // is judged at a time
	slowPart  = 0.85            // of the real pace: less is too slow
	slowTimes = 2               // windows in a row that make up a verdict
	lossPart  = 50              // one packet of so many lost is too many

	healthy     = 30 * time.Second // without trouble, before more is tried
	maxPatience = 8 * time.Minute  // what that grows to, where more does not come through
)

// meter compares how long the reader waits for packets with how much of the
// programme they bring. What a reader takes late was not sent late.
type meter struct {
	hungry  time.Duration // spent waiting in this window
	media   time.Duration // by which send times went on in it
	counted media.Stats   // at its beginning
	slow    int           // windows in a row

	lowered  int       // steps down that were not taken back
	good     time.Time // since when nothing is wrong; zero: not known
	raised   time.Time // when more was tried last
	patience time.Duration
	asked    time.Duration // the send time when other streams were asked for
}

// restart forgets the present window.
func (m *meter) restart() { m.hungry, m.media, m.slow = 0, 0, 0 }

// measure counts a packet whose send time is so much later than that of the one
// before.
func (r *reader) measure(later time.Duration, jumped bool) {
	m := &r.meter
	if jumped {
		m.restart()
		return
	}
	m.media += later
	if m.hungry < window && m.media < window {
		return
	}
	slow := float64(m.media) < slowPart*float64(m.hungry)
	m.hungry, m.media = 0, 0
	if r.s.fixed.Load() || !hasChoice(r.head, r.sel) {
		return
	}
	now := r.s.link.stats()
	lost, came := now.Lost-m.counted.Lost, now.Packets-m.counted.Packets
	m.counted = now
	r.judge(slow || lost*lossPart > came)
}

// judge asks for other streams where the link does not carry these, or may
// carry better ones. One request is outstanding at a time.
func (r *reader) judge(slow bool) {
	m := &r.meter
	if p := r.s.pending.Load(); p != nil {
		if r.sent-m.asked > keyWait {
			r.s.refuse(p, "nothing of them came")
		}
		return
	}
	now := time.Now()
	if slow || m.good.IsZero() {
		m.good = now
	}
	if !slow {
		m.slow = 0
		if m.lowered > 0 && now.Sub(m.good) >= max(m.patience, healthy) {
			r.raise(now)
		}
		return
	}
	if m.slow++; m.slow < slowTimes {
		return
	}
	m.slow = 0
	if lower := r.sel.lower(); lower != nil {
		if !m.raised.IsZero() && now.Sub(m.raised) < healthy {
			m.patience = min(2*max(m.patience, healthy), maxPatience)
		}
		m.lowered++
		r.ask(lower)
	}
}

func (r *reader) raise(now time.Time) {
	m := &r.meter
	m.good, m.raised = now, now
	if higher := r.sel.higher(r.s.cfg.MaxBitRate); higher != nil {
		m.lowered--
		r.ask(higher)
	}
}

// ask has the steward ask the server for other streams.
func (r *reader) ask(x *selection) {
	r.meter.asked, r.fresh = r.sent, false
	r.s.pending.Store(x)
	r.s.need(func(n *needs) { n.change = x })
}

// changed tells that what was asked for has begun.
func (s *Session) changed(old, x *selection) {
	s.pending.CompareAndSwap(x, nil)
	if x.rate < old.rate {
		s.trace.Note(fmt.Sprintf("the link does not carry %s: %s from here on", rate(old.rate), rate(x.rate)))
		return
	}
	s.trace.Note(fmt.Sprintf("the link carries more again: %s from here on", rate(x.rate)))
}

// refuse stays with what is played: the server does not change.
func (s *Session) refuse(x *selection, why string) {
	if s.pending.CompareAndSwap(x, nil) {
		s.fixed.Store(true)
		s.trace.Note("the server does not change to other streams: " + why)
	}
}

func rate(bits int) string { return fmt.Sprintf("%d kbit/s", (bits+500)/1000) }
