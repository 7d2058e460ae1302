package ts

import (
	"encoding/binary"

	"tapedeck/client/media"
)

// pid is what is known of the packets with one PID: a table, or a stream.
type pid struct {
	number uint16
	table  *section // nil: a stream

	// The packets' counter.
	counted bool
	counter byte
	print   [2]uint64 // of the last payload

	// A stream's.
	d         *Demuxer
	sink      *sink
	kind      byte        // stream type
	base      media.Track // as the PMT announces it
	es        elementary  // nil: there is a Problem
	scrambled bool        // the last packet was
	state     pesState
	head      []byte // of a PES packet whose header is not complete
	left      int    // bytes of the PES packet that are to come; -1: not told
}

// What a packet's counter says.
type counterStep int

const (
	counterGoesOn counterStep = iota
	counterRepeats
	counterJumps
)

// count follows the counter. A packet may be sent twice. There are encoders
// whose counter stands still: then the payload is another one.
func (p *pid) count(counter byte, payload []byte) counterStep {
	step := counterGoesOn
	print := fingerprint(payload)
	if p.counted {
		switch counter {
		case (p.counter + 1) & 0x0f:
		case p.counter:
			if print == p.print {
				step = counterRepeats
			}
		default:
			step = counterJumps
		}
	}
	p.counted, p.counter, p.print = true, counter, print
	return step
}

// fingerprint tells payloads apart by their ends.
func fingerprint(b []byte) (f [2]uint64) {
	if len(b) < 8 {
		for _, c := range b {
			f[0] = f[0]<<8 | uint64(c)
		}
		f[1] = uint64(len(b))
		return f
	}
	return [2]uint64{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[len(b)-8:])}
}

// track describes the stream as it is known.
func (p *pid) track() media.Track {
	t := p.base
	if p.es != nil {
		p.es.describe(&t)
	}
	if p.scrambled {
		t.Problem = "it is scrambled: a decoder card is needed"
	}
	return t
}

// scramble says whether the payload can be read.
func (p *pid) scramble(on bool) {
	if p.scrambled == on {
		return
	}
	p.scrambled, p.d.out.outdated = on, true
	if on {
		p.lose()
	}
}

// lose is called where packets are missing: what is partial is dropped.
func (p *pid) lose() {
	if p.table != nil {
		p.table.drop()
		return
	}
	if p.es == nil {
		return
	}
	p.state = pesNone
	p.es.lose()
}

func (p *pid) reset() {
	p.counted = false
	if p.table != nil {
		p.table.drop()
		return
	}
	p.state = pesNone
	if p.es != nil {
		p.es.reset()
	}
}

// finish is the end of a segment.
func (p *pid) finish() {
	p.state = pesNone
	if p.es != nil {
		p.es.flush()
	}
}
