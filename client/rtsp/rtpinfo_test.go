package rtsp

import (
	"fmt"
	"strings"
	"testing"
)

func (i rtpInfo) describe() string {
	s := i.url
	if i.seq != nil {
		s += fmt.Sprint(" seq ", *i.seq)
	}
	if i.rtptime != nil {
		s += fmt.Sprint(" time ", *i.rtptime)
	}
	return s
}

var rtpInfoCases = []struct{ in, want string }{
	{"url=rtsp://h/a/1;seq=45102;rtptime=12345678,url=rtsp://h/a/2;seq=30211", "rtsp://h/a/1 seq 45102 time 12345678|rtsp://h/a/2 seq 30211"},
	{"url=rtsp://h/a?x=1,2;seq=1, url=b ; rtptime = 4294967295;", "rtsp://h/a?x=1,2 seq 1|b time 4294967295"},
	{`url="rtsp://h/a" ssrc=0A13C760:seq=45102;rtptime=5`, "rtsp://h/a seq 45102 time 5"},
	{"seq=7;rtptime=8,seq=9", " seq 7 time 8| seq 9"},
	{"URL=trackID=0;SEQ=70000;RTPTIME=4294967296", "trackID=0"},
	{"url=a;seq=-1;rtptime=x,", "a"},
	{"url=a;seq=5;rtptime=6;,", "a seq 5 time 6"},
	{"url=a;seq=5;rtptime=6, ", "a seq 5 time 6"},
	{"url=a;rtptime=-426852246", "a time 3868115050"},
	{"url=a;rtptime=-2147483649", "a"},
	{"", ""},
	{";;,,;", ""},
}

func TestParseRTPInfo(t *testing.T) {
	for _, c := range rtpInfoCases {
		var got []string
		for _, i := range parseRTPInfo(c.in) {
			got = append(got, i.describe())
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q: %q, want %q", c.in, s, c.want)
		}
	}
	if n := len(parseRTPInfo(strings.Repeat("seq=1,", 10000))); n > maxInfos {
		t.Errorf("%d entries", n)
	}
}

func TestInfoFor(t *testing.T) {
	for _, c := range []struct {
		name, in, control string
		index, tracks     int
		want              string
	}{
		{"by URL", "url=rtsp://h/a/2;seq=2,url=rtsp://h/a/1;seq=1", "rtsp://h/a/1", 0, 2, "rtsp://h/a/1 seq 1"},
		{"by the URL's end", "url=rtsp://10.0.0.1/x/trackID=2;seq=2,url=trackID=1;seq=1", "rtsp://h/a/trackID=1", 0, 2, "trackID=1 seq 1"},
		{"by position", "url=rtsp://h/wrong;seq=1,url=rtsp://h/wrong;seq=2", "rtsp://h/a/1", 1, 2, "rtsp://h/wrong seq 2"},
		{"nothing fits", "url=rtsp://h/wrong;seq=1", "rtsp://h/a/1", 0, 2, ""},
		{"none", "", "rtsp://h/a/1", 0, 1, ""},
	} {
		if got := infoFor(parseRTPInfo(c.in), c.control, c.index, c.tracks).describe(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzRTPInfo(f *testing.F) {
	for _, c := range rtpInfoCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		infos := parseRTPInfo(in)
		if len(infos) > maxInfos {
			t.Errorf("%d entries", len(infos))
		}
		infoFor(infos, in, 0, len(infos))
	})
}
