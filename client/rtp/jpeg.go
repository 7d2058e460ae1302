package rtp

import (
	"bytes"
	"cmp"
	"encoding/binary"

	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// jpeg is RFC 2435: JPEG pictures without their headers, which are made again
// here. A payload begins with (3.1)
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	| type-specific |              fragment offset                  |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|      type     |       Q       |    width/8    |    height/8   |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|       restart interval        |F|L|       count               |  type 64-127
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|       0       |   precision   |            length             |  Q above 127,
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  offset 0
//	|              quantization tables ...
//
// The type says how colours are sampled: 0 is 4:2:2, 1 is 4:2:0. Sizes that do
// not fit into 8 bits come with the description, or with the headers that ONVIF
// cameras put into an extension of the RTP header (ONVIF Streaming, 5.1.3.1).
type jpeg struct {
	format   Format
	pictures pictureAssembler
	track    media.Track

	made    []byte     // headers of the last picture...
	from    jpegHeader // ...and what they were made of
	used    []byte     // with those, of extra
	extra   []byte     // tables from the extension, of the picture in hand
	headers int        // bytes of headers in front of its data

	tables [128]jpegTables // that came in-band, by Q less 128
}

// jpegHeader is what a picture's headers are made of.
type jpegHeader struct {
	kind          byte // without the 64 of restart markers
	restart       uint16
	width, height int
	tables        jpegTables
}

// jpegTables are the quantization tables: of luma, and of chroma.
type jpegTables struct {
	wide [2]bool // 16 bits a value
	set  bool    // they are
	data [2][2 * jpegTableSize]byte
}

const (
	jpegTableSize = 64      // values of a quantization table
	maxJPEGExtra  = 4 << 10 // bytes of tables from the extension

	jpegRestarts  = 64  // type: there are restart markers
	jpegTypes     = 2   // types that say how to sample: 0 and 1
	jpegInBand    = 128 // Q: tables come in-band
	jpegEveryTime = 255 // Q: they do in each picture

	jpegWrap = 256 * 8 // of a size in 8 bits

	onvifHeaders = 0xffd8 // profile of the extension
)

func newJPEG(f Format) (Depacketizer, error) {
	d := &jpeg{format: f, track: f.track(media.Video, media.JPEG)}
	d.pictures.coding = d
	return d, nil
}

// Track is ready with the first picture, which says how large it is.
func (d *jpeg) Track() (media.Track, bool) { return d.track, d.track.Width > 0 }
func (d *jpeg) Reset()                     { d.pictures.reset() }

func (d *jpeg) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if err := d.pictures.begin(h.Timestamp, lost, emit); err != nil {
		return err
	}
	offset, data, err := d.parse(h, payload, emit)
	if err == nil && d.pictures.active {
		if offset != len(d.pictures.buf)-d.headers {
			err = ErrMalformed
		} else {
			err = d.pictures.add(data)
		}
	}
	if err != nil {
		d.pictures.reset()
		return err
	}
	d.pictures.end(h.Marker, emit)
	return nil
}

// parse reads a payload's headers. At offset 0 a picture begins.
func (d *jpeg) parse(h *rtp.Header, p []byte, emit func(Unit)) (offset int, data []byte, err error) {
	if len(p) < 8 {
		return 0, nil, ErrMalformed
	}
	offset = int(binary.BigEndian.Uint32(p) & 0xffffff)
	kind, q := p[4], p[5]
	head := jpegHeader{kind: kind}
	width, height := p[6], p[7]
	p = p[8:]
	if kind >= jpegRestarts && kind < 2*jpegRestarts {
		if len(p) < 4 {
			return 0, nil, ErrMalformed
		}
		head.kind -= jpegRestarts
		head.restart = binary.BigEndian.Uint16(p)
		p = p[4:]
	}
	if offset > 0 {
		return offset, p, nil
	}
	if head.kind >= jpegTypes {
		return 0, nil, ErrMalformed
	}
	if q >= jpegInBand {
		if p, err = d.readTables(q, p); err != nil {
			return 0, nil, err
		}
		head.tables = d.tables[q-jpegInBand]
	} else {
		head.tables.scale(int(q))
	}
	d.pictures.start(emit)
	d.extension(h, &head)
	d.size(&head, width, height)
	d.makeHeaders(&head)
	d.headers = len(d.made)
	return 0, p, d.pictures.add(d.made)
}

// readTables takes the quantization tables of that Q in front of p. Without
// any, those of an earlier picture hold.
func (d *jpeg) readTables(q byte, p []byte) ([]byte, error) {
	if len(p) < 4 {
		return nil, ErrMalformed
	}
	precision, size := p[1], int(binary.BigEndian.Uint16(p[2:]))
	if p = p[4:]; size > len(p) {
		return nil, ErrMalformed
	}
	tables := &d.tables[q-jpegInBand]
	if size == 0 {
		if !tables.set || q == jpegEveryTime {
			return nil, ErrMalformed
		}
		return p, nil
	}
	var t jpegTables
	if !t.read(precision, p[:size]) {
		return nil, ErrMalformed
	}
	*tables = t
	return p[size:], nil
}

// read takes one table for all components, or one for luma and one for chroma.
func (t *jpegTables) read(precision byte, p []byte) bool {
	for i := range t.data {
		n := jpegTableSize
		if t.wide[i] = precision>>i&1 == 1; t.wide[i] {
			n *= 2
		}
		if i == 1 && len(p) == 0 { // one for both
			t.wide[1], t.data[1] = t.wide[0], t.data[0]
			return true
		}
		if n > len(p) {
			return false
		}
		copy(t.data[i][:], p[:n])
		p = p[n:]
		t.set = true
	}
	return true
}

// scale makes the tables of a Q below 128 (RFC 2435, 4.2), as libjpeg does.
func (t *jpegTables) scale(q int) {
	q = min(max(q, 1), 100)
	factor := 200 - 2*q
	if q < 50 {
		factor = 5000 / q
	}
	t.set = true
	for i := range jpegQuantizers {
		for j, v := range jpegQuantizers[i] {
			t.data[i][j] = byte(min(max((int(v)*factor+50)/100, 1), 255))
		}
	}
}

// size decides how large the picture is. The description is right where what it
// says is the same in the 8 bits that the payload has for it: these are rounded
// up, and cut off above 2040. 0 stands for what does not fit.
func (d *jpeg) size(head *jpegHeader, width, height byte) {
	w, h := d.format.Width, d.format.Height
	fits := byte((w+7)/8) == width && byte((h+7)/8) == height
	switch {
	case head.width > 0:
	case w > 0 && h > 0 && (fits || width == 0 || height == 0):
		head.width, head.height = w, h
	default:
		w, h = 8*int(width), 8*int(height)
		head.width, head.height = unwrapJPEG(cmp.Or(w, jpegWrap), cmp.Or(h, jpegWrap))
	}
	d.track.Width, d.track.Height = head.width, head.height
}

// unwrapJPEG guesses what was cut off where nothing tells: cameras of 2560x1440
// send 512x1440 and such of 3840x2160 send 1792x112. A size that no camera has
// becomes one that cameras have.
func unwrapJPEG(w, h int) (int, int) {
	if w >= h && 2*w <= 5*h || isCameraShape(w, h) {
		return w, h
	}
	for _, c := range [3][2]int{{w + jpegWrap, h}, {w, h + jpegWrap}, {w + jpegWrap, h + jpegWrap}} {
		if isCameraShape(c[0], c[1]) {
			return c[0], c[1]
		}
	}
	return w, h
}

// isCameraShape reports whether sides are as 16 to 9, 4 to 3 and the like, but
// for a hundredth: sizes are rounded up.
func isCameraShape(w, h int) bool {
	for _, s := range [6][2]int{{16, 9}, {4, 3}, {5, 4}, {3, 2}, {9, 16}, {3, 4}} {
		if off := w*s[1] - h*s[0]; 128*max(off, -off) < w*s[1] {
			return true
		}
	}
	return false
}

// extension takes what ONVIF cameras put into the RTP header: segments as they
// stand in a JPEG file, with fill bytes of ff around. The frame's size is taken;
// tables go into the headers behind ours, in whose place they are then.
func (d *jpeg) extension(h *rtp.Header, head *jpegHeader) {
	d.extra = d.extra[:0]
	if !h.Extension || h.ExtensionProfile != onvifHeaders {
		return
	}
	for p := h.GetExtension(0); len(p) >= 4; {
		if p[0] != 0xff || p[1] == 0xff || p[1] == jpegSOI {
			if p[0] == 0xff && p[1] == jpegSOI {
				p = p[1:]
			}
			p = p[1:]
			continue
		}
		size := 2 + int(binary.BigEndian.Uint16(p[2:]))
		if size < 4 || size > len(p) {
			return
		}
		switch p[1] {
		case jpegSOF0, jpegSOF1:
			if size >= 9 {
				head.height, head.width = int(binary.BigEndian.Uint16(p[5:])), int(binary.BigEndian.Uint16(p[7:]))
			}
		case jpegDQT, jpegDHT:
			if len(d.extra)+size <= maxJPEGExtra {
				d.extra = append(d.extra, p[:size]...)
			}
		}
		p = p[size:]
	}
}

// complete adds the end that some senders leave out.
func (d *jpeg) complete(data []byte) picture {
	if len(data) <= d.headers {
		return picture{}
	}
	if !bytes.HasSuffix(data, []byte{0xff, jpegEOI}) {
		data = append(data, 0xff, jpegEOI)
		d.pictures.buf = data
	}
	return picture{data: data, key: true}
}
