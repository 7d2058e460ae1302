package rtp

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
)

// Limits on parameter sets, far above what encoders send.
const (
	maxSets    = 16      // of one kind; avcC has room for 31
	maxSetSize = 4 << 10 // bytes of one
	maxSprop   = 64 << 10
)

// paramSets are the parameter sets of one kind, by their id.
type paramSets struct {
	ids  []uint32
	nals [][]byte
}

// put keeps nal, in place of the one with the same id, and reports whether
// that changed anything.
func (s *paramSets) put(id uint32, nal []byte) bool {
	if len(nal) > maxSetSize {
		return false
	}
	i := slices.Index(s.ids, id)
	switch {
	case i < 0 && len(s.ids) >= maxSets:
		return false
	case i < 0:
		s.ids = append(s.ids, id)
		s.nals = append(s.nals, bytes.Clone(nal))
	case bytes.Equal(s.nals[i], nal):
		return false
	default:
		s.nals[i] = bytes.Clone(nal)
	}
	return true
}

// appendTo writes the sets as avcC and hvcC hold them, each with its size.
func (s *paramSets) appendTo(b []byte) []byte {
	for _, nal := range s.nals {
		b = binary.BigEndian.AppendUint16(b, uint16(len(nal)))
		b = append(b, nal...)
	}
	return b
}

// sprop yields the NAL units of an sprop-... parameter: a comma list of base64,
// with or without padding, in which some cameras leave Annex B start codes and
// zeros. What does not decode is left out.
func sprop(list string, yield func(nal []byte)) {
	if len(list) > maxSprop {
		return
	}
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimRight(strings.TrimSpace(part), "=")
		b, err := base64.RawStdEncoding.DecodeString(part)
		if err != nil {
			continue
		}
		splitNALs(b, yield)
	}
}

// has reports whether nal is kept, byte for byte.
func (s *paramSets) has(nal []byte) bool {
	return slices.ContainsFunc(s.nals, func(k []byte) bool { return bytes.Equal(k, nal) })
}
