package address

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		link string
		want Address
	}{
		{"rtsp://cam.local/live", Address{Scheme: "rtsp", Host: "cam.local", Path: "/live"}},
		{"RTSP://cam:8554", Address{Scheme: "rtsp", Host: "cam", Port: "8554"}},
		{"host:8080/radio", Address{Scheme: "http", Host: "host", Port: "8080", Path: "/radio"}},
		{" http://h/a b?c=d#x ", Address{Scheme: "http", Host: "h", Path: "/a%20b?c=d"}},
		{"rtsp://h/cam?channel=1&subtype=0", Address{Scheme: "rtsp", Host: "h", Path: "/cam?channel=1&subtype=0"}},
		// Passwords hold '@', ':' and '#' more often than links are escaped.
		{"rtsp://admin:p@ss:w#rd@10.0.0.9:554/1", Address{
			Scheme: "rtsp", User: "admin", Password: "p@ss:w#rd", HasUser: true, Host: "10.0.0.9", Port: "554", Path: "/1"}},
		{"rtsp://a%40b:c%2Fd@h/", Address{Scheme: "rtsp", User: "a@b", Password: "c/d", HasUser: true, Host: "h", Path: "/"}},
		{"rtsp://u@h", Address{Scheme: "rtsp", User: "u", HasUser: true, Host: "h"}},
		{"rtsp://[fe80::1%25eth0]:554/x", Address{Scheme: "rtsp", Host: "fe80::1%eth0", Port: "554", Path: "/x"}},
		{"http://[::1]/", Address{Scheme: "http", Host: "::1", Path: "/"}},
		{"http://h?x=1", Address{Scheme: "http", Host: "h", Path: "?x=1"}},
	}
	for _, tt := range tests {
		got, err := Parse(tt.link)
		if err != nil || got != tt.want {
			t.Errorf("Parse(%q) = %+v, %v\nwant %+v", tt.link, got, err, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, link := range []string{
		"", "   ", "http://", "rtsp:///path", "http://h:99999/", "http://h:0/", "http://h:8x/", "http://[::1/",
		"http://h\x1b[2J/", "http://h/\x00", "http://h/\nHost: x", "rtsp://$OPT/x", "http://a\"b/",
		"http://h/\xff\xfe", "http://" + strings.Repeat("a", MaxLength), ":input-slave=x", "--sout=#std",
	} {
		a, err := Parse(link)
		var bad *Error
		if link == "--sout=#std" { // a word without a scheme is a host, never an option
			if err == nil && a.Host == "--sout=" {
				t.Errorf("Parse(%q) took an option for a host", link)
			}
			continue
		}
		if !errors.As(err, &bad) {
			t.Errorf("Parse(%q) = %+v, %v, want an *Error", link, a, err)
		}
	}
	for link, want := range map[string]string{
		"rtsp:cam/1": "rtsp://", "RTSPT:cam": "rtspt://", "http:/host/x": "http://", "mms:h:1755/x": "mms://", "rtsp:/cam/1": "rtsp://",
	} {
		if _, err := Parse(link); err == nil || !strings.Contains(err.Error(), "two slashes are missing: "+want) {
			t.Errorf("Parse(%q): %v", link, err)
		}
	}
	for _, link := range []string{"rtsp:8080/x", "http:80", "host:8080/x", "rtspuser:pw@host/x", "me:pw@host"} {
		if a, err := Parse(link); err != nil {
			t.Errorf("Parse(%q) = %+v, %v", link, a, err)
		}
	}
	if _, err := Parse("rtmp://$OPT:rtmp-raw=rtmp://h/app playpath=x"); !errors.Is(err, ErrReserved) {
		t.Errorf("a reserved link: %v, want ErrReserved", err)
	}
}

func TestTargetKeepsTheBytes(t *testing.T) {
	a, err := Parse("rtspt://u:p@[2001:db8::1%25e0]:554/a%2Fb//c;x?y=%20&z")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := a.Target("rtsp"), "rtsp://[2001:db8::1]:554/a%2Fb//c;x?y=%20&z"; got != want {
		t.Errorf("Target = %q, want %q", got, want)
	}
	if got, want := a.HostPort("1"), "[2001:db8::1%e0]:554"; got != want {
		t.Errorf("HostPort = %q, want %q", got, want)
	}
}

func TestRedact(t *testing.T) {
	tests := []struct{ in, want string }{
		{"rtsp://u:secret@h/p", "rtsp://h/p"},
		{"rtsp://u:se@cr:et@h/p@2", "rtsp://h/p@2"},
		{"rtmp://$OPT:rtmp-raw=rtmp://a:secret@h/x", "rtmp://$OPT:rtmp-raw=rtmp://h/x"},
		{"http://h/?url=http://u:secret@h/x", "http://h/?url=http://h/x"},
		{"u:secret@h:8080/x", "h:8080/x"},
		{"http://h/?user=admin&password=secret&ch=1", "http://h/?user=***&password=***&ch=1"},
		{"http://h/a?token=secret#f", "http://h/a?token=***#f"},
		{"http://h:80/live/bob/secret/12.ts", "http://h:80/live/***/***/12.ts"},
		{"http://h/\x1b[31mred", "http://h/[31mred"},
		{"BBC World Service", "BBC World Service"},
	}
	for _, tt := range tests {
		if got := Redact(tt.in); got != tt.want {
			t.Errorf("Redact(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// What Parse takes for the password must not come out of String.
func FuzzParse(f *testing.F) {
	f.Add("rtsp://u:secret@h/p")
	f.Add("http://a:b@c@d/?x=@y")
	f.Add("[::1]:80")
	f.Fuzz(func(t *testing.T, link string) {
		a, err := Parse(link)
		if err != nil {
			if a != (Address{}) {
				t.Errorf("an address beside the error %v", err)
			}
			return
		}
		if strings.ContainsAny(a.Target("x"), "\r\n\x00") {
			t.Errorf("control bytes in the target of %q", link)
		}
		if a.Password != "" && len(a.Password) > 3 && !strings.Contains(a.Host+a.Path+a.Port+a.Scheme+a.User, a.Password) &&
			strings.Contains(a.String(), a.Password) {
			t.Errorf("the password of %q is in %q", link, a.String())
		}
	})
}
