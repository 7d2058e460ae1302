package figures

import (
	"testing"
	"time"
)

func TestFigures(t *testing.T) {
	tests := []struct{ got, want string }{
		{Count(0), "0"}, {Count(999), "999"}, {Count(10412), "10,412"}, {Count(1234567), "1,234,567"}, {Count(-1234), "-1,234"},
		{Count(-123), "-123"},
		{Clock(0), "00:00:00"}, {Clock(761 * time.Second), "00:12:41"}, {Clock(100*time.Hour + 1500*time.Millisecond), "100:00:01"},
		{Clock(-time.Second), "00:00:00"},
		{Rate(0), "0 kb/s"}, {Rate(128_000), "128 kb/s"}, {Rate(999_499), "999 kb/s"}, {Rate(999_500), "1.0 Mb/s"}, {Rate(2_437_000), "2.4 Mb/s"},
		{Rate(-5), "0 kb/s"},
		{Size(999), "999 B"}, {Size(12_000), "12 kB"}, {Size(12_400_000), "12.4 MB"}, {Size(3_210_000_000), "3.2 GB"},
		{Took(30 * time.Microsecond), ""}, {Took(12 * time.Millisecond), "12 ms"}, {Took(800 * time.Millisecond), "0.8 s"},
		{Hertz(44100), "44.1 kHz"}, {Hertz(48000), "48 kHz"}, {Hertz(11025), "11.025 kHz"},
	}
	for i, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%d: %q, want %q", i, tt.got, tt.want)
		}
	}
	if len(NoClock) != len(Clock(0)) {
		t.Error("an unknown time has another width")
	}
}
