package rtsp

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/trust"
)

func TestTLSNames(t *testing.T) {
	for link, sni := range map[string]string{
		"rtsps://cam.example/live":        "cam.example", // mediamtx issue 708
		"rtsps://10.0.0.1/live":           "",
		"rtspsh://10.0.0.1/live":          "",
		"rtsps://[fe80::1%25eth0]/live":   "",
		"rtsp+wss://cam.example:8443/a/b": "cam.example",
	} {
		synctest.Test(t, func(t *testing.T) {
			cert, pool := selfSigned(t)
			name := "never asked"
			ours, theirs := net.Pipe()
			c := &Config{RootCAs: pool, Trace: (&events{}).trace, Timeouts: Timeouts{}.withDefaults()}
			go func() {
				defer theirs.Close()
				_ = tls.Server(theirs, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
					name = h.ServerName
					if len(h.SupportedProtos) > 0 {
						t.Errorf("ALPN %q", h.SupportedProtos)
					}
					return &tls.Config{Certificates: []tls.Certificate{cert}}, nil
				}}).Handshake()
			}()
			nc, err := c.handshake(t.Context(), ours, parse(t, link))
			if name != sni || err != nil && !strings.Contains(link, "fe80") {
				t.Errorf("%s: name %q, %v", link, name, err)
			}
			nc.Close()
			synctest.Wait()
		})
	}
}

func TestTLSPins(t *testing.T) {
	cert, pool := selfSigned(t)
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pin := trust.Fingerprint(leaf)
	other := strings.Repeat("0", 64)
	var spelled []string
	for i := 0; i < len(pin); i += 2 {
		spelled = append(spelled, strings.ToUpper(pin[i:i+2]))
	}
	for _, c := range []struct {
		name, link string
		pins       map[string]string
		roots      *x509.CertPool
		text       string
		pinned     bool
	}{
		{"pinned", "rtsps://10.0.0.1/live", map[string]string{"10.0.0.1:322": pin}, nil, "", false},
		{"as openssl spells it", "rtsps://10.0.0.1:8322/live", map[string]string{"10.0.0.1:8322": strings.Join(spelled, ":")}, nil, "", false},
		{"for a name that it does not have", "rtsps://OTHER.example/live", map[string]string{"other.example:322": pin}, nil, "", false},
		{"another one", "rtsps://10.0.0.1/live", map[string]string{"10.0.0.1:322": other}, nil, "not the one that is pinned", true},
		{"another one, signed", "rtsps://10.0.0.1/live", map[string]string{"10.0.0.1:322": other}, pool, "not the one that is pinned", true},
		{"for another port", "rtsps://10.0.0.1/live", map[string]string{"10.0.0.1:443": pin}, nil, "signed by nobody that this machine trusts", false},
		{"no pins", "rtsps://10.0.0.1/live", nil, nil, "signed by nobody that this machine trusts", false},
		{"no pins, another name", "rtsps://other.example/live", nil, pool, "valid for cam.example, not other.example", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cam := &camera{t: t, sdp: soundSDP, tls: &tls.Config{Certificates: []tls.Certificate{cert}}}
				_, _, err := cam.open(c.link, Config{Pins: c.pins, RootCAs: c.roots, Lookup: oneAddress("10.0.0.1")})
				if c.text == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				bad, ok := errors.AsType[*CertificateError](err)
				rung, _ := errors.AsType[*media.RungError](err)
				if !ok || bad.Fingerprint != pin || bad.Pinned != c.pinned || rung.Rung != media.RungTLS || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), pin) {
					t.Error(err)
				}
			})
		})
	}
}

// TestOldTLS has what old firmware has: TLS 1.0 and RSA key exchange alone.
func TestOldTLS(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(100 * 365 * 24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, _ := x509.ParseCertificate(der)
	old := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		MinVersion:   tls.VersionTLS10, MaxVersion: tls.VersionTLS10,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA},
	}
	for _, allowed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, sdp: soundSDP, tls: old}
			_, ev, err := c.open("rtsps://10.0.0.1/live", Config{OldTLS: allowed, Pins: map[string]string{"10.0.0.1:322": trust.Fingerprint(leaf)}})
			rung, _ := errors.AsType[*media.RungError](err)
			switch {
			case allowed && (err != nil || !ev.has("TLS 1.0")):
				t.Errorf("%v\n%s", err, ev)
			case !allowed && (rung == nil || rung.Rung != media.RungTLS || !strings.Contains(err.Error(), "version")):
				t.Error(err)
			}
		})
	}
}
