package mmstest

import (
	"slices"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/mms/wire"
)

const (
	maxHeld    = 64 << 10 // bytes of packets that are written at once
	maxEntries = 1 << 20  // of a list that a client may name

	// Waits before a change of the entry ([MS-WMSP] 3.2.4.2).
	selectGrace  = 8 * time.Second
	maxClientLag = 15 * time.Second

	keepOpenEnds = 512 // of [MS-WMSP] 3.2.4.1
)

func milliseconds(n uint32) time.Duration { return time.Duration(n) * time.Millisecond }

// flow is what is sent as the reply to a Play, and to what follows on the same
// connection. Its goroutine is the connection's.
type flow struct {
	w   *webConn
	req *webRequest // that asked for what is sent now
	ses *webSession
	p   *Programme
	r   *Reader

	chunked bool
	predict bool // the next entry begins without being asked for
	number  byte // of the next packet (AFFlags)

	held []byte        // not written yet
	last int           // where the last packet in it begins; -1 none
	due  []*webRequest // that are answered behind the reply
}

// next is what becomes of a flow.
type next uint8

const (
	goOn    next = iota
	over         // the reply is complete; the connection stays
	hangUp       // it does not
	nextOne      // the entry that was waited with is asked for
)

// play answers a Play ([MS-WMSP] 3.2.5.6).
func (w *webConn) play(req *webRequest) bool {
	p, ok := w.s.programme(req.path)
	if !ok {
		return w.refuse(req, 404)
	}
	ses, reset := w.s.web.open(req, w.o.Idle)
	if !ses.begin() {
		return w.refuse(req, 400)
	}
	f := &flow{
		w: w, req: req, ses: ses, p: p, last: -1,
		chunked: req.minor > 0 && req.pragmas.Has("version11-enabled") && !w.o.NoPipeline,
		predict: !w.o.NoPredict && req.supports(predictFeature),
	}
	defer func() { ses.become(webIdle, w.o.Idle) }()
	from, before := f.position()
	if !f.begin(reset, from, before) {
		return false
	}
	for {
		switch f.step() {
		case goOn:
		case over:
			return f.settle() && !f.req.close
		case hangUp, nextOne:
			return false
		}
	}
}

// position is the entry that a Play begins with, and the one whose header comes
// first where it is another. A client may go on from the entry that it knows, or
// skip from it.
func (f *flow) position() (from, before int) {
	now := f.p.NowEntry(f.w.s.began, time.Now(), f.w.s.o.Speed)
	id, ok := f.req.pragmas.Number("playlist-seek-id")
	if !ok || id == 0 || id > maxEntries {
		return now, now
	}
	known := int(id) - 1
	if e, exists := f.p.Entry(known); !exists || e.Live {
		return now, now
	}
	to := known
	switch offset, _ := f.req.pragmas.Get("pl-offset"); offset {
	case "1":
		to++
	case "-1":
		to--
	}
	if to < 0 {
		return known, known
	}
	if _, ok := f.p.Entry(to); !ok {
		return known, known
	}
	return to, known
}

// begin sends the head and the header.
func (f *flow) begin(reset bool, from, before int) bool {
	w := f.w
	f.ses.entry.Store(int64(from))
	if !f.chunked {
		f.req.close = !w.o.KeepOpen // nothing else says where it ends
	}
	h := w.head(f.req, 200)
	h.session(f.ses, w.o.Idle)
	h.pragma(`features="` + w.features(f.req, f.p, before) + `"`)
	if reset {
		h.pragma("xResetStrm=1")
	}
	for _, name := range []string{"AccelBW", "AccelDuration", "Speed"} {
		if v, ok := f.req.pragmas.Get(name); ok && w.o.modern() {
			h.pragma(name + "=" + v)
		}
	}
	changed := from != before || w.o.NewHeader
	if changed {
		h.pragma("expect-new-header=1")
	}
	h.line("Content-Type", w.contentType("application/x-mms-framed"))
	if f.chunked {
		h.line("Transfer-Encoding", "chunked")
	}
	if w.o.Play != NoFault && w.o.Play <= lastHeadFault {
		return w.fault(w.o.Play, h, nil)
	}
	if !w.out.put(h.bytes()) {
		return false
	}
	f.held = w.appendHeader(f.held, f.req, f.p, before)
	if changed {
		f.held = wire.AppendReason(f.held, wire.ChunkChange, 0)
		f.held = w.appendHeader(f.held, f.req, f.p, from)
	}
	f.read(from, f.req.place())
	f.r.Select(f.req.switches)
	return true
}

// read begins to read an entry from a place on.
func (f *flow) read(entry int, from Place) {
	f.r = f.p.Read(entry, from, f.w.s.o.Padding, f.w.s.pace())
}

// step sends what comes next.
func (f *flow) step() next {
	item := f.r.Next()
	if n := f.until(item.Due); n != goOn {
		return n
	}
	switch item.Kind {
	case Media:
		return f.packet(&item)
	case EntryEnd:
		f.held = wire.AppendReason(f.held, wire.ChunkEnd, wire.EndOfEntry)
		return f.entry(f.r.Entry())
	case End:
	}
	return f.finish()
}

// packet puts a packet into what is written when there is a wait, or enough.
func (f *flow) packet(item *Item) next {
	if f.w.o.Play != NoFault {
		return f.broken(item)
	}
	// The B bit is set where the next one follows at once. Players that claim a
	// version before 9 take it for garbage: VLC, ffmpeg.
	if f.last >= 0 && f.req.version >= 9 {
		f.held[f.last] = 0xA4
	}
	f.last = len(f.held)
	f.held = wire.AppendChunk(f.held, &wire.Chunk{
		Kind: wire.ChunkData, Location: item.Number, Flags: f.number, Payload: item.Data,
	})
	f.number++
	if f.w.o.Unknown {
		f.held = append(f.held, '$', 'X', 3, 0, '$', 'D', 1)
	}
	f.w.s.count(func(st *Stats) { st.Packets++ })
	if len(f.held) >= maxHeld && !f.flush() {
		return hangUp
	}
	return goOn
}

// flush writes what is held.
func (f *flow) flush() bool {
	b := f.held
	f.held, f.last = f.held[:0], -1
	switch {
	case len(b) == 0:
		return true
	case f.chunked:
		return f.w.out.chunk(b)
	}
	return f.w.out.put(b)
}

// until waits, and looks at what the client wants meanwhile.
func (f *flow) until(due time.Time) next {
	wait := time.Until(due)
	if wait > 0 && !f.flush() {
		return hangUp
	}
	timer := time.NewTimer(max(0, wait))
	defer timer.Stop()
	for {
		select {
		case <-f.w.s.done:
			return hangUp
		case <-f.w.s.offAir(f.p):
			return f.finish()
		case req := <-f.w.requests:
			if n := f.asked(req); n != goOn {
				return n
			}
		case <-f.ses.wake:
			if n := f.ordered(); n != goOn {
				return n
			}
		case <-timer.C:
			return goOn
		}
	}
}

// ordered takes what came on other connections.
func (f *flow) ordered() next {
	entries, stopped := f.ses.news()
	f.r.Select(entries)
	if stopped {
		return f.finish()
	}
	return goOn
}

// finish says that all is over.
func (f *flow) finish() next {
	f.held = wire.AppendReason(f.held, wire.ChunkEnd, wire.EndOfAll)
	f.ses.become(webIdle, f.w.o.Idle)
	if f.chunked {
		if f.flush() && f.w.out.lastChunk() {
			return over
		}
		return hangUp
	}
	if f.w.o.KeepOpen {
		for range keepOpenEnds - 1 {
			f.held = wire.AppendReason(f.held, wire.ChunkEnd, wire.EndOfAll)
		}
	}
	if !f.flush() {
		return hangUp
	}
	if f.w.o.KeepOpen {
		return over
	}
	return hangUp
}

// settle answers what waited for the end of the reply.
func (f *flow) settle() bool {
	for _, req := range f.due {
		if req.kind == askLog {
			f.w.s.keepLog(req)
		}
		if !f.w.acknowledge(req, f.ses) {
			return false
		}
	}
	f.due = nil
	return true
}

// entry changes to a new one ([MS-WMSP] 3.2.4.2).
func (f *flow) entry(n int) next {
	if done := f.until(f.changeTime()); done != goOn {
		return done
	}
	f.ses.entry.Store(int64(n))
	f.held = wire.AppendReason(f.held, wire.ChunkChange, 0)
	f.held = f.w.appendHeader(f.held, f.req, f.p, n)
	if f.predict {
		f.read(n, Place{})
		f.r.Select(f.suitable(n))
		return goOn
	}
	return f.wait(n)
}

// changeTime is when the client is ready for a change, as it said, and has had
// time for its last choice.
func (f *flow) changeTime() time.Time {
	lag, _ := f.req.pragmas.Number("client-lag")
	at := time.Now().Add(min(milliseconds(lag), maxClientLag))
	if chosen := f.ses.lastChoice(); !chosen.IsZero() {
		if grace := chosen.Add(scale(selectGrace, 1/f.w.s.o.Speed)); grace.After(at) {
			at = grace
		}
	}
	return at
}

// suitable are the streams of a new entry that the server chooses itself.
func (f *flow) suitable(n int) []wire.StreamEntry {
	e, _ := f.p.Entry(n)
	var chosen []int
	if h, err := asf.Parse(e.Header); err == nil {
		chosen = asf.Choose(h, 0, "")
	}
	entries := make([]wire.StreamEntry, 0, len(e.Streams))
	for _, stream := range e.Streams {
		thin := wire.ThinAll
		if slices.Contains(chosen, stream) {
			thin = wire.ThinNone
		}
		entries = append(entries, wire.StreamEntry{From: wire.NoStream, To: uint16(stream), Thin: thin})
	}
	return entries
}

// wait is for what the client chooses of a new entry: a SelectStream on another
// connection, or a PlayNextEntry on this one.
func (f *flow) wait(n int) next {
	if !f.flush() {
		return hangUp
	}
	f.ses.become(webWaiting, f.w.o.Idle)
	timer := time.NewTimer(f.w.o.Idle)
	defer timer.Stop()
	for {
		select {
		case <-f.w.s.done:
			return hangUp
		case <-timer.C:
			return hangUp
		case <-f.ses.wake:
			entries, stopped := f.ses.news()
			if stopped {
				return f.finish()
			}
			if len(entries) > 0 {
				f.resume(n, entries)
				return goOn
			}
		case req := <-f.w.requests:
			switch done := f.asked(req); done {
			case goOn:
			case nextOne:
				f.resume(n, f.req.switches)
				return goOn
			default:
				return done
			}
		}
	}
}

// resume sends the entry that was waited with.
func (f *flow) resume(n int, entries []wire.StreamEntry) {
	f.ses.become(webStreaming, f.w.o.Idle)
	f.read(n, Place{})
	f.r.Select(entries)
}
