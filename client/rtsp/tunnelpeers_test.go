package rtsp

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/client/trust"
)

// gstTLS starts GStreamer's server within TLS, with a certificate of its own
// making for 127.0.0.1.
func gstTLS(t *testing.T) (base string, pool *x509.CertPool, pin string) {
	t.Helper()
	cert, pool := selfSigned(t)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	var both bytes.Buffer
	for _, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}, {Type: "PRIVATE KEY", Bytes: key}} {
		if err := pem.Encode(&both, block); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(file, both.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return rtsptest.StartGStreamer(t, "--tls", file), pool, trust.Fingerprint(leaf)
}

// watched is what is to be seen and heard of GStreamer's live picture.
func watched(t *testing.T, s *Session) {
	t.Helper()
	data, _ := record(t, s, 0, 1200*time.Millisecond)
	if f := decode(t, data); len(f.pictures) < 10 {
		t.Errorf("%d pictures; %s", len(f.pictures), f.words)
	}
	if n := s.Stats(); n.Lost != 0 || n.Packets == 0 {
		t.Errorf("%+v", n)
	}
}

func TestGStreamerHTTPTunnel(t *testing.T) {
	t.Parallel()
	base := rtsptest.StartGStreamer(t)
	login := strings.Replace(base, "://", "://alice:p%40ss%3Aword@", 1)
	for _, link := range []string{over("rtsph", base) + "/live", over("rtsph", login) + "/digest"} {
		s, ev := start(t, link, Config{})
		if i := s.Info(); i.Transport != "http tunnel" || !i.Live || len(i.Tracks) != 2 {
			t.Errorf("%+v", i)
		}
		watched(t, s)
		if err := s.Close(); err != nil || ev.has("p@ss") {
			t.Errorf("%v\n%s", err, ev)
		}
	}
	if _, err := Open(t.Context(), parse(t, over("rtsph", base)+"/nothing"), Config{}); status(err) != 404 {
		t.Errorf("without a path: %v", err)
	}
}

func TestGStreamerTLS(t *testing.T) {
	t.Parallel()
	base, pool, pin := gstTLS(t)
	hostport := strings.TrimPrefix(base, "rtsp://")
	pinned := map[string]string{hostport: strings.ToUpper(pin)}
	for _, c := range []struct {
		scheme, transport string
		cfg               Config
	}{
		{"rtsps", "tcp", Config{RootCAs: pool}},
		{"rtspst", "tcp", Config{Pins: pinned}},
		{"rtspsh", "http tunnel", Config{Pins: pinned}},
	} {
		s, _ := start(t, over(c.scheme, base)+"/live", c.cfg)
		if i := s.Info(); i.Transport != c.transport {
			t.Errorf("%s: %+v", c.scheme, i)
		}
		watched(t, s)
		s.Close()
	}
	_, err := Open(t.Context(), parse(t, over("rtsps", base)+"/live"), Config{})
	if bad, ok := errors.AsType[*CertificateError](err); !ok || bad.Fingerprint != pin || bad.HostPort != hostport {
		t.Error(err)
	}
	_, err = Open(t.Context(), parse(t, over("rtspsu", base)+"/live"), Config{RootCAs: pool})
	if !errors.Is(err, ErrTransport) || !strings.Contains(err.Error(), "unencrypted") {
		t.Error(err)
	}
}

// The length of a POST is used up several times: each time another begins.
func TestGStreamerNextPost(t *testing.T) {
	t.Parallel()
	base := rtsptest.StartGStreamer(t)
	var dialled atomic.Int32
	cfg := Config{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dialled.Add(1)
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	o := &opener{cfg: cfg.withDefaults(), a: parse(t, over("rtsph", base)+"/live"), over: overHTTP}
	nc, err := o.reach(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := newConn(nc, deaf{})
	go c.read()
	defer c.close(ErrClosed)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ask := &request{method: "OPTIONS", target: requestTarget(o.a)}
	for range 8 { // 8 kB, in base64 11 kB: three fit into a POST
		ask.header.add("X-Padding", strings.Repeat("x", 1000))
	}
	for i := range 9 {
		if r, err := c.roundTrip(ctx, ask, nil); err != nil || r.status != 200 {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	if n := dialled.Load(); n != 1+3 {
		t.Errorf("%d connections", n)
	}
}

// deaf is a sink that takes nothing.
type deaf struct{}

func (deaf) frame(uint8, []byte)      {}
func (deaf) drained()                 {}
func (deaf) awaited()                 {}
func (deaf) asked(*request) *response { return nil }
