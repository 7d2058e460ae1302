package cut

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"
)

// A FLAC stream (RFC 9639) is a mark, blocks of metadata, and frames, which
// have no length: one ends where the next begins.
//
//	"fLaC"  { last(1 bit) kind(7) length(3 bytes) data }  frames
//
// The header of a frame (section 9.1):
//
//	1111 1111 1111 100B  SSSS RRRR  CCCC BBB0  number (1 to 7, as UTF-8 writes it)
//	block size (0 to 2)  rate (0 to 2)  CRC-8
//
// B says whether frames are counted or samples, S is the block size, R the
// rate, C the channels.
const (
	flacInfo     = 0 // kinds of blocks
	flacComments = 4
	flacLast     = 0x80
	flacInfoSize = 34

	maxFLACHead = 16 // bytes of a frame's header

	flacPatience = 256 << 10 // bytes
	flacAhead    = 60        // seconds
	minFLAC      = 1 + maxFLACHead
)

var flacMark = []byte("fLaC\x00\x00\x00\x22") // the mark and the head of STREAMINFO

// streamInfo is what STREAMINFO says: block sizes (2 2) frame sizes (3 3)
// rate (20 bits) channels (3) bits (5) samples (36) MD5 (16).
type streamInfo struct {
	rate  int64
	block int64 // samples of each frame but the last, where it is fixed
}

func readStreamInfo(b []byte) streamInfo {
	if len(b) < 13 {
		return streamInfo{}
	}
	return streamInfo{
		rate:  int64(b[10])<<12 | int64(b[11])<<4 | int64(b[12])>>4,
		block: int64(binary.BigEndian.Uint16(b)),
	}
}

type flac struct {
	line timeline
	rest
	info    streamInfo
	init    []byte
	told    []byte // init as it is told
	last    int    // where in init the head of its last block is
	title   string
	opening bool // blocks of metadata are coming
	inFrame bool
	changed bool

	like   [2]byte // what does not change from frame to frame: see alike
	number int64   // of the newest frame
	since  int     // bytes since its beginning; -1: there is none
}

func (f *flac) Origin() time.Duration { return f.line.origin }

func (f *flac) Cut(b []byte) Unit {
	if u, ok := f.goesOn(b, &f.line); ok {
		return u
	}
	switch {
	case f.opening:
		return f.metadata(b)
	case len(b) < minFLAC:
		return Unit{}
	case isFLACMark(b):
		f.init, f.opening, f.inFrame, f.changed, f.title = []byte("fLaC"), true, false, true, ""
		f.line.restart()
		f.since = -1
		return Unit{Size: 4, Role: Header}
	}
	if number, ok := f.frame(b); ok {
		return f.begins(b, number)
	}
	n := f.next(b)
	if !f.inFrame {
		return junk(n)
	}
	f.since += n
	return Unit{Size: n, Time: f.line.out, Timed: true}
}

// isFLACMark: the mark, and STREAMINFO behind it, which may be the last block.
func isFLACMark(b []byte) bool {
	return len(b) >= len(flacMark) && bytes.Equal(b[:4], flacMark[:4]) && b[4]&0x7f == flacInfo && bytes.Equal(b[5:8], flacMark[5:])
}

// metadata takes a block. What is kept is what a decoder needs, and the words;
// pictures, an index and room for more are left out.
func (f *flac) metadata(b []byte) Unit {
	if len(b) < 4 {
		return Unit{}
	}
	kind, size := b[0]&^flacLast, int(b[1])<<16|int(b[2])<<8|int(b[3])
	f.opening = b[0]&flacLast == 0
	if kind != flacInfo && kind != flacComments || 4+size > Window || len(f.init) > maxInit {
		return Unit{Size: f.begin(int64(4+size), Junk, b), Role: Junk}
	}
	if len(b) < 4+size {
		f.opening = true
		return Unit{}
	}
	switch kind {
	case flacInfo:
		f.info = readStreamInfo(b[4 : 4+size])
	case flacComments:
		f.title = readComments(b[4 : 4+size])
	}
	f.last = len(f.init)
	f.init = append(f.init, b[:4+size]...)
	f.init[f.last] = kind
	return Unit{Size: 4 + size, Role: Header}
}

// begins starts a frame. Its end is not known: what follows up to the next is
// handed on as it comes.
func (f *flac) begins(b []byte, number int64) Unit {
	f.like, f.number, f.inFrame = alike(b), number, true
	at := number
	if b[1]&1 == 0 { // fixed: frames are counted
		at = number * f.info.block
	}
	u := Unit{Time: f.line.at(ticks(at, f.info.rate)), Timed: true, Key: len(f.init) > 4}
	if u.Key && (f.changed || f.line.jumped) {
		if f.changed {
			f.told = slices.Clone(f.init)
			f.told[f.last] |= flacLast
		}
		u.Init, u.Tagged, u.Title = f.told, f.changed, f.title
		f.changed, f.line.jumped = false, false
	}
	u.Size = f.next(b)
	f.since = u.Size
	return u
}

// next is where in b the next frame or link may begin, behind its front; all
// but what may be the beginning of one where there is none.
func (f *flac) next(b []byte) int {
	for i := 1; ; i++ {
		j := bytes.IndexByte(b[min(i, len(b)):], 0xff)
		k := bytes.Index(b[min(i, len(b)):], flacMark[:4])
		if k >= 0 && (j < 0 || k < j) {
			j = k
		}
		if j < 0 {
			return max(1, len(b)-3)
		}
		if i += j; len(b)-i < maxFLACHead {
			return i
		}
		if _, ok := f.frame(b[i:]); ok || isFLACMark(b[i:]) {
			return i
		}
	}
}

// alike is what the headers of a stream have in common: how blocks are
// counted, and the codes of rate and depth.
func alike(b []byte) [2]byte { return [2]byte{b[1], b[2]&15<<4 | b[3]>>1&7} }

// follows reports whether a frame with that number may come next: not before
// the newest, and not a minute after it. Once nothing has fitted for long, any
// number does. Without this every hundredth megabyte of sound would hold bytes
// that look like a header.
func (f *flac) follows(number int64) bool {
	if f.since < 0 || f.since > flacPatience {
		return true
	}
	d := number - f.number
	limit := flacAhead * f.info.rate // samples
	if f.like[0]&1 == 0 && f.info.block > 0 {
		limit /= f.info.block
	}
	return d > 0 && d < limit
}

// frame reads the header of a frame: its number.
func (f *flac) frame(b []byte) (number int64, ok bool) {
	if len(b) < maxFLACHead || b[0] != 0xff || b[1]&0xfe != 0xf8 {
		return 0, false
	}
	block, rate, channels, depth := b[2]>>4, b[2]&15, b[3]>>4, b[3]>>1&7
	if block == 0 || rate == 15 || channels > 10 || depth == 3 || b[3]&1 != 0 {
		return 0, false
	}
	number, n := flacNumber(b[4:])
	if n == 0 {
		return 0, false
	}
	end := 4 + n
	switch block {
	case 6:
		end++
	case 7:
		end += 2
	}
	switch rate {
	case 12:
		end++
	case 13, 14:
		end += 2
	}
	if end >= len(b) || crc8(b[:end]) != b[end] {
		return 0, false
	}
	return number, f.since < 0 || alike(b) == f.like && f.follows(number)
}

// flacNumber reads a number of up to 36 bits as UTF-8 would write it, in n
// bytes; n is 0 for what is none.
func flacNumber(b []byte) (v int64, n int) {
	first := b[0]
	for first&0x80 != 0 {
		first <<= 1
		n++
	}
	switch n {
	case 0:
		return int64(b[0]), 1
	case 1, 8:
		return 0, 0
	}
	v = int64(first) >> n
	for _, c := range b[1:n] {
		if c&0xc0 != 0x80 {
			return 0, 0
		}
		v = v<<6 | int64(c&0x3f)
	}
	return v, n
}

// crc8 is FLAC's: polynomial x^8 + x^2 + x + 1, from 0.
func crc8(b []byte) (crc byte) {
	for _, c := range b {
		crc ^= c
		for range 8 {
			if crc&0x80 != 0 {
				crc = crc<<1 ^ 0x07
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
