package rtsptest

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

const (
	// spared is how many packets of a track after PLAY no fault touches, so that
	// a client knows where the track begins and can count what is missing.
	spared = 16
	// maxHeld is how many later packets one that is out of order lets go first,
	// where no time is given.
	maxHeld = 3
)

// faults spoils the packets of one track by a seeded pattern.
type faults struct {
	server  *Server
	random  *rand.Rand
	passed  int    // packets since PLAY
	missing uint64 // dropped ones behind the last that was sent: nobody misses them yet
	top     uint16 // the highest number that was sent
	held    []late // in no order
}

// late is a frame that waits for later ones.
type late struct {
	frame []byte
	seq   uint16
	after int       // how many more it lets go first; 0: it waits for the time
	since time.Time // when it was its turn
	due   time.Time // when it goes
}

// newFaults is nil where the configuration asks for none.
func newFaults(s *Server, track int) *faults {
	cfg := &s.cfg
	if cfg.Drop == 0 && cfg.Duplicate == 0 && cfg.Reorder == 0 {
		return nil
	}
	return &faults{server: s, random: rand.New(rand.NewPCG(cfg.Seed, uint64(track)))}
}

// pass takes the frame that begins at start in out, and returns out as it is to
// be sent instead; kept is false for a frame that is never sent. One frame
// suffers one fault at the most.
func (f *faults) pass(out []byte, start int, now time.Time) (_ []byte, kept bool) {
	cfg := &f.server.cfg
	f.passed++
	chance := f.random.Float64() // drawn for spared packets too: the pattern depends on the seed alone
	if f.passed > spared {
		switch {
		case chance < cfg.Drop:
			f.missing++
			return out[:start], false
		case chance < cfg.Drop+cfg.Duplicate:
			f.server.duplicated.Add(1)
			out = append(out, out[start:]...)
		case chance < cfg.Drop+cfg.Duplicate+cfg.Reorder && (f.held == nil || cfg.Late > 0):
			f.hold(out[start:], now)
			return out[:start], true
		}
	}
	f.top = sequence(out[start:])
	f.server.dropped.Add(f.missing)
	f.missing = 0
	for i := range f.held {
		if l := &f.held[i]; l.after > 0 {
			if l.after--; l.after == 0 {
				l.due = now
			}
		}
	}
	return f.release(out, now), true
}

// hold keeps a frame for later.
func (f *faults) hold(frame []byte, now time.Time) {
	l := late{frame: append([]byte(nil), frame...), seq: sequence(frame), since: now}
	if limit := f.server.cfg.Late; limit > 0 {
		l.due = now.Add(time.Duration(1 + f.random.Int64N(int64(limit))))
	} else {
		l.after = 1 + f.random.IntN(maxHeld)
	}
	f.held = append(f.held, l)
}

// sequence is the number of the RTP packet in an interleaved frame.
func sequence(frame []byte) uint16 { return binary.BigEndian.Uint16(frame[4+2:]) }

// release sends what is due. A packet is counted as out of order if later ones
// have gone.
func (f *faults) release(out []byte, now time.Time) []byte {
	rest := f.held[:0]
	for _, l := range f.held {
		if l.after > 0 || l.due.After(now) {
			rest = append(rest, l)
			continue
		}
		if int16(f.top-l.seq) > 0 {
			f.server.reordered.Add(1)
			for held := int64(now.Sub(l.since)); ; {
				most := f.server.held.Load()
				if held <= most || f.server.held.CompareAndSwap(most, held) {
					break
				}
			}
		} else {
			f.top = l.seq
		}
		out = append(out, l.frame...)
	}
	if f.held = rest; len(rest) == 0 {
		f.held = nil
	}
	return out
}

// next is when the next frame is due; zero when none waits for a time.
func (f *faults) next() (due time.Time) {
	for _, l := range f.held {
		if l.after == 0 && (due.IsZero() || l.due.Before(due)) {
			due = l.due
		}
	}
	return due
}

// flush sends all that is held still.
func (f *faults) flush(out []byte) []byte {
	now := time.Now()
	for i := range f.held {
		f.held[i].after, f.held[i].due = 0, now
	}
	return f.release(out, now)
}
