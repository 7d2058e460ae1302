package wire

import (
	"encoding/binary"
	"math"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendText appends s as UTF-16, little endian, without a NUL. What is longer
// than MaxText is cut.
func AppendText(dst []byte, s string) []byte {
	at := len(dst)
	for _, r := range s {
		if len(dst)-at > 2*(MaxText-2) {
			break
		}
		if r1, r2 := utf16.EncodeRune(r); r1 != utf8.RuneError {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(r1))
			dst = binary.LittleEndian.AppendUint16(dst, uint16(r2))
			continue
		}
		dst = binary.LittleEndian.AppendUint16(dst, uint16(r))
	}
	return dst
}

// appendTextNUL is AppendText with a NUL.
func appendTextNUL(dst []byte, s string) []byte { return append(AppendText(dst, s), 0, 0) }

// Text is the string of UTF-16 at the beginning of b, up to its NUL or, where
// that was forgotten, to the end. Halves of surrogate pairs become U+FFFD. What
// is longer than MaxText is cut.
func Text(b []byte) string {
	s, _ := text(b)
	return s
}

// text is Text and how many bytes the string takes with its NUL.
func text(b []byte) (s string, n int) {
	units := make([]uint16, 0, min(len(b)/2, MaxText))
	for i := 0; i+1 < len(b); i += 2 {
		u := binary.LittleEndian.Uint16(b[i:])
		if u == 0 {
			return string(utf16.Decode(units)), i + 2
		}
		if len(units) < MaxText {
			units = append(units, u)
		}
	}
	return string(utf16.Decode(units)), len(b)
}

// counted takes a string of count UTF-16 units from b. The count comes from the
// peer and includes a NUL, or it does not.
func counted(b []byte, count uint32) (s string, rest []byte, ok bool) {
	if uint64(count) > uint64(len(b)/2) || count > MaxText {
		return "", nil, false
	}
	return Text(b[:2*count]), b[2*count:], true
}

// maxSeconds bounds the times of messages: what is longer is not believed.
const maxSeconds = 1 << 31

// Unset is the position of a request that has an offset or a packet instead.
const Unset time.Duration = -1

// appendSeconds appends a time as a float of seconds; Unset is the greatest one.
func appendSeconds(dst []byte, d time.Duration) []byte {
	f := d.Seconds()
	if d < 0 {
		f = math.MaxFloat64
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f))
}

// seconds reads it: 0 for what is no time at all, Unset for what is too long.
func seconds(b []byte) time.Duration {
	f := math.Float64frombits(binary.LittleEndian.Uint64(b))
	switch {
	case !(f > 0): // so is NaN
		return 0
	case f >= maxSeconds:
		return Unset
	}
	return time.Duration(f * float64(time.Second))
}
