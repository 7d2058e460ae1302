package rtsp

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"tapedeck/client/datagram"
	"tapedeck/client/media"
	"tapedeck/client/rtsp/rtsptest"
)

// Multicast does not go over the loopback interface. These tests have two
// network namespaces with a cable between them, and run this test binary again
// in the one that is the client's:
//
//	server's                              client's
//	10.77.0.1, fd77::1 ──────────────── 10.77.0.2, fd77::2      the server is here
//	                                    10.99.0.1 ── (nowhere)  the default route leads here
const inNetwork = "TAPEDECK_IN_NETWORK" // to the test that runs in the client's

type networks struct{ server, client string }

var networksMade atomic.Int32

// newNetworks makes the namespaces, which end with the test.
func newNetworks(t *testing.T) networks {
	t.Helper()
	missing := t.Skip
	if os.Getenv("CI") != "" && os.Geteuid() == 0 {
		missing = t.Fatal
	}
	name := fmt.Sprintf("tapedeck-%d-%d-", os.Getpid(), networksMade.Add(1))
	n := networks{name + "s", name + "c"}
	t.Cleanup(func() {
		for _, name := range []string{n.server, n.client} {
			_ = exec.Command("ip", "netns", "del", name).Run() // what is in it goes too
		}
	})
	for _, command := range []string{
		"netns add SERVER", "netns add CLIENT",
		"link add cable netns SERVER type veth peer name cable netns CLIENT",
		"link add nowhere netns CLIENT type veth peer name beyond netns CLIENT",
		"-n SERVER addr add 10.77.0.1/24 dev cable", "-n SERVER addr add fd77::1/64 dev cable nodad",
		"-n CLIENT addr add 10.77.0.2/24 dev cable", "-n CLIENT addr add fd77::2/64 dev cable nodad",
		"-n CLIENT addr add 10.77.0.3/24 dev cable", "-n CLIENT addr add 10.99.0.1/24 dev nowhere",
		"-n SERVER link set lo up", "-n CLIENT link set lo up",
		"-n SERVER link set cable up", "-n CLIENT link set cable up", "-n CLIENT link set nowhere up", "-n CLIENT link set beyond up",
		"-n SERVER route add default dev cable", "-n CLIENT route add default dev nowhere",
	} {
		args := strings.Fields(strings.NewReplacer("SERVER", n.server, "CLIENT", n.client).Replace(command))
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Logf("ip %s: %v: %s", command, err, out)
			missing("missing peer: network namespaces")
		}
	}
	// The cable is there a moment after both of its ends are.
	for _, end := range []string{n.server, n.client} {
		for begin := time.Now(); exec.Command("ip", "-n", end, "-6", "route", "get", "ff15::1", "oif", "cable").Run() != nil; {
			if time.Since(begin) > 10*time.Second {
				t.Fatal("the cable does not come up")
			}
		}
	}
	return n
}

// run runs the test that calls it again in the client's network and fails with
// it.
func (n networks) run(t *testing.T, what string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", n.client, os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.count=1", "-test.v")
	cmd.Env = append(os.Environ(), inNetwork+"="+what)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%s: %v\n%s", what, err, out)
	}
}

// TestGStreamerMulticast plays what GStreamer's server sends to groups: of any
// sender and of one, of both families. It refuses everything else.
func TestGStreamerMulticast(t *testing.T) {
	if link := os.Getenv(inNetwork); link != "" {
		playMulticast(t, link)
		return
	}
	t.Parallel()
	n := newNetworks(t)
	for i, c := range []struct{ host, group string }{
		{"10.77.0.1", "239.77.1.1"}, {"10.77.0.1", "232.77.1.1"}, {"[fd77::1]", "ff15::77:1"}, {"[fd77::1]", "ff3e::77:1"},
	} {
		port := 8554 + i // of a network of its own
		rtsptest.StartGStreamerBy(t, []string{"ip", "netns", "exec", n.server}, "--address", strings.Trim(c.host, "[]"), "--port", fmt.Sprint(port), "--multicast", c.group)
		n.run(t, fmt.Sprintf("rtsp://%s:%d/multicast", c.host, port))
	}
}

// playMulticast runs in the client's network.
func playMulticast(t *testing.T, link string) {
	memory := new(Memory)
	s, ev := start(t, link, Config{Memory: memory})
	if i := s.Info(); i.Transport != "multicast" || i.Tracks[0].Codec != media.H264 || !ev.has("trying multicast") {
		t.Errorf("%+v\n%s", i, ev)
	}
	data, _ := record(t, s, 0, 1200*time.Millisecond)
	f := decode(t, data)
	if len(f.pictures) < 10 || strings.Contains(f.words, "rror") {
		t.Errorf("%d pictures; %s", len(f.pictures), f.words)
	}
	if !slices.Contains(f.sound, 4) { // 440 Hz is the clip's second 4
		t.Errorf("the tone is not heard: %v", f.sound)
	}
	if n := s.Stats(); n.Lost != 0 || n.Packets == 0 {
		t.Errorf("%+v", n)
	}
	// What the kernel was asked for: the senders of the groups that only one may
	// send to.
	at := s.tracks[0].pair.group
	filters, err := os.ReadFile(map[bool]string{true: "/proc/net/mcfilter", false: "/proc/net/mcfilter6"}[at.Is4()])
	if err != nil {
		t.Fatal(err)
	}
	named := strings.Contains(string(filters), fmt.Sprintf("%x", at.AsSlice()))
	if named != (&group{addr: at}).sourceSpecific() {
		t.Errorf("%v: a sender is named: %v\n%s", at, named, filters)
	}
	s.Close()
	// The second visit joins at once.
	s, ev = start(t, link, Config{Memory: memory})
	if s.Info().Transport != "multicast" || ev.has("{udp") || ev.has("tcp}") {
		t.Errorf("%s", ev)
	}
}

// TestGroups has sockets of groups in a network, and senders beside them.
func TestGroups(t *testing.T) {
	if os.Getenv(inNetwork) == "" {
		t.Parallel()
		newNetworks(t).run(t, "groups")
		return
	}
	local := netip.MustParseAddr("10.77.0.2")
	join := func(addr string, first, second uint16, sources ...string) *udpPair {
		t.Helper()
		p, err := joinGroup(&group{addr: netip.MustParseAddr(addr), ports: [2]uint16{first, second}, sources: addrs(sources...)}, local)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.close)
		return p
	}
	a, b := join("239.77.0.1", 6000, 6001), join("239.77.0.2", 6000, 6001) // one port
	again := join("239.77.0.1", 6000, 6001)                                // another program
	one := join("232.77.0.1", 6000, 6000, "10.77.0.3")                     // one sender, one port
	v6, one6 := join("ff15::77:1", 6001, 6003), join("ff3e::77:1", 6001, 6003, "fd77::2")
	link := join("ff12::77:1", 6001, 6003)

	for _, c := range []struct {
		from, ifi, to string
	}{
		{"10.77.0.2", "cable", "239.77.0.1:6000"},
		{"10.77.0.2", "cable", "239.77.0.2:6000"},
		{"10.77.0.2", "cable", "239.77.0.1:6001"},
		{"10.99.0.1", "nowhere", "239.77.0.1:6000"}, // joined elsewhere
		{"10.77.0.2", "cable", "232.77.0.1:6000"},   // not the one
		{"10.77.0.3", "cable", "232.77.0.1:6000"},
		{"fd77::2", "cable", "[ff15::77:1]:6001"},
		{"fd77::2", "cable", "[ff15::77:1]:6003"},
		{"fd77::2", "cable", "[ff3e::77:1]:6001"},
		{"fd77::2", "cable", "[ff12::77:1%cable]:6001"},
	} {
		sender(t, c.from, c.ifi)(c.to, []byte(c.from+" to "+c.to))
	}
	for name, c := range map[string]struct {
		conn datagram.Conn
		want []string
	}{
		"the first":           {a.rtp, []string{"10.77.0.2 to 239.77.0.1:6000"}},
		"its reports":         {a.rtcp, []string{"10.77.0.2 to 239.77.0.1:6001"}},
		"the second":          {b.rtp, []string{"10.77.0.2 to 239.77.0.2:6000"}},
		"its reports, none":   {b.rtcp, nil},
		"the first, again":    {again.rtp, []string{"10.77.0.2 to 239.77.0.1:6000"}},
		"of one sender":       {one.rtp, []string{"10.77.0.3 to 232.77.0.1:6000"}},
		"IPv6":                {v6.rtp, []string{"fd77::2 to [ff15::77:1]:6001"}},
		"its reports, IPv6":   {v6.rtcp, []string{"fd77::2 to [ff15::77:1]:6003"}},
		"of one sender, IPv6": {one6.rtp, []string{"fd77::2 to [ff3e::77:1]:6001"}},
		"of the link":         {link.rtp, []string{"fd77::2 to [ff12::77:1%cable]:6001"}},
	} {
		if got := received(t, c.conn); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if one.rtcp != nil {
		t.Error("two sockets for one port")
	}
	// Reports leave with the address of the interface.
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(10, 77, 0, 3)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	a.mute, a.peer, a.server = false, netip.MustParseAddr("10.77.0.3"), [2]uint16{0, uint16(server.LocalAddr().(*net.UDPAddr).Port)}
	a.punch(0, make([]byte, 8))
	buf := make([]byte, 100)
	server.SetReadDeadline(time.Now().Add(time.Second))
	if _, from, err := server.ReadFromUDPAddrPort(buf); err != nil || from.Addr().Unmap().IsMulticast() {
		t.Errorf("a report from %v: %v", from, err)
	}
	a.mute = true
	if _, ok := a.rtcpTo(); ok {
		t.Error("reports go out that nobody asked for")
	}
}

// TestSharedGroup has two tracks on one group and port, of one sender: they are
// told apart by their payload types, and a stranger is not heard.
func TestSharedGroup(t *testing.T) {
	if os.Getenv(inNetwork) == "" {
		t.Parallel()
		newNetworks(t).run(t, "shared")
		return
	}
	const text = "v=0\r\ns=x\r\nc=IN IP4 239.77.3.1/4\r\na=source-filter: incl IN IP4 * 10.77.0.3\r\n" +
		"m=audio 7001 RTP/AVP 0\r\na=control:track1\r\nm=audio 7001 RTP/AVP 8\r\na=control:track2\r\n"
	send, disturb := sender(t, "10.77.0.3", "cable"), sender(t, "10.77.0.2", "cable")
	cam := &camera{t: t, sdp: text, host: "10.77.0.2"}
	cam.on = func(l *line, r *request) *response {
		switch r.method {
		case "SETUP": // whatever is asked for
			return &response{status: 200, header: header{{"Session", "1"}, {"Transport", "RTP/AVP;multicast"}}}
		case "PLAY":
			l.seq = 0 // nothing comes within the connection
			for seq := range uint16(10) {
				for pt := range 2 {
					p := soundPacket(100 + seq)
					p[1], p[8] = byte(8*pt), byte(pt)
					send("239.77.3.1:7001", p)
					binary.BigEndian.PutUint32(p[8:], 0xBAD)
					disturb("239.77.3.1:7001", p)
				}
			}
		}
		return nil
	}
	ev := &events{}
	s, err := Open(t.Context(), parse(t, "rtsp://10.77.0.2/live"), Config{Dial: cam.dialTCP, Trace: ev.trace})
	if err != nil {
		t.Fatalf("%v\n%s", err, ev)
	}
	readUntil(t, s, 180*time.Millisecond)
	if s.tracks[0].pair != s.tracks[1].pair || s.Info().Transport != "multicast" {
		t.Errorf("%+v\n%s", s.Info(), ev)
	}
	for i, track := range s.tracks {
		if n := track.receiver.Stats(); n.Packets != 10 || n.Lost+n.Duplicates != 0 {
			t.Errorf("track %d: %+v", i, n)
		}
	}
	s.Close()
	cam.workers.Wait()
	var asked []string
	for _, r := range cam.requests("SETUP") {
		asked = append(asked, strings.Split(r.header.get("Transport"), "=")[0])
	}
	if want := []string{"RTP/AVP;unicast;client_port", "RTP/AVP;multicast"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// sender is a socket that sends to groups from an address, over an interface.
func sender(t *testing.T, from, ifi string) func(to string, b []byte) {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(from)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	i, err := net.InterfaceByName(ifi)
	if err != nil {
		t.Fatal(err)
	}
	if net.ParseIP(from).To4() != nil {
		err = ipv4.NewPacketConn(c).SetMulticastInterface(i)
	} else {
		err = ipv6.NewPacketConn(c).SetMulticastInterface(i)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func(to string, b []byte) {
		if _, err := c.WriteToUDPAddrPort(b, netip.MustParseAddrPort(to)); err != nil {
			t.Errorf("to %s: %v", to, err)
		}
	}
}

// received is what has come to a socket.
func received(t *testing.T, c datagram.Conn) (all []string) {
	t.Helper()
	b := make([]byte, 2048)
	read := func() (int, error) { return c.(*net.UDPConn).Read(b) }
	if _, ok := c.(*net.UDPConn); !ok {
		one := []ipv4.Message{{Buffers: [][]byte{b}}}
		r := datagram.NewReader(c, one)
		read = func() (int, error) {
			_, err := r.ReadBatch(one, 0)
			return one[0].N, err
		}
	}
	for {
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		n, err := read()
		if err != nil {
			return all
		}
		all = append(all, string(b[:n]))
	}
}
