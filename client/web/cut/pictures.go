package cut

import (
	"bytes"
	"encoding/binary"
	"mime"
	"strconv"
	"strings"
)

// Limits of pushed pictures.
const (
	maxPicture  = 16 << 20 // bytes of one
	maxPartHead = 8 << 10  // bytes between two pictures
	leastRoom   = 32 << 10 // bytes that are read at once
)

// Pictures takes JPEG pictures out of multipart/x-mixed-replace, with which
// cameras push them, or out of pictures one behind the other.
//
//	--boundary CRLF  Content-Type: image/jpeg CRLF  [Content-Length: n CRLF]  CRLF  FFD8 ... FFD9 CRLF
//
// No two cameras write the same. Axis sends all of it; a boundary may be given
// with its dashes (Panasonic), with blanks and no quotes (D-Link), or be another
// than the one announced; lengths are left out or wrong (Foscam), the empty line
// may be missing, and more line ends than one come between the parts (ESP32). So
// a picture is found by its own beginning and end, and the rest only helps:
// lengths where they prove right, and types to step over parts that are no
// pictures.
type Pictures struct {
	boundary []byte // with which the ends of other parts are found; may be empty
	buf      []byte
	r, n     int // what is not taken yet: buf[r:n]

	inside  bool // a picture begins at r
	length  int  // that its part announced; 0: none, or a wrong one
	at      int  // where from r on the end is looked for
	scan    bool // within the coded picture, where only marks are looked for
	skip    int  // bytes of a part that is no picture
	foreign bool // such a part, of unknown length
}

// NewPictures begins before a body that was announced as contentType.
func NewPictures(contentType string) *Pictures {
	p := &Pictures{buf: make([]byte, leastRoom)}
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		p.boundary = []byte(strings.TrimLeft(params["boundary"], "-"))
	}
	return p
}

// Room is where the next bytes go, at least one; Filled says how many came. The
// picture that Next returned last is gone then.
func (p *Pictures) Room() []byte {
	if p.r > 0 {
		p.n = copy(p.buf, p.buf[p.r:p.n])
		p.r = 0
	}
	if p.n == len(p.buf) {
		p.buf = append(p.buf, make([]byte, len(p.buf))...)
	}
	return p.buf[p.n:]
}

// Filled is described at Room.
func (p *Pictures) Filled(n int) { p.n += n }

// Next is the next whole picture, if it has come.
func (p *Pictures) Next() ([]byte, bool) {
	for {
		switch {
		case p.skip > 0:
			k := min(p.skip, p.n-p.r)
			p.r, p.skip = p.r+k, p.skip-k
			if p.skip > 0 {
				return nil, false
			}
		case !p.inside:
			if !p.find() {
				return nil, false
			}
		default:
			size, more := p.end()
			if size > 0 {
				picture := p.buf[p.r : p.r+size]
				p.r, p.inside = p.r+size, false
				return picture, true
			}
			if more && p.n-p.r < maxPicture {
				return nil, false
			}
			if p.at > 0 { // no picture, or one without an end
				p.r = min(p.r+len(soi), p.n)
			}
			p.inside = false
		}
	}
}

var soi, eoi = []byte("\xff\xd8\xff"), []byte("\xff\xd9")

// find looks for the beginning of a picture, and reads what its part says.
func (p *Pictures) find() bool {
	b := p.buf[p.r:p.n]
	if p.foreign {
		mark := p.boundary
		if len(mark) == 0 {
			mark = soi
		}
		i := bytes.Index(b, mark)
		if i < 0 {
			p.r += max(0, len(b)-len(mark)+1)
			return false
		}
		p.r, p.foreign = p.r+i, false
		return true
	}
	at := bytes.Index(b, soi)
	head := b
	if at >= 0 {
		head = b[:at]
	}
	blank := blankLine(head)
	if blank > 0 {
		head = head[:blank]
	}
	switch {
	case at < 0 && blank == 0 && len(b) > maxPartHead:
		p.r += len(b) - len(soi)
		return false
	case at < 0 && blank == 0:
		return false
	}
	jpeg, length := partHead(head)
	switch {
	case !jpeg && length > 0:
		p.r, p.skip = p.r+len(head), length
	case !jpeg:
		p.r, p.foreign = p.r+len(head), true
	case at < 0 && len(b) > blank+len(soi):
		p.r += blank // words, and no picture behind them
	case at < 0:
		return false
	default:
		p.inside, p.at, p.scan, p.length = true, 2, false, 0
		if at == blank || blank == 0 {
			p.length = length
		}
		p.r += at
	}
	return true
}

// blankLine is the offset behind the first empty line that follows words; 0
// where there is none.
func blankLine(b []byte) int {
	words := false
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0
		}
		empty := len(bytes.Trim(b[from:from+i], "\r")) == 0
		from += i + 1
		if empty && words {
			return from
		}
		words = words || !empty
	}
}

// partHead reads a part's headers. What says nothing is taken for a picture.
func partHead(b []byte) (jpeg bool, length int) {
	jpeg = true
	for line := range bytes.Lines(b[max(0, len(b)-maxPartHead):]) {
		name, value, ok := strings.Cut(string(line), ":")
		if !ok {
			continue
		}
		value = strings.ToLower(strings.TrimSpace(value))
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "content-type":
			jpeg = strings.Contains(value, "jpeg") || strings.Contains(value, "jpg") || strings.Contains(value, "octet-stream")
		case "content-length":
			if n, err := strconv.Atoi(value); err == nil && n > 0 && n <= maxPicture {
				length = n
			}
		}
	}
	return jpeg, length
}

// end is the size of the picture at r once it is there. A length that was
// announced is believed where the picture ends there; else the marks are
// followed, which knows a small picture within the picture from the end.
// size 0 and not more: it is no picture.
func (p *Pictures) end() (size int, more bool) {
	b := p.buf[p.r:p.n]
	if p.length > 0 {
		if len(b) < p.length {
			return 0, true
		}
		if whole := bytes.TrimRight(b[:p.length], "\r\n\x00"); bytes.HasSuffix(whole, eoi) {
			return len(whole), false
		}
		p.length = 0
	}
	for {
		if p.scan {
			i := bytes.IndexByte(b[p.at:], 0xff)
			if i < 0 {
				p.at = len(b)
				return 0, true
			}
			p.at += i
		}
		if p.at+4 > len(b) && (p.at+2 > len(b) || b[p.at+1] != 0xd9) {
			return 0, true
		}
		switch mark := b[p.at+1]; {
		case b[p.at] != 0xff:
			return 0, false
		case mark == 0xff: // padding
			p.at++
		case mark == 0xd9:
			return p.at + 2, false
		case mark == 0xd8 && p.scan: // the next picture: this one was cut off
			p.r, p.at = p.r+p.at, 0
			return 0, false
		case mark == 0 || mark >= 0xd0 && mark <= 0xd7:
			if !p.scan {
				return 0, false
			}
			p.at += 2
		case mark == 1:
			p.at += 2
		case mark < 0xc0 || mark == 0xd8:
			return 0, false
		default:
			n := int(binary.BigEndian.Uint16(b[p.at+2:]))
			if p.at+2+n > len(b) {
				return 0, true
			}
			p.at += 2 + n
			p.scan = mark == 0xda
		}
	}
}

// PictureSize is the size of the JPEG picture at the front of b, from its frame
// header (ITU-T T.81, B.2.2), if that is in b.
//
//	FF C0..CF (not C4, C8, CC)  length(2) bits(1) height(2) width(2)
func PictureSize(b []byte) (width, height int, ok bool) {
	if !bytes.HasPrefix(b, soi) {
		return 0, 0, false
	}
	for at := 2; at+9 <= len(b) && b[at] == 0xff; {
		mark := b[at+1]
		switch {
		case mark == 0xff:
			at++
		case mark >= 0xc0 && mark <= 0xcf && mark != 0xc4 && mark != 0xc8 && mark != 0xcc:
			return int(binary.BigEndian.Uint16(b[at+7:])), int(binary.BigEndian.Uint16(b[at+5:])), true
		default:
			at += 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		}
	}
	return 0, 0, false
}
