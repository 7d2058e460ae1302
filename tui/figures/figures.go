// Package figures writes numbers as the deck shows them. It leaves out
// everything that depends on the width of the screen.
package figures

import (
	"fmt"
	"strconv"
	"time"
)

// NoClock stands where a time is not known; it is as wide as a Clock.
const NoClock = "--:--:--"

// Count is n with a comma between thousands: "10,412".
func Count[T ~int | ~int64 | ~uint64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Clock is d as hours, minutes and seconds: "00:12:41".
func Clock(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	s := int64(d / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Rate is a bit rate: "128 kb/s", "2.4 Mb/s".
func Rate(bits int) string {
	if bits < 999_500 {
		return fmt.Sprintf("%d kb/s", (max(bits, 0)+500)/1000)
	}
	return fmt.Sprintf("%.1f Mb/s", float64(bits)/1e6)
}

// Size is a number of bytes: "12.4 MB".
func Size(n int64) string {
	switch f := float64(n); {
	case f < 1e3:
		return fmt.Sprintf("%d B", n)
	case f < 1e6:
		return fmt.Sprintf("%.0f kB", f/1e3)
	case f < 1e9:
		return fmt.Sprintf("%.1f MB", f/1e6)
	default:
		return fmt.Sprintf("%.1f GB", f/1e9)
	}
}

// Took is how long a step lasted: "3 ms", "0.8 s"; empty under a millisecond.
func Took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return ""
	case d < 500*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}

// Hertz is a sampling rate: "44.1 kHz".
func Hertz(n int) string {
	return strconv.FormatFloat(float64(n)/1000, 'f', -1, 64) + " kHz"
}
