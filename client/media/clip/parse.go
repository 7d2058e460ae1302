package clip

import (
	"bytes"
	"sync"
	"time"
)

// NAL unit types (H.264, table 7-1).
const (
	nalIDR       = 5
	nalSPS       = 7
	nalPPS       = 8
	nalDelimiter = 9
)

// parts is the clip taken apart.
type parts struct {
	video, audio []AccessUnit
	sps, pps     []byte
	config       []byte
}

// parsed takes the clip apart on first use. The files are ours and embedded:
// their syntax is known, and the tests say that it holds.
var parsed = sync.OnceValue(func() *parts {
	p := &parts{}
	p.pictures()
	p.sound()
	return p
})

// pictures splits the Annex B stream at its access unit delimiters.
func (p *parts) pictures() {
	for _, nal := range splitAnnexB(annexB) {
		kind := nal[0] & 0x1f
		if kind == nalDelimiter {
			n := len(p.video)
			p.video = append(p.video, AccessUnit{
				Time:     time.Duration(n) * time.Second / FrameRate,
				Duration: time.Second / FrameRate,
			})
		}
		unit := &p.video[len(p.video)-1]
		unit.NALs = append(unit.NALs, nal)
		switch kind {
		case nalIDR:
			unit.Key = true
		case nalSPS:
			p.sps = nal
		case nalPPS:
			p.pps = nal
		}
	}
}

// splitAnnexB returns the NAL units between start codes, without the zero byte
// that makes the next start code one of four bytes.
func splitAnnexB(stream []byte) [][]byte {
	code := []byte{0, 0, 1}
	var nals [][]byte
	for _, part := range bytes.Split(stream, code)[1:] {
		nals = append(nals, bytes.TrimRight(part, "\x00"))
	}
	return nals
}

// sound splits the ADTS stream. The header of a frame is seven bytes here, as
// none has a checksum:
//
//	byte 0   1        2        3        4        5        6
//	11111111 1111ILLP OOFFFF.C CC....LL LLLLLLLL LLL..... ........
//
// O is the object type less one, F the index of the sampling frequency, C the
// channels, and L the length of the frame with its header.
func (p *parts) sound() {
	for rest := adts; len(rest) >= adtsHeader; {
		if p.config == nil {
			object, rate, channels := rest[2]>>6+1, rest[2]>>2&15, rest[2]&1<<2|rest[3]>>6
			p.config = []byte{object<<3 | rate>>1, rate<<7 | channels<<3}
		}
		size := int(rest[3]&3)<<11 | int(rest[4])<<3 | int(rest[5]>>5)
		at := time.Duration(len(p.audio)) * FrameSamples * time.Second / SampleRate
		end := time.Duration(len(p.audio)+1) * FrameSamples * time.Second / SampleRate
		p.audio = append(p.audio, AccessUnit{Time: at, Duration: end - at, Key: true, Data: rest[adtsHeader:size]})
		rest = rest[size:]
	}
}

const adtsHeader = 7
