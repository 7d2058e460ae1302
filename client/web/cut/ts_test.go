package cut

import "bytes"

// tsPacketOf is a packet; a reference of 0 or more stands in it.
func tsPacketOf(pid int, reference int64, discontinuity bool) []byte {
	b := []byte{tsSync, byte(pid >> 8), byte(pid), 0x10}
	if reference >= 0 {
		flags := byte(0x10)
		if discontinuity {
			flags |= 0x80
		}
		b[3] = 0x30
		b = append(b, 7, flags, byte(reference>>25), byte(reference>>17), byte(reference>>9), byte(reference>>1), byte(reference<<7)|0x7e, 0)
	}
	return append(b, bytes.Repeat([]byte{0xaa}, tsPacket-len(b))...)
}

func tsSamples() []sample {
	at := func(seconds float64) []byte { return tsPacketOf(256, int64(seconds*tsRate), false) }
	more := join(tsPacketOf(0, -1, false), tsPacketOf(257, -1, false))
	other := tsPacketOf(512, 77*tsRate, false)
	wrap := float64(tsWrap) / tsRate
	return []sample{
		{"plain", "MPEG-TS", join(at(5), more, at(5.5), other, more, at(6)), []string{"0s from 5s header 0", "500ms from 5s", "1s from 5s"}, 0},
		{"a clock that runs over", "MPEG-TS", join(at(wrap-1), more, at(0), more, at(1)),
			[]string{"0s from 26h30m42.718s header 0", "1s from 26h30m42.718s", "2s from 26h30m42.718s"}, 0},
		{"a clock that is set", "MPEG-TS", join(at(5), more, at(6), more, at(2), more, tsPacketOf(256, 3*tsRate, true), more),
			[]string{"0s from 5s header 0", "1s from 5s", "1s from 1s header 0", "1s from 2s header 0"}, 0},
		{"damaged", "MPEG-TS", join(at(5), more, more, []byte("damage"), at(6), more), []string{"0s from 5s header 0", "1s from 5s"}, 6},
	}
}
