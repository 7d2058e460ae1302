package sdp

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// descriptions are whole bodies in the manner of devices and servers; what is
// wanted of each is checked by the function next to it.
var descriptions = []struct {
	name string
	body string
	want func(t *testing.T, s *Session)
}{
	{"server by the book", crlf(`
v=0
o=- 1188340656180883 1 IN IP4 127.0.0.1
s=Session streamed with GStreamer
i=rtsp-server
t=0 0
a=tool:GStreamer
a=type:broadcast
a=control:*
a=range:npt=0-20.000000000
m=video 0 RTP/AVP 96
c=IN IP4 0.0.0.0
b=AS:2091
a=rtpmap:96 H264/90000
a=framerate:25
a=fmtp:96 packetization-mode=1;profile-level-id=64000c;sprop-parameter-sets=Z2QADKzZQ0T7ARAAAAMAEAAAAwMg8UKZYA==,aOvjyyLA
a=control:stream=0
m=audio 0 RTP/AVP 97
b=AS:128
a=rtpmap:97 MPEG4-GENERIC/44100/2
a=fmtp:97 streamtype=5;profile-level-id=2;mode=AAC-hbr;config=1210;sizelength=13;indexlength=3;indexdeltalength=3
a=control:stream=1
`), func(t *testing.T, s *Session) {
		equal(t, "session", []string{s.Name, s.Info, s.Control, s.Range, s.Tool, s.Type},
			[]string{"Session streamed with GStreamer", "rtsp-server", "*", "npt=0-20.000000000", "GStreamer", "broadcast"})
		equal(t, "media", len(s.Media), 2)
		v, a := s.Media[0], s.Media[1]
		equal(t, "types", []string{v.Type, v.Proto, a.Type}, []string{"video", "RTP/AVP", "audio"})
		equal(t, "controls", []string{v.Control, a.Control}, []string{"stream=0", "stream=1"})
		equal(t, "formats", [][]uint8{v.Formats, a.Formats}, [][]uint8{{96}, {97}})
		equal(t, "bandwidth", v.BandwidthAS, 2091)
		equal(t, "connection", *v.Connection, Connection{Address: "0.0.0.0", Count: 1})
		equal(t, "video map", v.RTPMap[96], RTPMap{"H264", 90000, 0})
		equal(t, "audio map", a.RTPMap[97], RTPMap{"MPEG4-GENERIC", 44100, 2})
		equal(t, "sets", v.FMTP[96]["sprop-parameter-sets"], "Z2QADKzZQ0T7ARAAAAMAEAAAAwMg8UKZYA==,aOvjyyLA")
		equal(t, "config", a.FMTP[97]["config"], "1210")
		rate, ok := v.Attribute("FrameRate")
		equal(t, "attribute", []any{rate, ok}, []any{"25", true})
	}},
	{"attributes above t=, no v=, bad o=, no s=", `
o=user name with blanks 0xbeef -1.5 IP IP4
a=control:rtsp://10.0.0.9/live/
a=recvonly
t=now-
m=video 0 rtp/avp 96
a=control:trackID=1
a=rtpmap:96  h265/90000 
`, func(t *testing.T, s *Session) {
		equal(t, "control", s.Control, "rtsp://10.0.0.9/live/")
		equal(t, "map", s.Media[0].RTPMap[96], RTPMap{"h265", 90000, 0})
		_, ok := s.Attribute("recvonly")
		equal(t, "flag", ok, true)
	}},
	{"BOM, NULs, CR only, indented", "\xef\xbb\xbfv=0\r  s=Cam\x00\rm=audio 0 RTP/AVP 0\r\ta=control:a1\r\x00\x00", func(t *testing.T, s *Session) {
		equal(t, "name", s.Name, "Cam")
		equal(t, "control", s.Media[0].Control, "a1")
	}},
	{"latin-1 title, control kept byte for byte", "v=0\ns=Caf\xe9\x85\nm=video 0 RTP/AVP 26\na=control:stra\xdfe\n", func(t *testing.T, s *Session) {
		equal(t, "name", s.Name, "Café")
		equal(t, "control", s.Media[0].Control, "stra\xdfe")
	}},
	{"maps under the wrong medium, types not on the m= line", `
v=0
m=video 0 RTP/AVP 96
a=control:v
m=audio 0 RTP/AVP 97
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1
a=control:a
a=rtpmap:97 opus/48000/2
m=video 0 RTP/AVP
a=rtpmap:98 H265/90000
a=control:w
m=video 0 RTP/AVP 110
a=rtpmap:111 H264/90000
a=control:x
`, func(t *testing.T, s *Session) {
		equal(t, "video", s.Media[0].RTPMap[96].Encoding, "H264")
		equal(t, "video parameters", s.Media[0].FMTP[96]["packetization-mode"], "1")
		equal(t, "audio", s.Media[1].RTPMap[97], RTPMap{"opus", 48000, 2})
		equal(t, "no formats", s.Media[2].Formats, []uint8{98})
		equal(t, "other format", s.Media[3].Formats, []uint8{110, 111})
	}},
	{"parameters under another type", "v=0\nm=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/16000/1\na=fmtp:96 config=1408\n", func(t *testing.T, s *Session) {
		equal(t, "config", s.Media[0].FMTP[97]["config"], "1408")
	}},
	{"static type with a map of its own", "v=0\nm=video 0 RTP/AVP 35\na=rtpmap:35 H264/90000\n", func(t *testing.T, s *Session) {
		equal(t, "map", s.Media[0].RTPMap[35].Encoding, "H264")
	}},
	{"media and formats that nobody knows keep their places", `
v=0
m=metadata 0 RTP/AVP 107
m=application/x 0 udp smart/1/90000 200 99 99
m=video
m=audio 49170/2 MP2T/H2221/UDP 33
m=video RTP/AVP 96
`, func(t *testing.T, s *Session) {
		var types []string
		for _, m := range s.Media {
			types = append(types, m.Type)
		}
		equal(t, "types", types, []string{"metadata", "application/x", "video", "audio", "video"})
		equal(t, "formats", s.Media[1].Formats, []uint8{99})
		equal(t, "port", s.Media[3].Port, 49170)
		equal(t, "proto", []string{s.Media[3].Proto, s.Media[4].Proto}, []string{"MP2T/H2221/UDP", "RTP/AVP"})
	}},
	{"a section twice", "v=0\nm=audio 0 RTP/AVP 0\na=control:t1\nm=audio 0 RTP/AVP 0\na=control:t1\nm=audio 0 RTP/AVP 0\na=control:t2\n", func(t *testing.T, s *Session) {
		equal(t, "media", len(s.Media), 2)
	}},
	{"maps without sense", "v=0\nm=audio 0 RTP/AVP 96 97 98\na=rtpmap:96 X\na=rtpmap:97 Y/0/999\na=rtpmap:98 Z/99999999999\na=rtpmap:999 W/1\na=rtpmap:\na=rtpmap:96\n", func(t *testing.T, s *Session) {
		equal(t, "maps", s.Media[0].RTPMap, map[uint8]RTPMap{96: {"X", 0, 0}, 97: {"Y", 0, 0}, 98: {"Z", 0, 0}})
	}},
	{"bandwidths", "v=0\nm=video 0 RTP/AVP 96\nb=X-YZ:12\nb=AS:many\nb=TIAS:64000\nb=AS:0\nm=video 0 RTP/AVP 96\nb=TIAS:1\nb=as: 500\n", func(t *testing.T, s *Session) {
		equal(t, "bandwidths", []int{s.Media[0].BandwidthAS, s.Media[1].BandwidthAS}, []int{0, 500})
	}},
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

func TestParse(t *testing.T) {
	for _, d := range descriptions {
		t.Run(d.name, func(t *testing.T) {
			s, err := Parse([]byte(d.body))
			if err != nil {
				t.Fatal(err)
			}
			d.want(t, s)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       error
	}{
		{"nothing", "", ErrNotSDP},
		{"a web page", "<html>\n<meta name=\"m\">\ns=x\n</html>", ErrNotSDP},
		{"too much", "v=0\n" + strings.Repeat("a", MaxBody), ErrTooLarge},
	} {
		if _, err := Parse([]byte(c.body)); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	var b strings.Builder
	b.WriteString("v=0\n")
	for range MaxAttributes + 10 {
		b.WriteString("a=x:y\n")
	}
	b.WriteString("m=video 0 RTP/AVP " + strings.Repeat("96 97 ", 100) + "\n")
	b.WriteString("a=fmtp:96 ")
	for i := range MaxParameters + 10 {
		b.WriteString("k" + strings.Repeat("z", i) + "=1;")
	}
	b.WriteByte('\n')
	for range 10_000 {
		b.WriteString("m=audio 0 RTP/AVP 0\na=z\n")
	}
	s, err := Parse([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "attributes", len(s.Attributes), MaxAttributes)
	equal(t, "media", len(s.Media), MaxMedia)
	equal(t, "attributes of the last", len(s.Media[MaxMedia-1].Attributes), 1)
	equal(t, "formats", s.Media[0].Formats, []uint8{96, 97})
	equal(t, "parameters", len(s.Media[0].FMTP[96]), MaxParameters)
}

func TestFMTP(t *testing.T) {
	for _, c := range []struct {
		in   string
		want map[string]string
	}{
		{"packetization-mode=1;profile-level-id=4D001F", map[string]string{"packetization-mode": "1", "profile-level-id": "4D001F"}},
		{" A = 1 ; B=2;; ", map[string]string{"a": "1", "b": "2"}},
		{"a=1 b=2 c=x==", map[string]string{"a": "1", "b": "2", "c": "x=="}},
		{"s=Z0I=, aM4=;m=1", map[string]string{"s": "Z0I=, aM4=", "m": "1"}},
		{"s=Z0I= ,aM4= m=1", map[string]string{"s": "Z0I= ,aM4=", "m": "1"}},
		{`config="12 10"; x="open`, map[string]string{"config": "12 10", "x": `"open`}},
		{"0-15", map[string]string{"0-15": ""}},
		{"a=1;A=2;=3;b=", map[string]string{"a": "1", "b": ""}},
		{"a=,", map[string]string{"a": ","}},
		{"a=, ", map[string]string{"a": ", "}},
		{"", map[string]string{}},
	} {
		got := map[string]string{}
		parseFMTP(c.in, got)
		equal(t, c.in, got, c.want)
	}
}

func TestConnection(t *testing.T) {
	for _, c := range []struct {
		in   string
		want *Connection
	}{
		{"IN IP4 239.1.2.3/16/2", &Connection{"239.1.2.3", 16, 2}},
		{"IN IP4 239.1.2.3", &Connection{"239.1.2.3", 127, 1}},
		{"IN IP6 FF15::101/3", &Connection{"FF15::101", 0, 3}},
		{"IN c=IN IP4 10.0.0.1", &Connection{"10.0.0.1", 0, 1}},
		{"IN 10.0.0.1", &Connection{"10.0.0.1", 0, 1}},
		{"SM 10.0.0.1/x/0", &Connection{"10.0.0.1", 0, 1}},
		{"IN IP4 10.0.0.1/1/0", &Connection{"10.0.0.1", 1, 1}},
		{"IN", nil},
		{"", nil},
	} {
		equal(t, c.in, parseConnection(c.in), c.want)
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range descriptions {
		f.Add([]byte(d.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := Parse(body)
		if err != nil {
			return
		}
		if len(s.Media) > MaxMedia || len(s.Attributes) > MaxAttributes {
			t.Fatal("a limit does not hold")
		}
		for _, m := range s.Media {
			if strings.ContainsAny(m.Control+m.Type+m.Proto, "\r\n\x00") {
				t.Fatalf("control bytes in %+v", m)
			}
			for pt, p := range m.FMTP {
				if pt > 127 || len(p) > MaxParameters {
					t.Fatalf("parameters of %d: %d", pt, len(p))
				}
			}
		}
		ParseRange(s.Range)
	})
}
