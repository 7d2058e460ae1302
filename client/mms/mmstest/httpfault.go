package mmstest

import (
	"strings"

	"tapedeck/client/mms/wire"
)

// Fault is what is wrong with a reply over HTTP: the rows of bad input that a
// client has to survive. After it the connection ends.
type Fault uint8

const (
	NoFault Fault = iota

	// In the head of a reply.
	FaultSilence    // nothing comes after the request
	FaultHalfHead   // nothing comes after half of a head
	FaultEndless    // lines of a head without end
	FaultLongLine   // one line without end
	FaultLength     // a Content-Length below 0
	FaultHugeLength // one that nobody can hold; the body is as it should be
	FaultChunkSize  // a chunk of HTTP/1.1 of more bytes than there are numbers
	FaultNotHTTP    // no reply of HTTP at all
	lastHeadFault

	// In the chunks of the body, a header's.
	FaultNoLast    // pieces of a header, without end
	FaultSamePiece // the same piece, without end
	FaultNoASF     // a header that is none
	FaultCutHeader // the connection ends in a header

	// In the chunks of the body, in place of a packet.
	FaultGarbage     // bytes that are no chunk
	FaultSmallSize   // a size that does not hold its own head
	FaultLargeSize   // a size larger than the length; the packet is as it should be
	FaultNoPayload   // a packet of nothing, in front of each other one
	FaultLongPacket  // a packet longer than the header says
	FaultHeaders     // new headers and no packets, without end
	FaultEnds        // ends without end
	FaultCutPacket   // the connection ends in a packet
	FaultHangInWords // half a packet, and then nothing
)

// Bounds of what is without end: far above what a client may take.
const (
	endlessBytes  = 64 << 20
	endlessHeader = 4 << 20
	endlessRounds = 100_000
)

// fault sends a broken reply of which body is the sound one; it ends the
// connection.
func (w *webConn) fault(f Fault, h *webHead, body []byte) bool {
	switch f {
	case FaultSilence:
		w.hold()
		return false
	case FaultHalfHead:
		w.out.put([]byte("HTTP/1.0 200 OK\r\nServer: Cou"))
		w.hold()
		return false
	case FaultEndless:
		w.out.put([]byte("HTTP/1.0 200 OK\r\n"))
		w.repeat([]byte("X-Line: one more\r\n"), endlessBytes)
		return false
	case FaultLongLine:
		w.out.put([]byte("HTTP/1.0 200 OK\r\nX-Line: "))
		w.repeat([]byte(strings.Repeat("a", 4096)), endlessBytes)
		return false
	case FaultLength:
		h.line("Content-Length", "-1")
	case FaultHugeLength:
		h.line("Content-Length", "9223372036854775808")
	case FaultChunkSize:
		h.line("Transfer-Encoding", "chunked")
		body = append([]byte("10000000000000010\r\n"), body...)
	case FaultNotHTTP:
		w.out.put([]byte("ICY 200 OK\r\n\r\n"))
		return false
	default:
		w.out.put(h.bytes())
		w.faultyHeader(f, body)
		return false
	}
	w.out.put(append(h.bytes(), body...))
	return false
}

// faultyHeader sends a broken header.
func (w *webConn) faultyHeader(f Fault, body []byte) {
	piece := wire.Chunk{Kind: wire.ChunkHeader, Flags: wire.HeaderPiece, Payload: make([]byte, 1000)}
	switch f {
	case FaultNoLast:
		for n := range endlessHeader / len(piece.Payload) {
			piece.Location = uint32(n)
			if !w.out.put(wire.AppendChunk(nil, &piece)) {
				return
			}
			piece.Flags = 0
		}
	case FaultSamePiece:
		w.out.put(wire.AppendChunk(nil, &piece))
		piece.Location, piece.Flags = 1, 0
		w.repeat(wire.AppendChunk(nil, &piece), endlessHeader)
	case FaultNoASF:
		piece.Flags |= wire.HeaderLast
		w.out.put(wire.AppendChunk(nil, &piece))
	default:
		w.out.put(body[:len(body)/2])
	}
}

// repeat writes the same bytes until the client has enough.
func (w *webConn) repeat(b []byte, total int) {
	var many []byte
	for len(many) < 64<<10 {
		many = append(many, b...)
	}
	for n := 0; n < total && w.out.put(many); n += len(many) {
	}
}

// hold waits until the client goes.
func (w *webConn) hold() {
	for {
		select {
		case req := <-w.requests:
			if req == nil {
				return
			}
		case <-w.s.done:
			return
		}
	}
}

// broken is packet with the fault of a Play.
func (f *flow) broken(item *Item) next {
	good := wire.AppendChunk(nil, &wire.Chunk{Kind: wire.ChunkData, Location: item.Number, Flags: f.number, Payload: item.Data})
	f.number++
	switch f.w.o.Play {
	case FaultLargeSize:
		good[10], good[11] = 0xFF, 0xFF
		return f.write(good)
	case FaultNoPayload:
		empty := wire.AppendChunk(nil, &wire.Chunk{Kind: wire.ChunkData, Location: item.Number, Flags: f.number})
		return f.write(append(empty, good...))
	case FaultSmallSize:
		good[10], good[11] = 7, 0
		f.write(good)
	case FaultGarbage:
		f.write([]byte("<html>"))
	case FaultLongPacket:
		f.write(wire.AppendChunk(nil, &wire.Chunk{Kind: wire.ChunkData, Payload: make([]byte, wire.MaxPayload)}))
	case FaultHeaders:
		loop := wire.AppendReason(nil, wire.ChunkChange, 0)
		loop = f.w.appendHeader(loop, f.req, f.p, int(f.ses.entry.Load()))
		for range endlessRounds {
			if f.write(loop) != goOn {
				break
			}
		}
	case FaultEnds:
		end := wire.AppendReason(nil, wire.ChunkEnd, wire.EndOfEntry)
		for range endlessRounds {
			if f.write(end) != goOn {
				break
			}
		}
	case FaultHangInWords:
		f.write(good[:len(good)/2])
		f.w.hold()
	default:
		f.write(good[:len(good)/2])
	}
	return hangUp
}

// write sends bytes at once, behind what is held.
func (f *flow) write(b []byte) next {
	f.held = append(f.held, b...)
	if !f.flush() {
		return hangUp
	}
	return goOn
}
