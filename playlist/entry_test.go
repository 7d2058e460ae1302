package playlist

import (
	"fmt"
	"strings"
	"testing"
)

func TestEntry(t *testing.T) {
	for _, c := range []struct {
		line, protocol, url, extra string
		reserved                   bool
	}{
		{"http://a/1", "http", "http://a/1", "", false},
		{" RTSP://user:secret@cam/1 ", "rtsp", "RTSP://user:secret@cam/1", " RTSP://user:secret@cam/1 ", false},
		{"host:8080/live", "http", "host:8080/live", "", false},
		{"http://a/1|User-Agent=x", "http", "http://a/1", "http://a/1|User-Agent=x", false},
		{"rtmp://$OPT:rtmp-raw=rtmp://h/a live=1", "rtmp-raw", "rtmp://$OPT:rtmp-raw=rtmp://h/a live=1", "", true},
	} {
		e := NewEntry(c.line)
		if e.URL != c.url || e.Line != c.extra || e.Protocol() != c.protocol || e.Reserved() != c.reserved {
			t.Errorf("%q gives %+v, %s", c.line, e, e.Protocol())
		}
		if title := e.Title(); title == "" || strings.Contains(title, "secret") || title != e.Address() {
			t.Errorf("%q has the title %q", c.line, title)
		}
	}
	if got := fmt.Sprint(Entry{Group: " a; b ;;a"}.Groups(), Entry{Group: "c"}.Groups(), Entry{}.Groups()); got != "[a b] [c] []" {
		t.Error(got)
	}
}
