package playlist

import "testing"

func TestResolve(t *testing.T) {
	for _, c := range []struct{ link, place, want string }{
		{"http://a/1", "/l/x.m3u", "http://a/1"},
		{"rtmp://$OPT:rtmp-raw=x", "/l/x.m3u", "rtmp://$OPT:rtmp-raw=x"},
		{"radio.example:8000/live", "/l/x.m3u", "radio.example:8000/live"},
		{"host:8080", "http://b/x.m3u", "host:8080"},
		{"www.example.org", "/l/x.m3u", "www.example.org"},
		{"udp:@239.0.0.1:1234", "/l/x.m3u", "udp:@239.0.0.1:1234"},
		{"music/a b.mp3", "/l/x.m3u", "file:///l/music/a b.mp3"},
		{`..\music\a.mp3`, "/l/x.m3u", "file:///music/a.mp3"},
		{"/abs/a.mp3", "/l/x.m3u", "file:///abs/a.mp3"},
		{`C:\music\a.mp3`, "/l/x.m3u", "file://C:/music/a.mp3"},
		{"a.ts", "http://h:81/d/e/x.m3u?token=a/b", "http://h:81/d/e/a.ts"},
		{"./../a.ts?x", "http://h/d/e/x.m3u", "http://h/d/a.ts?x"},
		{"../../../a.ts", "http://h/d/x.m3u", "http://h/a.ts"},
		{"/a.ts", "http://h:81/d/x.m3u", "http://h:81/a.ts"},
		{"//other/a.ts", "https://h/d/x.m3u", "https://other/a.ts"},
		{"?q=2", "http://h/d/x.m3u?q=1", "http://h/d/x.m3u?q=2"},
		{"a.ts", "http://h", "http://h/a.ts"},
		{"a.ts", "", "a.ts"},
	} {
		l := List{Path: c.place}
		if got := l.Resolve(Entry{URL: c.link}).URL; got != c.want {
			t.Errorf("%q in %q is %q, want %q", c.link, c.place, got, c.want)
		}
	}
}
