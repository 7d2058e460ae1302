package mmstest

// maxDue bounds the requests that wait for the end of a reply.
const maxDue = 64

// asked looks at a request that came on the connection of the stream. Its reply
// can only come behind that of the Play, which must have an end for that: a chunk
// of no bytes.
func (f *flow) asked(req *webRequest) next {
	if req == nil || !f.chunked {
		return hangUp // the client is gone, or it does not know what it does
	}
	if len(f.due) == maxDue {
		return hangUp
	}
	f.w.s.said("http " + req.kind.String())
	f.w.s.web.note(req)
	switch req.kind {
	case askAlive, askLog, askInfo:
		f.due = append(f.due, req)
		return goOn
	case askStop:
		f.held = f.held[:0]
		f.due = append(f.due, req)
		f.ses.become(webIdle, f.w.o.Idle)
		if !f.w.out.lastChunk() {
			return hangUp
		}
		return over
	case askSelect:
		if !f.reply(req) {
			return hangUp
		}
		f.r.Select(req.switches)
		return goOn
	case askNext:
		if !f.reply(req) {
			return hangUp
		}
		if f.ses.waiting() {
			return nextOne
		}
		f.r.Select(req.switches) // in place of what the server chose
		return goOn
	case askNothing, askDescribe, askPlay, askPipeline, askEvent:
	}
	return hangUp
}

// reply ends the reply that is being sent and begins that to req.
func (f *flow) reply(req *webRequest) bool {
	if !f.flush() || !f.w.out.lastChunk() || !f.settle() {
		return false
	}
	f.req = req
	h := f.w.head(req, 200)
	h.session(f.ses, f.w.o.Idle)
	h.pragma(`features="` + f.w.features(req, f.p, int(f.ses.entry.Load())) + `"`)
	h.line("Content-Type", f.w.contentType("application/x-mms-framed"))
	h.line("Transfer-Encoding", "chunked")
	return f.w.out.put(h.bytes())
}
