package ts

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tapedeck/client/media"
)

// hx reads hex; what is not hex in it sets apart.
func hx(s string) []byte {
	b, err := hex.DecodeString(strings.Map(func(r rune) rune {
		if r == ' ' || r == '|' || r == '\n' || r == '\t' {
			return -1
		}
		return r
	}, s))
	if err != nil {
		panic(err)
	}
	return b
}

// maker writes a transport stream.
type maker struct {
	counters map[uint16]byte
	out      []byte
}

func newMaker() *maker { return &maker{counters: map[uint16]byte{}} }

// packet writes one packet with as much of the payload as fits, and returns the
// rest. The adaptation field fills it, behind the given flags.
func (m *maker) packet(pid uint16, start bool, adaptation []byte, payload []byte) []byte {
	b := []byte{syncByte, byte(pid >> 8), byte(pid), 0x10 | m.counters[pid]}
	m.counters[pid] = (m.counters[pid] + 1) & 15
	if start {
		b[1] |= 0x40
	}
	room := packetSize - len(b)
	if len(adaptation) > 0 {
		room -= 1 + len(adaptation)
	}
	n := min(room, len(payload))
	if fill := room - n; fill > 0 || len(adaptation) > 0 {
		b[3] |= 0x20
		if len(adaptation) == 0 { // its length is the first byte of the filling
			fill--
			if fill > 0 {
				adaptation, fill = []byte{0}, fill-1
			}
		}
		b = append(b, byte(len(adaptation)+fill))
		b = append(b, adaptation...)
		b = append(b, slices.Repeat([]byte{0xff}, fill)...)
	}
	m.out = append(append(m.out, b...), payload[:n]...)
	return payload[n:]
}

// payload writes as many packets as it takes.
func (m *maker) payload(pid uint16, b []byte) {
	for start := true; start || len(b) > 0; start = false {
		b = m.packet(pid, start, nil, b)
	}
}

// section writes a table: head is what stands between the length and the CRC.
func (m *maker) section(pid uint16, id byte, body []byte) {
	b := []byte{id, 0xb0 | byte((len(body)+4)>>8), byte(len(body) + 4)}
	b = append(b, body...)
	b = binary.BigEndian.AppendUint32(b, checksum(b))
	m.payload(pid, append([]byte{0}, b...))
}

// PIDs of the tests.
const (
	pmtAt   = 0x1000
	videoAt = 0x100
	soundAt = 0x101
)

// programs writes a PAT with PMTs at the PIDs from pmtAt on.
func (m *maker) programs(version byte, numbers ...uint16) {
	b := []byte{0, 1, 0xc1 | version<<1, 0, 0}
	for i, n := range numbers {
		b = binary.BigEndian.AppendUint16(b, n)
		b = binary.BigEndian.AppendUint16(b, 0xe000|uint16(pmtAt+i))
	}
	m.section(patPID, patID, b)
}

// announced is a stream in a PMT.
type announced struct {
	kind        byte
	pid         uint16
	descriptors string
}

func (m *maker) program(at, number uint16, version byte, streams ...announced) {
	b := binary.BigEndian.AppendUint16(nil, number)
	b = append(b, 0xc1|version<<1, 0, 0, 0xe1, 0x00, 0xf0, 0)
	for _, s := range streams {
		d := hx(s.descriptors)
		b = append(b, s.kind)
		b = binary.BigEndian.AppendUint16(b, 0xe000|s.pid)
		b = binary.BigEndian.AppendUint16(b, 0xf000|uint16(len(d)))
		b = append(b, d...)
	}
	m.section(at, pmtID, b)
}

// tables writes the usual ones: H.264 and AAC.
func (m *maker) tables() {
	m.programs(0, 1)
	m.program(pmtAt, 1, 0, announced{0x1b, videoAt, ""}, announced{0x0f, soundAt, ""})
}

// pesOf is a PES packet, with a time of decoding where that differs; a time
// below 0 is not told.
func pesOf(id byte, pts, dts int64, length bool, data []byte) []byte {
	b := []byte{0, 0, 1, id, 0, 0, 0x80, 0, 0}
	if pts >= 0 {
		b[7], b[8] = 0x80, 5
		lead := byte(0x21)
		if dts != pts {
			b[7], b[8], lead = 0xc0, 10, 0x31
		}
		b = append(b, stampOf(lead, pts)...)
		if dts != pts {
			b = append(b, stampOf(0x11, dts)...)
		}
	}
	b = append(b, data...)
	if length {
		binary.BigEndian.PutUint16(b[4:], uint16(len(b)-6))
	}
	return b
}

func stampOf(lead byte, t int64) []byte {
	return []byte{lead | byte(t>>29)&0x0e, byte(t >> 22), byte(t>>14) | 1, byte(t >> 7), byte(t<<1) | 1}
}

// video and sound write a PES packet each.
func (m *maker) video(pts int64, data []byte) {
	m.payload(videoAt, pesOf(0xe0, pts, pts, false, data))
}

func (m *maker) sound(pts int64, data []byte) {
	m.payload(soundAt, pesOf(0xc0, pts, pts, true, data))
}

// H.264 at 640x360, 25 pictures a second; the NAL units without start codes.
const (
	sps   = "6764001eacd940a02ff97011000003000100000300320f162d96"
	pps   = "68ce3c80"
	idr   = "6588 84 21a0" // first_mb 0, an I slice
	inter = "419a 24 6c41" // first_mb 0, a P slice
	more  = "4142 11 2233" // first_mb above 0
	aud   = "09f0"
)

// annexB puts start codes of four bytes before NAL units.
func annexB(nals ...string) (b []byte) {
	for _, n := range nals {
		b = append(append(b, 0, 0, 0, 1), hx(n)...)
	}
	return b
}

// sized puts lengths before NAL units.
func sized(nals ...string) (b []byte) {
	for _, n := range nals {
		u := hx(n)
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(u))), u...)
	}
	return b
}

// adts is a frame of AAC-LC at 48 kHz in stereo with a payload of n bytes.
func adts(n int, fill byte) []byte {
	size := 7 + n
	b := []byte{0xff, 0xf1, 0x4c, 0x80 | byte(size>>11), byte(size >> 3), byte(size<<5) | 0x1f, 0xfc}
	return append(b, slices.Repeat([]byte{fill}, n)...)
}

// unit is a packet that came out.
type unit struct {
	track int
	ticks int64
	key   bool
	data  []byte
}

func (u unit) String() string {
	return fmt.Sprintf("{track %d at %d, key %v: %d bytes %.40x}", u.track, u.ticks, u.key, len(u.data), u.data)
}

// demuxer is Demuxer or Packed.
type demuxer interface {
	Write(p []byte, yield func(media.Packet)) error
	Flush(yield func(media.Packet)) error
	Tracks() []media.Track
	Known() bool
	Reset()
	Stats() Stats
}

// collect appends packets to a list, with their times in ticks.
func collect(list *[]unit) func(media.Packet) {
	return func(p media.Packet) {
		ticks := (int64(p.Time)*9 + 50_000) / 100_000
		if p.Time < 0 {
			ticks = (int64(p.Time)*9 - 50_000) / 100_000
		}
		*list = append(*list, unit{p.Track, ticks, p.Key, slices.Clone(p.Data)})
	}
}

// feed writes b in parts of size bytes, and ends the segment.
func feed(t testing.TB, d demuxer, b []byte, size int) (list []unit) {
	t.Helper()
	for len(b) > 0 {
		n := min(size, len(b))
		if err := d.Write(b[:n], collect(&list)); err != nil {
			t.Fatal(err)
		}
		b = b[n:]
	}
	if err := d.Flush(collect(&list)); err != nil {
		t.Fatal(err)
	}
	return list
}

func compare(t *testing.T, got, want []unit) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i].String() != want[i].String() || string(got[i].data) != string(want[i].data) {
			t.Errorf("packet %d is %v\nwant %v", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d packets, want %d: %v", len(got), len(want), got)
	}
}

const second = clockRate

// frameTicks is what 1024 samples at 48 kHz last.
const frameTicks = 1920
