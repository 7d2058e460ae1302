// Package media holds the nouns that every part of the program shares: the
// Track and its Codec, the Packet (one access unit of one track), the Chunk
// (a run of container bytes, the unit of the tape), and what a session says
// of itself: Info, Stats and Events.
//
// It imports nothing of ours and does nothing: no I/O, no goroutines.
//
// The road of the bytes, in these words:
//
//	network -> Packet (rtp, rdt, asf) -> mux -> Chunk -> tape -> VLC
//	network ---------- container bytes already -> Chunk -> tape -> VLC
package media

import "time"

// Kind is what a track carries.
type Kind uint8

const (
	Video Kind = iota + 1
	Audio
	Data
)

// String is the kind's name in lower case, as events and the screen print it.
func (k Kind) String() string {
	switch k {
	case Video:
		return "video"
	case Audio:
		return "audio"
	case Data:
		return "data"
	}
	return "unknown"
}

// Codec is the name of a coding as people write it. The set is open: a server
// may name any coding, and one that is not listed here is carried as data and
// shown by the name that the server gave.
type Codec string

const (
	H264   Codec = "H.264"
	H265   Codec = "H.265"
	AAC    Codec = "AAC"
	MP3    Codec = "MP3"
	Opus   Codec = "Opus"
	Vorbis Codec = "Vorbis"
	FLAC   Codec = "FLAC"
	PCMU   Codec = "PCMU"
	PCMA   Codec = "PCMA"

	VP8        Codec = "VP8"
	VP9        Codec = "VP9"
	AV1        Codec = "AV1"
	MPEG4Video Codec = "MPEG-4 Visual"
	MPEG1Video Codec = "MPEG-1 video"
	MPEG2Video Codec = "MPEG-2 video"
	JPEG       Codec = "JPEG"
	Theora     Codec = "Theora"
	H263       Codec = "H.263"
	H261       Codec = "H.261"

	MP1   Codec = "MP1" // MPEG audio layer I
	MP2   Codec = "MP2"
	AC3   Codec = "AC-3"
	EAC3  Codec = "E-AC-3"
	Speex Codec = "Speex"
	AMR   Codec = "AMR"    // a frame for each channel: a byte with its type, then its bits
	AMRWB Codec = "AMR-WB" // as AMR
	G722  Codec = "G.722"
	G723  Codec = "G.723.1"
	G726  Codec = "G.726" // the first sample in the high bits; BitRate tells how many a sample has
	GSM   Codec = "GSM"
	QCELP Codec = "QCELP"
	L8    Codec = "L8"   // unsigned samples
	L16   Codec = "L16"  // big-endian samples, as in L24
	L24   Codec = "L24"  // L20 too, with four bits of 0 below
	PCM   Codec = "PCM"  // samples of 16 bits, little endian
	DVI4  Codec = "DVI4" // decoded already: as PCM

	// What Windows Media brings besides.
	WMV7        Codec = "WMV 7" // its FourCC is WMV1
	WMV8        Codec = "WMV 8" // WMV2
	WMV9        Codec = "WMV 9" // WMV3
	VC1         Codec = "VC-1"  // WVC1, the advanced profile of WMV 9
	MSMPEG4v1   Codec = "MS MPEG-4 v1"
	MSMPEG4v2   Codec = "MS MPEG-4 v2"
	MSMPEG4v3   Codec = "MS MPEG-4 v3"
	WMA1        Codec = "WMA 1"
	WMA2        Codec = "WMA 2"
	WMAPro      Codec = "WMA Pro"
	WMALossless Codec = "WMA Lossless"
	WMAVoice    Codec = "WMA Voice"

	// MPEGTS is a whole transport stream carried as one track (RTP payload
	// MP2T): its packets are container bytes already and are not muxed again.
	MPEGTS Codec = "MPEG-TS"

	// ID3 is tags between the media, as Data: each packet is a whole one.
	ID3 Codec = "ID3"
)

// Track describes one elementary stream of a session.
type Track struct {
	ID    int // position in the session, from 0; Packet.Track refers to it
	Kind  Kind
	Codec Codec

	// Private is the decoder's configuration in the form of Matroska's
	// CodecPrivate: avcC for H.264, hvcC for H.265, av1C for AV1, the headers
	// before the first picture for MPEG-4 Visual and MPEG-1 and 2, three headers
	// in Xiph lacing for Theora and Vorbis, AudioSpecificConfig for AAC, OpusHead
	// for Opus, Speex's header. Empty where the codec needs none.
	Private []byte

	Width, Height int     // luma samples; 0 while not known
	FrameRate     float64 // pictures a second; 0 while not known
	SampleRate    int     // audio samples a second; 0 while not known
	Channels      int     // 0 while not known
	BitRate       int     // bits a second as announced; 0 while not known

	// Problem says in a sentence why the track is not played, such as
	// "payload X-FOO is not supported"; empty for a track that is.
	Problem string
}

// Packet is one access unit of one track: a whole picture or a whole run of
// audio samples. H.264 and H.265 units are sequences of NAL units, each with a
// length of four bytes, big endian, before it, as in Matroska and MP4; AV1 units
// are OBUs with their sizes and without temporal delimiters.
type Packet struct {
	Track int
	Time  time.Duration // presentation time on the session's media clock
	Key   bool          // a decoder can start here; always true for audio
	Data  []byte        // valid until the call that yielded it returns
}

// Chunk is the unit of the tape: container bytes that VLC can demux.
type Chunk struct {
	// Init holds the bytes that a decoder needs before Data when it starts at
	// this chunk or later: a Matroska header, for one. It is set on the first
	// chunk, on the first after a seek, and where the header changes; elsewhere
	// it is nil. A container without a header has an empty, non-nil Init there.
	// Init is never written to again and may be kept.
	Init []byte

	Time time.Duration // media time of the first sample in Data
	Key  bool          // a decoder can start at this chunk, after Init

	// Origin is what the container's own timestamps are ahead of Time: a stream
	// that was joined hours after its beginning says so in its bytes, and begins
	// at Time 0. It changes with Init only, where the timestamps jump.
	Origin time.Duration

	// Seek is the number of seeks that the session had completed when the chunk
	// was made. A reader that has just seeked drops chunks with an older number.
	Seek int

	Data []byte // valid until the next call of Next
}

// Info is what a session says of itself once it is open.
type Info struct {
	Protocol    string        // "rtsp", "http", "icy"
	Transport   string        // "udp", "tcp", "http/1.1", "http/2"
	Server      string        // how the server calls itself; may be empty
	Title       string        // the name the server gives to the whole stream
	ContentType string        // MIME type of the chunks' bytes
	Live        bool          // has no end that the server knows of
	Duration    time.Duration // 0 when not known, always 0 when Live
	Tracks      []Track       // empty when only the decoder will know
	BitRate     int           // announced for the whole stream, bits a second
	Can         Capabilities
}

// Capabilities says what the server lets us do, before it is tried. An empty
// reason means that it can; otherwise the reason is a clause that a person
// reads, such as "the stream is live".
type Capabilities struct {
	NoSeek  string
	NoPause string

	// NoScale is why it plays at normal speed only; a session that has no other
	// always says so. Whether a server can do more is seen when it is asked.
	NoScale string
}

// NormalSpeed is the NoScale of protocols that know no other speed.
const NormalSpeed = "it plays at normal speed only"

// Stats counts what came over the network since the session was opened.
// All figures only grow.
type Stats struct {
	Bytes      uint64 // media bytes received, before depacketising
	Packets    uint64 // packets received in order or put in order; 0 for byte streams
	Lost       uint64 // packets that never came
	Reordered  uint64 // packets that came after a later one
	Duplicates uint64
}

// Plus adds the figures of another session, or of another part of this one.
func (s Stats) Plus(o Stats) Stats {
	return Stats{
		Bytes: s.Bytes + o.Bytes, Packets: s.Packets + o.Packets, Lost: s.Lost + o.Lost,
		Reordered: s.Reordered + o.Reordered, Duplicates: s.Duplicates + o.Duplicates,
	}
}
