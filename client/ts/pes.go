package ts

import (
	"bytes"

	"tapedeck/client/media"
)

// A PES packet (ISO/IEC 13818-1, 2.4.3.6):
//
//	| 00 00 01 | stream id8 | length16 | 10 SC2 ....4 | PTS1 DTS1 ......6 |
//	| header length8 | (0010 or 0011, PTS) | (0001, DTS) | ... | payload
//
//	PTS, DTS: | xxxx | 32..30 | 1 | 29..15 | 1 | 14..0 | 1 |
//
// A length of 0 says that it goes on to the next one; of pictures it is not
// believed at all, as some encoders write what 16 bits leave of it.
const (
	pesFixed  = 9 // bytes up to the header length
	pesLength = 6 // bytes that the length does not count
	pesStamp  = 5 // bytes of a time
)

// pesState is where in a PES packet a stream is.
type pesState int

const (
	pesNone pesState = iota // nowhere: what comes is skipped
	pesHead
	pesBody
)

var pesPrefix = []byte{0, 0, 1}

// stamp is the time of a PES packet.
type stamp struct {
	told bool
	pts  int64 // ticks, unwrapped
	dts  int64 // that of decoding, which is pts where it is not told
}

// plus is the time of a picture that comes so many ticks later.
func (s stamp) plus(ticks int64) stamp { return stamp{s.told, s.pts + ticks, s.dts + ticks} }

// elementary is the stream of one track, which its PES packets carry. It emits
// access units by the sink that it was made with.
type elementary interface {
	// begin is called where a PES packet begins, add with its parts.
	begin(s stamp)
	add(p []byte)
	// lose drops what is partial: bytes are missing here.
	lose()
	// flush is called where the stream ends, or a part of it.
	flush()
	// reset drops what is partial: what follows may be another stream.
	reset()

	// known reports whether the decoder's configuration has come.
	known() bool
	describe(t *media.Track)
}

// payload takes the payload of a packet; start says that a PES packet begins.
func (p *pid) payload(b []byte, start bool) {
	if p.es == nil {
		return
	}
	if start {
		p.state, p.head = pesHead, p.head[:0]
	}
	if p.state == pesHead {
		b = p.header(b)
	}
	if p.state != pesBody {
		return
	}
	if p.left >= 0 {
		b = b[:min(p.left, len(b))]
		p.left -= len(b)
	}
	if len(b) > 0 {
		p.es.add(b)
	}
}

// header reads the header and returns what follows it in b. A header that is
// not complete is kept.
func (p *pid) header(b []byte) []byte {
	if len(p.head) > 0 {
		p.head = append(p.head, b...)
		b = p.head
	}
	if len(b) < pesFixed || len(b) < pesFixed+int(b[8]) {
		if len(p.head) == 0 {
			p.head = append(p.head, b...)
		}
		return nil
	}
	if !bytes.HasPrefix(b, pesPrefix) || !pesHasHeader(b[3]) || b[6]&0xc0 != 0x80 {
		p.state = pesNone
		return nil
	}
	if b[6]&0x30 != 0 {
		p.scramble(true)
		p.state = pesNone
		return nil
	}
	p.scramble(false)
	size := pesFixed + int(b[8])
	p.state, p.left = pesBody, int(b[4])<<8|int(b[5])-(size-pesLength)
	if b[4]|b[5] == 0 || p.base.Kind == media.Video {
		p.left = -1
	} else if p.left < 0 {
		p.state = pesNone
		return nil
	}
	p.es.begin(p.d.stamp(b[:size]))
	return b[size:]
}

// pesHasHeader reports whether a stream id has the fields after the length.
func pesHasHeader(id byte) bool {
	switch id {
	case 0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff: // maps, padding, private_stream_2, ECM, EMM, DSM-CC, H.222.1 E, directory
		return false
	}
	return id >= 0xbc
}

// stamp reads the times out of a header.
func (d *Demuxer) stamp(head []byte) stamp {
	times := head[7] >> 6
	if times < 2 || len(head) < pesFixed+pesStamp {
		return stamp{}
	}
	pts := ticksOf(head[pesFixed:])
	dts := pts
	if times == 3 && len(head) >= pesFixed+2*pesStamp {
		dts = ticksOf(head[pesFixed+pesStamp:])
	}
	s := stamp{told: true, dts: d.clock.unwrap(dts)}
	s.pts = s.dts + nearest(pts-dts)
	return s
}

func ticksOf(b []byte) int64 {
	return int64(b[0]>>1&7)<<30 | int64(b[1])<<22 | int64(b[2]>>1)<<15 | int64(b[3])<<7 | int64(b[4]>>1)
}
