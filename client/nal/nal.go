// Package nal reads what H.264 and H.265 streams are made of, NAL units, as far
// as a receiver must: which of them belong to one access unit, at which access
// units a decoder can start, and what the parameter sets say, from which it
// makes avcC and hvcC. It decodes no picture. RTP and MPEG-TS share it.
//
//	c := nal.NewH264()
//	var u nal.Unit
//	nal.Split(annexB, func(n []byte) { u.Add(c.Inspect(n)) })
//	private := c.Config()
package nal

import "bytes"

// Coding is H.264 or H.265. It remembers the parameter sets that went by.
type Coding interface {
	// HeaderSize is the length of a NAL unit's header in bytes.
	HeaderSize() int
	// Picture tells by its header alone whether nal is coded picture data.
	Picture(nal []byte) bool
	// Begins tells by its beginning whether nal, behind picture data, belongs to
	// the next access unit.
	Begins(nal []byte) bool
	// Inspect looks into a complete NAL unit and remembers parameter sets.
	Inspect(nal []byte) Info

	// Config is the decoder's configuration, nil while parameter sets are missing.
	Config() []byte
	// SPS is what the newest sequence parameter set says.
	SPS() SPS
	// Changed reports whether that may differ from what it was at the last call.
	Changed() bool
	// Renew has the parameter sets forgotten as soon as others come: what follows
	// is another stream, or another part of this one.
	Renew()
}

// Info is what one NAL unit means for the access unit that it is in.
type Info struct {
	Picture bool // coded picture data
	First   bool // the first of a picture's slices
	Intra   bool // picture data that refers to no other picture
	Sets    bool // parameter sets of a sequence
	Key     bool // a decoder can start at this unit
	Drop    bool // filler: left out
}

// Unit is what the NAL units of one access unit say together.
type Unit struct {
	Picture bool // there is picture data
	Key     bool // a decoder can start here, it says
	Sets    bool // it has parameter sets
	Inter   bool // it has picture data that refers to other pictures
}

// Add adds what a NAL unit says.
func (u *Unit) Add(i Info) {
	u.Picture = u.Picture || i.Picture
	u.Key = u.Key || i.Key
	u.Sets = u.Sets || i.Sets
	u.Inter = u.Inter || i.Picture && !i.Intra
}

// RareKeys is how many ticks (90 kHz) a stream must be without a place to start
// before other pictures are taken for one.
const RareKeys = 10 * 90000

// Entries finds the places to start in one stream.
type Entries struct {
	keyed bool   // the stream has had a place to start of the usual kinds
	timed bool   // at is set:
	at    uint32 // the time of the last of them, at first the stream's first
}

// Starts reports whether a decoder can start at the unit of time ts (90 kHz):
// at a picture that says so (IDR, IRAP, a recovery point) or that refers to no
// other and brings its parameter sets along. Some encoders send one such picture
// at the beginning and then only plain I-pictures, after which a decoder gets
// over what it has not seen; x265, refreshing bit by bit, only the parameter
// sets where a round begins. Where the usual ones come regularly, these are left
// alone.
func (e *Entries) Starts(u Unit, ts uint32) bool {
	if !e.timed {
		e.timed, e.at = true, ts
	}
	if u.Key || u.Sets && !u.Inter {
		e.keyed, e.at = true, ts
		return true
	}
	rare := ts-e.at > RareKeys
	return !u.Inter && !e.keyed || rare && (u.Sets || !u.Inter)
}

// StartCode stands before each NAL unit in Annex B form.
var StartCode = []byte{0, 0, 1}

// IsAnnexB reports whether b begins with a start code.
func IsAnnexB(b []byte) bool {
	return bytes.HasPrefix(b, StartCode) || len(b) > 0 && b[0] == 0 && bytes.HasPrefix(b[1:], StartCode)
}

// StartCodes yields where 00 00 01 stands with a byte behind it.
func StartCodes(b []byte) func(yield func(at int) bool) {
	return func(yield func(at int) bool) {
		for at := 0; ; at += len(StartCode) {
			i := bytes.Index(b[at:], StartCode)
			if i < 0 || at+i+3 >= len(b) {
				return
			}
			if at += i; !yield(at) {
				return
			}
		}
	}
}

// Split calls yield for each NAL unit between start codes.
func Split(b []byte, yield func(nal []byte)) {
	for len(b) > 0 {
		nal := b
		if i := bytes.Index(b, StartCode); i >= 0 {
			nal, b = b[:i], b[i+len(StartCode):]
		} else {
			b = nil
		}
		if nal = TrimZeros(nal); len(nal) > 0 {
			yield(nal)
		}
	}
}

// TrimZeros drops the zeros that follow a NAL unit; none ends in one.
func TrimZeros(nal []byte) []byte {
	n := len(nal)
	for n > 0 && nal[n-1] == 0 {
		n--
	}
	return nal[:n]
}

// Unescape appends nal to dst without its emulation prevention bytes: the 3 in
// 00 00 03 (H.264, 7.4.1).
func Unescape(dst, nal []byte) []byte {
	zeros := 0
	for _, c := range nal {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		dst = append(dst, c)
	}
	return dst
}
