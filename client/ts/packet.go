package ts

import "bytes"

// A transport packet (ISO/IEC 13818-1, 2.4.3.2):
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  sync 0x47    |E|S|P|        PID              |SC |AFC|  CC   |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	| (AFC>1) length|D|R|... adaptation field | (AFC odd) payload ...
//
// E: damaged on the way. S: a PES packet or a section begins. SC: scrambled.
// CC counts the packets of a PID that have payload. D: the count jumps here.
const (
	packetSize = 188
	syncByte   = 0x47
)

// strides are the distances between sync bytes: plain, with a time of arrival in
// front (M2TS of Blu-ray and of cameras), with error correction behind.
var strides = [...]int{188, 192, 204}

const (
	longest = 204
	syncs   = 3    // sync bytes in a row that make a stream
	window  = 1024 // bytes in which they are looked for
)

// framer cuts the bytes into packets.
type framer struct {
	stride int    // 0 while not known
	rest   []byte // less than a packet, or where packets are looked for
	noise  int    // bytes before the first packet
	ever   bool   // there was one
}

func (f *framer) reset() { f.rest, f.stride = f.rest[:0], 0 }

// write reports false where the bytes are something else altogether.
func (f *framer) write(p []byte, d *Demuxer) bool {
	for len(p) > 0 {
		switch {
		case f.stride == 0:
			n := min(len(p), window-len(f.rest))
			f.rest, p = append(f.rest, p[:n]...), p[n:]
			if !f.search(false, d) {
				return false
			}
		case len(f.rest) > 0:
			n := min(len(p), f.stride-len(f.rest))
			f.rest, p = append(f.rest, p[:n]...), p[n:]
			if len(f.rest) == f.stride && !f.drain(d) && !f.search(false, d) {
				return false
			}
		default:
			for len(p) >= f.stride && p[0] == syncByte {
				d.packet(p[:packetSize])
				p = p[f.stride:]
			}
			if len(p) >= f.stride {
				f.lost(d)
				continue
			}
			f.rest, p = append(f.rest, p...), nil
		}
	}
	return true
}

// lost is called where no packet follows a packet.
func (f *framer) lost(d *Demuxer) {
	f.stride = 0
	d.stats.Gaps++
}

// drain takes the whole packets out of rest, and reports whether they follow
// one another.
func (f *framer) drain(d *Demuxer) bool {
	b := f.rest
	for len(b) >= f.stride && b[0] == syncByte {
		d.packet(b[:packetSize])
		b = b[f.stride:]
	}
	ok := len(b) < f.stride
	if !ok {
		f.lost(d)
	}
	f.rest = f.rest[:copy(f.rest, b)]
	return ok
}

// search looks for packets in rest. What there is when the bytes end is enough
// then, otherwise it waits until it can tell: where the bytes are cut must not
// matter.
func (f *framer) search(final bool, d *Demuxer) bool {
	for f.stride == 0 && len(f.rest) > 0 {
		i := bytes.IndexByte(f.rest, syncByte)
		if i < 0 {
			i = len(f.rest)
		}
		f.rest = f.rest[:copy(f.rest, f.rest[i:])]
		if !f.ever {
			if f.noise += i; f.noise > maxNoise {
				return false
			}
		}
		if len(f.rest) == 0 || !final && len(f.rest) <= longest*(syncs-1) {
			return true
		}
		if f.stride = cadence(f.rest); f.stride > 0 {
			f.ever = true
			f.drain(d)
			continue
		}
		f.rest = f.rest[:copy(f.rest, f.rest[1:])]
		f.noise++
	}
	return true
}

// cadence is the distance of the sync bytes in b, which begins with one: 0 if
// there is none.
func cadence(b []byte) int {
	for _, s := range strides {
		n := 0
		for n < syncs && n*s < len(b) && b[n*s] == syncByte {
			n++
		}
		if n == syncs || n*s >= len(b) && len(b) >= packetSize {
			return s
		}
	}
	return 0
}

// flush takes the last packet, which may lack what follows the 188 bytes.
func (f *framer) flush(d *Demuxer) bool {
	f.search(true, d)
	if len(f.rest) >= packetSize && f.rest[0] == syncByte {
		d.packet(f.rest[:packetSize])
	}
	f.rest = f.rest[:0]
	return f.ever || f.noise == 0
}

// packet takes one packet.
func (d *Demuxer) packet(b []byte) {
	d.stats.Packets++
	p := d.pids[d.index[uint16(b[1]&0x1f)<<8|uint16(b[2])]]
	if p == nil {
		return
	}
	if b[1]&0x80 != 0 {
		p.lose()
		return
	}
	payload, jump, ok := payloadOf(b)
	if !ok {
		p.lose()
		return
	}
	if len(payload) == 0 {
		return
	}
	switch p.count(b[3]&0x0f, payload) {
	case counterRepeats:
		return
	case counterJumps:
		if !jump {
			d.stats.Gaps++
			p.lose()
		}
	}
	start := b[1]&0x40 != 0
	switch {
	case p.table != nil:
		d.section(p, payload, start)
	case b[3]&0xc0 != 0:
		p.scramble(true)
	default:
		p.payload(payload, start)
	}
}

// payloadOf is what the adaptation field leaves; jump is its discontinuity
// indicator.
func payloadOf(b []byte) (payload []byte, jump, ok bool) {
	switch b[3] >> 4 & 3 {
	case 1:
		return b[4:], false, true
	case 2:
		return nil, false, true
	case 3:
		n := int(b[4])
		if n > len(b)-5 {
			return nil, false, false
		}
		return b[5+n:], n > 0 && b[5]&0x80 != 0, true
	}
	return nil, false, true // reserved: to be ignored
}
