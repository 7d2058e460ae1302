package sdp

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var ranges = []struct {
	in   string
	want Range
	bad  bool
}{
	{in: "npt=0-", want: Range{Unit: "npt", HasFrom: true}},
	{in: "npt=12.5-", want: Range{Unit: "npt", From: 12500 * time.Millisecond, HasFrom: true}},
	{in: "npt = 10 - 20 ", want: Range{Unit: "npt", From: 10 * time.Second, To: 20 * time.Second, HasFrom: true, HasTo: true}},
	{in: "NPT=now-", want: Range{Unit: "npt", Now: true}},
	{in: "npt=-30", want: Range{Unit: "npt", To: 30 * time.Second, HasTo: true}},
	{in: "npt=1:02:05.25-2:00", want: Range{Unit: "npt", From: 3725*time.Second + 250*time.Millisecond, To: 2 * time.Minute, HasFrom: true, HasTo: true}},
	{in: "npt=0,000-5,5", want: Range{Unit: "npt", To: 5500 * time.Millisecond, HasFrom: true, HasTo: true}},
	{in: "npt=.5-1.", want: Range{Unit: "npt", From: 500 * time.Millisecond, To: time.Second, HasFrom: true, HasTo: true}},
	{in: "npt=0.1234567891234-", want: Range{Unit: "npt", From: 123456789, HasFrom: true}},
	{in: "npt=7", want: Range{Unit: "npt", From: 7 * time.Second, HasFrom: true}},
	{in: "0-10", want: Range{Unit: "npt", To: 10 * time.Second, HasFrom: true, HasTo: true}},
	{in: "npt=3-9;time=19970123T143720Z", want: Range{Unit: "npt", From: 3 * time.Second, To: 9 * time.Second, HasFrom: true, HasTo: true}},
	{in: "npt=0-9223372036854775807", want: Range{Unit: "npt", HasFrom: true}},
	{in: "npt=0-99999999999999999999:00", want: Range{Unit: "npt", HasFrom: true}},
	{in: "clock=19700102T000000.25Z-19700102t000001z", want: Range{Unit: "clock", From: 24*time.Hour + 250*time.Millisecond, To: 24*time.Hour + time.Second, HasFrom: true, HasTo: true}},
	{in: "clock=19961108T142300Z-", want: Range{Unit: "clock", From: 847462980 * time.Second, HasFrom: true}},
	{in: "smpte-25=0:00:10:05-", want: Range{Unit: "smpte-25", From: 10200 * time.Millisecond, HasFrom: true}},
	{in: "smpte=0:00:59:29-0:01:00:02.50", want: Range{Unit: "smpte", From: 1799 * 1001 * time.Second / 30000, To: 1800 * 1001 * time.Second / 30000, HasFrom: true, HasTo: true}},
	{in: "smpte-30-drop=1:00:00-", want: Range{Unit: "smpte-30-drop", From: 107892 * 1001 * time.Second / 30000, HasFrom: true}},

	{in: "", bad: true},
	{in: "npt=", bad: true},
	{in: "npt=-", bad: true},
	{in: "npt=nan-", bad: true},
	{in: "npt=inf-", bad: true},
	{in: "npt=0-inf", bad: true},
	{in: "npt=--5", bad: true},
	{in: "npt=1e9-", bad: true},
	{in: "npt=0x10-", bad: true},
	{in: "npt=1:2:3:4-", bad: true},
	{in: "npt=1.5:30-", bad: true},
	{in: "npt=.-", bad: true},
	{in: "npt=:-", bad: true},
	{in: "npt=9223372036854775807-", bad: true},
	{in: "npt=0-now", bad: true},
	{in: "clock=now-", bad: true},
	{in: "clock=19000101T000000Z-", bad: true},
	{in: "clock=99991231T235959Z-", bad: true},
	{in: "smpte-0=0:0:0-", bad: true},
	{in: "smpte=9999999:0:0-", bad: true},
	{in: "smpte=1:2-", bad: true},
	{in: "furlong=1-", bad: true},
}

func TestParseRange(t *testing.T) {
	for _, c := range ranges {
		got, err := ParseRange(c.in)
		if c.bad {
			var e *RangeError
			if !errors.As(err, &e) || got != (Range{}) {
				t.Errorf("%q: got %+v, %v; want a RangeError", c.in, got, err)
			}
			continue
		}
		if err != nil || got != c.want {
			t.Errorf("%q: got %+v, %v; want %+v", c.in, got, err, c.want)
		}
	}
}

func TestRangeErrorIsClean(t *testing.T) {
	_, err := ParseRange("x\x1b[2J\xff" + strings.Repeat("é", 500) + "=1-")
	if s := err.Error(); len(s) > 300 || strings.ContainsRune(s, 0x1b) || !utf8.ValidString(s) {
		t.Errorf("the error is %q", s)
	}
}

func FuzzParseRange(f *testing.F) {
	for _, c := range ranges {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRange(s)
		if err == nil && (r.From < 0 || r.To < 0 || r.From > maxTime || r.To > maxTime) {
			t.Fatalf("%q gives %+v", s, r)
		}
	})
}
