package rtsptest

// maxPayload is how many bytes one RTP packet carries behind its header.
const maxPayload = 1400

// NAL unit types, and the two of RFC 6184.
const (
	nalSlice     = 1
	nalIDR       = 5
	nalDelimiter = 9
	nalSTAP      = 24
	nalFU        = 28
)

// packH264 makes payloads of one picture's NAL units (RFC 6184). The delimiter
// is left out: the marker bit says the same.
//
//	single NAL unit  | the NAL unit |
//	STAP-A (5.7.1)   | 24 | size 16 | NAL unit | size 16 | NAL unit | ...
//	FU-A (5.8)       | 28 | S E R type | a part of the NAL unit without its first byte |
//
// What comes before the slices, when short, goes into one STAP-A: the parameter
// sets of a key picture. What is too long for a packet is cut into FU-A.
func packH264(nals [][]byte, emit func(head, rest []byte, last bool)) {
	var sets [][]byte
	size := 1
	flush := func() {
		switch len(sets) {
		case 0:
		case 1:
			emit(nil, sets[0], false)
		default:
			emit(nil, aggregate(sets), false)
		}
		sets, size = nil, 1
	}
	for i, nal := range nals {
		last := i == len(nals)-1
		kind := nal[0] & 0x1f
		switch {
		case kind == nalDelimiter:
		case kind > nalIDR && !last && size+2+len(nal) <= maxPayload:
			sets = append(sets, nal)
			size += 2 + len(nal)
		case len(nal) <= maxPayload:
			flush()
			emit(nil, nal, last)
		default:
			flush()
			fragment(nal, last, emit)
		}
	}
}

// aggregate makes a STAP-A; its NRI is the highest of its NAL units.
func aggregate(nals [][]byte) []byte {
	out := []byte{nalSTAP}
	for _, nal := range nals {
		out[0] = max(out[0]&0x60, nal[0]&0x60) | nalSTAP
		out = append(out, byte(len(nal)>>8), byte(len(nal)))
		out = append(out, nal...)
	}
	return out
}

// fragment cuts a NAL unit into FU-A.
func fragment(nal []byte, last bool, emit func(head, rest []byte, last bool)) {
	head := []byte{nal[0]&0xe0 | nalFU, nal[0]&0x1f | 0x80}
	for rest := nal[1:]; len(rest) > 0; {
		n := min(len(rest), maxPayload-len(head))
		end := n == len(rest)
		if end {
			head[1] |= 0x40
		}
		emit(head, rest[:n], last && end)
		head[1] &^= 0x80
		rest = rest[n:]
	}
}

// packAAC puts whole access units into one payload (RFC 3640, AAC-hbr):
//
//	| AU-headers-length 16, in bits | size 13, index 3 | size 13, delta 3 | ... | AU | AU | ...
//
// All indices are 0: the units follow one another.
func packAAC(units [][]byte, emit func(head, rest []byte, last bool)) {
	bits := 16 * len(units)
	head := []byte{byte(bits >> 8), byte(bits)}
	var rest []byte
	for _, u := range units {
		head = append(head, byte(len(u)>>5), byte(len(u)<<3))
		rest = append(rest, u...)
	}
	emit(head, rest, true)
}
