package mms

import (
	"time"

	"tapedeck/client/mms/wire"
)

const (
	// resendPatience is how long a missing datagram may still come by itself:
	// others have overtaken it.
	resendPatience = 30 * time.Millisecond

	// resendMargin is how much longer than a round trip an answer may take.
	resendMargin = 200 * time.Millisecond

	// requestGap is the least time between two rounds of requests, so that a
	// link which is full is not filled further.
	requestGap = 40 * time.Millisecond

	maxAsks = 3 // for one packet

	minHold = time.Second
	maxHold = 2 * time.Second
)

// Microsoft's own rules for these requests are not documented ([MS-MMSP] says
// how one looks, not when it is sent): a missing packet is asked for after a
// moment, and again when an answer should have come.

// again is how long an answer to a request is waited for.
func (r *reorder) again() time.Duration { return r.rtt + resendMargin }

// due is when the packet in t is to be asked for, the zero time if never.
func (r *reorder) due(t *slot) time.Time {
	switch {
	case !r.resends || t.asks == maxAsks || t.state != missing && t.state != guessed:
		return time.Time{}
	case t.asks == 0:
		return t.since.Add(resendPatience)
	}
	return t.asked.Add(r.again())
}

// nextAsk is when the next request is to be sent, the zero time if none is.
func (r *reorder) nextAsk() (first time.Time) {
	for seq := r.next; seq != r.end; seq++ {
		if at := r.due(r.slot(seq)); !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if earliest := r.asked.Add(requestGap); !first.IsZero() && first.Before(earliest) {
		return earliest
	}
	return first
}

// ask sends requests for what is due: send is called with at most
// wire.MaxResend numbers, which are valid during the call.
func (r *reorder) ask(now time.Time, send func(sequences []uint32)) {
	if !r.resends || r.empty() || now.Sub(r.asked) < requestGap {
		return
	}
	batch := r.wanted[:0]
	flush := func() {
		if len(batch) > 0 {
			r.asked = now
			r.requests++
			send(batch)
			batch = batch[:0]
		}
	}
	for seq := r.next; seq != r.end; seq++ {
		t := r.slot(seq)
		if at := r.due(t); at.IsZero() || at.After(now) {
			continue
		}
		t.asks++
		t.asked = now
		if batch = append(batch, seq); len(batch) == wire.MaxResend {
			flush()
		}
	}
	flush()
}
