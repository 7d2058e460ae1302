package rtsp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/sdp"
)

// groupSDP describes one section, with the session's lines above it.
func groupSDP(t testing.TB, session, media string) (*sdp.Session, *sdp.Media) {
	t.Helper()
	s, err := sdp.Parse([]byte("v=0\r\ns=x\r\n" + session + media))
	if err != nil || len(s.Media) != 1 {
		t.Fatalf("%v: %d media", err, len(s.Media))
	}
	return s, &s.Media[0]
}

func TestDescribedGroup(t *testing.T) {
	for _, c := range []struct{ name, session, media, want string }{
		{"of the medium", "c=IN IP4 0.0.0.0\r\n", "m=video 5000 RTP/AVP 96\r\nc=IN IP4 239.1.1.1/16\r\n", "group 239.1.1.1 ports 5000-5001 ttl 16"},
		{"of the session", "c=IN IP4 239.1.1.1/16/3\r\n", "m=video 5001/2 RTP/AVP 96\r\n", "group 239.1.1.1 ports 5001-5002 ttl 16"},
		{"IPv6", "", "m=video 5000 RTP/AVP 96\r\nc=IN IP6 ff15::1\r\n", "group ff15::1 ports 5000-5001"},
		{"senders", "a=source-filter: incl IN IP4 * 10.0.0.7\r\nc=IN IP4 232.1.1.1/9\r\n",
			"m=video 5000 RTP/AVP 96\r\na=source-filter:incl IN IP4 232.1.1.1 10.0.0.5 10.0.0.6 10.0.0.5\r\n",
			"group 232.1.1.1 ports 5000-5001 ttl 9 from [10.0.0.5 10.0.0.6 10.0.0.7]"},
		{"senders of no use", "c=IN IP4 239.1.1.1/9\r\n",
			"m=video 5000 RTP/AVP 96\r\na=source-filter: excl IN IP4 * 10.0.0.5\r\na=source-filter: incl IN IP4 239.9.9.9 10.0.0.5\r\n" +
				"a=source-filter: incl IN IP4 * ::1 239.0.0.1 0.0.0.0 a.example\r\na=source-filter: incl\r\n",
			"group 239.1.1.1 ports 5000-5001 ttl 9"},
		{"the last port", "c=IN IP4 239.1.1.1/9\r\n", "m=video 65535 RTP/AVP 96\r\n", "group 239.1.1.1 ports 65535-65535 ttl 9"},
		{"unicast", "c=IN IP4 10.0.0.1\r\n", "m=video 5000 RTP/AVP 96\r\n", "<nil>"},
		{"a name", "c=IN IP4 a.example\r\n", "m=video 5000 RTP/AVP 96\r\n", "<nil>"},
		{"none", "", "m=video 5000 RTP/AVP 96\r\n", "<nil>"},
	} {
		g := describedGroup(groupSDP(t, c.session, c.media))
		got := "<nil>"
		if g != nil {
			got = g.String()
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	for _, line := range []string{"a=rtcp-unicast:reflection\r\n", ""} {
		g := describedGroup(groupSDP(t, "c=IN IP4 239.1.1.1/9\r\n", "m=video 5000 RTP/AVP 96\r\n"+line))
		if g.unicast != (line != "") {
			t.Errorf("%q: unicast %v", line, g.unicast)
		}
	}
	many := ""
	for i := range 200 {
		many += fmt.Sprintf(" 10.0.1.%d", i)
	}
	if g := describedGroup(groupSDP(t, "c=IN IP4 239.1.1.1/9\r\n", "m=video 5000 RTP/AVP 96\r\na=source-filter: incl IN IP4 *"+many+"\r\n")); len(g.sources) != maxGroupSources {
		t.Errorf("%d senders", len(g.sources))
	}
}

func TestAgreedGroup(t *testing.T) {
	described := &group{addr: netip.MustParseAddr("239.1.1.1"), ports: [2]uint16{5000, 5001}, ttl: 7, sources: addrs("10.0.0.5")}
	peer := netip.MustParseAddr("10.0.0.1")
	for _, c := range []struct {
		name, reply string
		described   *group
		want        string // of the group, or part of the error
	}{
		{"all in the reply", "RTP/AVP;multicast;destination=239.2.2.2;port=6000-6001;ttl=3", nil, "group 239.2.2.2 ports 6000-6001 ttl 3"},
		{"all in the description", "RTP/AVP;multicast", described, "group 239.1.1.1 ports 5000-5001 ttl 7 from [10.0.0.5]"},
		{"the same group", "RTP/AVP;multicast;destination=239.1.1.1;port=6000", described, "group 239.1.1.1 ports 6000-6001 ttl 7 from [10.0.0.5]"},
		{"another group", "RTP/AVP;multicast;destination=239.2.2.2", described, "group 239.2.2.2 ports 5000-5001 ttl 7"},
		{"odd ports", "RTP/AVP;multicast;destination=239.2.2.2;port=6001-6005;ttl=999", nil, "group 239.2.2.2 ports 6001-6005 ttl 255"},
		{"one port for both", "RTP/AVP;multicast;destination=239.2.2.2;port=6001-6001", nil, "group 239.2.2.2 ports 6001-6001"},
		{"a source, to whoever sends", "RTP/AVP;multicast;destination=239.2.2.2;port=6000;source=10.0.0.9", nil, "group 239.2.2.2 ports 6000-6001"},
		{"source-specific", "RTP/AVP;multicast;destination=232.2.2.2;port=6000;source=10.0.0.9", nil, "group 232.2.2.2 ports 6000-6001 from [10.0.0.9]"},
		{"source-specific, nobody named", "RTP/AVP;multicast;destination=232.2.2.2;port=6000", nil, "group 232.2.2.2 ports 6000-6001 from [10.0.0.1]"},
		{"source-specific, IPv6", "RTP/AVP;multicast;destination=ff3e::1234;port=6000;source=fd00::9", nil, "group ff3e::1234 ports 6000-6001 from [fd00::9]"},
		{"IPv6", "RTP/AVP;multicast;destination=[ff15::1];port=6000;source=fd00::9", nil, "group ff15::1 ports 6000-6001"},
		{"mapped", "RTP/AVP;multicast;destination=::ffff:239.2.2.2;port=6000", nil, "group 239.2.2.2 ports 6000-6001"},

		{"no group at all", "RTP/AVP;multicast;port=6000", nil, "no multicast group"},
		{"one host", "RTP/AVP;multicast;destination=10.0.0.9;port=6000", nil, "10.0.0.9 is no multicast group"},
		{"broadcast", "RTP/AVP;multicast;destination=255.255.255.255;port=6000", described, "no multicast group"},
		{"reserved", "RTP/AVP;multicast;destination=240.0.0.1;port=6000", described, "no multicast group"},
		{"every host", "RTP/AVP;multicast;destination=224.0.0.1;port=6000", nil, "the network's own use"},
		{"mDNS", "RTP/AVP;multicast;destination=224.0.0.251;port=5353", nil, "the network's own use"},
		{"every node", "RTP/AVP;multicast;destination=ff02::1;port=6000", nil, "the network's own use"},
		{"this machine's", "RTP/AVP;multicast;destination=ff11::1;port=6000", nil, "the network's own use"},
		{"a service", "RTP/AVP;multicast;destination=239.2.2.2;port=53-5353", nil, "ports 53 and 5353"},
		{"a service, for reports", "RTP/AVP;multicast;destination=239.2.2.2;port=5000-123", nil, "ports 5000 and 123"},
		{"port 0", "RTP/AVP;multicast;destination=239.2.2.2;port=0-1", nil, "ports 0 and 1"},
		{"no port", "RTP/AVP;multicast;destination=239.2.2.2", nil, "ports 0 and 0"},
	} {
		got, err := parseTransport(c.reply)
		if err != nil {
			t.Fatal(err)
		}
		var source netip.Addr
		if got.source != "" {
			source = netip.MustParseAddr(got.source)
		}
		g, err := agreedGroup(got, c.described, source, peer)
		switch {
		case err == nil && g.String() != c.want:
			t.Errorf("%s: %s, want %s", c.name, g, c.want)
		case err != nil && (!strings.Contains(err.Error(), c.want) || !errors.Is(err, ErrTransport)):
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	if len(described.sources) != 1 || described.ports[0] != 5000 {
		t.Error("the description was changed")
	}
}

func FuzzGroup(f *testing.F) {
	f.Add("IN IP4 239.1.1.1/16", "incl IN IP4 * 10.0.0.5", "RTP/AVP;multicast;destination=239.2.2.2;port=6000-6001;ttl=3;source=10.0.0.5")
	f.Add("IN IP6 ff3e::1", "incl IN IP6 ff3e::1 fd00::1", "RTP/AVP;multicast")
	f.Add("IN IP4 224.0.0.1", "excl", "RTP/AVP;multicast;destination=::;port=65535")
	f.Fuzz(func(t *testing.T, connection, filter, reply string) {
		s, err := sdp.Parse([]byte("v=0\nc=" + connection + "\nm=video 5000 RTP/AVP 96\na=source-filter:" + filter + "\n"))
		if err != nil || len(s.Media) == 0 {
			return
		}
		got, err := parseTransport(reply)
		if err != nil {
			return
		}
		source, _ := netip.ParseAddr(got.source)
		g, err := agreedGroup(got, describedGroup(s, &s.Media[0]), source, netip.MustParseAddr("10.0.0.1"))
		if err != nil {
			return
		}
		if !g.addr.IsMulticast() || min(g.ports[0], g.ports[1]) < lowestPunch || len(g.sources) > maxGroupSources+1 {
			t.Errorf("%s", g)
		}
	})
}

// TestMulticastOrder has servers that refuse everything but multicast, or that
// too: what is tried, and in which order.
func TestMulticastOrder(t *testing.T) {
	const plain = "v=0\r\ns=x\r\nm=audio 5000 RTP/AVP 0\r\na=control:track1\r\n"
	const grouped = "v=0\r\ns=x\r\nc=IN IP4 239.77.1.1/16\r\nm=audio 5000 RTP/AVP 0\r\na=control:track1\r\n"
	refused := &response{status: 461}
	named := &response{status: 461, header: header{{"Transport", "RTP/AVP;multicast"}}}
	udp, tcp, multicast := "RTP/AVP;unicast;client_port", "RTP/AVP/TCP;unicast;interleaved", "RTP/AVP;multicast"
	limits := Timeouts{Hurry: 20 * time.Millisecond, SilentUDP: 60 * time.Millisecond}
	for _, c := range []struct {
		name, link, sdp string
		refusal         *response
		group           string // where multicast is answered with
		asked           []string
		want            string // part of the error
	}{
		{"described", "rtsp", grouped, refused, "224.0.0.1", []string{udp, tcp, multicast}, "224.0.0.1 is a group for the network's own use"},
		{"named in the refusal", "rtsp", plain, named, "10.0.0.1", []string{udp, tcp, multicast}, "10.0.0.1 is no multicast group"},
		{"not offered", "rtsp", plain, refused, "", []string{udp, tcp}, "461"},
		{"UDP asked for", "rtspu", grouped, refused, "224.0.0.1", []string{udp, multicast}, "own use"},
		{"TCP asked for", "rtspt", grouped, refused, "", []string{tcp}, "461"},
		{"refused as well", "rtsp", grouped, refused, "", []string{udp, tcp, multicast}, "461"},
		{"UDP is silent", "rtsp", grouped, refused, "224.0.0.1", []string{udp, tcp, tcp, multicast}, "sends no media over udp"},
		{"UDP answered with a group of no use", "rtspu", plain, nil, "224.0.0.1", []string{udp}, "own use"},
	} {
		cam := &camera{t: t, sdp: c.sdp}
		cam.on = func(l *line, r *request) *response {
			asked := r.header.get("Transport")
			if r.method == "PLAY" {
				l.seq = 0 // nothing comes within the connection
			}
			if r.method != "SETUP" || c.name == "UDP is silent" && strings.HasPrefix(asked, udp) {
				return nil
			}
			if c.group == "" || c.refusal != nil && asked != multicast {
				return &response{status: 461, header: slices.Clone(c.refusal.header)}
			}
			return &response{status: 200, header: header{{"Session", "1"}, {"Transport", "RTP/AVP;multicast;port=5000-5001;destination=" + c.group}}}
		}
		ev := &events{}
		_, err := Open(t.Context(), parse(t, c.link+"://127.0.0.1/live"), Config{Dial: cam.dialTCP, Trace: ev.trace, Timeouts: limits})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\n%s", c.name, err, ev)
		}
		var asked []string
		for _, r := range cam.requests("SETUP") {
			a, _, _ := strings.Cut(r.header.get("Transport"), "=")
			asked = append(asked, a)
		}
		if !slices.Equal(asked, c.asked) {
			t.Errorf("%s: asked %q, want %q", c.name, asked, c.asked)
		}
		cam.workers.Wait()
	}
	m := new(Memory)
	a := parse(t, "rtsp://10.0.0.1/x")
	m.set(hostPort(a), overMulticast)
	if got := waysTo(a, m); !slices.Equal(got, []lower{overMulticast, overUDP, overTCP}) {
		t.Errorf("%v", got)
	}
}

func TestInterfaceOf(t *testing.T) {
	if i := interfaceOf(netip.MustParseAddr("127.0.0.1")); i == nil || i.Flags&net.FlagLoopback == 0 {
		t.Errorf("%+v", i)
	}
	if i := interfaceOf(netip.MustParseAddr("192.0.2.77")); i != nil {
		t.Errorf("%+v", i)
	}
}
