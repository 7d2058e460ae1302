package wire

import "encoding/binary"

// A data packet, over TCP between control packets and over UDP alone in a
// datagram ([MS-MMSP] 2.2.2):
//
//	0                   4         5         6                   8
//	+---------+---------+---------+---------+---------+---------+----
//	| location          | incarn. | flags   | length, all of it | payload
//	+---------+---------+---------+---------+---------+---------+----
const (
	dataHead = 8

	// MaxPayload is what fits into a data packet.
	MaxPayload = 0xFFFF - dataHead
)

// Flags of the pieces of an ASF header. A piece without either is one in the
// middle, which [MS-WMSP] allows and [MS-MMSP] does not speak of.
const (
	HeaderPiece byte = 0x04
	HeaderLast  byte = 0x08
)

// Incarnations that are no request's.
const (
	// NextEntry is on the header and the packets of the next entry of a server's
	// list, over TCP.
	NextEntry uint8 = 0xFF
	// PairIncarnation is on packet pairs.
	PairIncarnation uint8 = 0xFF
	// AmbiguousIncarnation is the one that a client must not use: see Split.
	AmbiguousIncarnation uint8 = sessionID & 0xFF
)

// The two datagrams by which a client may measure its link.
const (
	PairFirst  uint32 = 0xF0F0F000
	PairSecond uint32 = 0xF0F0F001
	PairFlags  byte   = 0x10
)

// DataPacket is a piece of an ASF header or an ASF packet.
type DataPacket struct {
	// Location is the piece's number, or that of the ASF packet in the file.
	Location    uint32
	Incarnation uint8 // of the request that it answers
	// Flags are HeaderPiece and HeaderLast with a header; with ASF packets the
	// low 8 bits of their number in the session.
	Flags   byte
	Payload []byte
}

// ParseData reads a data packet of which Split gave the bounds. Its payload may
// be empty.
func ParseData(b []byte) (DataPacket, error) {
	if len(b) < dataHead {
		return DataPacket{}, malformed("data packet of %d bytes", len(b))
	}
	n := int(binary.LittleEndian.Uint16(b[6:]))
	if n != len(b) {
		return DataPacket{}, malformed("data packet says that it has %d bytes, and has %d", n, len(b))
	}
	return DataPacket{
		Location:    binary.LittleEndian.Uint32(b),
		Incarnation: b[4],
		Flags:       b[5],
		Payload:     b[dataHead:],
	}, nil
}

// Append appends the packet. A payload of more than MaxPayload is a mistake of
// the caller.
func (d DataPacket) Append(dst []byte) []byte {
	if len(d.Payload) > MaxPayload {
		panic("wire: payload of a data packet too long")
	}
	dst = binary.LittleEndian.AppendUint32(dst, d.Location)
	dst = append(dst, d.Incarnation, d.Flags)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(dataHead+len(d.Payload)))
	return append(dst, d.Payload...)
}

// Resend asks a server for datagrams again; it goes by UDP to the port of the
// TCP connection ([MS-MMSP] 2.2.5):
//
//	0                   4                   8         10        12
//	+---------+---------+---------+---------+---------+---------+----
//	| 0D  F0   EF   BE  | client            | file    | count   | count times a number of 4
//	+---------+---------+---------+---------+---------+---------+----
type Resend struct {
	Client     uint32   // what ReportFunnelInfo said
	OpenFileID uint16   // its low half
	Sequences  []uint32 // 1 to MaxResend
}

// MaxResend is how many packets one request may ask for.
const MaxResend = 32

const (
	resendMagic = 0xBEEFF00D
	resendHead  = 12
)

// Append appends the request.
func (r Resend) Append(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, resendMagic)
	dst = le.AppendUint32(dst, r.Client)
	dst = le.AppendUint16(dst, r.OpenFileID)
	dst = le.AppendUint16(dst, uint16(len(r.Sequences)))
	for _, s := range r.Sequences {
		dst = le.AppendUint32(dst, s)
	}
	return dst
}

// ParseResend reads a request; the numbers are appended to into.
func ParseResend(b []byte, into []uint32) (Resend, error) {
	le := binary.LittleEndian
	if len(b) < resendHead || le.Uint32(b) != resendMagic {
		return Resend{}, malformed("resend request of %d bytes", len(b))
	}
	n := int(le.Uint16(b[10:]))
	if n < 1 || n > MaxResend || len(b)-resendHead < 4*n {
		return Resend{}, malformed("resend request of %d bytes for %d packets", len(b), n)
	}
	for i := range n {
		into = append(into, le.Uint32(b[resendHead+4*i:]))
	}
	return Resend{Client: le.Uint32(b[4:]), OpenFileID: le.Uint16(b[8:]), Sequences: into}, nil
}
