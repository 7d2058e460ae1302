package deck

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"tapedeck/player/playback"
)

// ErrJump says that a text is no time and no part of the whole.
var ErrJump = errors.New("not a time: type 1:02:03, 90, 50%, +30 or -30")

// maxJump bounds a typed time, in seconds.
const maxJump = 1000 * 3600

// ParseJump reads what was typed to jump to:
//
//	1:02:03  2:03  90     a time, in hours, minutes and seconds
//	50%  12.5%            a part of the whole
//	+30  -1:00            from here
//	live                  the newest point
func ParseJump(text string) (playback.Intent, error) {
	text = strings.ReplaceAll(strings.TrimSpace(text), "−", "-")
	if strings.EqualFold(text, "live") {
		return playback.GoLive{}, nil
	}
	if number, ok := strings.CutSuffix(text, "%"); ok {
		p, ok := decimal(strings.TrimSpace(number))
		if !ok || p > 100 {
			return nil, ErrJump
		}
		return playback.SeekPercent{Percent: p}, nil
	}
	back, on := strings.HasPrefix(text, "-"), strings.HasPrefix(text, "+")
	if back || on {
		text = strings.TrimSpace(text[1:])
	}
	d, ok := clock(text)
	switch {
	case !ok:
		return nil, ErrJump
	case back:
		return playback.SeekBy{By: -d}, nil
	case on:
		return playback.SeekBy{By: d}, nil
	}
	return playback.SeekTo{To: d}, nil
}

// clock reads [[hours:]minutes:]seconds.
func clock(text string) (time.Duration, bool) {
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return 0, false
	}
	var total float64
	for i, part := range parts {
		n, ok := decimal(part)
		if !ok || i < len(parts)-1 && strings.Contains(part, ".") || i > 0 && n >= 60 {
			return 0, false
		}
		total = total*60 + n
	}
	if total > maxJump {
		return 0, false
	}
	return time.Duration(total * float64(time.Second)).Round(time.Millisecond), true
}

// decimal reads digits with at most one point: no signs, no exponents.
func decimal(s string) (float64, bool) {
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}
