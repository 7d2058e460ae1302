package sdp

import (
	"fmt"
	"strings"
	"testing"
)

// TestLimitsExactly has each limit reached and passed by one.
func TestLimitsExactly(t *testing.T) {
	lines := func(n int, line string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, line, i)
		}
		return b.String()
	}
	for _, c := range []struct {
		name  string
		limit int
		body  func(n int) string
		kept  func(s *Session) int
	}{
		{"media", MaxMedia, func(n int) string { return lines(n, "m=audio 0 RTP/AVP 0\na=control:%d\n") }, func(s *Session) int { return len(s.Media) }},
		{"attributes", MaxAttributes, func(n int) string { return lines(n, "a=x:%d\n") }, func(s *Session) int { return len(s.Attributes) }},
		{"attributes of a medium", MaxAttributes, func(n int) string { return "m=audio 0 RTP/AVP 0\n" + lines(n, "a=x:%d\n") },
			func(s *Session) int { return len(s.Media[0].Attributes) }},
		{"formats", MaxFormats, func(n int) string { return "m=audio 0 RTP/AVP" + lines(n, " %d") + "\n" }, func(s *Session) int { return len(s.Media[0].Formats) }},
		{"parameters", MaxParameters, func(n int) string { return "m=audio 0 RTP/AVP 0\na=fmtp:0 " + lines(n, "k%d=1;") + "\n" },
			func(s *Session) int { return len(s.Media[0].FMTP[0]) }},
	} {
		for _, n := range []int{c.limit, c.limit + 1} {
			s, err := Parse([]byte("v=0\n" + c.body(n)))
			if err != nil || c.kept(s) != c.limit {
				t.Errorf("%d %s: %d are kept, %v", n, c.name, c.kept(s), err)
			}
		}
	}
	const start = "v=0\n"
	for n, want := range map[int]error{MaxBody: nil, MaxBody + 1: ErrTooLarge} {
		if _, err := Parse([]byte(start + strings.Repeat("a", n-len(start)))); err != want {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
