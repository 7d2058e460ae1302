package hls

import (
	"encoding/binary"

	"tapedeck/client/media"
)

// parameterSets are the units that a decoder's configuration holds, each with a
// length of four bytes before it, as they may stand before a key picture. Nil
// where there are none.
//
// avcC (ISO/IEC 14496-15, 5.3.3.1): 5 bytes | 111 sets (5) | { size (16) | SPS }
// | sets (8) | { size (16) | PPS }
//
// hvcC (8.3.3.1): 22 bytes | arrays (8) | { type (8) | units (16) | { size (16)
// | unit } }
func parameterSets(t media.Track) []byte {
	b := t.Private
	var out []byte
	switch {
	case t.Codec == media.H264 && len(b) > 6:
		count := int(b[5] & 31)
		rest := b[6:]
		for range 2 { // SPS, then PPS
			var ok bool
			if out, rest, ok = appendUnits(out, rest, count); !ok || len(rest) == 0 {
				return out
			}
			count, rest = int(rest[0]), rest[1:]
		}
	case t.Codec == media.H265 && len(b) > 23:
		rest := b[23:]
		for range int(b[22]) {
			if len(rest) < 3 {
				return out
			}
			var ok bool
			if out, rest, ok = appendUnits(out, rest[3:], int(binary.BigEndian.Uint16(rest[1:]))); !ok {
				return out
			}
		}
	}
	return out
}

// appendUnits copies units from lengths of two bytes to lengths of four.
func appendUnits(out, from []byte, count int) ([]byte, []byte, bool) {
	for range count {
		if len(from) < 2 {
			return out, nil, false
		}
		n := int(binary.BigEndian.Uint16(from))
		if n > len(from)-2 {
			return out, nil, false
		}
		out = binary.BigEndian.AppendUint32(out, uint32(n))
		out = append(out, from[2:2+n]...)
		from = from[2+n:]
	}
	return out, from, true
}
