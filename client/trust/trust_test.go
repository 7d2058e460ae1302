package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	made := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "Authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.key, a.cert = made.PrivateKey.(*ecdsa.PrivateKey), made.Leaf
	return a
}

// sign fills in what template leaves open. The first is its own authority's.
func (a *authority) sign(template *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotBefore.IsZero() {
		template.NotBefore = time.Now().Add(-time.Hour)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// shake has a client with o meet serve, and returns the client's error.
func shake(t *testing.T, o Options, serve func(net.Conn)) error {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") // and not net.Pipe: both sides may write at once
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if far, err := ln.Accept(); err == nil {
			defer far.Close()
			serve(far)
		}
	}()
	near, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client := tls.Client(near, o.Config("radio.example", "radio.example:443"))
	err = client.HandshakeContext(t.Context())
	near.Close()
	<-done
	return err
}

func speaks(conf *tls.Config) func(net.Conn) {
	return func(c net.Conn) { _ = tls.Server(c, conf).Handshake() }
}

func says(text string) func(net.Conn) {
	return func(c net.Conn) {
		c.Read(make([]byte, 2048))
		io.WriteString(c, text)
	}
}

func TestExplain(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	names := []string{"radio.example"}
	good := a.sign(&x509.Certificate{DNSNames: names})
	with := func(cert tls.Certificate) func(net.Conn) {
		return speaks(&tls.Config{Certificates: []tls.Certificate{cert}})
	}
	past := time.Date(2020, 5, 1, 0, 0, 0, 0, time.UTC)
	future := time.Date(2090, 5, 1, 0, 0, 0, 0, time.UTC)
	old := speaks(&tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	for _, c := range []struct {
		name  string
		o     Options
		serve func(net.Conn)
		want  string // "" for a handshake that holds
		kind  error
		cert  bool
	}{
		{"good", Options{}, with(good), "", nil, false},
		{"expired", Options{}, with(a.sign(&x509.Certificate{DNSNames: names, NotBefore: past.Add(-time.Hour), NotAfter: past})), "the server's certificate expired on 2020-05-01", nil, true},
		{"not valid yet", Options{}, with(a.sign(&x509.Certificate{DNSNames: names, NotBefore: future, NotAfter: future.Add(time.Hour)})), "not valid before 2090-05-01; is this machine's clock right?", nil, true},
		{"another name", Options{}, with(a.sign(&x509.Certificate{DNSNames: []string{"other.example"}})), "is for another name: certificate is valid for other.example, not radio.example", nil, true},
		{"its own", Options{}, with((&authority{t: t}).sign(&x509.Certificate{DNSNames: names, Subject: pkix.Name{CommonName: "x"}})), "the server's certificate is its own, signed by nobody that this machine trusts", nil, true},
		{"an unknown authority", Options{}, with(other.sign(&x509.Certificate{DNSNames: names, Subject: pkix.Name{CommonName: "x"}})), "the server's certificate is signed by nobody that this machine trusts", nil, true},
		{"for another use", Options{}, with(a.sign(&x509.Certificate{DNSNames: names, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})), "the server's certificate is not valid: certificate specifies an incompatible key usage", nil, true},
		{"pinned", Options{Pins: map[string]string{"radio.example:443": Fingerprint(good.Leaf)}}, with(good), "", nil, false},
		{"another is pinned", Options{Pins: map[string]string{"radio.example:443": "00"}}, with(good), "not the one that is pinned", nil, true},
		{"old", Options{}, old, "no version of TLS that is still safe", ErrOld, false},
		{"old, allowed", Options{OldTLS: true}, old, "", nil, false},
		{"a certificate of ours", Options{}, speaks(&tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}), "it may want another cipher, or a certificate of its users", nil, false},
		{"no cipher in common", Options{}, speaks(&tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}), "it may want another cipher", nil, false},
		{"plain HTTP", Options{}, says("HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak TLS on this port, but plain HTTP", ErrPlain, false},
		{"plain RTSP", Options{}, says("RTSP/1.0 400 Bad Request\r\n\r\n"), "does not speak TLS on this port, but plain RTSP", ErrPlain, false},
		{"something else", Options{}, says("220 mail.example\x1b[31m ESMTP\r\n"), "does not speak TLS on this port", ErrPlain, false},
		{"the end", Options{}, says(""), "closed the connection in the handshake", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.RootCAs = roots
			err := shake(t, c.o, c.serve)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("it holds")
			}
			said := Explain("http", "radio.example:443", err)
			cert, ok := errors.AsType[*CertificateError](said)
			if !strings.HasPrefix(said.Error(), "http: tls: ") || !strings.Contains(said.Error(), c.want) || strings.Contains(said.Error(), "x509:") ||
				strings.Contains(said.Error()[len("http: tls: "):], "tls:") || ok != c.cert || c.kind != nil && !errors.Is(said, c.kind) {
				t.Errorf("%v", said)
			}
			if ok && (len(cert.Fingerprint) != 64 || cert.HostPort != "radio.example:443" || !strings.Contains(said.Error(), cert.Fingerprint)) {
				t.Errorf("%+v", cert)
			}
		})
	}
	late := &net.OpError{Op: "read", Err: timeout{}}
	if Explain("http", "x", late) != error(late) {
		t.Error("a timeout is told otherwise")
	}
}

type timeout struct{}

func (timeout) Error() string { return "i/o timeout" }
func (timeout) Timeout() bool { return true }
