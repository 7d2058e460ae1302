package client

import (
	"strings"
	"testing"

	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/rtsp"
)

func TestHintTunnelsAndCertificates(t *testing.T) {
	tunnel := func(err error) error {
		return media.At(media.RungReply, &rtsp.TunnelError{Tunnel: "http tunnel", Err: err})
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{tunnel(&rtsp.StatusError{Code: 404}), "makes no tunnel at this port and path"},
		{tunnel(&rtsp.StatusError{Code: 403}), "the server forbids it"},
		{tunnel(&rtsp.StatusError{Code: 503}), "the server is busy"},
		{tunnel(&rtsp.StatusError{Code: 401}), "put user:password@"},
		{&login.Error{}, "put user:password@"},
		{&login.Error{Downgrade: true}, "somebody may stand in between"},
		{tunnel(rtsp.ErrConnection), "makes no tunnel at this port and path"},
		{media.At(media.RungReply, rtsp.ErrHTTP), "this port is a web server's"},
		{media.At(media.RungTLS, &rtsp.CertificateError{}), "[tls.pins] in the config"},
		{media.At(media.RungTLS, &rtsp.CertificateError{Pinned: true}), "reset or replaced"},
	} {
		if got := Hint(c.err); !strings.Contains(got, c.want) {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
