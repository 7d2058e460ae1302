package web

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tapedeck/client/media"
	"tapedeck/client/peers"
	"tapedeck/client/trust"
	"tapedeck/client/web/webtest"
)

// TestNginxTLS has a real server speak HTTP/2: one connection for all of a
// stream's parts, lists that are packed, and doors that are mistaken.
func TestNginxTLS(t *testing.T) {
	peers.Find(t, "nginx")
	own, _ := secureServer(t, false, nil) // for its certificate
	leaf := own.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	root, data := t.TempDir(), movie(3<<20)
	list := "#EXTM3U\n#EXT-X-TARGETDURATION:4\n" + strings.Repeat("#EXTINF:4,\na.mp4\n", 5000)
	cert, keyFile := filepath.Join(root, "cert.pem"), filepath.Join(root, "key.pem")
	for name, content := range map[string][]byte{
		"a.mp4": data, "a.m3u8": []byte(list),
		"cert.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Certificate[0]}),
		"key.pem":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	} {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plain, secure := webtest.StartNginxTLS(t, root, `
    gzip on; gzip_types *;
    location /to-tls { return 301 $secure/a.mp4; }
    location /connection { add_header X-Connection $connection; return 200 "x"; }
`, cert, keyFile)
	roots := x509.NewCertPool()
	roots.AddCert(own.Certificate())
	cfg := Config{RootCAs: roots}

	f := openFile(t, plain+"/to-tls", cfg)
	reads(t, f, data, 1<<20, 100_000)
	if f.Info().Transport != "http/2" {
		t.Errorf("%+v", f.Info())
	}

	for _, site := range []string{plain, secure} {
		c := newTestClient(t, cfg)
		_, err = c.Open(t.Context(), mustParse(t, site+"/a.m3u8"))
		if got, ok := errors.AsType[*ListError](err); !ok || string(got.Body) != list || got.Format != "HLS" {
			t.Fatalf("%v", err)
		}
		seen := ""
		for range 10 {
			_, resp, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, site+"/connection")})
			if err != nil {
				t.Fatal(err)
			}
			if now := resp.Header.Get("X-Connection"); seen != "" && now != seen {
				t.Errorf("%s: connection %s after %s", site, now, seen)
			} else {
				seen = now
			}
		}
		part, _, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, site+"/a.mp4"), From: 1000, Size: 70_000})
		if err != nil || !bytes.Equal([]byte(part), data[1000:71_000]) {
			t.Errorf("%d bytes, %v", len(part), err)
		}
		c.mu.Lock()
		if len(c.conns) != 1 {
			t.Errorf("%s: %d connections", site, len(c.conns))
		}
		c.mu.Unlock()
	}

	if _, err := tryOpen(t, strings.Replace(plain, "http:", "https:", 1)+"/a.mp4", cfg); !errors.Is(err, trust.ErrPlain) || rungOf(err) != media.RungTLS ||
		!strings.Contains(err.Error(), "does not speak TLS on this port, but plain HTTP") {
		t.Errorf("TLS to a plain port: %v", err)
	}
	if _, err := tryOpen(t, secure+"/a.mp4", Config{}); err == nil || !strings.Contains(err.Error(), "signed by nobody that this machine trusts") || rungOf(err) != media.RungTLS {
		t.Errorf("an unknown certificate: %v", err)
	}
	pins := Config{Pins: map[string]string{strings.TrimPrefix(secure, "https://"): trust.Fingerprint(own.Certificate())}}
	reads(t, openFile(t, secure+"/a.mp4", pins), data, 0, 1000)
	if _, err := tryOpen(t, strings.Replace(secure, "127.0.0.1", "localhost", 1)+"/a.mp4", cfg); err == nil || !strings.Contains(err.Error(), "for another name") {
		t.Errorf("another name: %v", err)
	}
	mute := webtest.NewHostile(webtest.Says("", "\x15\x03\x01\x00\x02\x02\x46"))
	defer mute.Close()
	if _, err := tryOpen(t, mute.URL, Config{}); !errors.Is(err, ErrTLS) || rungOf(err) != media.RungReply {
		t.Errorf("in the clear to TLS: %v", err)
	}
}
