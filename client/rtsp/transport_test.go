package rtsp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// describe writes a transport down for the tables.
func (t transport) describe() string {
	s := "udp"
	if t.tcp {
		s = "tcp"
	}
	if t.multicast {
		s += " multicast"
	}
	if t.interleaved != nil {
		s += fmt.Sprint(" ch", *t.interleaved)
	}
	if t.clientPort != nil {
		s += fmt.Sprint(" client", *t.clientPort)
	}
	if t.serverPort != nil {
		s += fmt.Sprint(" server", *t.serverPort)
	}
	if t.destination != "" {
		s += " to " + t.destination
	}
	if t.port != nil {
		s += fmt.Sprint(" port", *t.port)
	}
	if t.ttl != 0 {
		s += fmt.Sprint(" ttl ", t.ttl)
	}
	if t.source != "" {
		s += " source " + t.source
	}
	if t.ssrc != nil {
		s += fmt.Sprintf(" ssrc %X", *t.ssrc)
	}
	return s
}

var transportCases = []struct{ in, want string }{
	{"RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971;ssrc=5F3A1B02", "udp client[5000 5001] server[6970 6971] ssrc 5F3A1B02"},
	{"RTP/AVP/UDP;unicast;client_port=5000-5001;source=10.0.0.5;server_port=6970", "udp client[5000 5001] server[6970 6971] source 10.0.0.5"},
	{"RTP/AVP/TCP;unicast;interleaved=2-3", "tcp ch[2 3]"},
	{"rtp/avp/tcp; Unicast ; Interleaved = \"0-1\";mode=\"PLAY\"", "tcp ch[0 1]"},
	{"RTP/AVP/TCP;interleaved=4", "tcp ch[4 5]"},
	{"RTP/AVP/TCP;interleaved=255", "tcp ch[255 255]"},
	{"RTP/AVP/TCP;interleaved=300-301", "tcp"},
	{"RTP/AVP/TCP;interleaved=1-0", "tcp ch[1 0]"},
	{"RTP/AVP;unicast;interleaved=0-1", "udp ch[0 1]"},
	{"RTP/AVP;unicast;client_port=0-1;server_port=0-1", "udp client[0 1]"},
	{"RTP/AVP;server_port=65535", "udp server[65535 65535]"},
	{"RTP/AVP;server_port=65536-65537;client_port=-1", "udp"},
	{"RTP/AVP;unicast;ssrc= 0000000a;x;=;y=z", "udp ssrc A"},
	{"RTP/AVP;unicast;ssrc=nothex;source=[fe80::1]", "udp source fe80::1"},
	{"RTP/AVP;multicast;destination=225.0.0.1;port=5000-5001;ttl=999", "udp multicast to 225.0.0.1 port[5000 5001] ttl 255"},
	{"RTP/AVP/UDP;multicast;destination=[ff15::1];port=5001;ttl=-1;source=fe80::1", "udp multicast to ff15::1 port[5001 5002] source fe80::1"},
	{"RTP/SAVP;multicast;port=65535;ttl=x", "udp multicast port[65535 65535]"},
	{"RAW/RAW/UDP;unicast,RTP/AVP/TCP;interleaved=0-1", "tcp ch[0 1]"},
	{"MP2T/RTP/TCP;unicast;interleaved=0-1", "tcp ch[0 1]"},
}

func TestParseTransport(t *testing.T) {
	for _, c := range transportCases {
		got, err := parseTransport(c.in)
		if err != nil || got.describe() != c.want {
			t.Errorf("%q: %s, %v, want %s", c.in, got.describe(), err, c.want)
		}
	}
	for _, in := range []string{"", ";;;", "x-real-rdt/tcp", strings.Repeat(",", 1000)} {
		if _, err := parseTransport(in); !errors.Is(err, errTransportSyntax) {
			t.Errorf("%q: error %v", in, err)
		}
	}
}

func TestTransportString(t *testing.T) {
	for want, tr := range map[string]transport{
		"RTP/AVP;unicast;client_port=5000-5001":  {clientPort: &[2]uint16{5000, 5001}},
		"RTP/AVP;multicast":                      {multicast: true},
		"RTP/SAVP;multicast":                     {multicast: true, profile: "SAVP"},
		"RTP/SAVPF/TCP;unicast;interleaved=0-1":  {tcp: true, interleaved: &[2]uint8{0, 1}, profile: "SAVPF"},
		"RTP/SAVP;unicast;client_port=5000-5001": {clientPort: &[2]uint16{5000, 5001}, profile: "SAVP"},
		"RTP/AVP/TCP;unicast;interleaved=14-15":  {tcp: true, interleaved: &[2]uint8{14, 15}},
	} {
		if got := tr.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func FuzzTransport(f *testing.F) {
	for _, c := range transportCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := parseTransport(in)
		if err != nil {
			return
		}
		if got.serverPort != nil && got.serverPort[0] == 0 {
			t.Error("port 0")
		}
		if got.interleaved != nil || got.clientPort != nil {
			again, err := parseTransport(got.String())
			if err != nil || got.interleaved != nil && *again.interleaved != *got.interleaved {
				t.Errorf("%s: %s, %v", got, again, err)
			}
		}
	})
}
