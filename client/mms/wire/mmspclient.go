package wire

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// What the incarnation of Connect and FunnelInfo says about packet pairs, by
// which a client may measure its link.
const (
	NoPair      uint32 = 0xF0F0F0EF
	PairTCP     uint32 = 0xF0F0F0F0
	PairTCPMore uint32 = 0xF0F0F0F1
	PairUDP     uint32 = 0xF0F0F901
)

// The versions of the protocol that both ends name.
const (
	protocolLow  = 0x0004000B
	protocolHigh = 0x0003001C
)

// maxStrings bounds the strings of Connect.
const maxStrings = 8

// Connect begins a session ([MS-MMSP] 2.2.4.2):
//
//	8 incarnation | 12 0004000B | 16 0003001C | 20 strings, each with a NUL
type Connect struct {
	Pair uint32 // NoPair, PairTCP
	// Subscriber is "NSPlayer/10.0.0.3802; {GUID}; Host: name:port".
	Subscriber string
	More       []string // "HOST: name:port", "VIA: ..."
}

func (c Connect) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDConnect)
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, c.Pair)
	dst = le.AppendUint32(dst, protocolLow)
	dst = le.AppendUint32(dst, protocolHigh)
	dst = appendTextNUL(dst, c.Subscriber)
	for _, s := range c.More {
		dst = appendTextNUL(dst, s)
	}
	return end(dst, at)
}

// ParseConnect reads a Connect.
func ParseConnect(m Message) (Connect, error) {
	if err := m.need(MIDConnect, 20); err != nil {
		return Connect{}, err
	}
	c := Connect{Pair: m.u32(8)}
	s, n := text(m.B[20:])
	c.Subscriber = s
	for rest := m.B[20+n:]; len(c.More) < maxStrings; rest = rest[n:] {
		if s, n = text(rest); s == "" {
			break
		}
		c.More = append(c.More, s)
	}
	return c, nil
}

// FunnelInfo asks for the number by which datagrams are asked for again, and
// for a packet pair ([MS-MMSP] 2.2.4.7): 8 incarnation.
type FunnelInfo struct{ Pair uint32 }

func (f FunnelInfo) Append(dst []byte) []byte { return words(dst, MIDFunnelInfo, f.Pair) }

// ParseFunnelInfo reads a FunnelInfo. Open clients send 0x00F0F0F0.
func ParseFunnelInfo(m Message) (FunnelInfo, error) {
	return FunnelInfo{Pair: m.u32(8)}, m.need(MIDFunnelInfo, 12)
}

// ConnectFunnel says where the media shall go ([MS-MMSP] 2.2.4.3):
//
//	8 0 | 12 FFFFFFFF | 16 0 | 20 00989680 | 24 2 | 28 \\address\UDP\port, NUL
type ConnectFunnel struct {
	Address string // of the client: servers take the one that they see instead
	UDP     bool   // else TCP, on the same connection
	Port    uint16 // of the client; without meaning over TCP, but not 0
}

func (c ConnectFunnel) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDConnectFunnel)
	for _, w := range []uint32{0, 0xFFFFFFFF, 0, 0x00989680, 2} {
		dst = binary.LittleEndian.AppendUint32(dst, w)
	}
	return end(appendTextNUL(dst, funnelName(c)), at)
}

func funnelName(c ConnectFunnel) string {
	proto := `\TCP\`
	if c.UDP {
		proto = `\UDP\`
	}
	return `\\` + c.Address + proto + strconv.Itoa(int(c.Port))
}

// ParseConnectFunnel reads a ConnectFunnel.
func ParseConnectFunnel(m Message) (ConnectFunnel, error) {
	if err := m.need(MIDConnectFunnel, 28); err != nil {
		return ConnectFunnel{}, err
	}
	name := Text(m.B[28:])
	parts := strings.Split(strings.TrimPrefix(name, `\\`), `\`)
	if len(parts) != 3 {
		return ConnectFunnel{}, malformed("funnel %.64q", name)
	}
	port, err := strconv.ParseUint(parts[2], 10, 16)
	udp := strings.EqualFold(parts[1], "UDP")
	if err != nil || !udp && !strings.EqualFold(parts[1], "TCP") {
		return ConnectFunnel{}, malformed("funnel %.64q", name)
	}
	return ConnectFunnel{Address: parts[0], UDP: udp, Port: uint16(port)}, nil
}

// OpenFile names what is wanted ([MS-MMSP] 2.2.4.11):
//
//	8 incarnation | 12 0 | 16 offset of the token from the name | 20 its length | 24 name, NUL, token
//
// Open clients count the incarnation in other ways: it is an echo.
type OpenFile struct {
	Incarnation uint32 // 1 to 0xFE
	Name        string // the path without its first slash, nothing escaped, with its query
	Token       []byte // a login that is sent unasked; see SecurityResponse
}

func (o OpenFile) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDOpenFile)
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, o.Incarnation)
	dst = le.AppendUint32(dst, 0)
	name := appendTextNUL(nil, o.Name)
	var offset int
	if len(o.Token) > 0 {
		offset = len(name)
	}
	dst = le.AppendUint32(dst, uint32(offset))
	dst = le.AppendUint32(dst, uint32(len(o.Token)))
	dst = append(dst, name...)
	return end(append(dst, o.Token...), at)
}

// ParseOpenFile reads an OpenFile.
func ParseOpenFile(m Message) (OpenFile, error) {
	if err := m.need(MIDOpenFile, 24); err != nil {
		return OpenFile{}, err
	}
	area := m.B[24:]
	o := OpenFile{Incarnation: m.u32(8)}
	if n := m.u32(20); n > 0 {
		at := m.u32(16)
		if n > MaxToken || uint64(at)+uint64(n) > uint64(len(area)) {
			return OpenFile{}, malformed("token of %d bytes at %d of %d", n, at, len(area))
		}
		o.Token = area[at : at+n]
		area = area[:at]
	}
	o.Name = Text(area)
	return o, nil
}

// SecurityResponse answers a SecurityChallenge ([MS-MMSP] 2.2.4.15); both are
//
//	8 incarnation | 12 cookie | 16 length of the token | 20 token
//
// A token of the scheme Basic is base64 of "user:password" and a NUL. One of
// NTLM begins with two zeros.
type SecurityResponse struct {
	Incarnation uint32 // of the challenge
	Cookie      uint32 // of the challenge
	Token       []byte
}

func (s SecurityResponse) Append(dst []byte) []byte {
	return appendToken(dst, MIDSecurityResponse, s.Incarnation, s.Cookie, s.Token)
}

// ParseSecurityResponse reads a SecurityResponse.
func ParseSecurityResponse(m Message) (SecurityResponse, error) {
	token, err := m.token(MIDSecurityResponse)
	return SecurityResponse{Incarnation: m.u32(8), Cookie: m.u32(12), Token: token}, err
}

func appendToken(dst []byte, id MID, incarnation, cookie uint32, token []byte) []byte {
	dst, at := begin(dst, id)
	dst = binary.LittleEndian.AppendUint32(dst, incarnation)
	dst = binary.LittleEndian.AppendUint32(dst, cookie)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(token)))
	return end(append(dst, token...), at)
}

func (m Message) token(id MID) ([]byte, error) {
	if err := m.need(id, 20); err != nil {
		return nil, err
	}
	n := m.u32(16)
	if n > MaxToken || uint64(n) > uint64(len(m.B)-20) {
		return nil, malformed("%v with a token of %d bytes in %d", id, n, len(m.B)-20)
	}
	return m.B[20 : 20+n], nil
}

// ReadBlock asks for the ASF header ([MS-MMSP] 2.2.4.14):
//
//	8 openFileId | 12 0 | 16 0 | 20 8000 | 24 FFFFFFFF | 28 0 | 32 0.0 | 40 3600.0 | 48 incarnation | 52 0
type ReadBlock struct {
	OpenFileID  uint32
	Incarnation uint32 // 1 to 8, counted apart from that of StartPlaying
}

func (r ReadBlock) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDReadBlock)
	le := binary.LittleEndian
	for _, w := range []uint32{r.OpenFileID, 0, 0, 0x8000, 0xFFFFFFFF, 0} {
		dst = le.AppendUint32(dst, w)
	}
	dst = appendSeconds(dst, 0)
	dst = appendSeconds(dst, time.Hour)
	dst = le.AppendUint32(dst, r.Incarnation)
	return end(le.AppendUint32(dst, 0), at)
}

// ParseReadBlock reads a ReadBlock.
func ParseReadBlock(m Message) (ReadBlock, error) {
	return ReadBlock{OpenFileID: m.u32(8), Incarnation: m.u32(48)}, m.need(MIDReadBlock, 52)
}

// CancelReadBlock has the server send no more of a header ([MS-MMSP] 2.2.4.1):
// 8 incarnation.
type CancelReadBlock struct{ Incarnation uint32 }

func (c CancelReadBlock) Append(dst []byte) []byte {
	return words(dst, MIDCancelReadBlock, c.Incarnation)
}

// ParseCancelReadBlock reads a CancelReadBlock.
func ParseCancelReadBlock(m Message) (CancelReadBlock, error) {
	return CancelReadBlock{Incarnation: m.u32(8)}, m.need(MIDCancelReadBlock, 12)
}

// StopPlaying has the server send no more ([MS-MMSP] 2.2.4.24): 8 openFileId |
// 12 incarnation of the last StartPlaying. EndOfStream answers it.
type StopPlaying struct{ OpenFileID, Incarnation uint32 }

func (s StopPlaying) Append(dst []byte) []byte {
	return words(dst, MIDStopPlaying, s.OpenFileID, s.Incarnation)
}

// ParseStopPlaying reads a StopPlaying.
func ParseStopPlaying(m Message) (StopPlaying, error) {
	return StopPlaying{OpenFileID: m.u32(8), Incarnation: m.u32(12)}, m.need(MIDStopPlaying, 16)
}

// CloseFile is the farewell ([MS-MMSP] 2.2.4.2): 8 0 | 12 openFileId. The server
// closes the connection.
type CloseFile struct{ OpenFileID uint32 }

func (c CloseFile) Append(dst []byte) []byte { return words(dst, MIDCloseFile, 0, c.OpenFileID) }

// ParseCloseFile reads a CloseFile.
func ParseCloseFile(m Message) (CloseFile, error) {
	return CloseFile{OpenFileID: m.u32(12)}, m.need(MIDCloseFile, 16)
}

// Pong answers a Ping ([MS-MMSP] 2.2.4.17): two words of any value.
type Pong struct{}

func (Pong) Append(dst []byte) []byte { return words(dst, MIDPong, 0, 0) }
