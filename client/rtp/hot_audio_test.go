package rtp

// init adds the sound to the streams that must not cost an allocation.
func init() {
	// every makes 100 packets of n ticks, with what payload returns.
	every := func(n uint32, payload func(i int) []byte) func() []packet {
		return func() (out []packet) {
			for i := range 100 {
				out = append(out, packet{pt: 96, marker: true, ts: n * uint32(i), payload: payload(i)})
			}
			return out
		}
	}
	same := func(b ...[]byte) func(int) []byte {
		return func(int) []byte { return join(b...) }
	}
	latm := latmFormat("0", latmV0+latmASC+latmEnd)
	latmInBand := latmFormat("1", "")
	for _, s := range []struct {
		name   string
		format Format
		make   func() []packet
	}{
		{"MPA", audio("MPA", 90000, 0), every(4320, same(mpaHead, mp3Frame(1), mp3Frame(2)))},
		{"MPA/24000", audio("MPA", 24000, 0), every(1152, same(mpaHead, mp3Frame(1), mp3Frame(2)))},
		{"mpa-robust", audio("mpa-robust", 90000, 0), every(4320, same(described(aduOf(0, "a1a2a3a4a5")), described(aduOf(6, "b1b2b3b4b5b6b7b8b9ba"))))},
		{"mpa-robust interleaved", audio("mpa-robust", 90000, 0), every(4320, func(i int) []byte {
			place, cycle := byte(2*(i%4)), byte(i/4%8)
			return join(described(placed(place, cycle, flat(1))), described(placed(place+1, cycle, flat(2))))
		})},
		{"AAC interleaved", hbr(), every(1024, func(i int) []byte {
			return hx("0030 | 0008 000a 000a | 00 03 06")
		})},
		{"LATM", latm, every(2089, same(hx("ff 2d"), make([]byte, 300)))},
		{"LATM in-band", latmInBand, every(2089, same(bs("0"+latmV0+latmASC+latmEnd+"00000001 00001100 00000")))},
		{"G722", audio("G722", 8000, 1), every(160, same(make([]byte, 160)))},
		{"G723", audio("G723", 8000, 1), every(480, same(sized(0, 24), sized(1, 20)))},
		{"G726-24", audio("G726-24", 8000, 1), every(160, same(make([]byte, 60)))},
		{"GSM", audio("GSM", 8000, 1), every(320, same(gsmFrameOf(1), gsmFrameOf(2)))},
		{"DVI4", audio("DVI4", 8000, 1), every(160, same(make([]byte, 84)))},
		{"QCELP interleaved", audio("QCELP", 8000, 1), every(160, func(i int) []byte {
			return join([]byte{1<<3 | byte(i%2)}, hx("01 000000 | 01 000002"))
		})},
		{"L16", audio("L16", 44100, 2), every(300, same(make([]byte, 1200)))},
		{"L24, cut anywhere", audio("L24", 48000, 1), every(1, same(make([]byte, 4)))},
		{"L20", audio("L20", 48000, 2), every(200, same(make([]byte, 1000)))},
		{"AC-3", audio("ac3", 48000, 2), every(3072, same(hx("00 02"), ac3FrameOf(1), ac3FrameOf(2)))},
		{"E-AC-3", audio("eac3", 48000, 2), every(256, same(hx("00 02"), eac3FrameOf(0, 1), eac3FrameOf(0x40, 2)))},
		{"Vorbis", vorbisFormat(0, 1), every(1152, same(hx("abcdef 02"), inXiph(hx("00 01")), inXiph(hx("00 02"))))},
		{"Speex", audio("speex", 8000, 1), every(480, same(bs("0 0000 | 0 0000 | 0 0000 | 0")))},
		{"AMR", amrFormat(), every(320, same(hx("fc 50 ff ff ff ff fe 00 00 00 00 00")))},
		{"AMR interleaved", amrFormat("interleaving", "4"), every(160, func(i int) []byte {
			return join([]byte{0xf0, 1<<4 | byte(i%2)}, hx("c4 44 | 0000000000 | 0000000002"))
		})},
		{"multiopus", multiopus("6", "0,4,1,2,3,5", "4", "2"), every(960, same(make([]byte, 240)))},
	} {
		s.format.PayloadType = 96
		hotStreams = append(hotStreams, s)
	}
}
