package rtp

import (
	"bytes"
	mathbits "math/bits"

	"github.com/pion/rtp"

	"tapedeck/client/bits"
	"tapedeck/client/media"
	"tapedeck/client/nal"
)

// mp4v is MP4V-ES (RFC 6416, 5; RFC 3016, 3): MPEG-4 Visual, whose stream is cut
// into packets as it is. A picture is one VOP with what stands before it
// (ISO/IEC 14496-2, 6.2):
//
//	| 00 00 01 b0 profile | 00 00 01 b5 ... | 00 00 01 00-1f | 00 00 01 20-2f VOL |
//	| 00 00 01 b3 GOV | 00 00 01 b6 VOP: type2 ... |
//
// The headers up to the VOL come in the description, in-band, or both ways. In
// a packet that does not begin with a start code a picture goes on. Axis and
// Vivotek send the GOV in a packet of its own; GStreamer puts as many whole VOPs
// into one as fit.
type mp4v struct {
	format     Format
	pictures   pictureAssembler
	track      media.Track
	known      bool   // the headers are
	resolution uint32 // of the VOPs' times, ticks a second; 0 while not known
}

const (
	mp4vVOLFirst = 0x20
	mp4vVOLLast  = 0x2f
	mp4vSequence = 0xb0
	mp4vGOV      = 0xb3
	mp4vObject   = 0xb5
	mp4vVOP      = 0xb6

	maxMP4VHeaders = 4 << 10 // bytes
)

func newMP4V(f Format) (Depacketizer, error) {
	d := &mp4v{format: f, track: f.track(media.Video, media.MPEG4Video)}
	d.pictures.coding = d
	d.learn(f.config(maxMP4VHeaders))
	return d, nil
}

func (d *mp4v) Track() (media.Track, bool) { return d.track, d.known }
func (d *mp4v) Reset()                     { d.pictures.reset() }

func (d *mp4v) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if err := d.pictures.begin(h.Timestamp, lost, emit); err != nil {
		return err
	}
	if bytes.HasPrefix(payload, nal.StartCode) {
		d.pictures.open()
	}
	err := d.pictures.add(payload)
	d.pictures.end(h.Marker, emit)
	return err
}

// complete looks for the headers and the first VOP. Without a VOP, what there
// is belongs to the next one.
func (d *mp4v) complete(data []byte) picture {
	vop, next, following := -1, len(data), -1
	for at := range nal.StartCodes(data) {
		switch code := data[at+3]; {
		case code == mp4vVOP && vop < 0:
			vop = at
		case vop < 0:
			continue
		case code <= mp4vVOLLast || code == mp4vSequence || code == mp4vObject || code == mp4vGOV || code == mp4vVOP:
			next = min(next, at)
		}
		if next < len(data) && data[at+3] == mp4vVOP {
			following = at
			break
		}
	}
	if vop < 0 {
		return picture{held: len(data) <= maxMP4VHeaders}
	}
	if vop > 0 {
		d.learn(data[:vop])
	}
	p := picture{data: data[:next], rest: data[next:]}
	p.key = vop+4 < next && data[vop+4]>>6 == 0
	if following >= 0 {
		p.step = d.step(data[vop+4:], data[following+4:])
	}
	return p
}

// step is how much later one VOP is than another, in ticks of the RTP clock.
// VOPs count the ticks of each second, so it is within half a second.
func (d *mp4v) step(from, to []byte) uint32 {
	if d.resolution == 0 {
		return 0
	}
	n := int64(d.resolution)
	diff := (d.vopTime(to) - d.vopTime(from) + n + n/2) % n
	return uint32((diff - n/2) * int64(d.format.ClockRate) / n)
}

// vopTime reads vop_time_increment (ISO/IEC 14496-2, 6.2.5).
func (d *mp4v) vopTime(vop []byte) int64 {
	b := bits.Reader{Data: vop}
	b.Skip(2) // vop_coding_type
	for b.Flag() {
	} // modulo_time_base: the seconds
	b.Skip(1)
	return int64(b.Read(vopTimeBits(d.resolution)) % d.resolution)
}

// vopTimeBits is the width of a time within a second.
func vopTimeBits(resolution uint32) int { return max(mathbits.Len32(resolution-1), 1) }

// learn takes the headers that stand before a VOP, if a VOL is among them.
func (d *mp4v) learn(headers []byte) {
	end, vol := len(headers), []byte(nil)
	for at := range nal.StartCodes(headers) {
		switch code := headers[at+3]; {
		case code >= mp4vVOLFirst && code <= mp4vVOLLast:
			vol = headers[at+4:]
		case code == mp4vGOV || code == mp4vVOP:
			end = min(end, at)
		}
	}
	headers = headers[:end]
	if vol == nil || len(headers) > maxMP4VHeaders || bytes.Equal(headers, d.track.Private) {
		return
	}
	if l, ok := parseVOL(vol); ok {
		d.track.Width, d.track.Height, d.track.FrameRate = l.width, l.height, l.rate
		d.track.Private = bytes.Clone(headers)
		d.known, d.resolution = true, l.resolution
	}
}

// videoObjectLayer is what we use of a VOL.
type videoObjectLayer struct {
	width, height int
	rate          float64 // pictures a second; 0 when not told
	resolution    uint32  // ticks a second of the VOPs' times
}

// parseVOL reads a video object layer (ISO/IEC 14496-2, 6.2.3) without its
// start code as far as its size. Only rectangular layers have one.
func parseVOL(p []byte) (l videoObjectLayer, ok bool) {
	const (
		extendedAspect = 15
		vbvParameters  = 79 // bits
		rectangular    = 0
	)
	b := bits.Reader{Data: p}
	b.Skip(1 + 8) // random_accessible_vol, video_object_type_indication
	if b.Flag() {
		b.Skip(4 + 3) // version, priority
	}
	if b.Read(4) == extendedAspect {
		b.Skip(8 + 8)
	}
	if b.Flag() { // vol_control_parameters
		b.Skip(2 + 1)
		if b.Flag() {
			b.Skip(vbvParameters)
		}
	}
	if b.Read(2) != rectangular {
		return l, false
	}
	b.Skip(1)
	l.resolution = b.Read(16)
	b.Skip(1)
	if b.Flag() { // fixed_vop_rate
		step := b.Read(vopTimeBits(l.resolution))
		if rate := float64(l.resolution) / float64(step); step > 0 && rate <= nal.MaxFrameRate {
			l.rate = rate
		}
	}
	b.Skip(1)
	l.width = int(b.Read(13))
	b.Skip(1)
	l.height = int(b.Read(13))
	return l, !b.Short && l.width > 0 && l.height > 0
}
