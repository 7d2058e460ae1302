package mux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"tapedeck/client/media"
)

// A Matroska reader of the tests' own: it takes nothing from the writer but the
// IDs, and it reads ffmpeg's files as well as ours.

// Elements that ffmpeg writes and we do not.
const (
	idBlockGroup     id = 0xA0
	idBlock          id = 0xA1
	idReferenceBlock id = 0xFB
)

// masters maps each element that has children to its parent; 0 is the top.
var masters = map[id]id{
	idEBML: 0, idSegment: 0,
	idInfo: idSegment, idTracks: idSegment, idCluster: idSegment,
	idTrackEntry: idTracks, idVideo: idTrackEntry, idAudio: idTrackEntry,
	idBlockGroup: idCluster,
}

type element struct {
	id       id
	at       int // offset of the ID
	unknown  bool
	data     []byte // nil for a master
	children []element
}

var errTruncated = errors.New("truncated")

// readID and readSize return the value and the bytes that it took.
func readID(b []byte) (id, int, error) {
	for n := 1; n <= 4 && n <= len(b); n++ {
		if b[0]&(0x80>>(n-1)) != 0 {
			v := id(0)
			for _, c := range b[:n] {
				v = v<<8 | id(c)
			}
			return v, n, nil
		}
	}
	return 0, 0, errTruncated
}

func readSize(b []byte) (v uint64, n int, unknown bool, err error) {
	for n = 1; n <= 8 && n <= len(b); n++ {
		if b[0]&(0x80>>(n-1)) == 0 {
			continue
		}
		for _, c := range b[:n] {
			v = v<<8 | uint64(c)
		}
		v &^= 1 << (7 * n)
		return v, n, v == 1<<(7*n)-1, nil
	}
	return 0, 0, false, errTruncated
}

// walk reads the elements of b, whose parent is the given one. It returns where
// it stopped: short of the end only for a parent of unknown size, at an element
// that is not its child.
func walk(b []byte, base int, parent id, parentUnknown bool) ([]element, int, error) {
	var out []element
	for at := 0; at < len(b); {
		v, n, err := readID(b[at:])
		if err != nil {
			return out, at, fmt.Errorf("ID at %d: %w", base+at, err)
		}
		owner, master := masters[v]
		if parentUnknown && (v == idEBML || master && owner != parent) {
			return out, at, nil
		}
		if master && owner != parent {
			return out, at, fmt.Errorf("%X at %d is no child of %X", v, base+at, parent)
		}
		size, m, unknown, err := readSize(b[at+n:])
		if err != nil {
			return out, at, fmt.Errorf("size of %X at %d: %w", v, base+at, err)
		}
		e := element{id: v, at: base + at, unknown: unknown}
		body := at + n + m
		end := body + int(size)
		if unknown {
			if !master {
				return out, at, fmt.Errorf("%X at %d has no size", v, base+at)
			}
			end = len(b)
		}
		if end < body || end > len(b) {
			return out, at, fmt.Errorf("%X at %d: %d bytes: %w", v, base+at, size, errTruncated)
		}
		at = end
		if master {
			var used int
			if e.children, used, err = walk(b[body:end], base+body, v, unknown); err != nil {
				return out, at, err
			}
			at = body + used
		} else {
			e.data = b[body:end]
		}
		out = append(out, e)
	}
	return out, len(b), nil
}

func (e element) child(v id) (element, bool) {
	for _, c := range e.children {
		if c.id == v {
			return c, true
		}
	}
	return element{}, false
}

func (e element) bytes(v id) []byte {
	c, _ := e.child(v)
	return c.data
}

func (e element) uint(v id) uint64 {
	var x uint64
	for _, c := range e.bytes(v) {
		x = x<<8 | uint64(c)
	}
	return x
}

func (e element) float(v id) float64 {
	switch b := e.bytes(v); len(b) {
	case 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b))
	case 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	}
	return 0
}

// stream is a Matroska stream, read.
type stream struct {
	docType string
	scale   time.Duration // of a timestamp
	entries []element     // TrackEntry
	packets []media.Packet
	starts  []int // offset of each cluster
}

// read takes a whole stream apart.
func read(b []byte) (*stream, error) {
	top, _, err := walk(b, 0, 0, false)
	if err != nil {
		return nil, err
	}
	if len(top) != 2 || top[0].id != idEBML || top[1].id != idSegment {
		return nil, errors.New("not an EBML header and a segment")
	}
	s := &stream{docType: string(top[0].bytes(idDocType))}
	for _, e := range top[1].children {
		switch e.id {
		case idInfo:
			s.scale = time.Duration(e.uint(idTimestampScale))
		case idTracks:
			for _, c := range e.children {
				if c.id == idTrackEntry { // and not a checksum
					s.entries = append(s.entries, c)
				}
			}
		case idCluster:
			if err := s.cluster(e); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *stream) cluster(e element) error {
	s.starts = append(s.starts, e.at)
	if len(e.children) == 0 || e.bytes(idTimestamp) == nil {
		return fmt.Errorf("cluster at %d has no time", e.at)
	}
	for _, c := range e.children {
		block, key := c.data, false
		switch c.id {
		default:
			continue
		case idSimpleBlock:
		case idBlockGroup:
			_, reference := c.child(idReferenceBlock)
			block, key = c.bytes(idBlock), !reference
		}
		number, n, _, err := readSize(block)
		if err != nil || len(block) < n+3 {
			return fmt.Errorf("block at %d: %w", c.at, errTruncated)
		}
		if c.id == idSimpleBlock {
			key = block[n+2]&0x80 != 0
		}
		at := int64(e.uint(idTimestamp)) + int64(int16(binary.BigEndian.Uint16(block[n:])))
		s.packets = append(s.packets, media.Packet{
			Track: int(number) - 1, Time: time.Duration(at) * s.scale, Key: key, Data: block[n+3:],
		})
	}
	return nil
}

// tracks describes the stream's tracks as the client's parts would.
func (s *stream) tracks(t testing.TB) []media.Track {
	t.Helper()
	var out []media.Track
	for i, e := range s.entries {
		m := media.Track{ID: i, Kind: media.Audio, Private: e.bytes(idCodecPrivate)}
		if e.uint(idTrackType) == typeVideo {
			m.Kind = media.Video
		}
		for c, f := range formats {
			if f.id == string(e.bytes(idCodecID)) {
				m.Codec = c
			}
		}
		if string(e.bytes(idCodecID)) == "A_MS/ACM" {
			m.Codec = map[uint16]media.Codec{6: media.PCMA, 7: media.PCMU}[binary.LittleEndian.Uint16(m.Private)]
			m.Private = nil
		}
		if m.Codec == "" {
			t.Fatalf("track %d: unknown codec %q", i, e.bytes(idCodecID))
		}
		v, _ := e.child(idVideo)
		m.Width, m.Height = int(v.uint(idPixelWidth)), int(v.uint(idPixelHeight))
		a, _ := e.child(idAudio)
		m.SampleRate, m.Channels = int(a.float(idSamplingFrequency)), int(a.uint(idChannels))
		out = append(out, m)
	}
	return out
}
