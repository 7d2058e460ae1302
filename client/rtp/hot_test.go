package rtp

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
)

// The streams of the benchmarks and of the test that nothing is allocated: one
// second or so of each payload format, to be sent again and again.
var hotStreams = []struct {
	name   string
	format Format
	make   func() []packet
}{
	{"H264", Format{PayloadType: 96, Encoding: "H264", Params: map[string]string{"sprop-parameter-sets": b64(sps640, pps264)}}, func() []packet {
		return hotVideo(hx("7c"), [3]byte{0x85, 0x05, 0x45}, hx("67640020"), "88")
	}},
	{"H265", Format{PayloadType: 96, Encoding: "H265"}, func() []packet {
		return hotVideo(hx("62 01"), [3]byte{0x93, 0x13, 0x53}, hx("44010020"), "af")
	}},
	{"AAC", hbrAs(97), func() (out []packet) {
		for i := range 100 {
			b := hx("0020 | 0c80 0c80") // two units of 400
			out = append(out, packet{pt: 97, marker: true, ts: uint32(2048 * i), payload: append(b, make([]byte, 800)...)})
		}
		return out
	}},
	{"MP2T", Format{PayloadType: 33}, func() (out []packet) {
		for i := range 100 {
			out = append(out, packet{pt: 33, ts: uint32(900 * i), payload: tsPackets(tsPAT, tsPlain, tsPlain, tsPlain, tsPlain, tsPlain, tsPlain)})
		}
		return out
	}},
	{"PCMU", Format{PayloadType: 0}, func() (out []packet) {
		for i := range 100 {
			out = append(out, packet{ts: uint32(160 * i), payload: make([]byte, 160)})
		}
		return out
	}},
	{"Opus", Format{PayloadType: 111, Encoding: "opus"}, func() (out []packet) {
		for i := range 100 {
			out = append(out, packet{pt: 111, ts: uint32(960 * i), payload: make([]byte, 240)})
		}
		return out
	}},
}

func hbrAs(pt uint8) Format {
	f := hbr()
	f.PayloadType = pt
	return f
}

// hotVideo is pictures of 20 fragments of 1400 bytes, with a parameter set in
// front of each.
func hotVideo(indicator []byte, kinds [3]byte, set []byte, first string) (out []packet) {
	for i := range 25 {
		ts := uint32(3600 * i)
		out = append(out, packet{pt: 96, ts: ts, payload: set})
		for j := range 20 {
			kind := kinds[1]
			switch j {
			case 0:
				kind = kinds[0]
			case 19:
				kind = kinds[2]
			}
			b := append(append([]byte{}, indicator...), kind)
			if j == 0 {
				b = append(b, hx(first)...)
			}
			for len(b) < 1388 {
				b = append(b, byte(len(b))|1)
			}
			out = append(out, packet{pt: 96, ts: ts, marker: j == 19, payload: b})
		}
	}
	return out
}

// loop sends a stream for ever: sequence numbers and timestamps go on.
type loop struct {
	r     *Receiver
	raw   [][]byte
	span  uint32 // timestamps of one round
	order []int
	n     int
	now   time.Time
	bytes uint64
	units int
	emit  func(media.Packet)
}

func newLoop(tb testing.TB, f Format, packets []packet, opt Options) *loop {
	d, err := NewDepacketizer(f)
	if err != nil {
		tb.Fatal(err)
	}
	l := &loop{r: NewReceiver(0, f, d, opt), now: epoch}
	for i, p := range packets {
		l.raw = append(l.raw, p.raw())
		l.order = append(l.order, i)
	}
	l.span = packets[len(packets)-1].ts + packets[1].ts - packets[0].ts
	l.emit = func(p media.Packet) { l.bytes += uint64(len(p.Data)); l.units++ }
	return l
}

func (l *loop) step() error {
	i := l.n%len(l.raw) - l.n%len(l.raw)%len(l.order) + l.order[l.n%len(l.order)]
	round := l.n / len(l.raw)
	raw := l.raw[i]
	seq := binary.BigEndian.Uint16(raw[2:])
	ts := binary.BigEndian.Uint32(raw[4:])
	binary.BigEndian.PutUint16(raw[2:], uint16(round*len(l.raw)+i))
	binary.BigEndian.PutUint32(raw[4:], ts+uint32(round)*l.span)
	l.now = l.now.Add(100 * time.Microsecond)
	err := l.r.RTP(raw, l.now, l.emit)
	binary.BigEndian.PutUint16(raw[2:], seq)
	binary.BigEndian.PutUint32(raw[4:], ts)
	l.n++
	return err
}

func TestNothingIsAllocated(t *testing.T) {
	shuffle := rand.New(rand.NewPCG(5, 6))
	for _, s := range hotStreams {
		for _, mode := range []string{"TCP", "UDP", "UDP out of order"} {
			t.Run(s.name+"/"+mode, func(t *testing.T) {
				l := newLoop(t, s.format, s.make(), Options{Reorder: mode != "TCP"})
				if mode == "UDP out of order" {
					for i := 0; i+4 <= len(l.order); i += 4 {
						shuffle.Shuffle(4, func(a, b int) { l.order[i+a], l.order[i+b] = l.order[i+b], l.order[i+a] })
					}
					l.order[0], l.order[1], l.order[2], l.order[3] = 0, 2, 1, 3
				}
				run := func() {
					for range len(l.raw) {
						if err := l.step(); err != nil {
							t.Fatal(err)
						}
					}
				}
				run()
				run()
				if n := testing.AllocsPerRun(5, run); n != 0 {
					t.Errorf("%v allocations in %d packets", n, len(l.raw))
				}
				st := l.r.Stats()
				if st.Lost != 0 || st.Duplicates != 0 || l.units == 0 || st.Packets != uint64(l.n) {
					t.Errorf("%+v, %d units of %d packets", st, l.units, l.n)
				}
				if (st.Reordered > 0) != (mode == "UDP out of order") {
					t.Errorf("%d reordered", st.Reordered)
				}
			})
		}
	}
}

func BenchmarkReceiver(b *testing.B) {
	for _, s := range hotStreams {
		b.Run(s.name, func(b *testing.B) { benchmark(b, s.format, s.make(), Options{}) })
	}
}

// BenchmarkReceiverH264 is the figure that counts: pictures in fragments of
// 1400 bytes.
func BenchmarkReceiverH264(b *testing.B) {
	s := hotStreams[0]
	b.Run("TCP", func(b *testing.B) { benchmark(b, s.format, s.make(), Options{}) })
	b.Run("UDP", func(b *testing.B) { benchmark(b, s.format, s.make(), Options{Reorder: true}) })
}

func benchmark(b *testing.B, f Format, packets []packet, opt Options) {
	l := newLoop(b, f, packets, opt)
	for range 2 * len(l.raw) {
		l.step()
	}
	before := l.r.Stats().Bytes
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		l.step()
	}
	b.SetBytes(int64(l.r.Stats().Bytes-before) / int64(b.N))
}

// fuzzFormats is the streams above, which hold what their formats want to be
// described with, and then every encoding that there is without a word.
func fuzzFormats() (list []Format) {
	for _, s := range hotStreams {
		list = append(list, s.format)
	}
	for _, name := range slices.Sorted(maps.Keys(encodings)) {
		f := Format{PayloadType: 96, Encoding: name}
		if _, err := NewDepacketizer(f); err == nil {
			list = append(list, f)
		}
	}
	return list
}

// FuzzReceiver hands packets of any kind to whole receivers of every encoding.
func FuzzReceiver(f *testing.F) {
	formats := fuzzFormats()
	for name := range encodings {
		if !slices.ContainsFunc(formats, func(f Format) bool { return strings.EqualFold(f.Complete().Encoding, name) }) {
			f.Errorf("%s is not among the formats", name)
		}
	}
	for i, s := range hotStreams {
		var b []byte
		for j, p := range s.make()[:6] {
			p.seq = uint16(j)
			p.payload = p.payload[:min(len(p.payload), 200)]
			raw := p.raw()
			b = append(binary.BigEndian.AppendUint16(b, uint16(len(raw))), raw...)
		}
		f.Add(uint8(2*i), b)
		f.Add(uint8(2*i+1), b)
	}
	for i := len(hotStreams); i < len(formats); i++ {
		raw := packet{pt: 96, marker: true, seq: 1, payload: []byte{0x80, 1, 2, 3, 4, 5, 6, 7}}.raw()
		f.Add(uint8(2*i), append(binary.BigEndian.AppendUint16(nil, uint16(len(raw))), raw...))
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		format := formats[int(which/2)%len(formats)]
		d, err := NewDepacketizer(format)
		if err != nil {
			t.Fatal(err)
		}
		r := NewReceiver(0, format, d, Options{Reorder: which%2 == 1, MaxReorder: 8})
		now, last := epoch, media.Stats{}
		emit := func(p media.Packet) {
			if p.Time < 0 || p.Time > 24*time.Hour || len(p.Data) == 0 || len(p.Data) > maxVideoUnit {
				t.Fatalf("a packet of %d bytes at %v", len(p.Data), p.Time)
			}
		}
		for n := 0; len(b) >= 2; n++ {
			size := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
			r.RTP(b[2:2+size], now, emit)
			if n%16 == 9 {
				r.RTCP(b[2:2+size], now)
				checkReport(t, r.AppendReport(nil, now))
			}
			if n%64 == 63 {
				seq, ts := uint16(n), uint32(n)
				r.Rebase(time.Duration(n)*time.Second, &seq, &ts)
			}
			b = b[2+size:]
			now = now.Add(20 * time.Millisecond)
			if s := r.Stats(); s.Lost < last.Lost || s.Packets < last.Packets || s.Lost > uint64(n+1)*(maxDropout+maxReorder) {
				t.Fatalf("%+v after %+v", s, last)
			} else {
				last = s
			}
			r.Poll(now, emit)
			if at := r.Deadline(); !at.IsZero() && !at.After(now) {
				t.Fatalf("the deadline %v has passed at %v", at, now)
			}
		}
		r.Poll(now.Add(time.Hour), emit)
		if !r.Deadline().IsZero() {
			t.Fatal("packets are held for ever")
		}
	})
}
