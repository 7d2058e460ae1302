package fmp4

import "tapedeck/client/media"

// boxes cuts the bytes into boxes: it gathers those that are read whole, hands
// on the bytes of mdat as they come, and passes over all others.
type boxes struct {
	state state
	err   error // why the rest of the bytes means nothing
	began bool  // there was a box

	pos   int64 // of the next byte, from the beginning of the segment
	start int64 // where the box began
	kind  fourCC
	head  []byte // as far as it has come
	left  int64  // bytes of the box that are to come; -1: all
	box   []byte // its content, where it is gathered
}

// state is what the next bytes are.
type state int

const (
	inHead  state = iota
	inBox         // of a box that is gathered
	inMedia       // of mdat
	inOther       // skipped
)

func (x *boxes) write(p []byte, d *Demuxer, yield func(media.Packet)) (first error) {
	for len(p) > 0 && x.err == nil {
		var n int
		var err error
		if x.state == inHead {
			n, err = x.readHead(p, d)
		} else {
			n = x.readBody(p, d, yield)
		}
		x.pos += int64(n)
		p = p[n:]
		if x.state != inHead && x.left == 0 {
			if x.state == inBox {
				err = d.box(x.kind, x.box, x.start, yield)
			}
			x.state = inHead
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = x.err
	}
	return first
}

// readHead takes bytes of a box's head, and begins the box with its last.
func (x *boxes) readHead(p []byte, d *Demuxer) (n int, err error) {
	if len(x.head) == 0 {
		x.start = x.pos
	}
	for {
		want := headSize(x.head)
		k := min(want-len(x.head), len(p)-n)
		x.head = append(x.head, p[n:n+k]...)
		n += k
		if len(x.head) < want {
			return n, nil
		}
		if headSize(x.head) == want {
			break
		}
	}
	size := sizeOf(x.head)
	x.kind = fourCC(x.head[4:8])
	x.left = size
	if size > 0 {
		x.left -= int64(len(x.head))
	}
	x.head = x.head[:0]
	if size == 0 || !x.began && !begins(x.kind) {
		x.err = ErrNotMP4
		if x.began {
			x.err = &BoxError{x.kind.String(), ErrMalformed}
		}
		return n, nil
	}
	x.began = true
	return n, x.begin(d, x.pos+int64(n))
}

// begins reports whether a stream may begin with such a box.
func begins(kind fourCC) bool {
	switch string(kind[:]) {
	case "ftyp", "styp", "moov", "moof", "sidx", "ssix", "prft", "emsg", "free", "skip", "mdat", "uuid", "wide", "pdin", "meta":
		return true
	}
	return false
}

// begin decides what becomes of a box whose content begins at offset at.
func (x *boxes) begin(d *Demuxer, at int64) error {
	var limit int64
	switch string(x.kind[:]) {
	case "moov":
		limit = maxInit
	case "moof":
		d.drop()
		limit = maxFragment
	case "emsg":
		limit = maxEvent
	case "mdat":
		x.state = inMedia
		d.samples.arrive(at)
		return nil
	default:
		x.state = inOther
		return nil
	}
	if x.left < 0 || x.left > limit {
		x.state = inOther
		return &BoxError{x.kind.String(), ErrTooLarge}
	}
	x.state, x.box = inBox, x.box[:0]
	return nil
}

// readBody takes bytes of a box's content.
func (x *boxes) readBody(p []byte, d *Demuxer, yield func(media.Packet)) int {
	n := len(p)
	if x.left >= 0 {
		n = int(min(int64(n), x.left))
		x.left -= int64(n)
	}
	switch x.state {
	case inBox:
		x.box = append(x.box, p[:n]...)
	case inMedia:
		d.media(p[:n], x.pos, yield)
	}
	return n
}

// end is the end of a segment.
func (x *boxes) end() error {
	err := x.err
	if err == nil && (x.state != inHead && x.left > 0 || len(x.head) > 0) {
		err = ErrTruncated
	}
	*x = boxes{box: x.box[:0], head: x.head[:0]}
	return err
}
