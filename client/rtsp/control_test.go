package rtsp

import (
	"slices"
	"strings"
	"testing"
)

func TestBaseURL(t *testing.T) {
	const asked = "rtsp://cam.example/live?x=1"
	for _, c := range []struct{ name, base, location, want string }{
		{"none", "", "", asked},
		{"Content-Base", "rtsp://cam.example/live/", "rtsp://x/", "rtsp://cam.example/live/"},
		{"Content-Location", "", "rtsp://cam.example/other/", "rtsp://cam.example/other/"},
		{"no scheme", "192.168.1.2:554/live", "", asked},
		{"doubled scheme", "rtsp://rtsp://cam.example/live", "", asked},
		{"IPv6 without brackets", "rtsp://::ffff:1.2.3.4/live", "", asked},
		{"relative", "/live/", "", asked},
		{"unspecified", "rtsp://0.0.0.0:554/live/", "", asked},
		{"bad, then good", "/live/", "rtsp://cam.example/b/", "rtsp://cam.example/b/"},
		{"with a login", "rtsp://u:p@cam.example/live/", "", "rtsp://cam.example/live/"},
		{"blanks", " rtsp://cam.example/a b/ ", "", "rtsp://cam.example/a%20b/"},
		{"empty port", "rtsp://cam.example:/live", "", asked},
	} {
		h := header{{"Content-Base", c.base}, {"Content-Location", c.location}}
		if got := baseURL(asked, h); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestControlCandidates(t *testing.T) {
	for _, c := range []struct {
		name, base, session, control, asked string
		aggregate                           string
		want                                []string
	}{
		{"live555", "rtsp://h/a/", "*", "track1", "rtsp://h/a", "rtsp://h/a/", []string{"rtsp://h/a/track1"}},
		{"no slash", "rtsp://h/a", "", "track1", "rtsp://h/a", "rtsp://h/a", []string{"rtsp://h/a/track1", "rtsp://h/track1"}},
		{"Dahua: after the query", "rtsp://h/cam/r?channel=1&subtype=0", "", "trackID=0", "rtsp://h/cam/r?channel=1&subtype=0",
			"rtsp://h/cam/r?channel=1&subtype=0",
			[]string{"rtsp://h/cam/r?channel=1&subtype=0/trackID=0", "rtsp://h/cam/trackID=0"}},
		{"the base lost the query", "rtsp://h/a/", "", "t1", "rtsp://h/a?x=1", "rtsp://h/a/", []string{"rtsp://h/a/t1", "rtsp://h/a?x=1/t1"}},
		{"Axis: absolute", "rtsp://h/a/", "", "rtsp://h/a/trackID=1?x=%zz", "rtsp://h/a", "rtsp://h/a/", []string{"rtsp://h/a/trackID=1?x=%zz"}},
		{"absolute, private host", "rtsp://cam.example/a", "", "rtsp://192.168.1.5:554/a/1", "rtsp://cam.example:8554/a",
			"rtsp://cam.example/a", []string{"rtsp://cam.example:8554/a/1"}},
		{"absolute, other host", "rtsp://h/a", "", "rtsp://u:p@elsewhere/a/1", "rtsp://h/a", "rtsp://h/a", []string{"rtsp://elsewhere/a/1", "rtsp://h/a/1"}},
		{"TLS", "rtsps://h/a", "", "rtsp://h/a/1", "rtsps://h/a", "rtsps://h/a", []string{"rtsps://h/a/1"}},
		{"absolute session control", "rtsp://h/a/", "rtsp://h/b", "t", "rtsp://h/a", "rtsp://h/b", []string{"rtsp://h/b/t", "rtsp://h/t"}},
		{"relative session control", "rtsp://h/a/", "b/", "t", "rtsp://h/a", "rtsp://h/a/b/", []string{"rtsp://h/a/b/t"}},
		{"leading slash", "rtsp://h/a/", "", "/b/t", "rtsp://h/a", "rtsp://h/a/", []string{"rtsp://h/a/b/t", "rtsp://h/b/t"}},
		{"query only", "rtsp://h/a", "", "?ctype=video", "rtsp://h/a", "rtsp://h/a", []string{"rtsp://h/a?ctype=video"}},
		{"none", "rtsp://h/a/", "", "", "rtsp://h/a", "rtsp://h/a/", []string{"rtsp://h/a/"}},
		{"injection", "rtsp://h/a/", "", "t\r\nX: y", "rtsp://h/a", "rtsp://h/a/", []string{"rtsp://h/a/tX:%20y"}},
		{"no path", "rtsp://h", "", "t", "rtsp://h", "rtsp://h", []string{"rtsp://h/t"}},
		{"too long", "rtsp://h/a/", "", strings.Repeat("x", maxURL+1), "rtsp://h/a", "rtsp://h/a/", []string{"rtsp://h/a/"}},
	} {
		aggregate := sessionControl(c.base, c.session, c.asked)
		if aggregate != c.aggregate {
			t.Errorf("%s: aggregate %s, want %s", c.name, aggregate, c.aggregate)
		}
		if got := controlCandidates(aggregate, c.control, c.asked); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
