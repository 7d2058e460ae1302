package mmstest

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"tapedeck/client/mms/wire"
)

// symptom is what a client without patience sees of a reply.
func symptom(c *webClient) string {
	if err := c.c.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		return err.Error()
	}
	limited := &io.LimitedReader{R: c.r, N: 8 << 20}
	var read []byte
	for !bytes.HasSuffix(read, []byte("\r\n\r\n")) {
		b, err := c.r.ReadByte()
		if err != nil {
			return "head: " + reason(err)
		}
		if read = append(read, b); len(read) > 1<<16 {
			return "head: endless"
		}
	}
	head := string(read)
	if !strings.HasPrefix(head, "HTTP/1.0 200 OK\r\n") {
		return "no HTTP"
	}
	for _, line := range []string{"Content-Length: -1", "Content-Length: 9223372036854775808", "Transfer-Encoding"} {
		if strings.Contains(head, line) {
			return line
		}
	}
	return chunks(limited)
}

// chunks reads a body.
func chunks(r *io.LimitedReader) string {
	var b wire.ChunkBuffer
	var p wire.Pieces
	kinds := ""
	for {
		var c wire.Chunk
		more, err := b.Next(&c)
		if err != nil {
			return kinds + ": " + err.Error()
		}
		if more {
			if kinds = addKind(kinds, &c); len(kinds) > 30 {
				return kinds[:10] + " endless"
			}
			if c.Kind == wire.ChunkHeader {
				if _, err := p.Add(&c); err != nil {
					return kinds + ": " + err.Error()
				}
			}
			continue
		}
		n, err := r.Read(b.Room())
		if b.Filled(n); n > 0 {
			continue
		}
		if b.Pending() > 0 {
			return kinds + ": cut, " + reason(err)
		}
		return kinds + ": " + reason(err)
	}
}

func reason(err error) string {
	if e, ok := err.(net.Error); ok && e.Timeout() {
		return "silence"
	}
	return err.Error()
}

func TestFaults(t *testing.T) {
	for name, row := range map[string]struct {
		describe, play Fault
		want           string
	}{
		"silence":     {describe: FaultSilence, want: "head: silence"},
		"half a head": {describe: FaultHalfHead, want: "head: silence"},
		"endless":     {describe: FaultEndless, want: "head: endless"},
		"long line":   {describe: FaultLongLine, want: "head: endless"},
		"length":      {describe: FaultLength, want: "Content-Length: -1"},
		"huge length": {play: FaultHugeLength, want: "Content-Length: 9223372036854775808"},
		"chunk size":  {play: FaultChunkSize, want: "Transfer-Encoding"},
		"no HTTP":     {describe: FaultNotHTTP, want: "no HTTP"},
		"no last":     {describe: FaultNoLast, want: "HHHHHHHHHH endless"},
		"same piece":  {describe: FaultSamePiece, want: "HHHHHHHHHH endless"},
		"no ASF":      {describe: FaultNoASF, want: "H: EOF"},
		"cut header":  {describe: FaultCutHeader, want: "M: cut, EOF"},
		"garbage":     {play: FaultGarbage, want: "MH: mms: malformed packet: a chunk that begins with 0x3C"},
		"small size":  {play: FaultSmallSize, want: "MH: mms: malformed packet: chunk 'D' with a packet of 7 bytes"},
		"large size":  {play: FaultLargeSize, want: "MHD*E0: EOF"},
		"no payload":  {play: FaultNoPayload, want: "MHD*E0: EOF"},
		"long packet": {play: FaultLongPacket, want: "MHD*: EOF"},
		"headers":     {play: FaultHeaders, want: "MHC0MHC0MH endless"},
		"ends":        {play: FaultEnds, want: "MHE1: mms: malformed packet: 1025 ends in a row"},
		"cut packet":  {play: FaultCutPacket, want: "MH: cut, EOF"},
		"words":       {play: FaultHangInWords, want: "MH: cut, silence"},
	} {
		t.Run(name, func(t *testing.T) {
			s := webServer(t, Options{Web: WebOptions{Describe: row.describe, Play: row.play}})
			c := connect(t, s)
			if row.describe != NoFault {
				c.send("GET /film.asf HTTP/1.0")
			} else {
				c.send("GET /film.asf HTTP/1.0", "xPlayStrm=1", all)
			}
			if got := symptom(c); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

// TestMannersOverHTTP: what becomes of connections of HTTP.
func TestMannersOverHTTP(t *testing.T) {
	for manner, want := range map[Manner]string{Refuse: "head: EOF", Silent: "head: silence"} {
		s := webServer(t, Options{HTTP: manner})
		c := connect(t, s)
		c.send("GET /film.asf HTTP/1.0")
		if got := symptom(c); got != want && !strings.Contains(got, "reset") {
			t.Errorf("%v: %q", manner, got)
		}
	}
}
