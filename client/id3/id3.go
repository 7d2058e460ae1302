// Package id3 reads the tags that stand in front of sound and between it (ID3v2.3
// and v2.4): what is on, and the time of a segment of packed audio in HLS. It
// leaves out pictures, lyrics and all other frames, and tags at the end of files.
//
//	if n := id3.Size(b); n > 0 && n <= len(b) {
//		title, ok := id3.Title(b[:n])
//	}
package id3

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A tag (id3.org, "ID3 tag version 2.4.0", section 3):
//
//	+-----+-------+-------+-------+-----------------+--------------+--------
//	|"ID3"| major | minor | flags | size: 4 x 7 bits| (ext. header)| frames, padding, (footer)
//	+-----+-------+-------+-------+-----------------+--------------+--------
//
//	frame: | id: 4 characters | size32, in v2.4 4 x 7 bits | flags16 | content |
//
// The size counts what follows it but for the footer.
const (
	headSize  = 10
	frameHead = 10

	flagUnsync   = 0x80
	flagExtended = 0x40
	flagFooter   = 0x10

	maxFrames = 256
	maxText   = 1 << 10 // bytes of a text that are used
)

// Size is the length in bytes of the tag that b begins with: 0 where it begins
// with none, or is too short to tell.
func Size(b []byte) int {
	if len(b) < headSize || string(b[:3]) != "ID3" || b[3] == 0xff || b[4] == 0xff {
		return 0
	}
	n, ok := sevens(b[6:])
	if !ok {
		return 0
	}
	if b[5]&flagFooter != 0 {
		n += headSize
	}
	return headSize + n
}

// sevens reads a number of four bytes with seven bits each; ok is false where it
// is none.
func sevens(b []byte) (n int, ok bool) {
	if (b[0]|b[1]|b[2]|b[3])&0x80 != 0 {
		return 0, false
	}
	return int(b[0])<<21 | int(b[1])<<14 | int(b[2])<<7 | int(b[3]), true
}

// Title is what the tag says is on, as "Artist - Title".
func Title(tag []byte) (string, bool) {
	var artist, title string
	frames(tag, func(id string, content []byte) {
		switch {
		case id == "TIT2" && title == "":
			title = text(content)
		case id == "TPE1" && artist == "":
			artist = text(content)
		}
	})
	switch {
	case title == "":
		return artist, artist != ""
	case artist == "":
		return title, true
	}
	return artist + " - " + title, true
}

// timestampOwner is whose PRIV frame tells the time of a segment's first sample
// in ticks of 90 kHz, 33 bits of 64 (RFC 8216, 3.4).
const timestampOwner = "com.apple.streaming.transportStreamTimestamp\x00"

// Timestamp is the time that the tag says packed audio begins at, in the 33 bits
// of an MPEG transport stream.
func Timestamp(tag []byte) (ticks uint64, ok bool) {
	frames(tag, func(id string, content []byte) {
		rest, ours := bytes.CutPrefix(content, []byte(timestampOwner))
		if id == "PRIV" && ours && len(rest) >= 8 {
			ticks, ok = binary.BigEndian.Uint64(rest)&(1<<33-1), true
		}
	})
	return ticks, ok
}

// frames yields the frames that can be read. Those that are compressed or
// encrypted are left out.
func frames(tag []byte, yield func(id string, content []byte)) {
	size := Size(tag)
	if size == 0 || tag[3] < 3 || tag[3] > 4 {
		return
	}
	major, flags := tag[3], tag[5]
	b := tag[headSize:min(size, len(tag))]
	if major == 3 && flags&flagUnsync != 0 {
		b = resync(b)
	}
	if flags&flagExtended != 0 {
		b = skipExtended(b, major)
	}
	for n := 0; n < maxFrames && len(b) >= frameHead && b[0] != 0; n++ {
		size := int(binary.BigEndian.Uint32(b[4:]))
		if major == 4 { // iTunes once wrote 32 bits there too
			if s, ok := sevens(b[4:]); ok {
				size = s
			}
		}
		id, format := string(b[:4]), b[9]
		if b = b[frameHead:]; size < 0 || size > len(b) {
			return
		}
		content, ok := b[:size], format&0xc0 == 0
		if major == 4 {
			content, ok = content4(content, format, flags&flagUnsync != 0)
		}
		if ok {
			yield(id, content)
		}
		b = b[size:]
	}
}

// content4 undoes what a frame of v2.4 says was done with it.
func content4(b []byte, format byte, unsync bool) ([]byte, bool) {
	const (
		grouped    = 0x40
		compressed = 0x08
		encrypted  = 0x04
		unsynced   = 0x02
		counted    = 0x01
	)
	skip := 0
	if format&grouped != 0 {
		skip++
	}
	if format&counted != 0 {
		skip += 4
	}
	if format&(compressed|encrypted) != 0 || skip > len(b) {
		return nil, false
	}
	b = b[skip:]
	if format&unsynced != 0 || unsync {
		b = resync(b)
	}
	return b, true
}

// skipExtended passes over the extended header, whose size counts itself in
// v2.4 only.
func skipExtended(b []byte, major byte) []byte {
	if len(b) < 4 {
		return nil
	}
	n := int(binary.BigEndian.Uint32(b)) + 4
	if major == 4 {
		n, _ = sevens(b)
	}
	if n < 4 || n > len(b) {
		return nil
	}
	return b[n:]
}

// resync takes out the zeros that unsynchronisation (section 6.1) put behind
// each ff.
func resync(b []byte) []byte {
	if !bytes.Contains(b, []byte{0xff, 0}) {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		out = append(out, b[i])
		if b[i] == 0xff && i+1 < len(b) && b[i+1] == 0 {
			i++
		}
	}
	return out
}

// text reads the content of a text frame: a byte that says how it is written,
// and texts with zeros between them, which become one line.
func text(b []byte) string {
	const (
		latin1 = iota
		utf16BOM
		utf16BE
		utf8Plain
	)
	if len(b) == 0 {
		return ""
	}
	kind, b := b[0], b[1:min(len(b), maxText)]
	var s string
	switch kind {
	case latin1:
		r := make([]rune, len(b))
		for i, c := range b {
			r[i] = rune(c)
		}
		s = string(r)
	case utf16BOM:
		var order binary.ByteOrder = binary.LittleEndian
		if bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
			order = binary.BigEndian
		}
		s = fromUTF16(b, order)
	case utf16BE:
		s = fromUTF16(b, binary.BigEndian)
	case utf8Plain:
		s = string(b)
	}
	return line(s)
}

func fromUTF16(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// line makes one printable line of a text. Several values, with zeros between,
// are set apart by commas.
func line(s string) string {
	var parts []string
	for part := range strings.SplitSeq(s, "\x00") {
		part = strings.Map(func(r rune) rune {
			switch {
			case r == utf8.RuneError || r == '\ufeff' || unicode.Is(unicode.Bidi_Control, r):
				return -1
			case unicode.IsControl(r):
				return ' '
			}
			return r
		}, part)
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}
