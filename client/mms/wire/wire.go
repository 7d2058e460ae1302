// Package wire is the bytes of Windows Media's protocols, both directions, for
// the client and for the server of its tests: the messages and data packets of
// MMS over TCP and UDP ([MS-MMSP], files mmsp*.go), and the chunks and pragmas
// of MMS over HTTP ([MS-WMSP], files wmsp*.go). It does no I/O. What it returns
// of bytes shares the memory of what it was given; what it returns of text is as
// the peer sent it and must be cleaned before it is shown.
//
// A TCP connection carries control packets and data packets, in any mixture.
// Split says where the next one ends, so that one large read is cut into its
// packets where it lies:
//
//	for {
//		kind, n, err := wire.Split(buf[start:end])
//		if err != nil {
//			return err // nothing after it can be understood
//		}
//		if n == 0 || n > end-start {
//			break // more bytes are needed: n of them, if it is known
//		}
//		packet := buf[start : start+n]
//		start += n
//		switch kind {
//		case wire.Data:
//			d, err := wire.ParseData(packet)      // d.Payload lies in buf
//		case wire.Control:
//			for rest := wire.Messages(packet); len(rest) > 0; {
//				var m wire.Message
//				m, rest, err = wire.Next(rest)
//				switch m.ID {
//				case wire.MIDReportOpenFile:
//					r, err := wire.ParseReportOpenFile(m)
//				}
//			}
//		}
//	}
//
// Every message is a struct that appends itself, and AppendControl makes the
// packet around it:
//
//	b = wire.AppendControl(b[:0], seq, elapsed, wire.StopPlaying{OpenFileID: id, Incarnation: inc})
//
// A datagram is one data packet (ParseDatagram); lost ones are asked for again
// with a Resend.
package wire

import (
	"errors"
	"fmt"
)

// ErrMalformed is under every error of this package.
var ErrMalformed = errors.New("malformed packet")

func malformed(format string, args ...any) error {
	return fmt.Errorf("mms: %w: "+format, append([]any{ErrMalformed}, args...)...)
}
