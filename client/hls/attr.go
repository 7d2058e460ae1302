package hls

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxAttributes bounds an attribute list; what is beyond it is not looked at.
const maxAttributes = 64

// attributes are an attribute list (RFC 8216, section 4.2), quotes removed:
//
//	BANDWIDTH=1280000,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=1280x720
type attributes map[string]string

// parseAttributes reads what it can: blanks around names and values, a quote
// that is never closed and an empty place between two commas do no harm.
func parseAttributes(s string) attributes {
	a := make(attributes)
	for len(a) < maxAttributes {
		s = strings.TrimLeft(s, ", \t")
		eq := strings.IndexByte(s, '=')
		if eq < 0 {
			break
		}
		name := strings.TrimSpace(s[:eq])
		if comma := strings.LastIndexByte(name, ','); comma >= 0 {
			name = strings.TrimSpace(name[comma+1:]) // a word without a value
		}
		s = strings.TrimLeft(s[eq+1:], " \t")
		var value string
		if quoted, ok := strings.CutPrefix(s, `"`); ok {
			value, s, _ = strings.Cut(quoted, `"`)
			_, s, _ = strings.Cut(s, ",")
		} else {
			value, s, _ = strings.Cut(s, ",")
			value = strings.TrimSpace(value)
		}
		if _, twice := a[name]; !twice {
			a[name] = value
		}
	}
	return a
}

func (a attributes) yes(name string) bool { return strings.EqualFold(a[name], "YES") }

// number is a decimal integer; 0 where there is none.
func (a attributes) number(name string) int64 {
	n, err := strconv.ParseInt(a[name], 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// float is a decimal floating point number; 0 where there is none.
func (a attributes) float(name string) float64 {
	f, _ := parseFloat(a[name])
	return f
}

// parseFloat takes plain numbers only: no NaN, no infinity.
func parseFloat(s string) (float64, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// parseSeconds is a time in seconds, which may be negative; it is bounded by
// maxSpan.
func parseSeconds(s string) (time.Duration, bool) {
	f, ok := parseFloat(s)
	if !ok || math.Abs(f) > maxSpan.Seconds() {
		return 0, false
	}
	return time.Duration(math.Round(f * float64(time.Second))), true
}

// resolution is "1280x720"; zeros where it is none.
func (a attributes) resolution(name string) (width, height int) {
	w, h, ok := strings.Cut(strings.ToLower(a[name]), "x")
	width, err := strconv.Atoi(w)
	height, err2 := strconv.Atoi(h)
	if !ok || err != nil || err2 != nil || width <= 0 || height <= 0 || width > maxSide || height > maxSide {
		return 0, 0
	}
	return width, height
}

// bits is a hexadecimal number of as many bytes; nil where it is none. Leading
// zeros may be missing, as from some packagers.
func (a attributes) bits(name string, size int) []byte {
	digits, ok := strings.CutPrefix(strings.ToLower(a[name]), "0x")
	if !ok || digits == "" || len(digits) > 2*size {
		return nil
	}
	b, err := hex.DecodeString(strings.Repeat("0", 2*size-len(digits)) + digits)
	if err != nil {
		return nil
	}
	return b
}

// parseRange is "LENGTH@OFFSET" (section 4.3.2.2); at is -1 where the offset is
// left out.
func parseRange(s string) (size, at int64, ok bool) {
	length, offset, has := strings.Cut(strings.TrimSpace(s), "@")
	size, err := strconv.ParseInt(length, 10, 64)
	if err != nil || size <= 0 {
		return 0, 0, false
	}
	if !has {
		return size, -1, true
	}
	at, err = strconv.ParseInt(offset, 10, 64)
	if err != nil || at < 0 || at > math.MaxInt64-size {
		return 0, 0, false
	}
	return size, at, true
}
