package wire

import (
	"encoding/binary"
	"math"
	"time"
)

// Messages with an HRESULT may end behind it when it is a failure: their other
// fields are 0 then. The other messages, SecurityChallenge and Ping, have none.

func failed(hr uint32) bool { return int32(hr) < 0 }

// report is an error unless m has its HRESULT, and n bytes if that is a success.
func (m Message) report(id MID, n int) error {
	if err := m.need(id, 12); err != nil {
		return err
	}
	if failed(m.u32(8)) {
		return nil
	}
	return m.need(id, n)
}

// Connected answers Connect (ConnectedEX, [MS-MMSP] 2.2.4.4):
//
//	8 hr | 12 incarnation | 16 0004000B | 20 0003001C | 24 1.0 | 32 1 | 36 1 | 40 8000 |
//	44 greatest bit rate | 48, 52, 56, 60 lengths of four strings, UTF-16 units with a NUL | 64 strings
type Connected struct {
	HResult    uint32
	Pair       uint32 // NoPair or PairTCP
	MaxBitRate uint32 // anything from servers of version 4
	Version    string // "9.1.1.3814"
	Upgrade    string // a version of the player that the server would like better
	UpgradeURL string // and where to get it: never follow it
	Login      string // "BASIC", "NTLM" or nothing
}

func (c Connected) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDConnected)
	le := binary.LittleEndian
	for _, w := range []uint32{c.HResult, c.Pair, protocolLow, protocolHigh} {
		dst = le.AppendUint32(dst, w)
	}
	dst = le.AppendUint64(dst, math.Float64bits(1))
	for _, w := range []uint32{1, 1, 0x8000, c.MaxBitRate} {
		dst = le.AppendUint32(dst, w)
	}
	texts := make([]byte, 0, 128)
	for _, s := range []string{c.Version, c.Upgrade, c.UpgradeURL, c.Login} {
		was := len(texts)
		if s != "" {
			texts = appendTextNUL(texts, s)
		}
		dst = le.AppendUint32(dst, uint32(len(texts)-was)/2)
	}
	return end(append(dst, texts...), at)
}

// ParseConnected reads a Connected.
func ParseConnected(m Message) (Connected, error) {
	if err := m.report(MIDConnected, 64); err != nil {
		return Connected{}, err
	}
	c := Connected{HResult: m.u32(8), Pair: m.u32(12), MaxBitRate: m.u32(44)}
	if len(m.B) < 64 {
		return c, nil
	}
	rest, ok := m.B[64:], true
	for i, s := range []*string{&c.Version, &c.Upgrade, &c.UpgradeURL, &c.Login} {
		count := m.u32(48 + 4*i)
		if *s, rest, ok = counted(rest, count); !ok {
			return Connected{}, malformed("%v with a string of %d characters", m.ID, count)
		}
	}
	return c, nil
}

// ReportFunnelInfo answers FunnelInfo, three times where a packet pair was asked
// for over TCP ([MS-MMSP] 2.2.4.20):
//
//	8 hr | 12 incarnation | 16 8 | 20 1 | 24 10000 | 28 client | 32 0 | 36 1 | 40 0 | 44 0 | 48 random bytes
type ReportFunnelInfo struct {
	HResult uint32
	Pair    uint32
	Client  uint32 // for Resend
	Random  []byte
}

func (r ReportFunnelInfo) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDReportFunnelInfo)
	for _, w := range []uint32{r.HResult, r.Pair, 8, 1, 0x10000, r.Client, 0, 1, 0, 0} {
		dst = binary.LittleEndian.AppendUint32(dst, w)
	}
	return end(append(dst, r.Random...), at)
}

// ParseReportFunnelInfo reads a ReportFunnelInfo.
func ParseReportFunnelInfo(m Message) (ReportFunnelInfo, error) {
	if err := m.report(MIDReportFunnelInfo, 32); err != nil {
		return ReportFunnelInfo{}, err
	}
	r := ReportFunnelInfo{HResult: m.u32(8), Pair: m.u32(12), Client: m.u32(28)}
	if len(m.B) > 48 {
		r.Random = m.B[48:]
	}
	return r, nil
}

// ConnectedFunnel says that the funnel stands ([MS-MMSP] 2.2.4.5): 8 hr | 12, 16
// garbage | 20 text.
type ConnectedFunnel struct {
	HResult uint32
	Text    string // "Funnel Of The Gods"
}

func (c ConnectedFunnel) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDConnectedFunnel)
	for _, w := range []uint32{c.HResult, 0, 0} {
		dst = binary.LittleEndian.AppendUint32(dst, w)
	}
	return end(appendTextNUL(dst, c.Text), at)
}

// ParseConnectedFunnel reads a ConnectedFunnel.
func ParseConnectedFunnel(m Message) (ConnectedFunnel, error) {
	if err := m.report(MIDConnectedFunnel, 12); err != nil {
		return ConnectedFunnel{}, err
	}
	c := ConnectedFunnel{HResult: m.u32(8)}
	if len(m.B) > 20 {
		c.Text = Text(m.B[20:])
	}
	return c, nil
}

// DisconnectedFunnel says that there is no funnel of the kind; the client may
// ask for the other on the same connection ([MS-MMSP] 2.2.4.6): 8 hr | 12 0.
type DisconnectedFunnel struct{ HResult uint32 }

func (d DisconnectedFunnel) Append(dst []byte) []byte {
	return words(dst, MIDDisconnectedFunnel, d.HResult, 0)
}

// ParseDisconnectedFunnel reads a DisconnectedFunnel.
func ParseDisconnectedFunnel(m Message) (DisconnectedFunnel, error) {
	return DisconnectedFunnel{HResult: m.u32(8)}, m.need(MIDDisconnectedFunnel, 12)
}

// Attributes of what was opened. They are bits: what is live has two of them.
const (
	CanStride = 0x00800000
	CanSeek   = 0x01000000
	Broadcast = 0x02000000
	Live      = 0x04000000
	Playlist  = 0x40000000
)

// ReportOpenFile answers OpenFile and the last SecurityResponse ([MS-MMSP]
// 2.2.4.21):
//
//	8 hr | 12 incarnation | 16 openFileId | 20 0 | 24 0 | 28 attributes | 32 duration, f64 |
//	40 duration, s | 44 0 x 16 | 60 size of a packet | 64 packets, u64 | 72 bit rate |
//	76 size of the header | 80 garbage x 36
type ReportOpenFile struct {
	HResult     uint32
	Incarnation uint32
	OpenFileID  uint32
	Attributes  uint32
	Duration    time.Duration // 0: live, not known or nonsense
	PacketSize  uint32        // the greatest; not to be trusted with an allocation
	Packets     uint64        // 0: not known
	BitRate     uint32
	HeaderSize  uint32 // not to be trusted either
}

func (r ReportOpenFile) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDReportOpenFile)
	le := binary.LittleEndian
	for _, w := range []uint32{r.HResult, r.Incarnation, r.OpenFileID, 0, 0, r.Attributes} {
		dst = le.AppendUint32(dst, w)
	}
	dst = appendSeconds(dst, max(0, r.Duration))
	dst = le.AppendUint32(dst, uint32((max(0, r.Duration)+time.Second-1)/time.Second))
	dst = append(dst, make([]byte, 16)...)
	dst = le.AppendUint32(dst, r.PacketSize)
	dst = le.AppendUint64(dst, r.Packets)
	dst = le.AppendUint32(dst, r.BitRate)
	dst = le.AppendUint32(dst, r.HeaderSize)
	return end(append(dst, make([]byte, 36)...), at)
}

// ParseReportOpenFile reads a ReportOpenFile.
func ParseReportOpenFile(m Message) (ReportOpenFile, error) {
	if err := m.report(MIDReportOpenFile, 80); err != nil {
		return ReportOpenFile{}, err
	}
	r := ReportOpenFile{HResult: m.u32(8), Incarnation: m.u32(12), OpenFileID: m.u32(16)}
	if len(m.B) < 80 {
		return r, nil
	}
	r.Attributes = m.u32(28)
	r.Duration = max(0, seconds(m.B[32:]))
	r.PacketSize = m.u32(60)
	r.Packets = binary.LittleEndian.Uint64(m.B[64:])
	r.BitRate = m.u32(72)
	r.HeaderSize = m.u32(76)
	return r, nil
}

// SecurityChallenge asks for a login; see SecurityResponse. It has no HRESULT.
type SecurityChallenge struct {
	Incarnation uint32
	Cookie      uint32
	Token       []byte // Basic: realm="..." in UTF-16; NTLM: two zeros, then its token
}

func (s SecurityChallenge) Append(dst []byte) []byte {
	return appendToken(dst, MIDSecurityChallenge, s.Incarnation, s.Cookie, s.Token)
}

// ParseSecurityChallenge reads a SecurityChallenge.
func ParseSecurityChallenge(m Message) (SecurityChallenge, error) {
	token, err := m.token(MIDSecurityChallenge)
	return SecurityChallenge{Incarnation: m.u32(8), Cookie: m.u32(12), Token: token}, err
}

// What a Redirect points to.
const (
	RedirectURL   uint16 = 1
	RedirectProxy uint16 = 2
)

// Redirect stands in place of ReportOpenFile ([MS-MMSP] 2.2.4.18):
//
//	8 hr | 12 u16 kind | 14 u16 bytes of the location with its NUL | 16 location
type Redirect struct {
	HResult  uint32
	Kind     uint16
	Location string // not escaped
}

func (r Redirect) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDRedirect)
	location := appendTextNUL(nil, r.Location)
	dst = binary.LittleEndian.AppendUint32(dst, r.HResult)
	dst = binary.LittleEndian.AppendUint16(dst, r.Kind)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(location)))
	return end(append(dst, location...), at)
}

// ParseRedirect reads a Redirect.
func ParseRedirect(m Message) (Redirect, error) {
	if err := m.report(MIDRedirect, 16); err != nil {
		return Redirect{}, err
	}
	r := Redirect{HResult: m.u32(8)}
	if len(m.B) < 16 {
		return r, nil
	}
	r.Kind = binary.LittleEndian.Uint16(m.B[12:])
	n := int(binary.LittleEndian.Uint16(m.B[14:]))
	if n > len(m.B)-16 {
		return Redirect{}, malformed("location of %d bytes in %d", n, len(m.B)-16)
	}
	r.Location = Text(m.B[16 : 16+n])
	return r, nil
}
