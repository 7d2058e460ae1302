package nal

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Limits on parameter sets, far above what encoders send.
const (
	MaxSets    = 16      // of one kind; avcC has room for 31
	MaxSetSize = 4 << 10 // bytes of one
)

// paramSets are the parameter sets of one kind, by their id.
type paramSets struct {
	ids  []uint32
	nals [][]byte
}

// put keeps nal, in place of the one with the same id, and reports whether
// that changed anything.
func (s *paramSets) put(id uint32, nal []byte) bool {
	if len(nal) > MaxSetSize {
		return false
	}
	i := slices.Index(s.ids, id)
	switch {
	case i < 0 && len(s.ids) >= MaxSets:
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

// has reports whether nal is kept, byte for byte.
func (s *paramSets) has(nal []byte) bool {
	return slices.ContainsFunc(s.nals, func(k []byte) bool { return bytes.Equal(k, nal) })
}

// clear forgets all.
func (s *paramSets) clear() { s.ids, s.nals = s.ids[:0], s.nals[:0] }
