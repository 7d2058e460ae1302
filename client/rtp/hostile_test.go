package rtp

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"tapedeck/client/media"
)

// Bounds of what a sender can make a receiver do, whatever it sends.
const (
	hostileTime   = 5 * time.Second // for all packets of a case, on a slow machine
	hostileMemory = 48 << 20        // bytes that stay: two units of 8 MiB and what holds them
)

// hostile is a receiver under attack, by one sender with its numbers in order
// unless the case wants it otherwise.
type hostile struct {
	*Receiver
	t      *testing.T
	format Format
	good   func() []packet
	seq    uint16
	ts     uint32
	now    time.Time
	last   time.Duration // media time
	units  int
	errs   int
}

func newHostile(t *testing.T, name string, opt Options) *hostile {
	for _, s := range hotStreams {
		if s.name != name {
			continue
		}
		d, err := NewDepacketizer(s.format)
		if err != nil {
			t.Fatal(err)
		}
		return &hostile{t: t, Receiver: NewReceiver(0, s.format, d, opt), format: s.format, good: s.make, now: epoch, seq: 60000}
	}
	t.Fatalf("no stream %q", name)
	return nil
}

// raw sends any bytes, a millisecond after those before.
func (h *hostile) raw(b []byte) {
	h.now = h.now.Add(time.Millisecond)
	err := h.RTP(bytes.Clone(b), h.now, func(p media.Packet) {
		if len(p.Data) > maxVideoUnit || p.Time < 0 || p.Time > h.now.Sub(epoch)+time.Hour {
			h.t.Fatalf("a unit of %d bytes at %v", len(p.Data), p.Time)
		}
		h.last = p.Time
		h.units++
	})
	if err != nil {
		h.errs++
	}
	h.Poll(h.now, func(p media.Packet) { h.units++ })
}

// send sends a payload as the next packet.
func (h *hostile) send(payload []byte) { h.packet(packet{ts: h.ts, payload: payload}) }

func (h *hostile) packet(p packet) {
	p.pt, p.seq = h.format.PayloadType, h.seq
	h.seq++
	h.raw(p.raw())
}

// rtcp sends a compound.
func (h *hostile) rtcp(b []byte) {
	h.now = h.now.Add(time.Millisecond)
	if _, err := h.RTCP(b, h.now); err != nil {
		h.errs++
	}
}

// survives sends the good stream: most of it must come out.
func (h *hostile) survives() {
	h.t.Helper()
	before, packets := h.units, h.good()
	frames := map[uint32]bool{}
	for _, p := range packets {
		frames[p.ts] = true
		p.ts += h.ts + 180000
		h.packet(p)
	}
	h.Poll(h.now.Add(time.Second), func(media.Packet) { h.units++ })
	if n := h.units - before; n < len(frames)*3/4 {
		h.t.Errorf("%d units of %d come out of the good stream after it", n, len(frames))
	}
	checkReport(h.t, h.AppendReport(nil, h.now))
}

func repeat(n int, b ...byte) []byte { return bytes.Repeat(b, n) }

func TestHostilePackets(t *testing.T) {
	rnd := rand.New(rand.NewPCG(13, 14))
	udp := Options{Reorder: true}
	for _, c := range []struct {
		name, stream string
		opt          Options
		attack       func(h *hostile)
	}{
		{"length 0 to 11", "H264", udp, func(h *hostile) {
			for n := range 12 {
				h.raw(append([]byte{0x80, 96}, make([]byte, 10)...)[:n])
			}
			if h.errs != 12 {
				h.t.Errorf("%d of 12 are refused", h.errs)
			}
		}},
		{"15 sources that are not there", "H264", udp, func(h *hostile) {
			h.raw(hx("8f 60 ea60 00000000 00000000 11111111"))
		}},
		{"extension longer than the packet", "H264", udp, func(h *hostile) {
			h.raw(hx("90 60 ea60 00000000 00000000 bede ffff 00000000"))
			h.raw(hx("90 60 ea61 00000000 00000000 1000 0001"))
			h.raw(hx("90 60 ea62 00000000 00000000 be"))
		}},
		{"padding longer than the packet", "H264", udp, func(h *hostile) {
			h.raw(hx("a0 60 ea60 00000000 00000000 7c 85 88 ff"))
			h.raw(hx("a0 60 ea61 00000000 00000000"))
		}},
		{"versions 0, 1 and 3", "H264", udp, func(h *hostile) {
			for _, v := range []byte{0x00, 0x40, 0xc0} {
				h.raw(append([]byte{v, 96, 0xea, 0x60}, make([]byte, 20)...))
			}
			if h.errs != 3 || h.Stats().Packets != 0 {
				h.t.Errorf("%d of 3 are refused", h.errs)
			}
		}},
		{"a source for each packet", "H264", udp, func(h *hostile) {
			h.packet(packet{payload: hx(slice)})
			for i := range 100_000 {
				h.raw(packet{pt: 96, seq: uint16(i), ssrc: rnd.Uint32(), payload: make([]byte, 1400)}.raw())
			}
			if n := cap(h.rival.held); n > 2*maxRival {
				h.t.Errorf("%d bytes of rivals are kept", n)
			}
		}},
		{"a rival that never gets its turn", "PCMU", udp, func(h *hostile) {
			for i := range 20_000 {
				h.raw(packet{seq: uint16(i), ssrc: 7, payload: make([]byte, 1400)}.raw())
				if i%50 == 0 {
					h.send(make([]byte, 160))
				}
			}
			if n := cap(h.rival.held); n > 2*maxRival {
				h.t.Errorf("%d bytes of a rival are kept", n)
			}
		}},
		{"numbers to and fro", "H264", udp, func(h *hostile) {
			for i := range 30_000 {
				h.raw(packet{pt: 96, seq: uint16(i % 2 * 30_000), payload: hx(slice)}.raw())
			}
			for range 30_000 {
				h.raw(packet{pt: 96, seq: uint16(rnd.Uint32()), payload: hx(slice)}.raw())
			}
		}},
		{"numbers to and fro over TCP", "H264", Options{}, func(h *hostile) {
			for i := range 30_000 {
				h.raw(packet{pt: 96, seq: uint16(i % 2 * 30_000), payload: hx(slice)}.raw())
			}
		}},
		{"huge packets behind a gap", "H264", udp, func(h *hostile) {
			h.send(hx(slice))
			h.seq++
			for range 500 {
				h.send(append(hx(slice), make([]byte, 60_000)...))
			}
			if h.Receiver.seq.size > maxSlotBytes {
				h.t.Errorf("%d bytes are held", h.Receiver.seq.size)
			}
		}},
		{"random timestamps", "PCMU", udp, func(h *hostile) {
			for range 20_000 {
				h.packet(packet{ts: rnd.Uint32(), payload: []byte{1}})
			}
			if real := h.now.Sub(epoch); h.last > real+time.Minute {
				h.t.Errorf("after %v the time is %v", real, h.last)
			}
		}},
		{"fragments without an end: packets", "H264", udp, func(h *hostile) {
			h.send(hx("7c 85 88 84"))
			for range 4 * maxUnitPackets {
				h.send(hx("7c 05 01"))
			}
			if h.units != 0 || h.errs == 0 {
				h.t.Errorf("%d units, %d errors", h.units, h.errs)
			}
		}},
		{"fragments without an end: bytes", "H264", udp, func(h *hostile) {
			h.send(hx("7c 85 88 84"))
			for range 300 {
				h.send(append(hx("7c 05"), repeat(60_000, 0x55)...))
			}
			if h.units != 0 || h.errs == 0 {
				h.t.Errorf("%d units, %d errors", h.units, h.errs)
			}
		}},
		{"H.265 fragments without an end", "H265", udp, func(h *hostile) {
			h.send(hx("62 01 93 af"))
			for range 300 {
				h.send(append(hx("62 01 13"), repeat(60_000, 0x55)...))
			}
		}},
		{"STAP of sizes 0", "H264", udp, func(h *hostile) {
			for range 100 {
				h.send(append(hx("78"), make([]byte, 60_000)...))
			}
		}},
		{"STAP and MTAP of sizes that are too large", "H264", udp, func(h *hostile) {
			for _, p := range []string{"78 ffff 41", "79 0001 ffff 41", "7a 0001 ffff 00 0000 41", "7b 0001 0001 00 000000", "7a 0001 0000", "78 00"} {
				h.send(hx(p))
			}
		}},
		{"LEB128 of 10 bytes", "AV1", udp, func(h *hostile) {
			for range 100 {
				h.send(append(hx("00"), repeat(10, 0xff)...))
				h.send(append(hx("00"), append(repeat(9, 0x80), 0x01)...))
				h.send(append(hx("30 ffffffff0f"), repeat(20, 0xff)...))
				h.send(append(hx("10 12 00"), repeat(180, 0xff)...)) // a temporal delimiter that is too long
			}
		}},
		{"JPEG offsets that overlap", "JPEG", udp, func(h *hostile) {
			for i := range 2000 {
				off := []byte{0, byte(i >> 8), byte(i)}
				if i%3 == 0 {
					off = []byte{0xff, 0xff, byte(i)}
				}
				h.send(append(append([]byte{0}, off...), append(hx("01 32 28 17"), repeat(1000, 0xaa)...)...))
			}
		}},
		{"AU-headers-length 65535", "AAC", udp, func(h *hostile) {
			h.send(append(hx("ffff"), repeat(100, 0xff)...))
			h.send(append(hx("ffff"), repeat(9000, 0x00)...))
			h.send(hx("0010 fff8 00"))
			h.send(hx("00"))
		}},
		{"SBIT and EBIT above 8", "H263", udp, func(h *hostile) {
			for range 100 {
				h.send(hx("3f 40 00 01 ff"))
				h.send(hx("bf 00 00 00 00 00 00 00 ff"))
			}
		}},
		{"a Xiph length beyond the rest", "Vorbis", udp, func(h *hostile) {
			h.send(hx("abcdef 01 ffff 00"))
			h.send(hx("abcdef 0f 0001 00 ffff"))
			h.send(hx("abcdef 11 ffff"))
			for range 300 {
				h.send(append(hx("abcdef 80 ea60"), repeat(60_000, 1)...)) // fragments without an end
			}
		}},
		{"an AMR table of contents without frames", "AMR", udp, func(h *hostile) {
			h.send(hx("f0 fc fc fc fc"))
			h.send(append(hx("f0"), repeat(5000, 0xfc)...))
			h.send(hx("f0"))
		}},
		{"a report with 31 blocks that are not there", "PCMU", udp, func(h *hostile) {
			h.rtcp(hx("9f c9 0001 00000001"))
			h.rtcp(hx("9f c8 0006 00000000 00000001 00000000 00000000 00000000 00000000"))
		}},
		{"BYE whose reason is too long", "PCMU", udp, func(h *hostile) {
			h.rtcp(hx("81 cb 0002 00000001 ff 616263"))
			h.rtcp(hx("9f cb 0001 00000001"))
		}},
		{"RTCP length 0xFFFF", "PCMU", udp, func(h *hostile) {
			h.rtcp(hx("80 c8 ffff 00000000 00000001"))
			h.rtcp(hx("81 ca ffff"))
		}},
		{"SDES without END", "PCMU", udp, func(h *hostile) {
			h.rtcp(hx("81 ca 0002 00000000 01 02 6162"))
			h.rtcp(hx("9f ca 0001 00000000"))
		}},
		{"times 0 and the last", "PCMU", udp, func(h *hostile) {
			h.send(make([]byte, 160))
			for _, ntp := range []string{"0000000000000000", "ffffffffffffffff", "0000000100000000", "8000000000000000"} {
				for _, ts := range []string{"00000000", "ffffffff", "80000000"} {
					h.rtcp(hx("80 c8 0006 00000000" + ntp + ts + "ffffffff ffffffff"))
				}
			}
			if h.last > time.Second {
				h.t.Errorf("the time is %v", h.last)
			}
		}},
		{"RTCP storms", "PCMU", udp, func(h *hostile) {
			for range 20_000 {
				b := make([]byte, 4+rnd.IntN(60))
				for i := range b {
					b[i] = byte(rnd.Uint32())
				}
				b[0], b[1], b[2] = 0x80|b[0]&0x3f, 200+b[1]%4, 0
				h.rtcp(b)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := heap()
			h := newHostile(t, c.stream, c.opt)
			began := time.Now()
			c.attack(h)
			h.now = h.now.Add(time.Second) // what is held is given up, and rivals may follow
			h.ts = 1 << 20
			h.survives()
			if took := time.Since(began); took > hostileTime {
				t.Errorf("it took %v", took)
			}
			if n := heap() - before; n > hostileMemory {
				t.Errorf("%d bytes stay", n)
			}
			runtime.KeepAlive(h)
		})
	}
}

// heap is how much memory is in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestSentInVain: sender reports that tell of packets which do not come.
func TestSentInVain(t *testing.T) {
	sr := func(ssrc byte, count uint32) []byte {
		b := hx("80 c8 0006 00000000 e0000000 00000000 00000000")
		b[7] = ssrc
		return append(binary.BigEndian.AppendUint32(b, count), 0, 0, 0, 0)
	}
	r := newRig(t, Options{})
	says := func(what string, want bool, count uint32) {
		t.Helper()
		r.now = r.now.Add(5 * time.Second)
		if _, err := r.RTCP(sr(0, count), r.now); err != nil || r.SentInVain() != want {
			t.Errorf("%s: %v, %v", what, r.SentInVain(), err)
		}
	}
	if r.SentInVain() {
		t.Error("nothing was told")
	}
	says("nothing was sent yet", false, 0)
	says("some was, none came", true, 10)
	r.sendSeqs(1)
	if r.SentInVain() {
		t.Error("it came after all")
	}
	says("up to the one that came", false, 11)
	says("no more were sent", false, 11)
	says("more were", true, 12)
	r.now = r.now.Add(time.Second)
	r.sendSeqs(2)
	says("the next one came", false, 20)
	r.RTCP(sr(9, 1000), r.now)
	if r.SentInVain() {
		t.Error("another source's report counts")
	}
	r.Rebase(0, nil, nil)
	says("the count goes on in a new range", false, 30)
	says("of which nothing comes", true, 40)
}
