package rtp

import (
	"bytes"

	"github.com/pion/rtp"

	"tapedeck/client/bits"
	"tapedeck/client/media"
	"tapedeck/client/nal"
)

// mpv is MPV (RFC 2250, 3): MPEG-1 and MPEG-2 video. A payload begins with
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|    MBZ  |T|         TR        |N|S|B|E|  P  | | BFC | | FFC |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	                                AN              FBV     FFV
//	| 4 bytes more, with T: MPEG-2 only |
//
// and goes on with the stream (ISO/IEC 13818-2, 6.2), whose headers are only at
// the beginning of a payload or behind other headers:
//
//	| 00 00 01 b3 width12 height12 aspect4 rate4 ... | 00 00 01 b5 1 ... MPEG-2 |
//	| 00 00 01 b8 group | 00 00 01 00 order10 type3 ... | 00 00 01 01-af slice |
//
// What the payload's header says of the picture is in the stream too, and
// senders leave it 0. GStreamer lets small pictures follow one another.
type mpv struct {
	format   Format
	pictures pictureAssembler
	track    media.Track
	known    bool   // a sequence header has come
	entry    []byte // a picture with a sequence header in front
}

// mpvHeads is what stands in front of a picture's slices.
type mpvHeads struct {
	sequence, end int  // where the sequence header begins and ends, -1: there is none
	group         bool // times are counted anew from here
	coding        byte // picture_coding_type, 0: there is no picture
	time          int  // temporal_reference: the place in the order of display
	next          int  // where the next picture begins
}

const (
	mpvPicture   = 0x00
	mpvSliceLast = 0xaf
	mpvSequence  = 0xb3
	mpvExtension = 0xb5
	mpvGroup     = 0xb8

	mpvExtended    = 0x04 // T, in the first byte
	mpvIntra       = 1    // picture_coding_type
	maxMPVSequence = 1 << 10
)

// mpvRates is by frame_rate_code.
var mpvRates = [16]float64{1: 24000. / 1001, 24, 25, 30000. / 1001, 30, 50, 60000. / 1001, 60}

func newMPV(f Format) (Depacketizer, error) {
	d := &mpv{format: f, track: f.track(media.Video, media.MPEG2Video)}
	d.pictures.coding = d
	return d, nil
}

// Track is ready with the first sequence header, which tells MPEG-1 from MPEG-2.
func (d *mpv) Track() (media.Track, bool) { return d.track, d.known }
func (d *mpv) Reset()                     { d.pictures.reset() }

func (d *mpv) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if err := d.pictures.begin(h.Timestamp, lost, emit); err != nil {
		return err
	}
	if len(payload) < 4 {
		d.pictures.reset()
		return ErrMalformed
	}
	extended := payload[0]&mpvExtended != 0
	payload = payload[4:]
	// Some senders set T and leave the second header out.
	if extended && !bytes.HasPrefix(payload, nal.StartCode) {
		if len(payload) < 4 {
			d.pictures.reset()
			return ErrMalformed
		}
		payload = payload[4:]
	}
	if len(payload) > 3 && bytes.HasPrefix(payload, nal.StartCode) {
		switch payload[3] {
		case mpvSequence, mpvGroup, mpvPicture:
			d.pictures.open()
		}
	}
	err := d.pictures.add(payload)
	d.pictures.end(h.Marker, emit)
	return err
}

// complete looks at the first picture, which may be of two fields.
func (d *mpv) complete(data []byte) picture {
	first := mpvPictureAt(data)
	if first.coding == 0 { // headers without a picture
		return picture{held: len(data) <= maxMPVSequence}
	}
	if first.sequence >= 0 && first.end >= 0 {
		d.learn(data[first.sequence:first.end])
	}
	p := picture{data: data[:first.next], rest: data[first.next:]}
	// A decoder that starts here needs the sequence header. A picture that is
	// smaller than that is none; a packet has room for many of those.
	if first.coding == mpvIntra && d.known && len(p.data) >= len(d.track.Private) {
		p.key = true
		if first.sequence < 0 {
			d.entry = append(append(d.entry[:0], d.track.Private...), p.data...)
			p.data = d.entry
		}
	}
	if len(p.rest) > 0 {
		second := mpvPictureAt(p.rest)
		frames := second.time - first.time
		if second.group {
			frames = second.time + 1
		}
		if d.track.FrameRate > 0 {
			p.step = uint32(int64(float64(d.format.ClockRate) / d.track.FrameRate * float64(frames)))
		}
	}
	return p
}

// mpvPictureAt reads the headers at the beginning of data, and looks for the
// end of the picture. A picture with the time of the one before is its other
// field.
func mpvPictureAt(data []byte) mpvHeads {
	h := mpvHeads{sequence: -1, end: -1, next: len(data)}
	slices := false
	for at := range nal.StartCodes(data) {
		switch code := data[at+3]; {
		case code == mpvPicture && at+5 < len(data):
			kind, time := data[at+5]>>3&7, int(data[at+4])<<2|int(data[at+5]>>6)
			if slices && time != h.time {
				h.next = at
				return h
			}
			if h.coding == 0 {
				h.coding, h.time = kind, time
			}
			h.closeSequence(at)
		case slices && (code == mpvSequence || code == mpvGroup):
			h.next = at
			return h
		case code == mpvSequence:
			h.sequence, h.end = at, -1
		case code == mpvGroup:
			h.group = true
			h.closeSequence(at)
		case code <= mpvSliceLast:
			slices = true
		}
	}
	return h
}

func (h *mpvHeads) closeSequence(at int) {
	if h.sequence >= 0 && h.end < 0 {
		h.end = at
	}
}

// learn takes a sequence header with its extensions.
func (d *mpv) learn(header []byte) {
	if len(header) > maxMPVSequence || bytes.Equal(header, d.track.Private) {
		return
	}
	b := bits.Reader{Data: header}
	b.Skip(32)
	width, height := int(b.Read(12)), int(b.Read(12))
	b.Skip(4)
	rate := mpvRates[b.Read(4)]
	codec := media.MPEG1Video
	for at := range nal.StartCodes(header) {
		const sequenceExtension = 1
		if header[at+3] != mpvExtension {
			continue
		}
		e := bits.Reader{Data: header[at+4:]}
		if e.Read(4) == sequenceExtension {
			codec = media.MPEG2Video
			e.Skip(8 + 1 + 2) // profile and level, progressive_sequence, chroma_format
			width |= int(e.Read(2)) << 12
			height |= int(e.Read(2)) << 12
		}
	}
	if b.Short || width == 0 || height == 0 {
		return
	}
	d.track = d.format.track(media.Video, codec)
	d.track.Width, d.track.Height, d.track.FrameRate = width, height, rate
	d.track.Private = bytes.Clone(header)
	d.known = true
}
