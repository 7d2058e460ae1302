package player

import (
	"strings"
	"testing"
)

var listCases = []struct {
	name string
	head string
	want bool
}{
	{"M3U", "#EXTM3U\n#EXTINF:-1,x\nhttp://x/\n", true},
	{"M3U with a mark", "\xef\xbb\xbf#EXTM3U\n", true},
	{"M3U without its head", "#EXTINF:-1,Ünï\nhttp://x/\n", true},
	{"addresses", "http://x/\nhttp://y/\n", true},
	{"addresses after a remark", "# my own list of stations\n\nmms://x/\n", true},
	{"addresses after a remark with letters", "# schöne Sender\nmms://x/\n", true},
	{"addresses after blanks", "\r\n\r\n  RTSP://x/\n", true},
	{"file", "file:///etc/passwd\n", true},
	{"PLS", "[playlist]\nFile1=http://x/\n", true},
	{"ASF reference", "[Reference]\nRef1=http://x/\n", true},
	{"ASX", "<ASX version=\"3.0\">", true},
	{"DASH", "<?xml version=\"1.0\"?><MPD>", true},
	{"XML in UTF-16", "\xff\xfe<\x00?\x00x\x00m\x00l\x00", true},
	{"remark in XML", "<!-- made by hand, see the manual -->", true},
	{"page", "<html><body>no such stream, sorry about that</body>", true},

	{"MPEG-TS", "\x47\x40\x00\x10\x00", false},
	{"Matroska", "\x1a\x45\xdf\xa3\x01", false},
	{"MP4", "\x00\x00\x00\x1cftypisom", false},
	{"MP3", "\xff\xfb\x90\x00", false},
	{"MP3 with tags", "ID3\x04\x00http://x/", false},
	{"MP3 joined in the middle", "<a\x81\xf3\x00\x17\x99#[<", false},
	{"RealMedia", ".RMF\x00\x00", false},
	{"Ogg", "OggS\x00\x02", false},
	{"FLAC", "fLaC\x00\x00", false},
	{"JPEG push", "--boundary\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8", false},
	{"nothing", "", false},
	{"blanks", " \r\n", false},
}

func TestIsList(t *testing.T) {
	for _, c := range listCases {
		if got := isList([]byte(c.head)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func FuzzIsList(f *testing.F) {
	for _, c := range listCases {
		f.Add(c.head)
	}
	f.Fuzz(func(t *testing.T, head string) {
		got := isList([]byte(head))
		if strings.HasPrefix(strings.ToLower(head), "#extm3u") && !got {
			t.Errorf("%q passes", head)
		}
		if strings.HasPrefix(head, "\x47") && got {
			t.Errorf("%q is refused", head)
		}
	})
}

func TestSafeType(t *testing.T) {
	for _, c := range []struct{ given, want string }{
		{"video/mp2t", "video/mp2t"},
		{"audio/mpeg; charset=x", "audio/mpeg; charset=x"},
		{"multipart/x-mixed-replace; boundary=b", "multipart/x-mixed-replace; boundary=b"},
		{"application/vnd.apple.mpegurl", octets},
		{"audio/x-mpegurl", octets},
		{"audio/x-scpls", octets},
		{"application/xspf+xml", octets},
		{"application/dash+xml", octets},
		{"video/x-ms-asx", octets},
		{"text/html", octets},
		{"video/mp4\r\nX-Evil: 1", octets},
		{"video", octets},
		{"", octets},
		{"video/" + strings.Repeat("x", 200), octets},
	} {
		if got := safeType(c.given); got != c.want {
			t.Errorf("%q: %q, want %q", c.given, got, c.want)
		}
	}
}
