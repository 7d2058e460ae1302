package client

import (
	"strings"
	"syscall"
	"testing"

	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/rtsp"
	"tapedeck/client/trust"
	"tapedeck/client/web"
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
		{tunnel(&rtsp.StatusError{Code: 403}), "the link may name a folder"},
		{tunnel(&rtsp.StatusError{Code: 503}), "the server is busy"},
		{tunnel(&rtsp.StatusError{Code: 401}), "put user:password@"},
		{&login.Error{}, "put user:password@"},
		{&login.Error{Downgrade: true}, "somebody may stand in between"},
		{tunnel(rtsp.ErrConnection), "makes no tunnel at this port and path"},
		{media.At(media.RungReply, rtsp.ErrHTTP), "RTSP is mostly at port 554"},
		{media.At(media.RungReply, web.ErrRTSP), "begin the link with rtsp://"},
		{media.At(media.RungReply, &web.StatusError{Code: 404}), "check the path"},
		{media.At(media.RungReply, &web.StatusError{Code: 410}), "gone for good"},
		{media.At(media.RungReply, &web.StatusError{Code: 400}), "such as https://"},
		{media.At(media.RungReply, &web.StatusError{Code: 503}), "the server is busy"},
		{media.At(media.RungContainer, web.ErrNotMedia), "the stream's own link"},
		{media.At(media.RungTCP, syscall.ECONNREFUSED), "whether the server runs"},
		{media.At(media.RungTLS, &rtsp.CertificateError{}), "[tls.pins] in the config"},
		{media.At(media.RungTLS, &rtsp.CertificateError{Pinned: true}), "reset or replaced"},
		{media.At(media.RungTLS, trust.ErrPlain), "try http://"},
		{media.At(media.RungTLS, trust.ErrOld), "old = true"},
		{media.At(media.RungReply, web.ErrTLS), "try https://"},
		{media.At(media.RungTCP, &web.ProxyError{Err: syscall.ECONNREFUSED}), "leads through a proxy"},
		{media.At(media.RungReply, &web.ProxyError{Err: &web.StatusError{Code: 407}}), "put the proxy's user:password@"},
		{media.At(media.RungContainer, &ChannelsError{}), "open that file as a list"},
		{media.At(media.RungContainer, &FormatError{}), "another address"},
	} {
		if got := Hint(c.err); !strings.Contains(got, c.want) {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
