package rtp

// The video streams of TestNothingIsAllocated, beside H.264 and H.265.
func init() {
	hotStreams = append(hotStreams, []struct {
		name   string
		format Format
		make   func() []packet
	}{
		{"H264 interleaved", interleavedAs(96), hotInterleaved},
		{"H265 with numbers and PACI", Format{PayloadType: 96, Encoding: "H265", Params: map[string]string{"sprop-max-don-diff": "2"}}, hotNumbers},
		{"VP8", Format{PayloadType: 96, Encoding: "VP8"}, func() []packet {
			return hotPictures(96, hx("90 80 11 |"+vp8Inter), hx("80 80 11"))
		}},
		{"VP9", Format{PayloadType: 96, Encoding: "VP9"}, func() []packet {
			return hotPictures(96, hx("ac 01 00 05 |"+vp9Inter), hx("24 01 00 05"))
		}},
		{"AV1", Format{PayloadType: 96, Encoding: "AV1"}, hotAV1},
		{"MPEG-4 Visual", Format{PayloadType: 96, Encoding: "MP4V-ES"}, func() []packet {
			return hotPictures(96, hx(mp4vXvid+mp4vGroup+mp4vI), nil)
		}},
		{"MPEG-2 video", Format{PayloadType: 32}, func() []packet {
			return hotPictures(32, hx("00 00 39 00 |"+mpv2Sequence+mpvI+mpvSlice), hx("00 00 01 00"))
		}},
		{"JPEG", Format{PayloadType: 26}, hotJPEG},
		{"Theora", theoraAs(96), func() (out []packet) {
			for i := range 100 {
				out = append(out, packet{pt: 96, ts: uint32(3600 * i), payload: append(hx("abcdef 01 0400 70"), make([]byte, 1023)...)})
			}
			return out
		}},
		{"H263-1998", Format{PayloadType: 96, Encoding: "H263-1998"}, func() []packet {
			return hotPictures(96, hx("04 00 80 06 08"), hx("00 00"))
		}},
		{"H263", Format{PayloadType: 34}, func() []packet {
			return hotPictures(34, hx("03 40 00 01 |"+h263I), hx("a8 00 00 00 00 00 00 00"))
		}},
		{"H261", Format{PayloadType: 31}, func() []packet {
			return hotPictures(31, h261Cut(h261I, false)[0], hx("20 00 00 00"))
		}},
	}...)
}

func interleavedAs(pt uint8) Format {
	f := interleaved("2")
	f.PayloadType, f.Encoding = pt, "H264"
	f.Params["sprop-parameter-sets"] = b64(sps640, pps264)
	return f
}

func theoraAs(pt uint8) Format {
	f := theoraFormat(theoraConfig("abcdef", theoraPacked))
	f.PayloadType = pt
	return f
}

// hotPictures is pictures of five packets: one that begins with first, four
// with more.
func hotPictures(pt uint8, first, more []byte) (out []packet) {
	for i := range 25 {
		for j := range 5 {
			b := append([]byte{}, more...)
			if j == 0 {
				b = append([]byte{}, first...)
			}
			for len(b) < 1388 {
				b = append(b, 0x55)
			}
			out = append(out, packet{pt: pt, ts: uint32(3600 * i), marker: j == 4, payload: b})
		}
	}
	return out
}

func hotAV1() (out []packet) {
	for i := range 25 {
		ts := uint32(3600 * i)
		rest := make([]byte, 1000)
		out = append(out,
			packet{pt: 96, ts: ts, payload: append(hx("68 | 0c"+av1Seq+"| 30 10"), rest...)},
			packet{pt: 96, ts: ts, payload: append(hx("d0"), rest...)},
			packet{pt: 96, ts: ts, marker: true, payload: append(hx("90"), rest...)},
			packet{pt: 96, ts: ts + 1800, marker: true, payload: append(hx("10 | 30 10"), rest...)}) // is given the header
	}
	return out
}

func hotJPEG() (out []packet) {
	for i := range 25 {
		ts := uint32(3600 * i)
		tables := hx("00 000000 | 01 ff | 28 1e | 00 00 0080" + values(64, "02") + values(64, "03"))
		out = append(out,
			packet{pt: 26, ts: ts, payload: append(tables, make([]byte, 1000)...)},
			packet{pt: 26, ts: ts, marker: true, payload: append(hx("00 0003e8 | 01 ff | 28 1e"), make([]byte, 1000)...)})
	}
	return out
}

// hotInterleaved is pictures of two slices, of which the second slices come a
// picture late: the first whole, the second in fragments. The numbers are those
// of 65536 units, so that they go on in the next round.
func hotInterleaved() (out []packet) {
	number := func(don int) []byte { return []byte{byte(don >> 8), byte(don)} }
	for i := range 256 {
		ts := uint32(3600 * i)
		b := append(append([]byte{0x19}, number(256*i)...), hx("0400 41 9a")...)
		out = append(out, packet{pt: 96, ts: ts, payload: append(b, fill(1022)...)})
		if i == 0 {
			continue
		}
		b = append(append([]byte{0x5d, 0x81}, number(256*i-128)...), hx("46")...)
		out = append(out,
			packet{pt: 96, ts: ts - 3600, payload: append(b, fill(1000)...)},
			packet{pt: 96, ts: ts - 3600, payload: append(hx("5c 41"), fill(1000)...)})
	}
	return out
}

// hotNumbers is single units, every other one in a PACI.
func hotNumbers() (out []packet) {
	for i := range 512 {
		b := hx("02 01")
		if i%2 == 1 {
			b = hx("64 01 02 10 aa")
		}
		b = append(b, byte(i>>1), byte(i<<7), 0xd0)
		out = append(out, packet{pt: 96, ts: uint32(3600 * i), marker: true, payload: append(b, fill(1000)...)})
	}
	return out
}

// fill is n bytes without zeros.
func fill(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) | 1
	}
	return b
}
