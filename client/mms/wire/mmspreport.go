package wire

import "time"

// ReportReadBlock answers ReadBlock, before the header or after it, or never
// ([MS-MMSP] 2.2.4.22): 8 hr | 12 incarnation | 16 0.
type ReportReadBlock struct{ HResult, Incarnation uint32 }

func (r ReportReadBlock) Append(dst []byte) []byte {
	return words(dst, MIDReportReadBlock, r.HResult, r.Incarnation, 0)
}

// ParseReportReadBlock reads a ReportReadBlock.
func ParseReportReadBlock(m Message) (ReportReadBlock, error) {
	return ReportReadBlock{HResult: m.u32(8), Incarnation: m.u32(12)}, m.report(MIDReportReadBlock, 16)
}

// ReportStreamSwitch answers StreamSwitch ([MS-MMSP] 2.2.4.23): 8 hr.
type ReportStreamSwitch struct{ HResult uint32 }

func (r ReportStreamSwitch) Append(dst []byte) []byte {
	return words(dst, MIDReportStreamSwitch, r.HResult)
}

// ParseReportStreamSwitch reads a ReportStreamSwitch.
func ParseReportStreamSwitch(m Message) (ReportStreamSwitch, error) {
	return ReportStreamSwitch{HResult: m.u32(8)}, m.report(MIDReportStreamSwitch, 12)
}

// StartedPlaying answers StartPlaying, before the packets ([MS-MMSP] 2.2.4.28):
// 8 hr | 12 incarnation | 16 0 or openFileId | 20 0 | 24 0 x 12.
type StartedPlaying struct {
	HResult     uint32
	Incarnation uint32
	OpenFileID  uint32 // 0 from some servers
}

func (s StartedPlaying) Append(dst []byte) []byte {
	return words(dst, MIDStartedPlaying, s.HResult, s.Incarnation, s.OpenFileID, 0, 0, 0, 0)
}

// ParseStartedPlaying reads a StartedPlaying.
func ParseStartedPlaying(m Message) (StartedPlaying, error) {
	return StartedPlaying{HResult: m.u32(8), Incarnation: m.u32(12), OpenFileID: m.u32(16)}, m.report(MIDStartedPlaying, 16)
}

// ReportStartStriding answers StartStriding ([MS-MMSP] 2.2.4.19): 8 hr | 12
// incarnation | 16 0.
type ReportStartStriding struct{ HResult, Incarnation uint32 }

func (r ReportStartStriding) Append(dst []byte) []byte {
	return words(dst, MIDReportStartStriding, r.HResult, r.Incarnation, 0)
}

// ParseReportStartStriding reads a ReportStartStriding.
func ParseReportStartStriding(m Message) (ReportStartStriding, error) {
	return ReportStartStriding{HResult: m.u32(8), Incarnation: m.u32(12)}, m.report(MIDReportStartStriding, 16)
}

// MoreFollows is the HRESULT of an EndOfStream that ends an entry of a list:
// StreamChange comes next. Servers before version 9 say 0 there.
const MoreFollows uint32 = 1

// EndOfStream says that no packet follows: at the end of what is played, where it
// failed, and in answer to StopPlaying ([MS-MMSP] 2.2.4.8): 8 hr | 12 incarnation
// of the stop, else of the start.
type EndOfStream struct{ HResult, Incarnation uint32 }

func (e EndOfStream) Append(dst []byte) []byte {
	return words(dst, MIDEndOfStream, e.HResult, e.Incarnation)
}

// ParseEndOfStream reads an EndOfStream.
func ParseEndOfStream(m Message) (EndOfStream, error) {
	return EndOfStream{HResult: m.u32(8), Incarnation: m.u32(12)}, m.report(MIDEndOfStream, 16)
}

// StreamChange says that the next entry of a list follows, with a header of its
// own ([MS-MMSP] 2.2.4.29): 8 hr | 12 FF | 16 size of a packet | 20 size of the
// header | 24 bit rate | 28 garbage. Over TCP the header and the packets come at
// once with incarnation NextEntry; over UDP the client must ask for them.
type StreamChange struct {
	HResult    uint32
	PacketSize uint32
	HeaderSize uint32
	BitRate    uint32
}

func (s StreamChange) Append(dst []byte) []byte {
	return words(dst, MIDStreamChange, s.HResult, uint32(NextEntry), s.PacketSize, s.HeaderSize, s.BitRate, 0)
}

// ParseStreamChange reads a StreamChange.
func ParseStreamChange(m Message) (StreamChange, error) {
	return StreamChange{HResult: m.u32(8), PacketSize: m.u32(16), HeaderSize: m.u32(20), BitRate: m.u32(24)}, m.report(MIDStreamChange, 28)
}

// Ping asks whether the client is there ([MS-MMSP] 2.2.4.16): two words of any
// value. It has no HRESULT.
type Ping struct{}

func (Ping) Append(dst []byte) []byte { return words(dst, MIDPing, 0, 0) }

// milliseconds is a time in a field of 32 bits.
func milliseconds(d time.Duration) uint32 {
	return uint32(min(max(0, d.Milliseconds()), 0xFFFFFFFF))
}
