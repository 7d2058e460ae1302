package sdp

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Range is a span of media time, from an a=range attribute or an RTSP Range
// header (RFC 2326, 3.5 to 3.7 and 12.29).
type Range struct {
	Unit string // "npt", "clock", or "smpte" with its rate, in lower case

	// Since the beginning of the media; for "clock" since 1970, UTC.
	From, To       time.Duration
	HasFrom, HasTo bool
	Now            bool // from the live edge: "npt=now-"
}

// RangeError says why a range is of no use.
type RangeError struct {
	Text   string // as it came, without control characters, cut to 64 bytes
	Reason string
}

func (e *RangeError) Error() string { return fmt.Sprintf("range %q: %s", e.Text, e.Reason) }

// maxTime bounds every time in a range. A beginning beyond it is refused, an
// end beyond it means that there is none: servers write 2^63 and the like.
const maxTime = 200 * 365 * 24 * time.Hour

const maxRangeText = 64 // bytes of a range that are shown in an error

// ParseRange reads "npt=10.5-20", "npt=now-", "npt=-30", "npt=0:02:05.5-",
// "clock=19961108T142300Z-" and "smpte-25=0:00:10:05-". A range without a unit
// is npt; what follows a ';' (";time=...") is ignored.
func ParseRange(s string) (Range, error) {
	bad := func(reason string) (Range, error) {
		t := text(s)
		t = strings.ToValidUTF8(t[:min(len(t), maxRangeText)], "")
		return Range{}, &RangeError{Text: t, Reason: reason}
	}
	value, _, _ := strings.Cut(s, ";")
	unit, span, ok := strings.Cut(value, "=")
	if !ok {
		unit, span = "npt", value
	}
	r := Range{Unit: strings.ToLower(strings.TrimSpace(unit))}
	parse := clockOf(r.Unit)
	if parse == nil {
		return bad("its unit is not known")
	}
	from, to, dash := strings.Cut(span, "-")
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	if !dash && from == "" || from == "" && to == "" {
		return bad("it is empty")
	}
	if r.Unit == "npt" && strings.EqualFold(from, "now") {
		r.Now = true
	} else if from != "" {
		if r.From, r.HasFrom = parse(from); !r.HasFrom || r.From > maxTime {
			return bad("its beginning is not a time")
		}
	}
	if to != "" {
		if r.To, r.HasTo = parse(to); !r.HasTo {
			return bad("its end is not a time")
		}
		if r.To > maxTime {
			r.To, r.HasTo = 0, false
		}
	}
	return r, nil
}

// clockOf returns how times of a unit are read, nil for an unknown unit.
func clockOf(unit string) func(string) (time.Duration, bool) {
	switch unit {
	case "npt":
		return parseNPT
	case "clock":
		return parseClock
	case "smpte", "smpte-30-drop":
		return smpte(30, true)
	}
	if rate, ok := strings.CutPrefix(unit, "smpte-"); ok {
		if n, err := strconv.ParseUint(rate, 10, 8); err == nil && n > 0 {
			return smpte(int64(n), false)
		}
	}
	return nil
}

// parseNPT reads "12.5", "2:05.5" and "1:02:05.5". Only digits count: no sign,
// no exponent, no infinity. What is above maxTime is returned as maxTime+1.
func parseNPT(s string) (time.Duration, bool) {
	parts := strings.Split(s, ":")
	last := parts[len(parts)-1]
	var fraction time.Duration
	if i := strings.IndexAny(last, ".,"); i >= 0 { // some locales print a comma
		tail := last[i+1:]
		if last = last[:i]; last == "" && tail == "" || !digits(tail) {
			return 0, false
		}
		if last == "" {
			last = "0"
		}
		unit := time.Second / 10
		for j := 0; j < len(tail) && unit > 0; j++ {
			fraction += time.Duration(tail[j]-'0') * unit
			unit /= 10
		}
	}
	if parts[len(parts)-1] = last; len(parts) > 3 {
		return 0, false
	}
	const limit = int64(maxTime / time.Second)
	var total int64
	for _, p := range parts {
		if p == "" || !digits(p) {
			return 0, false
		}
		var n int64
		for i := range len(p) {
			n = min(n*10+int64(p[i]-'0'), limit)
		}
		total = min(total*60+n, limit)
	}
	if total == limit {
		return maxTime + 1, true
	}
	return time.Duration(total)*time.Second + fraction, true
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// parseClock reads "19961108T142300.25Z".
func parseClock(s string) (time.Duration, bool) {
	t, err := time.Parse("20060102T150405Z", strings.ToUpper(s))
	if err != nil || t.Unix() < 0 || t.Unix() > int64(maxTime/time.Second) {
		return 0, false
	}
	return time.Duration(t.UnixNano()), true
}

// smpte reads "hours:minutes:seconds:frames.subframes" at a rate of frames a
// second. With drop, the first two frame numbers of each minute but every tenth
// do not exist, which makes 29.97 a second of them.
func smpte(rate int64, drop bool) func(string) (time.Duration, bool) {
	return func(s string) (time.Duration, bool) {
		parts := strings.Split(s, ":")
		if len(parts) < 3 || len(parts) > 4 {
			return 0, false
		}
		var n [4]int64
		for i, p := range parts {
			if i == 3 {
				p, _, _ = strings.Cut(p, ".")
			}
			v, err := strconv.ParseUint(p, 10, 10)
			if err != nil {
				return 0, false
			}
			n[i] = int64(v)
		}
		minutes := n[0]*60 + n[1]
		frames := (minutes*60+n[2])*rate + n[3]
		if !drop {
			return time.Duration(frames) * time.Second / time.Duration(rate), true
		}
		frames -= 2 * (minutes - minutes/10)
		const cycle = 30000 // frames in 1001 seconds
		return time.Duration(frames/cycle)*1001*time.Second +
			time.Duration(frames%cycle)*1001*time.Second/cycle, true
	}
}
