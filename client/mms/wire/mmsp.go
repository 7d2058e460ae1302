package wire

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Limits of what a peer may send.
const (
	MaxControl = 64 << 10 // bytes of a control packet, all of it
	MaxText    = 4096     // UTF-16 units of a string
	MaxToken   = 32 << 10 // bytes of a login token
)

// A control packet is a header (TcpMessageHeader, [MS-MMSP] 2.2.3) and messages:
//
//	 0         1         2         3
//	+---------+---------+---------+---------+
//	| 1       | 0       | 0       | 0       |  rep, version, minor, padding
//	| CE        FA        0B        B0      |  session id: what tells it from data
//	| length of the messages, and 16        |  4
//	| 4D        4D        53        20      |  "MMS "
//	| length of the packet / 8              |  4
//	| sequence          | 0                 |  2 + 2; old clients count in all 4
//	| time sent, ms                         |  8, any value; old clients: a float
//	| messages ...
//	+---------+---------+
const (
	controlHead = 32
	sessionID   = 0xB00BFACE
	seal        = 0x20534D4D
	lengthExtra = 16 // the length counts so many bytes of the header
)

// Kind is what a packet of a TCP connection is.
type Kind uint8

const (
	Control Kind = iota + 1 // messages: see Messages
	Data                    // media: see ParseData
)

// Split tells what the bytes of a TCP connection begin with, and how long it is
// with its header. While too few bytes are there to know, n is 0; n may be more
// than there are. After an error nothing more of the connection can be read.
//
// A data packet that looks like a control packet is of incarnation 0xCE, with
// flags 0xFA, and of 45067 bytes. A client that never uses incarnation 0xCE for
// what it asks cannot meet one.
func Split(b []byte) (kind Kind, n int, err error) {
	if len(b) < dataHead {
		return 0, 0, nil
	}
	if binary.LittleEndian.Uint32(b[4:]) != sessionID {
		n = int(binary.LittleEndian.Uint16(b[6:]))
		if n < dataHead {
			return 0, 0, malformed("data packet of %d bytes", n)
		}
		return Data, n, nil
	}
	if len(b) < 16 {
		return 0, 0, nil
	}
	length := int64(binary.LittleEndian.Uint32(b[8:]))
	if got := binary.LittleEndian.Uint32(b[12:]); got != seal {
		return 0, 0, malformed("seal 0x%08X", got)
	}
	if length < lengthExtra || length > MaxControl-controlHead+lengthExtra {
		return 0, 0, malformed("message length %d", length)
	}
	return Control, int(length) + controlHead - lengthExtra, nil
}

// Sequence is the number of a control packet. Servers that are not Microsoft's
// begin anywhere and jump.
func Sequence(packet []byte) uint16 { return binary.LittleEndian.Uint16(packet[20:]) }

// Messages is what lies behind the header of a control packet that Split found.
// Microsoft's programs put one message into each packet, and a packet may have
// none.
func Messages(packet []byte) []byte { return packet[controlHead:] }

// A message is, with offsets as in [MS-MMSP] and in all of this package:
//
//	0                   4                   8
//	+---------+---------+---------+---------+----
//	| length / 8        | MID               | fields, and zeros up to the length
//	+---------+---------+---------+---------+----
const (
	messageHead = 8
	messageUnit = 8
)

// Message is one message of a control packet.
type Message struct {
	ID MID
	B  []byte // from its length on, at least 8 bytes
}

// Next takes the first message from what Messages or it returned, and returns
// the rest, which is empty in the end. Bytes that are too few for a message
// belong to the one before: some servers forget the zeros in its length.
func Next(b []byte) (m Message, rest []byte, err error) {
	if len(b) < messageHead {
		return m, nil, malformed("%d bytes for a message", len(b))
	}
	n := int64(binary.LittleEndian.Uint32(b)) * messageUnit
	if n < messageHead || n > int64(len(b)) {
		return m, nil, malformed("message of %d bytes where %d are left", n, len(b))
	}
	if int64(len(b))-n < messageHead {
		n = int64(len(b))
	}
	return Message{ID: MID(binary.LittleEndian.Uint32(b[4:])), B: b[:n:n]}, b[n:], nil
}

// Appender is a message that can be sent.
type Appender interface {
	// Append appends the whole message, padded to units of 8 bytes.
	Append(dst []byte) []byte
}

// AppendControl appends a control packet with messages. A client numbers its
// packets from 0 and puts one message into each.
func AppendControl(dst []byte, seq uint16, sent time.Duration, messages ...Appender) []byte {
	at := len(dst)
	le := binary.LittleEndian
	dst = append(dst, 1, 0, 0, 0)
	dst = le.AppendUint32(dst, sessionID)
	dst = le.AppendUint32(dst, 0)
	dst = le.AppendUint32(dst, seal)
	dst = le.AppendUint32(dst, 0)
	dst = le.AppendUint16(dst, seq)
	dst = le.AppendUint16(dst, 0)
	dst = le.AppendUint64(dst, uint64(max(0, sent.Milliseconds())))
	for _, m := range messages {
		dst = m.Append(dst)
	}
	n := len(dst) - at
	le.PutUint32(dst[at+8:], uint32(n-controlHead+lengthExtra))
	le.PutUint32(dst[at+16:], uint32(n/messageUnit))
	return dst
}

// begin appends the head of a message; end gives it its length.
func begin(dst []byte, id MID) ([]byte, int) {
	at := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, 0)
	return binary.LittleEndian.AppendUint32(dst, uint32(id)), at
}

func end(dst []byte, at int) []byte {
	for (len(dst)-at)%messageUnit != 0 {
		dst = append(dst, 0)
	}
	binary.LittleEndian.PutUint32(dst[at:], uint32((len(dst)-at)/messageUnit))
	return dst
}

// words is a whole message of 32-bit fields.
func words(dst []byte, id MID, fields ...uint32) []byte {
	dst, at := begin(dst, id)
	for _, f := range fields {
		dst = binary.LittleEndian.AppendUint32(dst, f)
	}
	return end(dst, at)
}

// need is an error unless m has the identifier and at least n bytes.
func (m Message) need(id MID, n int) error {
	if m.ID != id {
		return malformed("%v where %v is expected", m.ID, id)
	}
	if len(m.B) < n {
		return malformed("%v of %d bytes, not of %d", m.ID, len(m.B), n)
	}
	return nil
}

// u32 is the field at an offset that need has covered; 0 beyond the end, for
// the fields that short messages leave out.
func (m Message) u32(at int) uint32 {
	if len(m.B) < at+4 {
		return 0
	}
	return binary.LittleEndian.Uint32(m.B[at:])
}

// MID says what a message is. The high word tells the direction: 3 to the
// server, 4 to the client.
type MID uint32

// The messages of [MS-MMSP] 2.2.4.
const (
	MIDConnect          MID = 0x00030001
	MIDConnectFunnel    MID = 0x00030002
	MIDOpenFile         MID = 0x00030005
	MIDStartPlaying     MID = 0x00030007
	MIDStopPlaying      MID = 0x00030009
	MIDCloseFile        MID = 0x0003000D
	MIDReadBlock        MID = 0x00030015
	MIDFunnelInfo       MID = 0x00030018
	MIDSecurityResponse MID = 0x0003001A
	MIDPong             MID = 0x0003001B
	MIDCancelReadBlock  MID = 0x00030025
	MIDStartStriding    MID = 0x00030028
	MIDLogging          MID = 0x00030032
	MIDStreamSwitch     MID = 0x00030033

	MIDConnected           MID = 0x00040001
	MIDConnectedFunnel     MID = 0x00040002
	MIDDisconnectedFunnel  MID = 0x00040003
	MIDStartedPlaying      MID = 0x00040005
	MIDReportOpenFile      MID = 0x00040006
	MIDReportStartStriding MID = 0x0004000A
	MIDReportReadBlock     MID = 0x00040011
	MIDReportFunnelInfo    MID = 0x00040015
	MIDSecurityChallenge   MID = 0x0004001A
	MIDPing                MID = 0x0004001B
	MIDEndOfStream         MID = 0x0004001E
	MIDStreamChange        MID = 0x00040020
	MIDReportStreamSwitch  MID = 0x00040021
	MIDRedirect            MID = 0x00040022
)

var names = map[MID]string{
	MIDConnect: "Connect", MIDConnectFunnel: "ConnectFunnel", MIDOpenFile: "OpenFile",
	MIDStartPlaying: "StartPlaying", MIDStopPlaying: "StopPlaying", MIDCloseFile: "CloseFile",
	MIDReadBlock: "ReadBlock", MIDFunnelInfo: "FunnelInfo", MIDSecurityResponse: "SecurityResponse",
	MIDPong: "Pong", MIDCancelReadBlock: "CancelReadBlock", MIDStartStriding: "StartStriding",
	MIDLogging: "Logging", MIDStreamSwitch: "StreamSwitch",

	MIDConnected: "ConnectedEX", MIDConnectedFunnel: "ConnectedFunnel",
	MIDDisconnectedFunnel: "DisconnectedFunnel", MIDStartedPlaying: "StartedPlaying",
	MIDReportOpenFile: "ReportOpenFile", MIDReportStartStriding: "ReportStartStriding",
	MIDReportReadBlock: "ReportReadBlock", MIDReportFunnelInfo: "ReportFunnelInfo",
	MIDSecurityChallenge: "SecurityChallenge", MIDPing: "Ping", MIDEndOfStream: "EndOfStream",
	MIDStreamChange: "StreamChange", MIDReportStreamSwitch: "ReportStreamSwitch", MIDRedirect: "Redirect",
}

// String is the message's name in the specification.
func (id MID) String() string {
	if s, ok := names[id]; ok {
		return s
	}
	return fmt.Sprintf("message 0x%05X", uint32(id))
}
