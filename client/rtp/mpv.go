package rtp

import (
	"bytes"

	"github.com/pion/rtp"

	"tapedeck/client/media"
	"tapedeck/client/mpegvideo"
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
// and goes on with the stream, as mpegvideo.Stream shows it, whose headers are
// only at the beginning of a payload or behind other headers. What the payload's
// header says of the picture is in the stream too, and senders leave it 0.
// GStreamer lets small pictures follow one another.
type mpv struct {
	format   Format
	pictures pictureAssembler
	stream   mpegvideo.Stream
}

const mpvExtended = 0x04 // T, in the first byte

func newMPV(f Format) (Depacketizer, error) {
	d := &mpv{format: f}
	d.pictures.coding = d
	return d, nil
}

// Track is ready with the first sequence header, which tells MPEG-1 from MPEG-2.
func (d *mpv) Track() (media.Track, bool) {
	s, known := d.stream.Sequence()
	t := d.format.track(media.Video, media.MPEG2Video)
	if known {
		t.Codec, t.Private = s.Codec, s.Header
		t.Width, t.Height, t.FrameRate = s.Width, s.Height, s.FrameRate
	}
	return t, known
}

func (d *mpv) Reset() { d.pictures.reset() }

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
		case mpegvideo.SequenceCode, mpegvideo.GroupCode, mpegvideo.PictureCode:
			d.pictures.open()
		}
	}
	err := d.pictures.add(payload)
	d.pictures.end(h.Marker, emit)
	return err
}

// complete looks at the first picture, which may be of two fields.
func (d *mpv) complete(data []byte) picture {
	p := d.stream.Picture(data)
	if p.Held {
		return picture{held: true}
	}
	out := picture{data: p.Data, key: p.Key, rest: p.Rest}
	if s, _ := d.stream.Sequence(); s.FrameRate > 0 {
		out.step = uint32(int64(float64(d.format.ClockRate) / s.FrameRate * float64(p.Frames)))
	}
	return out
}
