package ts

import "slices"

// cases are whole streams, by what they are made of, and what is to come out.
var cases = []struct {
	name  string
	make  func(m *maker)
	want  []unit
	stats Stats // but for Packets
}{
	{
		name: "pictures and sound, as they are sent",
		make: func(m *maker) {
			m.tables()
			m.video(1*second, annexB(aud, sps, pps, idr))
			m.sound(1*second, slices.Concat(adts(50, 1), adts(60, 2)))
			m.video(1*second+3600, annexB(aud, inter))
		},
		want: []unit{
			{1, 1 * second, true, adts(50, 1)[7:]},
			{1, 1*second + frameTicks, true, adts(60, 2)[7:]},
			{0, 1 * second, true, sized(aud, sps, pps, idr)},
			{0, 1*second + 3600, false, sized(aud, inter)},
		},
	},
	{
		name: "the time of decoding differs, and wraps between two pictures",
		make: func(m *maker) {
			m.tables()
			const end = 1<<33 - 1800
			m.payload(videoAt, pesOf(0xe0, end+3600-1<<33, end, false, annexB(aud, sps, pps, idr)))
			m.payload(videoAt, pesOf(0xe0, 5400, 1800, false, annexB(aud, inter)))
			m.payload(videoAt, pesOf(0xe0, 1<<33-1, 5400, false, annexB(aud, inter)))
		},
		want: []unit{
			{0, 1<<33 + 1800, true, sized(aud, sps, pps, idr)},
			{0, 1<<33 + 5400, false, sized(aud, inter)},
			{0, 1<<33 - 1, false, sized(aud, inter)},
		},
	},
	{
		name: "what comes before the tables is not for us; nor pictures before the parameter sets",
		make: func(m *maker) {
			m.video(0, annexB(aud, sps, pps, idr))
			m.tables()
			m.video(1*second, annexB(aud, inter))
			m.video(2*second, annexB(aud, sps, pps, idr))
		},
		want: []unit{{0, 2 * second, true, sized(aud, sps, pps, idr)}},
	},
	{
		name: "pictures and sound before the first time",
		make: func(m *maker) {
			m.tables()
			m.video(-1, annexB(aud, sps, pps, idr))
			m.sound(-1, slices.Concat(adts(30, 1), adts(30, 2)))
			m.video(1*second, annexB(aud, inter))
			m.sound(1*second, slices.Concat(adts(30, 3), adts(30, 4)))
		},
		want: []unit{
			{1, 1 * second, true, adts(30, 3)[7:]},
			{1, 1*second + frameTicks, true, adts(30, 4)[7:]},
			{0, 1 * second, false, sized(aud, inter)},
		},
	},
	{
		name: "start codes of three bytes, zeros behind units, filler",
		make: func(m *maker) {
			m.tables()
			m.video(1*second, slices.Concat(hx("000001 09f0 000001"+sps+"0000 000001"+pps+"000001 0cff80 00000001"+idr+"000000")))
		},
		want: []unit{{0, 1 * second, true, sized(aud, sps, pps, idr)}},
	},
	{
		name: "slices in PES packets of their own, with the same time or none",
		make: func(m *maker) {
			m.tables()
			m.video(1*second, annexB(aud, sps, pps, idr))
			m.video(1*second, annexB(more))
			m.video(-1, annexB(more))
			m.video(1*second+3600, annexB(aud, inter))
		},
		want: []unit{
			{0, 1 * second, true, sized(aud, sps, pps, idr, more, more)},
			{0, 1*second + 3600, false, sized(aud, inter)},
		},
	},
	{
		name: "several pictures in a PES packet",
		make: func(m *maker) {
			m.tables()
			m.video(1*second, annexB(aud, sps, pps, idr, aud, inter, aud, inter))
		},
		want: []unit{
			{0, 1 * second, true, sized(aud, sps, pps, idr)},
			{0, 1*second + 3600, false, sized(aud, inter)},
			{0, 1*second + 7200, false, sized(aud, inter)},
		},
	},
	{
		name: "PES packets that are cut anywhere",
		make: func(m *maker) {
			m.tables()
			whole := annexB(aud, sps, pps, idr, aud, inter, more, aud, inter, aud, inter)
			first := len(annexB(aud, sps, pps, idr, aud, inter)) - 3
			second_ := len(annexB(aud, sps, pps, idr, aud, inter, more, aud, inter)) + 2
			m.video(1*second, whole[:first])
			m.video(2*second, whole[first:second_])
			m.video(3*second, whole[second_:])
		},
		want: []unit{
			{0, 1 * second, true, sized(aud, sps, pps, idr)},
			{0, 1*second + 3600, false, sized(aud, inter, more)},
			{0, 2 * second, false, sized(aud, inter)},
			{0, 2*second + 3600, false, sized(aud, inter)},
		},
	},
	{
		name: "frames of sound that go on in the next PES packet",
		make: func(m *maker) {
			m.tables()
			b := slices.Concat(adts(300, 1), adts(300, 2), adts(300, 3), adts(300, 4))
			m.sound(1*second, b[:450])
			m.sound(2*second, b[450:700])
			m.sound(-1, b[700:])
		},
		want: []unit{
			{1, 1 * second, true, adts(300, 1)[7:]},
			{1, 1*second + frameTicks, true, adts(300, 2)[7:]},
			{1, 2 * second, true, adts(300, 3)[7:]},
			{1, 2*second + frameTicks, true, adts(300, 4)[7:]},
		},
	},
	{
		name: "noise between frames of sound",
		make: func(m *maker) {
			m.tables()
			m.sound(1*second, slices.Concat(hx("00ff f1 4c 80 ffff 00"), adts(30, 1), adts(30, 2), hx("0102fff1"), adts(30, 3), adts(30, 4)))
		},
		want: []unit{
			{1, 1 * second, true, adts(30, 1)[7:]},
			{1, 1*second + frameTicks, true, adts(30, 2)[7:]},
			{1, 1*second + 2*frameTicks, true, adts(30, 3)[7:]},
			{1, 1*second + 3*frameTicks, true, adts(30, 4)[7:]},
		},
		stats: Stats{Damaged: 1},
	},
	{
		name: "packets are missing: the picture is, and the next one is whole",
		make: func(m *maker) {
			m.tables()
			m.video(1*second, annexB(aud, sps, pps, idr))
			m.video(2*second, slices.Concat(annexB(aud, inter), slices.Repeat([]byte{0x55}, 600)))
			m.out = slices.Delete(m.out, len(m.out)-2*packetSize, len(m.out)-packetSize)
			m.video(3*second, annexB(aud, inter))
		},
		want: []unit{
			{0, 1 * second, true, sized(aud, sps, pps, idr)},
			{0, 3 * second, false, sized(aud, inter)},
		},
		stats: Stats{Damaged: 1, Gaps: 1},
	},
	{
		name: "a packet that is sent twice, one that is marked as damaged, and a counter that may jump",
		make: func(m *maker) {
			m.tables()
			m.video(1*second, annexB(aud, sps, pps, idr))
			m.out = append(m.out, m.out[len(m.out)-packetSize:]...)
			m.counters[videoAt] += 5
			m.packet(videoAt, true, []byte{0x80}, pesOf(0xe0, 2*second, 2*second, false, annexB(aud, inter)))
			m.video(3*second, annexB(aud, inter))
			m.out[len(m.out)-packetSize+1] |= 0x80
			m.video(4*second, annexB(aud, inter))
		},
		want: []unit{
			{0, 1 * second, true, sized(aud, sps, pps, idr)},
			{0, 4 * second, false, sized(aud, inter)},
		},
		stats: Stats{Damaged: 1, Gaps: 1},
	},
	{
		name: "a counter that stands still",
		make: func(m *maker) {
			m.tables()
			m.counters[videoAt] = 0
			m.video(1*second, annexB(aud, sps, pps, idr))
			m.counters[videoAt] = 0
			m.video(2*second, annexB(aud, inter))
			m.counters[videoAt] = 0
		},
		want: []unit{
			{0, 1 * second, true, sized(aud, sps, pps, idr)},
			{0, 2 * second, false, sized(aud, inter)},
		},
	},
	{
		name: "bytes that are no packets, in front and between",
		make: func(m *maker) {
			m.tables()
			m.video(1*second, annexB(aud, sps, pps, idr))
			m.out = slices.Concat(hx("4700 47"), m.out, hx("1234 47"))
			for i := range int64(3) {
				m.video((2+i)*second, annexB(aud, inter))
			}
		},
		want: []unit{
			{0, 1 * second, true, sized(aud, sps, pps, idr)},
			{0, 2 * second, false, sized(aud, inter)},
			{0, 3 * second, false, sized(aud, inter)},
			{0, 4 * second, false, sized(aud, inter)},
		},
		stats: Stats{Gaps: 1},
	},
	{
		name: "a header of a PES packet in two packets",
		make: func(m *maker) {
			m.tables()
			b := pesOf(0xe0, second, 0, false, annexB(aud, sps, pps, idr))
			m.packet(videoAt, true, nil, b[:7])
			m.packet(videoAt, false, nil, b[7:12])
			m.packet(videoAt, false, nil, b[12:])
		},
		want: []unit{{0, second, true, sized(aud, sps, pps, idr)}},
	},
	{
		name: "PES packets without a header, and ones that are scrambled",
		make: func(m *maker) {
			m.tables()
			m.payload(videoAt, append(hx("000001 be 0004"), 0xff, 0xff, 0xff, 0xff))
			m.video(1*second, annexB(aud, sps, pps, idr))
			b := pesOf(0xe0, 2*second, 2*second, false, annexB(aud, inter))
			b[6] |= 0x10
			m.payload(videoAt, b)
		},
		want:  nil,
		stats: Stats{Damaged: 1},
	},
	{
		name: "a table with a wrong checksum is not believed",
		make: func(m *maker) {
			m.tables()
			m.program(pmtAt, 1, 1, announced{0x24, videoAt, ""})
			m.out[len(m.out)-1] ^= 1
			m.video(1*second, annexB(aud, sps, pps, idr))
		},
		want:  []unit{{0, 1 * second, true, sized(aud, sps, pps, idr)}},
		stats: Stats{BadTables: 1},
	},
	{
		name: "a table that changes: the picture goes on, the sound is another",
		make: func(m *maker) {
			m.tables()
			m.video(1*second, annexB(aud, sps, pps, idr))
			m.sound(1*second, slices.Concat(adts(30, 1), adts(30, 2)))
			m.program(pmtAt, 1, 1, announced{0x15, 0x102, ""}, announced{0x1b, videoAt, ""}, announced{0x0f, 0x103, ""})
			m.sound(2*second, adts(30, 3))
			m.payload(0x103, pesOf(0xc0, 2*second, 2*second, true, adts(40, 4)))
			m.video(2*second, annexB(aud, inter))
		},
		want: []unit{
			{1, 1 * second, true, adts(30, 1)[7:]},
			{1, 1*second + frameTicks, true, adts(30, 2)[7:]},
			{1, 1 * second, true, sized(aud, sps, pps, idr)},
			{1, 2 * second, false, sized(aud, inter)},
			{2, 2 * second, true, adts(40, 4)[7:]},
		},
	},
	{
		name: "of several programs the first with media, in a table of two packets",
		make: func(m *maker) {
			m.programs(0, 7, 8, 9)
			m.program(pmtAt, 7, 0, announced{0x05, 0x50, ""}, announced{0x86, 0x51, ""})
			descriptors := "0a04656e6700"
			for range 5 {
				descriptors += descriptors
			}
			m.program(pmtAt+1, 8, 0, announced{0x1b, videoAt, descriptors})
			m.program(pmtAt+2, 9, 0, announced{0x1b, 0x200, ""})
			m.payload(0x200, pesOf(0xe0, second, second, false, annexB(aud, sps, pps, idr)))
			m.video(2*second, annexB(aud, sps, pps, idr))
		},
		want: []unit{{0, 2 * second, true, sized(aud, sps, pps, idr)}},
	},
	{
		name: "the program moves to another table",
		make: func(m *maker) {
			m.tables()
			m.video(1*second, annexB(aud, sps, pps, idr))
			m.programs(1, 5, 1)
			m.program(pmtAt+1, 1, 1, announced{0x1b, 0x200, ""})
			m.payload(0x200, pesOf(0xe0, 2*second, 2*second, false, annexB(aud, sps, pps, idr)))
		},
		want: []unit{
			{0, 1 * second, true, sized(aud, sps, pps, idr)},
			{0, 2 * second, true, sized(aud, sps, pps, idr)},
		},
	},
	{
		name: "ID3 tags, two in a PES packet of two packets",
		make: func(m *maker) {
			m.programs(0, 1)
			m.program(pmtAt, 1, 0, announced{0x15, 0x102, "260d ffff49443320 ff49443320 000f"})
			tag := append(hx("494433 0400 00 0000 0120"), slices.Repeat([]byte{0}, 160)...)
			m.payload(0x102, pesOf(0xbd, second, second, true, slices.Concat(tag, tag)))
		},
		want: []unit{
			{0, second, true, append(hx("494433 0400 00 0000 0120"), slices.Repeat([]byte{0}, 160)...)},
			{0, second, true, append(hx("494433 0400 00 0000 0120"), slices.Repeat([]byte{0}, 160)...)},
		},
	},
	{
		name: "E-AC-3: a frame with what depends on it",
		make: func(m *maker) {
			m.programs(0, 1)
			m.program(pmtAt, 1, 0, announced{0x06, soundAt, "7a01 00"})
			// Of one block of 256 samples at 48 kHz, 10 bytes.
			m.sound(second, hx("0b77 0004 04 80 00000000 | 0b77 4004 04 80 00000000 | 0b77 0004 04 80 00000000"))
		},
		want: []unit{
			{0, second, true, hx("0b77 0004 04 80 00000000 | 0b77 4004 04 80 00000000")},
			{0, second + 480, true, hx("0b77 0004 04 80 00000000")},
		},
	},
	{
		name: "Opus: two packets of 20 ms with their control headers",
		make: func(m *maker) {
			m.programs(0, 1)
			m.program(pmtAt, 1, 0, announced{0x06, soundAt, "05044f707573 7f028002"})
			m.payload(soundAt, pesOf(0xbd, second, second, true, hx("7ff0 05 0138 fc01020304 | 7fe0 03 fc0506")))
		},
		want: []unit{
			{0, second, true, hx("fc01020304")},
			{0, second + 1800, true, hx("fc0506")},
		},
	},
	{
		name: "MPEG-2: fields, an I-picture without its header, PES packets cut anywhere",
		make: func(m *maker) {
			m.programs(0, 1)
			m.program(pmtAt, 1, 0, announced{0x02, videoAt, ""})
			i := hx(mpegSequence + "00000100 000fffff 00000101 1111" + "00000100 000fffff 00000101 2222")
			p := hx("00000100 0057ffff 00000101 3333")
			bare := hx("000001b8 00080000 00000100 000fffff 00000101 " + "4444444444444444444444444444444444444444444444444444444444444444")
			m.video(1*second, i)
			m.video(2*second, append(slices.Clone(p), bare[:3]...))
			m.video(3*second, bare[3:])
		},
		want: []unit{
			{0, 1 * second, true, hx(mpegSequence + "00000100 000fffff 00000101 1111" + "00000100 000fffff 00000101 2222")},
			{0, 2 * second, false, hx("00000100 0057ffff 00000101 3333")},
			{0, 2*second + 3600, true, hx(mpegSequence + "000001b8 00080000 00000100 000fffff 00000101 " + "4444444444444444444444444444444444444444444444444444444444444444")},
		},
	},
}

// mpegSequence is 352x288 at 25 pictures a second, MPEG-2.
const mpegSequence = "000001b3 160120 23 ffffe018 000001b5 14820001 0000"
