package rtsp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
)

func addrs(list ...string) []netip.Addr {
	var all []netip.Addr
	for _, a := range list {
		all = append(all, netip.MustParseAddr(a))
	}
	return all
}

// TestDialAddresses has a name with an address that is dead, one that refuses
// and one that answers.
func TestDialAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ev := &events{}
		refused := errors.New("connection refused")
		var mu sync.Mutex
		var dialled []string
		answer, far := net.Pipe()
		defer far.Close()
		cfg := Config{
			Trace: ev.trace,
			Lookup: func(context.Context, string) ([]netip.Addr, error) {
				return addrs("2001:db8::1", "2001:db8::2", "192.0.2.1"), nil
			},
			Dial: func(ctx context.Context, _, addr string) (net.Conn, error) {
				mu.Lock()
				dialled = append(dialled, addr)
				mu.Unlock()
				switch addr {
				case "[2001:db8::1]:8554":
					<-ctx.Done()
					return nil, ctx.Err()
				case "192.0.2.1:8554":
					return nil, refused
				}
				return answer, nil
			},
		}.withDefaults()
		begin := time.Now()
		nc, err := cfg.dial(t.Context(), parse(t, "rtsp://cam.example:8554/"), false)
		if err != nil || nc != answer {
			t.Fatal(nc, err)
		}
		nc.Close()
		if got := strings.Join(dialled, " "); got != "[2001:db8::1]:8554 192.0.2.1:8554 [2001:db8::2]:8554" || time.Since(begin) > stagger {
			t.Errorf("%s in %v", got, time.Since(begin))
		}
		if !ev.has("name lookup") || !ev.has("tcp connect") {
			t.Error(ev)
		}
	})
}

func TestDialFailures(t *testing.T) {
	refused := errors.New("connection refused")
	for _, c := range []struct {
		name  string
		addrs []netip.Addr
		err   error // of the lookup
		dead  bool
		rung  media.Rung
		text  string
	}{
		{"no such name", nil, &net.DNSError{Err: "no such host", Name: "cam.example", IsNotFound: true}, false, media.RungName, "rtsp: name lookup: there is no host cam.example"},
		{"no address", nil, nil, false, media.RungName, "the name has no address"},
		{"refused", addrs("192.0.2.1", "192.0.2.2"), nil, false, media.RungTCP, "rtsp: connect: connection refused"},
		{"dead", addrs("192.0.2.1", "192.0.2.2"), nil, true, media.RungTCP, "rtsp: connect: no answer in 5s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := Config{
					Lookup: func(context.Context, string) ([]netip.Addr, error) { return c.addrs, c.err },
					Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
						if c.dead {
							<-ctx.Done()
							return nil, ctx.Err()
						}
						return nil, refused
					},
				}
				begin := time.Now()
				_, err := Open(t.Context(), parse(t, "rtsp://cam.example/"), cfg)
				rung, ok := errors.AsType[*media.RungError](err)
				if !ok || rung.Rung != c.rung || !strings.Contains(err.Error(), c.text) || time.Since(begin) > 5*time.Second {
					t.Errorf("%v after %v", err, time.Since(begin))
				}
			})
		})
	}
}

// selfSigned is what a camera has: a certificate of its own making.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Unix(0, 0), // the bubble's clock is another one
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(10, 0, 0, 1), net.IPv4(127, 0, 0, 1)},
		DNSNames:     []string{"cam.example"},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestOpenTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cert, pool := selfSigned(t)
		c := &camera{t: t, sdp: soundSDP, tls: &tls.Config{Certificates: []tls.Certificate{cert}}}
		s, ev := c.mustOpen("rtsps://10.0.0.1/live", Config{RootCAs: pool})
		readUntil(t, s, 0)
		if i := s.Info(); i.Transport != "tcp" || c.dialled[0] != "10.0.0.1:322" || !ev.has("tls ") {
			t.Errorf("%+v, %q\n%s", i, c.dialled, ev)
		}
		if r := c.requests("SETUP")[0]; r.target != "rtsps://10.0.0.1/live/track1" {
			t.Error(r.target)
		}
	})
	for name, link := range map[string]string{
		"signed by nobody that this machine trusts": "rtsps://10.0.0.1/live",
		"does not speak TLS":                        "rtsps://10.0.0.2/live",
	} {
		synctest.Test(t, func(t *testing.T) {
			cert, _ := selfSigned(t)
			ours, theirs := net.Pipe()
			cfg := Config{Dial: func(context.Context, string, string) (net.Conn, error) { return ours, nil }}
			go func() {
				defer theirs.Close()
				if strings.HasSuffix(link, "1/live") {
					_ = tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake()
					return
				}
				_, _ = theirs.Read(make([]byte, 64<<10))
				_, _ = theirs.Write([]byte("RTSP/1.0 400 Bad Request\r\n\r\n"))
			}()
			_, err := Open(t.Context(), parse(t, link), cfg)
			rung, ok := errors.AsType[*media.RungError](err)
			if !ok || rung.Rung != media.RungTLS || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	var none *Memory
	none.set("h:554", overTCP)
	if _, ok := none.get("h:554"); ok {
		t.Error("nothing remembers")
	}
	m := new(Memory)
	for i := range maxMemory + 10 {
		m.set(netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(i)).String(), overTCP)
		m.set("0.0.0.0:1000", overUDP)
	}
	if len(m.hosts) != maxMemory || len(m.keys) != maxMemory {
		t.Errorf("%d hosts, %d keys", len(m.hosts), len(m.keys))
	}
	if l, ok := m.get("0.0.0.0:1000"); !ok || l != overUDP {
		t.Errorf("%v %v", l, ok)
	}
	for link, want := range map[string]string{
		"rtsp://0.0.0.0:1020/": "[tcp udp]", "rtsp://0.0.0.0:1000/": "[udp tcp]",
		"rtspu://0.0.0.0:1020/": "[udp]", "rtspt://x/": "[tcp]", "rtsps://x/": "[tcp]", "mms://x/": "[]",
		"rtspst://x/": "[tcp]", "rtspsu://x/": "[udp]", "rtsph://x/": "[http tunnel]", "rtspsh://x/": "[http tunnel]",
		"rtsp+ws://x/": "[websocket]", "rtsp+wss://x/": "[websocket]",
	} {
		var got []string
		for _, l := range waysTo(parse(t, link), m) {
			got = append(got, l.String())
		}
		if s := "[" + strings.Join(got, " ") + "]"; s != want {
			t.Errorf("%s: %s", link, s)
		}
	}
}

func TestTryNext(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&silentError{over: overUDP}, true},
		{&silentError{over: overUDP, server: "VLC/3.0.24"}, false}, // has nothing else
		{&silentError{over: overTCP}, false},
		{&silentError{over: overMulticast}, true},
		{&StatusError{Method: "SETUP", Code: 461}, true},
		{&StatusError{Method: "SETUP", Code: 404}, true},
		{&StatusError{Method: "SETUP", Code: 403}, false},
		{&StatusError{Method: "SETUP", Code: 463}, false},
		{&StatusError{Method: "DESCRIBE", Code: 404}, false},
		{errSwitched, true},
		{errGroup, true},
		{errMisfit, false},
		{ErrConnection, false},
	} {
		if got := tryNext(media.At(media.RungSession, c.err)); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}
