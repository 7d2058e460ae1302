package rtsp

import (
	"context"
	"crypto/tls"
	"net"
	"strings"

	"tapedeck/client/address"
	"tapedeck/client/media"
	"tapedeck/client/trust"
)

// CertificateError is a certificate that is not believed.
type CertificateError = trust.CertificateError

// handshake begins TLS on nc, a connection to a's host.
func (c *Config) handshake(ctx context.Context, nc net.Conn, a address.Address) (net.Conn, error) {
	hostport := strings.ToLower(hostPort(a))
	believe := trust.Options{RootCAs: c.RootCAs, Pins: c.Pins, OldTLS: c.OldTLS}
	secured := tls.Client(nc, believe.Config(a.Host, hostport))
	err := c.step(media.RungTLS, "tls", func() (string, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, c.Timeouts.Connect,
			&TimeoutError{"rtsp: tls: no answer", c.Timeouts.Connect})
		defer cancel()
		if err := secured.HandshakeContext(ctx); err != nil {
			return "", trust.Explain("rtsp", hostport, causeOr(ctx, err))
		}
		return tls.VersionName(secured.ConnectionState().Version), nil
	})
	return secured, err
}
