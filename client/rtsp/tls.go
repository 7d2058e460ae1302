package rtsp

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

// handshake begins TLS on nc, a connection to a's host. Without a chain to a
// known authority, or the certificate that is pinned, it fails: whoever stands
// between could read the login. The name is sent (SNI) where the link has one;
// crypto/tls sends none for an IP address.
func (c *Config) handshake(ctx context.Context, nc net.Conn, a address.Address) (net.Conn, error) {
	hostport := strings.ToLower(hostPort(a))
	secured := tls.Client(nc, c.tlsConfig(a.Host, c.Pins[hostport]))
	err := c.step(media.RungTLS, "tls", func() (string, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, c.Timeouts.Connect,
			&TimeoutError{"rtsp: tls: no answer", c.Timeouts.Connect})
		defer cancel()
		if err := secured.HandshakeContext(ctx); err != nil {
			return "", tlsError(hostport, causeOr(ctx, err))
		}
		return tls.VersionName(secured.ConnectionState().Version), nil
	})
	return secured, err
}

func (c *Config) tlsConfig(host, pin string) *tls.Config {
	name, _, _ := strings.Cut(host, "%") // the zone of an IPv6 address
	conf := &tls.Config{ServerName: name, RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12}
	if c.OldTLS {
		conf.MinVersion = tls.VersionTLS10
		conf.CipherSuites = allSuites()
	}
	if pin != "" {
		conf.InsecureSkipVerify = true // the pin decides instead
		conf.VerifyConnection = func(s tls.ConnectionState) error {
			leaf := s.PeerCertificates[0]
			if fingerprint(leaf) != plainHex(pin) {
				return &pinError{leaf}
			}
			return nil
		}
	}
	return conf
}

// allSuites is every suite that crypto/tls has but those with RC4: old firmware
// has nothing better than RSA key exchange (go2rtc issue 1172).
func allSuites() []uint16 {
	var ids []uint16
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if !strings.Contains(s.Name, "RC4") {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// fingerprint is a certificate's SHA-256 in hex, as Config.Pins has it.
func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// plainHex takes the spelling of other programs too: "AB:CD:...".
func plainHex(s string) string { return strings.ToLower(strings.ReplaceAll(s, ":", "")) }

// pinError is a server that shows another certificate than the pinned one.
type pinError struct{ shown *x509.Certificate }

func (e *pinError) Error() string { return "the server's certificate is not the one that is pinned" }

// CertificateError is a certificate that is not believed.
type CertificateError struct {
	HostPort    string // the key for Config.Pins
	Fingerprint string // the value for it: SHA-256 of what the server showed, in hex
	Pinned      bool   // another one is pinned for this host

	why string
	err error
}

func (e *CertificateError) Error() string {
	return fmt.Sprintf("rtsp: tls: %s; its SHA-256 is %s", e.why, e.Fingerprint)
}
func (e *CertificateError) Unwrap() error { return e.err }

// handshakeError is a failed handshake in words that are fit to be shown: what
// it holds came from the server.
type handshakeError struct {
	why string
	err error
}

func (e *handshakeError) Error() string { return "rtsp: tls: " + e.why }
func (e *handshakeError) Unwrap() error { return e.err }

func tlsError(hostport string, err error) error {
	if p, ok := errors.AsType[*pinError](err); ok {
		return &CertificateError{HostPort: hostport, Fingerprint: fingerprint(p.shown), Pinned: true, why: p.Error(), err: err}
	}
	if v, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(v.UnverifiedCertificates) > 0 {
		why := clean(v.Err.Error())
		if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
			why = "the server's certificate is signed by nobody that this machine trusts (cameras sign their own)"
		}
		return &CertificateError{HostPort: hostport, Fingerprint: fingerprint(v.UnverifiedCertificates[0]), why: why, err: err}
	}
	why := clean(err.Error())
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		why = "the server does not speak TLS on this port"
	}
	if isTimeout(err) {
		return err // says it already
	}
	return &handshakeError{why, err}
}
