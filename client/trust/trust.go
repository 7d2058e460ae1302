// Package trust decides which TLS server is the one that was meant, for every
// protocol that runs over TLS, and says in plain words why one is not.
//
// A server has to show a certificate for its name that a known authority has
// signed, or the very certificate that the user has pinned: whoever stands
// between could read the login.
//
//	secure := tls.Client(conn, trust.Options{Pins: pins}.Config("cam.example", "cam.example:322"))
//	if err := secure.HandshakeContext(ctx); err != nil {
//		return trust.Explain("rtsp", "cam.example:322", err)
//	}
package trust

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/words"
)

// Options are whom to trust. The zero value trusts the system's authorities.
type Options struct {
	RootCAs *x509.CertPool // the system's

	// Pins maps "host:port" in lower case to the SHA-256, in hex, of the one
	// certificate that is trusted there. CertificateError has both. None.
	Pins map[string]string

	OldTLS bool // TLS 1.0 and 1.1 too, and what ciphers they have
}

// Config is for a connection to host, which is hostport in a link: lower case,
// and with its port. The name is sent (SNI) where it is one; crypto/tls sends
// none for an IP address.
func (o Options) Config(host, hostport string) *tls.Config {
	name, _, _ := strings.Cut(host, "%") // the zone of an IPv6 address
	conf := &tls.Config{ServerName: name, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}
	if o.OldTLS {
		conf.MinVersion = tls.VersionTLS10
		conf.CipherSuites = allSuites()
	}
	if pin := o.Pins[hostport]; pin != "" {
		conf.InsecureSkipVerify = true // the pin decides instead
		conf.VerifyConnection = func(s tls.ConnectionState) error {
			leaf := s.PeerCertificates[0]
			if Fingerprint(leaf) != plainHex(pin) {
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

// Fingerprint is a certificate's SHA-256 in hex, as Options.Pins has it.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// plainHex takes the spelling of other programs too: "AB:CD:...".
func plainHex(s string) string { return strings.ToLower(strings.ReplaceAll(s, ":", "")) }

// Kinds of handshakes that fail.
var (
	// ErrPlain: something else than TLS is spoken at the port.
	ErrPlain = errors.New("the server does not speak TLS on this port")
	// ErrOld: Options.OldTLS might help.
	ErrOld = errors.New("the server speaks no version of TLS that is still safe")
)

// pinError is a server that shows another certificate than the pinned one.
type pinError struct{ shown *x509.Certificate }

func (e *pinError) Error() string { return "the server's certificate is not the one that is pinned" }

// CertificateError is a certificate that is not believed.
type CertificateError struct {
	HostPort    string // the key for Options.Pins
	Fingerprint string // the value for it: SHA-256 of what the server showed, in hex
	Pinned      bool   // another one is pinned for this host

	protocol, why string
	err           error
}

func (e *CertificateError) Error() string {
	return fmt.Sprintf("%s: tls: %s; its SHA-256 is %s", e.protocol, e.why, e.Fingerprint)
}
func (e *CertificateError) Unwrap() error { return e.err }

// HandshakeError is a failed handshake in words that are fit to be shown: what
// it holds came from the server.
type HandshakeError struct {
	protocol, why string
	err           error
}

func (e *HandshakeError) Error() string { return e.protocol + ": tls: " + e.why }
func (e *HandshakeError) Unwrap() error { return e.err }

// Explain puts the error of a handshake with hostport in plain words; protocol
// begins the message. A timeout, which says it already, is returned as it is.
func Explain(protocol, hostport string, err error) error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return err
	}
	if p, ok := errors.AsType[*pinError](err); ok {
		return &CertificateError{HostPort: hostport, Fingerprint: Fingerprint(p.shown), Pinned: true, protocol: protocol, why: p.Error(), err: err}
	}
	if v, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(v.UnverifiedCertificates) > 0 {
		leaf := v.UnverifiedCertificates[0]
		return &CertificateError{HostPort: hostport, Fingerprint: Fingerprint(leaf), protocol: protocol, why: words.Line(unbelieved(v.Err, leaf), maxWords), err: err}
	}
	why, kind := failed(err)
	if kind != nil {
		err = errors.Join(kind, err)
	}
	return &HandshakeError{protocol, words.Line(why, maxWords), err}
}

// unbelieved says what is wrong with a certificate.
func unbelieved(err error, leaf *x509.Certificate) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		if string(leaf.RawIssuer) == string(leaf.RawSubject) {
			return "the server's certificate is its own, signed by nobody that this machine trusts"
		}
		return "the server's certificate is signed by nobody that this machine trusts"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the server's certificate is for another name: " + strings.TrimPrefix(err.Error(), "x509: ")
	}
	if bad, ok := errors.AsType[x509.CertificateInvalidError](err); ok && bad.Reason == x509.Expired {
		if strings.Contains(bad.Detail, "before") {
			return "the server's certificate is not valid before " + bad.Cert.NotBefore.Format(time.DateOnly) + "; is this machine's clock right?"
		}
		return "the server's certificate expired on " + bad.Cert.NotAfter.Format(time.DateOnly)
	}
	return "the server's certificate is not valid: " + strings.TrimPrefix(err.Error(), "x509: ")
}

// failed says why there was no handshake, and of which kind that is, where
// callers branch on it. crypto/tls has no types for most of it.
func failed(err error) (why string, kind error) {
	text := err.Error()
	record, ok := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case ok && string(record.RecordHeader[:4]) == "HTTP":
		return ErrPlain.Error() + ", but plain HTTP", ErrPlain
	case ok && string(record.RecordHeader[:4]) == "RTSP":
		return ErrPlain.Error() + ", but plain RTSP", ErrPlain
	case ok:
		return ErrPlain.Error(), ErrPlain
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection in the handshake", nil
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, net.ErrClosed):
		return "the connection was cut in the handshake", nil
	case strings.Contains(text, "protocol version"):
		return ErrOld.Error(), ErrOld
	case strings.Contains(text, "remote error: tls: handshake failure"), strings.Contains(text, "cipher suite"):
		return "the server refuses the handshake: it may want another cipher, or a certificate of its users", nil
	case strings.Contains(text, "remote error: tls: unrecognized name"):
		return "the server does not know this name", nil
	case strings.Contains(text, "remote error: tls: certificate required"), strings.Contains(text, "remote error: tls: bad certificate"):
		return "the server wants a certificate of its users", nil
	}
	return strings.TrimPrefix(strings.TrimPrefix(media.Plainly(err).Error(), "remote error: "), "tls: "), nil
}

// maxWords bounds what a certificate or a server may say in a message.
const maxWords = 200
