package ts

import (
	"slices"
	"testing"

	"tapedeck/client/media"
)

// hot are streams of a second or so, to be sent again and again.
var hot = []struct {
	name string
	make func(m *maker)
}{
	{"H.264 and AAC", func(m *maker) {
		m.tables()
		for i := range int64(25) {
			picture := annexB(aud, inter)
			if i == 0 {
				picture = annexB(aud, sps, pps, idr)
			}
			m.video(i*3600, append(picture, noise(40_000)...))
			m.sound(i*3600, slices.Concat(adts(300, 1), adts(300, 2)))
		}
	}},
	{"H.265", func(m *maker) {
		m.programs(0, 1)
		m.program(pmtAt, 1, 0, announced{0x24, videoAt, ""})
		for i := range int64(25) {
			picture := annexB("460150", "0201d0")
			if i == 0 {
				picture = annexB("460150", "40010c01ffff016000000300b0000003000003005d", h265SPS, "4401c172b46240", "2601af")
			}
			m.video(i*3600, append(picture, noise(40_000)...))
		}
	}},
	{"MPEG-2 and MP2", func(m *maker) {
		m.programs(0, 1)
		m.program(pmtAt, 1, 0, announced{0x02, videoAt, ""}, announced{0x03, soundAt, ""})
		for i := range int64(25) {
			picture := hx("00000100 0057ffff 00000101")
			if i == 0 {
				picture = hx(mpegSequence + "00000100 000fffff 00000101")
			}
			picture[len(picture)-7] ^= byte(i) & 1 // its place in the order of display
			m.video(i*3600, append(picture, noise(40_000)...))
			m.sound(i*3600, append(hx("fffda404"), noise(572)...))
		}
	}},
	{"AC-3", func(m *maker) {
		m.programs(0, 1)
		m.program(pmtAt, 1, 0, announced{0x81, soundAt, ""})
		for i := range int64(25) {
			m.sound(i*2880, append(hx("0b77 0000 1e 40 e1"), noise(1785)...))
		}
	}},
	{"Opus", func(m *maker) {
		m.programs(0, 1)
		m.program(pmtAt, 1, 0, announced{0x06, soundAt, "05044f707573 7f028002"})
		for i := range int64(25) {
			m.sound(i*1800, append(hx("7fe0 a0 fc"), noise(159)...))
		}
	}},
}

// h265SPS is 1280x720.
const h265SPS = "420101016000000300b0000003000003005da00280802d1636b9246ca802"

// noise is n bytes without zeros, at which no frame begins.
func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i%250) + 1
		if b[i] == 0x0b {
			b[i] = 0x55
		}
	}
	return b
}

// TestNothingIsAllocated sends the streams for ever.
func TestNothingIsAllocated(t *testing.T) {
	for _, s := range hot {
		t.Run(s.name, func(t *testing.T) {
			m := newMaker()
			s.make(m)
			d := New()
			n := 0
			yield := func(media.Packet) { n++ }
			round := func() {
				for p := range slices.Chunk(m.out, 10_000) {
					if err := d.Write(p, yield); err != nil {
						t.Fatal(err)
					}
				}
				if err := d.Flush(yield); err != nil {
					t.Fatal(err)
				}
				d.Tracks()
			}
			round()
			if n < 25 || !d.Known() {
				t.Fatalf("%d packets, %+v", n, d.Tracks())
			}
			if a := testing.AllocsPerRun(20, round); a > 0 {
				t.Errorf("%v allocations", a)
			}
			if s := d.Stats(); s.Damaged+s.Gaps > 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// BenchmarkDemuxer tells what an access unit costs; bytes are those of the
// transport stream.
func BenchmarkDemuxer(b *testing.B) {
	for _, s := range hot {
		b.Run(s.name, func(b *testing.B) {
			m := newMaker()
			s.make(m)
			d := New()
			n := 0
			yield := func(media.Packet) { n++ }
			b.ReportAllocs()
			b.SetBytes(int64(len(m.out)))
			for b.Loop() {
				for p := range slices.Chunk(m.out, 32<<10) {
					d.Write(p, yield)
				}
				d.Flush(yield)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/unit")
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(len(m.out))*1e9, "s/GB")
		})
	}
}

// FuzzDemuxer takes anything: nothing but packets of tracks that are there comes
// out, and the same whatever the cuts.
func FuzzDemuxer(f *testing.F) {
	for _, c := range cases {
		m := newMaker()
		c.make(m)
		f.Add(m.out)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		run := func(size int) (list []unit) {
			d := New()
			yield := collect(&list)
			check := func(p media.Packet) {
				if p.Track >= len(d.streams) || len(p.Data) == 0 || len(p.Data) > maxVideoUnit {
					t.Fatalf("%d bytes of track %d", len(p.Data), p.Track)
				}
				yield(p)
			}
			for p := range slices.Chunk(b, size) {
				d.Write(p, check)
				d.Tracks()
			}
			d.Flush(check)
			d.Known()
			d.Reset()
			d.Write(b, check)
			d.Flush(check)
			return list
		}
		compare(t, run(max(1, len(b))), run(97))
	})
}

// FuzzPacked is the same for packed audio.
func FuzzPacked(f *testing.F) {
	f.Add(slices.Concat(timeTag("00000000 00015f90"), adts(30, 1), adts(30, 2)))
	f.Add(append(hx("fffb54c4"), make([]byte, 188)...))
	f.Add(append(hx("0b77 0000 00 40 40"), make([]byte, 121)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		run := func(size int) (list []unit) {
			d := NewPacked()
			for range 2 {
				for p := range slices.Chunk(b, size) {
					d.Write(p, collect(&list))
				}
				d.Flush(collect(&list))
				d.Tracks()
			}
			return list
		}
		compare(t, run(max(1, len(b))), run(3))
	})
}

// payloads writes what the bytes say behind tables with every coding: | PID3,
// start1, time1 | size8 | payload |...
func payloads(b []byte) []byte {
	m := newMaker()
	m.programs(0, 1)
	m.program(pmtAt, 1, 0, announced{0x1b, 0x100, ""}, announced{0x24, 0x101, ""}, announced{0x02, 0x102, ""},
		announced{0x0f, 0x103, ""}, announced{0x11, 0x104, ""}, announced{0x87, 0x105, ""},
		announced{0x06, 0x106, "05044f707573 7f028002"}, announced{0x15, 0x107, ""})
	for i := int64(0); len(b) >= 2; i++ {
		what, n := b[0], min(int(b[1]), 180, len(b)-2)
		part := b[2 : 2+n]
		b = b[2+n:]
		if what&8 != 0 {
			pts := int64(-1)
			if what&16 != 0 {
				pts = i * 3600
			}
			part = pesOf(0xe0, pts, pts, false, part)
		}
		m.packet(0x100+uint16(what&7), what&8 != 0, nil, part)
	}
	return m.out
}

// FuzzPayload reaches every elementary stream, which FuzzDemuxer does not for
// the tables' checksums.
func FuzzPayload(f *testing.F) {
	seed := func(pid byte, data []byte) (b []byte) {
		for i, p := 0, byte(24); i < 3; i++ {
			for rest := data; len(rest) > 0; p = 0 {
				n := min(len(rest), 160)
				b = append(append(b, pid|p, byte(n)), rest[:n]...)
				rest = rest[n:]
			}
		}
		return b
	}
	f.Add(seed(0, annexB(aud, sps, pps, idr, more, aud, inter)))
	f.Add(seed(1, annexB("460150", "40010c01ffff016000000300b0000003000003005d", h265SPS, "4401c172b46240", "2601af")))
	f.Add(seed(2, hx(mpegSequence+"00000100 000fffff 00000101 1111 00000100 0057ffff 00000101 2222")))
	f.Add(seed(3, adts(30, 1)))
	f.Add(seed(4, hx("56e010 20 0011 90 30 1fc0 10 00112233445566778899")))
	f.Add(seed(5, hx("0b77 0004 04 80 00000000 | 0b77 4004 04 80 00000000")))
	f.Add(seed(6, hx("7ff0 05 0138 fc01020304 | 7fe0 03 fc0506")))
	f.Add(seed(7, hx("494433 0400 00 00000004 00000000")))
	f.Fuzz(func(t *testing.T, b []byte) {
		stream := payloads(b)
		whole := feed(t, New(), stream, len(stream))
		for _, u := range whole {
			if len(u.data) == 0 || u.track > 7 {
				t.Fatalf("%v", u)
			}
		}
		compare(t, feed(t, New(), stream, 71), whole)
	})
}
