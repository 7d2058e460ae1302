package hlstest

import (
	"encoding/binary"
	"slices"
	"time"

	"tapedeck/client/media/clip"
)

const (
	tsPacket = 188

	pidPAT   = 0
	pidPMT   = 0x100
	pidVideo = 0x101
	pidAudio = 0x102

	// early is how far the program clock runs ahead of what it times.
	early = 500 * time.Millisecond
)

// segments of the clip: one after another, or in a loop, they are one transport
// stream (ISO/IEC 13818-1), each beginning with its tables and a key picture.
type segments struct {
	size   int              // seconds of each
	before []map[int]uint64 // packets of each PID before the segment; the last is the whole clip's
}

func newSegments(size int) *segments {
	s := &segments{size: size, before: []map[int]uint64{make(map[int]uint64)}}
	for n := range seconds / size {
		p := s.pack(n)
		s.before = append(s.before, p.packets)
	}
	return s
}

// segment is the one with number n, whose timestamps are those of the clip
// played in a loop.
func (s *segments) segment(n int) []byte { return s.pack(n).out }

func (s *segments) pack(n int) *packer {
	round, n := n/(seconds/s.size), n%(seconds/s.size)
	p := packer{packets: make(map[int]uint64)}
	for _, pid := range []int{pidPAT, pidPMT, pidVideo, pidAudio} {
		p.packets[pid] = s.before[n][pid]
		if round > 0 {
			p.packets[pid] += uint64(round) * s.before[seconds/s.size][pid]
		}
	}
	begin := time.Duration(n*s.size) * time.Second
	end := begin + time.Duration(s.size)*time.Second
	loop := time.Duration(round) * clip.Duration
	p.tables()
	sound := clip.Audio()
	sound = sound[at(sound, begin):at(sound, end)]
	pictures := clip.Video()
	for _, au := range pictures[at(pictures, begin):at(pictures, end)] {
		for len(sound) > 0 && sound[0].Time <= au.Time {
			p.sound(sound[0], loop)
			sound = sound[1:]
		}
		p.picture(au, loop)
	}
	for _, au := range sound {
		p.sound(au, loop)
	}
	return &p
}

// seconds is how long the clip is.
const seconds = int(clip.Duration / time.Second)

// at is the index of the first unit at or after t.
func at(units []clip.AccessUnit, t time.Duration) int {
	i, _ := slices.BinarySearchFunc(units, t, func(u clip.AccessUnit, t time.Duration) int { return int(u.Time - t) })
	return i
}

// packer writes packets of a transport stream.
type packer struct {
	out     []byte
	packets map[int]uint64 // so far, by PID
}

// tables writes PAT and PMT, a packet each.
//
//	pointer=0 | table_id  0xb000+length  id  0xc1  section 0 of 0 | ... | CRC
func (p *packer) tables() {
	pat := []byte{0, 1, 0xe0 | pidPMT>>8, pidPMT & 0xff}
	pmt := []byte{0xe0 | pidVideo>>8, pidVideo & 0xff, 0xf0, 0} // the clock, no descriptors
	pmt = append(pmt, 0x1b, 0xe0|pidVideo>>8, pidVideo&0xff, 0xf0, 0)
	pmt = append(pmt, 0x0f, 0xe0|pidAudio>>8, pidAudio&0xff, 0xf0, 0)
	p.section(pidPAT, 0x00, pat)
	p.section(pidPMT, 0x02, pmt)
}

func (p *packer) section(pid int, table byte, body []byte) {
	length := 5 + len(body) + 4
	s := append([]byte{table, 0xb0 | byte(length>>8), byte(length), 0, 1, 0xc1, 0, 0}, body...)
	s = binary.BigEndian.AppendUint32(s, checksum(s))
	packet := append(p.header(pid, true, 0x10), 0)
	packet = append(packet, s...)
	for len(packet) < tsPacket {
		packet = append(packet, 0xff)
	}
	p.out = append(p.out, packet...)
}

// checksum is CRC-32/MPEG-2 (ISO/IEC 13818-1, annex A).
func checksum(b []byte) uint32 {
	crc := ^uint32(0)
	for _, c := range b {
		crc ^= uint32(c) << 24
		for range 8 {
			high := crc >> 31
			crc = crc<<1 ^ high*poly
		}
	}
	return crc
}

// poly is the polynomial of CRC-32, highest power first.
const poly = 0x04c11db7

func (p *packer) header(pid int, first bool, flags byte) []byte {
	h := []byte{0x47, byte(pid >> 8), byte(pid), flags | byte(p.packets[pid]&15)}
	if first {
		h[1] |= 0x40
	}
	p.packets[pid]++
	return h
}

func (p *packer) picture(au clip.AccessUnit, shift time.Duration) {
	var es []byte
	for _, nal := range au.NALs {
		es = append(append(es, 0, 0, 0, 1), nal...)
	}
	t := ticks(au.Time + shift + early)
	p.pes(pidVideo, 0xe0, es, t, ticks(au.Time+shift), au.Key)
}

func (p *packer) sound(au clip.AccessUnit, shift time.Duration) {
	p.pes(pidAudio, 0xc0, adts(au.Data), ticks(au.Time+shift+early), -1, true)
}

// ticks is t in units of 1/90000 second.
func ticks(t time.Duration) int64 { return int64(t) * 9 / 100000 }

// pes writes one packetised unit:
//
//	00 00 01 id  length  80 80 05  PTS (33 bits in 5 bytes) | unit
//
// The packet that begins it has clock as its PCR, unless it is negative.
func (p *packer) pes(pid int, id byte, es []byte, pts, clock int64, key bool) {
	b := []byte{0, 0, 1, id, 0, 0, 0x80, 0x80, 5,
		0x21 | byte(pts>>29)&0x0e, byte(pts >> 22), byte(pts>>14) | 1, byte(pts >> 7), byte(pts<<1) | 1}
	if pid == pidAudio { // a picture may be longer than the field can say
		binary.BigEndian.PutUint16(b[4:], uint16(len(es)+8))
	}
	b = append(b, es...)
	for first := true; len(b) > 0; first = false {
		var field []byte // adaptation
		if first && clock >= 0 {
			field = []byte{0x10, byte(clock >> 25), byte(clock >> 17), byte(clock >> 9), byte(clock >> 1), byte(clock<<7) | 0x7e, 0}
			if key {
				field[0] |= 0x40 // random access
			}
		}
		p.packet(pid, first, field, &b)
	}
}

// packet writes what fits of b, stuffed where b ends.
func (p *packer) packet(pid int, first bool, field []byte, b *[]byte) {
	room := tsPacket - 4
	if len(field) > 0 {
		room -= 1 + len(field)
	}
	stuffed := len(field) > 0
	if missing := room - len(*b); missing > 0 {
		if !stuffed {
			missing-- // the length byte
		}
		stuffed = true
		if missing > 0 && len(field) == 0 {
			field, missing = []byte{0}, missing-1
		}
		for range missing {
			field = append(field, 0xff)
		}
	}
	flags := byte(0x10)
	if stuffed {
		flags = 0x30
	}
	p.out = append(p.out, p.header(pid, first, flags)...)
	if stuffed {
		p.out = append(append(p.out, byte(len(field))), field...)
	}
	n := tsPacket - len(p.out)%tsPacket
	if n > len(*b) {
		panic("hlstest: a packet is not full")
	}
	p.out = append(p.out, (*b)[:n]...)
	*b = (*b)[n:]
}

// adts is a frame with its header (ISO/IEC 14496-3, 1.A.2.2): AAC-LC, 48 kHz, mono.
func adts(frame []byte) []byte {
	n := len(frame) + 7
	return append([]byte{0xff, 0xf1, 0x4c, 0x40 | byte(n>>11), byte(n >> 3), byte(n<<5) | 0x1f, 0xfc}, frame...)
}
