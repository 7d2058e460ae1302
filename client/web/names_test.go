//go:build linux

package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"tapedeck/client/web/webtest"
)

// names is a name server that knows one name, "radio.test".
func names(t *testing.T, addrs ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { conn.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			q := m.Questions[0]
			for _, a := range addrs {
				ip := netip.MustParseAddr(a)
				head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
				switch {
				case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
					m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}})
				case ip.Is4() && q.Type == dnsmessage.TypeA:
					m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: ip.As4()}})
				}
			}
			if out, err := m.Pack(); err == nil {
				conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// deaf makes a port of [::1] that takes no connection and refuses none: its
// queue is full. The kernel drops what comes.
func deaf(t *testing.T, port int) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Skip("no IPv6:", err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet6{Port: port, Addr: netip.IPv6Loopback().As16()}); err != nil {
		t.Skip("no IPv6 loopback:", err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("::1", strconv.Itoa(port)), 100*time.Millisecond)
		if err != nil {
			return
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Fatal("the queue does not fill")
}

// TestHappyEyeballs: a name whose IPv6 address is dead is reached over IPv4,
// long before the connection's time is over.
func TestHappyEyeballs(t *testing.T) {
	file := webtest.NewFile("a.mp3", "audio/mpeg", webtest.SilentMP3(time.Second), webtest.FileOptions{})
	defer file.Close()
	at := netip.MustParseAddrPort(file.Addr())
	deaf(t, int(at.Port()))
	var j journal
	c := newTestClient(t, Config{Trace: j.add, Proxy: noProxy})
	c.names = names(t, "::1", "127.0.0.1")
	start := time.Now()
	s, err := c.Open(t.Context(), mustParse(t, strings.Replace(file.URL, "127.0.0.1", "radio.test", 1)))
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(j.lines(), "\n"))
	}
	defer s.Close()
	if took := time.Since(start); took > ConnectTimeout/2 {
		t.Errorf("it took %v", took)
	}
	lines := strings.Join(j.lines(), "\n")
	if !strings.Contains(lines, "name: name (::1, 127.0.0.1)") && !strings.Contains(lines, "name: name (127.0.0.1, ::1)") || !strings.Contains(lines, "tcp: tcp ("+file.Addr()+")") {
		t.Error(lines)
	}
}

// TestNoNameInside: a name of the outside that means the inside (DNS rebinding).
func TestNoNameInside(t *testing.T) {
	c := newTestClient(t, Config{OnlyPublic: true, Proxy: noProxy})
	c.names = names(t, "127.0.0.1", "::1")
	if _, err := c.Open(t.Context(), mustParse(t, "http://radio.test:1/")); err == nil || !strings.Contains(err.Error(), ErrPrivate.Error()) {
		t.Error(err)
	}
}

// TestIPv6 has a host in brackets, a zone, and a login.
func TestIPv6(t *testing.T) {
	ln, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 loopback:", err)
	}
	var hosts []string
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts = append(hosts, r.Host)
		if user, password, _ := r.BasicAuth(); user != "a@b" || password != "c:d" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Write(webtest.SilentMP3(time.Second))
	})}
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(ln) }()
	defer func() { server.Close(); <-done }()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	for _, host := range []string{"[::1]", "[::1%25lo]", "[0:0:0:0:0:0:0:1]"} {
		hosts = nil
		s, err := tryOpen(t, "http://a%40b:c:d@"+host+":"+port+"/", Config{})
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		s.Close()
		want := strings.Replace(host, "%25lo", "", 1) + ":" + port // no zone goes over the wire
		if len(hosts) != 2 || hosts[1] != want {
			t.Errorf("%s: asked as %q", host, hosts)
		}
	}
}
