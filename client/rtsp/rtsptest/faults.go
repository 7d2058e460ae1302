package rtsptest

import "math/rand/v2"

const (
	// spared is how many packets of a track after PLAY no fault touches, so that
	// a client knows where the track begins and can count what is missing.
	spared = 16
	// maxHeld is how many later packets one that is out of order lets go first.
	maxHeld = 3
)

// faults spoils the packets of one track by a seeded pattern.
type faults struct {
	server *Server
	random *rand.Rand
	passed int    // packets since PLAY
	held   []byte // the frame that waits for later ones
	later  int    // how many more it lets go first
	gone   bool   // one has gone
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
func (f *faults) pass(out []byte, start int) (_ []byte, kept bool) {
	cfg := &f.server.cfg
	f.passed++
	chance := f.random.Float64() // drawn for spared packets too: the pattern depends on the seed alone
	if f.passed > spared {
		switch {
		case chance < cfg.Drop:
			f.server.dropped.Add(1)
			return out[:start], false
		case chance < cfg.Drop+cfg.Duplicate:
			f.server.duplicated.Add(1)
			out = append(out, out[start:]...)
		case chance < cfg.Drop+cfg.Duplicate+cfg.Reorder && f.held == nil:
			f.held = append([]byte(nil), out[start:]...)
			f.later = 1 + f.random.IntN(maxHeld)
			return out[:start], true
		}
	}
	if f.held != nil {
		f.gone = true
		if f.later--; f.later == 0 {
			out = f.flush(out)
		}
	}
	return out, true
}

// flush sends what is held still. It is counted if later ones have gone.
func (f *faults) flush(out []byte) []byte {
	if f.gone {
		f.server.reordered.Add(1)
	}
	out = append(out, f.held...)
	f.held, f.gone = nil, false
	return out
}
