package mms

import (
	"time"

	"tapedeck/client/asf"
)

const (
	// quick is how long a player is asked to buffer, where the header asks for
	// more: three seconds are usual, for the modems of their time.
	quick = 300 * time.Millisecond

	// maxPreroll bounds the preroll that is believed.
	maxPreroll = time.Hour

	// lagRoom is added to what packets are late by: they differ.
	lagRoom = 200 * time.Millisecond

	// firstSpan and firstChunk bound the first chunk of a header, if so much is at
	// hand: from it the player's wait is reckoned.
	firstSpan  = time.Second
	firstChunk = 512 << 10
)

// preroll is how long the player is asked to wait before it shows anything. The
// less the sooner it begins; but an encoder of constant bit rate sends an object
// later than its time by up to the file's preroll, and what comes after its turn
// is dropped. VLC 3.0.24 then plays no sound at all.
//
//	preroll of the file   ├──────────────────────────────┤
//	asked for             ├────────────┤ = lag + room
//	ahead                              ├─────────────────┤  taken off the presentation times
type preroll struct {
	file  time.Duration // the header's preroll
	asked time.Duration
	ahead uint32        // what is taken off the presentation times, ms; it wraps
	lag   time.Duration // the most that an object came after its time

	raised bool // in the middle of what is played
	bare   bool // the presentation times have no preroll in them
}

// begin asks for as little as may do.
func (p *preroll) begin(file time.Duration) {
	*p = preroll{file: file, asked: file}
	if file > quick && file < maxPreroll {
		p.ask(quick)
	}
}

func (p *preroll) ask(d time.Duration) {
	p.asked = min(d, p.file)
	p.ahead = uint32((p.inTimes() - p.asked) / time.Millisecond)
}

// leaveOut is for VLC's own server, whose presentation times do not have the
// preroll in them that its header tells: a player that takes it off would find
// each picture late.
func (p *preroll) leaveOut() {
	if p.ahead != 0 && !p.bare {
		p.bare, p.lag = true, 0
		p.ask(p.asked)
	}
}

// inTimes is how far presentation times are ahead of the content's.
func (p *preroll) inTimes() time.Duration {
	if p.bare {
		return 0
	}
	return p.file
}

// see takes in a payload with which an object ends, in a packet that was sent at
// send.
func (p *preroll) see(send uint32, pl *asf.Payload) {
	if p.asked == p.file || !pl.Timed || pl.Size != pl.Offset+uint32(len(pl.Data)) {
		return
	}
	due := pl.Time - uint32(p.inTimes()/time.Millisecond)
	p.lag = max(p.lag, time.Duration(int32(send-due))*time.Millisecond)
}

// short reports whether more has to be asked for.
func (p *preroll) short() bool { return p.asked < p.file && p.lag+lagRoom > p.asked }

// longer asks for what is needed now. Who has begun begins anew for it: the second
// time it is asked for all that the file does.
func (p *preroll) longer(begun bool) {
	need := (p.lag + 2*lagRoom).Round(lagRoom)
	if begun && p.raised {
		need = p.file
	}
	p.raised = p.raised || begun
	p.ask(need)
}

// lengthen has the player wait longer, if it must. A chunk that nobody has seen
// yet and that begins with the header is changed; otherwise the next one that a
// decoder can start at has another header.
func (r *reader) lengthen(startsHere bool) {
	if !r.preroll.short() {
		return
	}
	first := r.chunk.Init != nil && r.making()
	if !first && !startsHere {
		return
	}
	before := r.preroll.ahead
	r.preroll.longer(!first)
	r.init = r.sel.head.Keep(r.sel.streams, r.preroll.asked)
	if !first {
		r.due = true
		return
	}
	r.chunk.Init = r.init
	for b := r.buf[r.fill]; len(b) >= r.size; b = b[r.size:] {
		asf.Shift(b[:r.size], r.size, 0, r.preroll.ahead-before) // less than before is later
	}
}

// limits bound the chunk in the making, in bytes and in time.
func (r *reader) limits() (size int, span time.Duration) {
	if r.chunk.Init != nil && r.preroll.asked < r.preroll.file {
		return firstChunk, firstSpan
	}
	return maxChunk, maxSpan
}
