package mmstest

import (
	"bytes"
	"fmt"
	"time"

	"tapedeck/client/mms/wire"
)

var (
	guidScript  = guid("1EFB1A30-0B62-11D0-A39B-00A0C90348F6")
	guidScript2 = guid("4B1ACBE3-100B-11D0-A39B-00A0C90348F6")
)

// scriptPreroll is what servers put into a header that points elsewhere.
const scriptPreroll = 479 * time.Millisecond

// elsewhere is a header without streams whose one script command names another
// link, as players before version 7 are redirected ([MS-WMSP] 3.2.5.4):
//
//	Script Command { commands 1, types 1, "FILENAME", at the preroll: type 0, link }
func elsewhere(link string) []byte {
	const packet = 1400
	kind, to := wire.AppendText(nil, "FILENAME"), wire.AppendText(nil, link)
	properties := object(guidFile, guidID, numbers(
		uint64(0), uint64(0), uint64(0), hundredNanos(scriptPreroll), uint64(0), uint64(millis(scriptPreroll)),
		uint32(0), uint32(packet), uint32(packet), uint32(0),
	))
	script := object(guidScript, guidScript2, numbers(uint16(1), uint16(1), uint16(len(kind)/2)), kind,
		numbers(millis(scriptPreroll), uint16(0), uint16(len(to)/2)), to)
	header := object(guidHeader, numbers(uint32(2), byte(1), byte(2)), bytes.Join([][]byte{properties, script}, nil))
	return append(header, object(guidData, guidID, numbers(uint64(0), uint16(0x0101)))...)
}

// sendElsewhere redirects a player of an old version.
func (w *webConn) sendElsewhere(req *webRequest, to string) bool {
	body := wire.AppendPieces(nil, wire.ChunkHeader, elsewhere(to), w.o.HeaderPiece)
	if req.kind == askPlay {
		body = wire.AppendReason(body, wire.ChunkEnd, wire.EndOfAll)
	}
	h := w.head(req, 200)
	h.line("Content-Type", "application/octet-stream")
	h.line("Content-Length", fmt.Sprint(len(body)))
	return w.out.put(append(h.bytes(), body...)) && !req.close
}
