// Package rtp turns the packets of one RTP stream (RFC 3550) into access units:
// whole pictures and whole runs of sound, in order, on the session's clock.
//
//	datagram -> Receiver: header, sequence, reordering, loss, SSRC, RTCP
//	         -> Depacketizer: one per payload format, packets to units
//	         -> timeline: RTP timestamps to media time, tracks aligned
//	         -> media.Packet
//
// A Receiver has no socket, no goroutine and no timer of its own: the caller
// hands it what came and asks it by Deadline when to call Poll. All its methods
// but Stats belong to one goroutine at a time.
//
//	d, err := rtp.NewDepacketizer(format)
//	r := rtp.NewReceiver(0, format, d, rtp.Options{Reorder: true, Clock: &clock})
//	for ... {
//		err := r.RTP(datagram, time.Now(), func(p media.Packet) { ... })
//	}
//
// A payload format is one file with its type, one test file, and one line in
// the table below. The package does not read SDP, encrypt, or send media.
package rtp

import (
	"cmp"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// Limits on what a sender may make us gather, whatever it announces.
const (
	maxVideoUnit   = 8 << 20  // bytes of one picture
	maxAudioUnit   = 64 << 10 // bytes of one audio frame
	maxUnitPackets = 4096     // packets of one unit
)

// Errors of Depacketize and of the Receiver. The stream goes on after each of
// them; the packet, or the unit that it belongs to, is dropped.
var (
	ErrMalformed = errors.New("rtp: malformed packet")
	ErrTooLarge  = errors.New("rtp: the access unit exceeds its limit")
)

// Format is one payload format, as SDP describes it.
type Format struct {
	PayloadType uint8
	Encoding    string            // "H264", in any case; empty: what RFC 3551 says of PayloadType
	ClockRate   int               // ticks of the timestamp a second; unusable: the encoding's usual one
	Channels    int               // of audio; 0 when not told
	Params      map[string]string // a=fmtp, keys in lower case
	BitRate     int               // bits a second as announced; 0 when not told

	// Width and Height are the picture's as a=framesize, a=x-dimensions or
	// a=cliprect announced it; 0 when not told.
	Width, Height int
}

// Unit is one access unit of a stream.
type Unit struct {
	Timestamp uint32 // on the RTP clock
	Key       bool   // a decoder can start here; always true for audio
	Data      []byte // as media.Packet describes it; valid during the call
}

// Depacketizer puts the payloads of one stream together. It belongs to one
// goroutine.
type Depacketizer interface {
	// Track describes what comes out. ready is false while something that a
	// decoder needs (parameter sets) has not come in-band yet. It may change
	// while the stream runs.
	Track() (t media.Track, ready bool)

	// Depacketize takes the next packet in order. lost says that packets are
	// missing before it: a partial unit is dropped. emit is called for each
	// complete unit. payload is not kept.
	Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error

	// Reset drops what is partial.
	Reset()
}

// encoding is a row of the table: what the package knows of an encoding name.
type encoding struct {
	clock int // where the description names no usable clock
	open  func(Format) (Depacketizer, error)
}

// encodings is the table, by name in upper case.
var encodings = map[string]encoding{
	"AAL2-G726-16":   {8000, newG726(2, false)},
	"AAL2-G726-24":   {8000, newG726(3, false)},
	"AAL2-G726-32":   {8000, newG726(4, false)},
	"AAL2-G726-40":   {8000, newG726(5, false)},
	"AC3":            {48000, newAC3},
	"AMR":            {8000, newAMR},
	"AMR-WB":         {16000, newAMRWB},
	"AV1":            {90000, newAV1},
	"DVI4":           {8000, newDVI4},
	"EAC3":           {48000, newEAC3},
	"G721":           {8000, newG726(4, true)}, // its name before it was G.726
	"G722":           {8000, newG722},
	"G723":           {8000, newG723},
	"G726-16":        {8000, newG726(2, true)},
	"G726-24":        {8000, newG726(3, true)},
	"G726-32":        {8000, newG726(4, true)},
	"G726-40":        {8000, newG726(5, true)},
	"GSM":            {8000, newGSM},
	"H261":           {90000, newH261},
	"H263":           {90000, newH263RFC2190},
	"H263-1998":      {90000, newH263},
	"H263-2000":      {90000, newH263},
	"H264":           {90000, newH264},
	"H265":           {90000, newH265},
	"JPEG":           {90000, newJPEG},
	"L16":            {44100, newL16},
	"L20":            {48000, newL20},
	"L24":            {48000, newL24},
	"L8":             {8000, newL8},
	"MP2T":           {90000, newMPEGTS},
	"MP4A-LATM":      {90000, newLATM},
	"MP4V-ES":        {90000, newMP4V},
	"MPA":            {90000, newMPA},
	"MPA-ROBUST":     {90000, newMPARobust},
	"MPEG4-GENERIC":  {44100, newAAC},
	"MPV":            {90000, newMPV},
	"MULTIOPUS":      {48000, newMultiOpus},
	"OPUS":           {48000, newOpus},
	"PCM":            {8000, newPCM16},
	"PCMA":           {8000, newPCMA},
	"PCMU":           {8000, newPCMU},
	"QCELP":          {8000, newQCELP},
	"SPEEX":          {8000, newSpeex},
	"THEORA":         {90000, newTheora},
	"VORBIS":         {44100, newVorbis},
	"VP8":            {90000, newVP8},
	"VP9":            {90000, newVP9},
	"X-MP3-DRAFT-00": {90000, newMPARobust},
}

// static is RFC 3551's table of payload types that need no a=rtpmap.
var static = map[uint8]Format{
	0:  {Encoding: "PCMU", ClockRate: 8000, Channels: 1},
	2:  {Encoding: "G726-32", ClockRate: 8000, Channels: 1}, // G721 once
	3:  {Encoding: "GSM", ClockRate: 8000, Channels: 1},
	4:  {Encoding: "G723", ClockRate: 8000, Channels: 1},
	5:  {Encoding: "DVI4", ClockRate: 8000, Channels: 1},
	6:  {Encoding: "DVI4", ClockRate: 16000, Channels: 1},
	7:  {Encoding: "LPC", ClockRate: 8000, Channels: 1},
	8:  {Encoding: "PCMA", ClockRate: 8000, Channels: 1},
	9:  {Encoding: "G722", ClockRate: 8000, Channels: 1},
	10: {Encoding: "L16", ClockRate: 44100, Channels: 2},
	11: {Encoding: "L16", ClockRate: 44100, Channels: 1},
	12: {Encoding: "QCELP", ClockRate: 8000, Channels: 1},
	13: {Encoding: "CN", ClockRate: 8000, Channels: 1},
	14: {Encoding: "MPA", ClockRate: 90000},
	15: {Encoding: "G728", ClockRate: 8000, Channels: 1},
	16: {Encoding: "DVI4", ClockRate: 11025, Channels: 1},
	17: {Encoding: "DVI4", ClockRate: 22050, Channels: 1},
	18: {Encoding: "G729", ClockRate: 8000, Channels: 1},
	25: {Encoding: "CelB", ClockRate: 90000},
	26: {Encoding: "JPEG", ClockRate: 90000},
	28: {Encoding: "nv", ClockRate: 90000},
	31: {Encoding: "H261", ClockRate: 90000},
	32: {Encoding: "MPV", ClockRate: 90000},
	33: {Encoding: "MP2T", ClockRate: 90000},
	34: {Encoding: "H263", ClockRate: 90000},
	35: {Encoding: "H264", ClockRate: 90000}, // Bosch; RFC 3551 leaves it free
}

// maxClockRate and maxChannels are far above what any format uses; what
// exceeds them is taken for not told.
const (
	maxClockRate = 10_000_000
	maxChannels  = 64
)

// Complete returns f with what is missing or unusable filled in: by its static
// payload type where nothing else is described, the clock by the encoding too.
func (f Format) Complete() Format {
	if s := static[f.PayloadType]; f.Encoding == "" || strings.EqualFold(f.Encoding, s.Encoding) {
		f.Encoding = cmp.Or(f.Encoding, s.Encoding)
		if f.ClockRate <= 0 {
			f.ClockRate = s.ClockRate
		}
		if f.Channels <= 0 {
			f.Channels = s.Channels
		}
	}
	if f.ClockRate <= 0 || f.ClockRate > maxClockRate {
		f.ClockRate = 90000
		if e, ok := encodings[strings.ToUpper(f.Encoding)]; ok {
			f.ClockRate = e.clock
		}
	}
	if f.Channels < 0 || f.Channels > maxChannels {
		f.Channels = 0
	}
	return f
}

// NewDepacketizer returns the depacketizer for f, or an *UnsupportedError.
func NewDepacketizer(f Format) (Depacketizer, error) {
	f = f.Complete()
	e, ok := encodings[strings.ToUpper(f.Encoding)]
	if !ok {
		return nil, unsupported(f)
	}
	return e.open(f)
}

// config reads the decoder's configuration, in hex, out of a=fmtp: nil if it is
// no hex or has more than most bytes. Some devices write half a byte too many.
func (f Format) config(most int) []byte {
	s := strings.TrimSpace(f.Params["config"])
	if len(s)/2 > most {
		return nil
	}
	b, err := hex.DecodeString(s[:len(s)&^1])
	if err != nil {
		return nil
	}
	return b
}

// track begins a description with what the format tells of any coding.
func (f Format) track(kind media.Kind, codec media.Codec) media.Track {
	t := media.Track{Kind: kind, Codec: codec, BitRate: f.BitRate}
	if kind == media.Audio {
		t.SampleRate, t.Channels = f.ClockRate, f.Channels
	}
	return t
}
