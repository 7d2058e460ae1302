package client

import (
	"cmp"
	"errors"
	"net"
	"os"
	"syscall"

	"tapedeck/client/address"
	"tapedeck/client/hls"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/mms"
	"tapedeck/client/rtsp"
	"tapedeck/client/trust"
	"tapedeck/client/web"
)

// Hint is one suggestion for a person whom err stopped, as a clause without a
// full stop; empty where there is nothing to suggest.
func Hint(err error) string {
	if hint := cmp.Or(hintOfHLS(err), hintOfKind(err), hintOfMMS(err)); hint != "" {
		return hint
	}
	var rung *media.RungError
	if errors.As(err, &rung) {
		return hintOfRung(rung.Rung)
	}
	return ""
}

// hintOfHLS knows what can be wrong with playlists and their segments.
func hintOfHLS(err error) string {
	var key *hls.KeyError
	switch {
	case errors.Is(err, hls.ErrProtected):
		return "only the provider's own player has the key; look for another source of the channel"
	case errors.Is(err, hls.ErrNoPlayable):
		return "the provider may have a link with H.264 and AAC"
	case errors.As(err, &key):
		return "the link may have expired, or its key is for logged-in viewers only"
	case errors.Is(err, hls.ErrStuck):
		return "the channel may be off; try again in a while"
	case errors.Is(err, hls.ErrPlaylist):
		return "the provider's playlist is damaged; look for another link"
	}
	return ""
}

// hintOfMMS knows what Windows Media servers say.
func hintOfMMS(err error) string {
	switch {
	case errors.Is(err, mms.ErrForced):
		return "use mms:// to let the program choose the way"
	case errors.Is(err, mms.ErrSilent):
		return "the channel may be off, or a firewall drops its packets; use mms:// or mmst:// in place of mmsu://"
	}
	switch mms.ClassOf(err) {
	case mms.Missing:
		return "check the path in the link, letter by letter; the stream may also have ended or moved"
	case mms.Denied:
		return "the link may have expired, not be for your region, or want user:password@ before the host"
	case mms.Busy:
		return "the server is busy; try again in a while"
	case mms.Protected:
		return "only the provider's own player has the key; look for another source of the channel"
	case mms.Broken:
		return "the provider's stream is damaged or of a kind that is not played; look for another link"
	case mms.Other, mms.Unreached, mms.Unspoken, mms.Ended:
	}
	return ""
}

// hintOfKind knows the errors that say by themselves what is wrong.
func hintOfKind(err error) string {
	var (
		unknown  *UnknownSchemeError
		channels *ChannelsError
		format   *FormatError
		refused  *login.Error
		dns      *net.DNSError
		believed *trust.CertificateError
		proxy    *web.ProxyError
		windows  *web.WindowsMediaError
		tunnel   *rtsp.TunnelError
		status   = statusOf(err)
	)
	switch {
	case errors.Is(err, address.ErrReserved):
		return "only a Flash player understands this link; look for another address of the same channel"
	case errors.As(err, &unknown):
		return "use a link that begins with rtsp://, http:// or mms://"
	case errors.As(err, &channels):
		return "save it to a file and open that file as a list"
	case errors.As(err, &format):
		return "look for another address of the same channel, such as one of HLS (.m3u8)"
	case errors.As(err, &refused) && refused.Downgrade:
		return "somebody may stand in between; if the device was set up anew, start this program again"
	case errors.Is(err, login.ErrWanted):
		return "put user:password@ before the host in the link, or check the one that is there"
	case errors.Is(err, rtsp.ErrNoPlayableTrack):
		return "ask the camera or server for H.264 or H.265 and AAC"
	case errors.Is(err, rtsp.ErrTransport):
		return "the link forces a transport that the server refuses; use rtsp:// to let the program choose"
	case errors.Is(err, rtsp.ErrSilent):
		return "the channel may be off, or a firewall drops its packets; try rtspt:// to force TCP"
	case errors.As(err, &believed) && believed.Pinned:
		return "the device was reset or replaced, or somebody stands between; compare the SHA-256 with the device's own page"
	case errors.As(err, &believed):
		return "check the address; if the SHA-256 is the one on the device's own page, put \"" + believed.HostPort + "\" and it under [tls.pins] in the config"
	case errors.Is(err, trust.ErrOld):
		return "put old = true under [tls] in the config if that is acceptable"
	case errors.Is(err, trust.ErrPlain):
		return "try http://, or rtsp:// for a camera"
	case errors.Is(err, web.ErrTLS):
		return "try https://"
	case errors.As(err, &proxy) && status == 407:
		return "put the proxy's user:password@ before its host in http_proxy or https_proxy"
	case errors.As(err, &proxy):
		return "the way leads through a proxy, which the environment names: check http_proxy, https_proxy and no_proxy"
	case errors.Is(err, web.ErrPrivate), errors.Is(err, rtsp.ErrRedirect):
		return "check the address: the link may not be what it seems"
	case errors.As(err, &tunnel) && status < 500 && status != 403:
		return "the server makes no tunnel at this port and path; check both, or use rtsp://"
	case errors.Is(err, rtsp.ErrHTTP):
		return "try http:// in its place; RTSP is mostly at port 554, which is what a link without a port means"
	case errors.Is(err, web.ErrRTSP):
		return "begin the link with rtsp:// in its place"
	case errors.As(err, &windows):
		return "begin the link with mmsh:// or mms:// in its place"
	case errors.Is(err, web.ErrNotMedia):
		return "look there, in a browser, for the stream's own link"
	case errors.Is(err, errLoop), errors.Is(err, errDepth), errors.Is(err, errNoLinks):
		return "the list is of no use; look for the stream's own link"
	case errors.Is(err, errGroup):
		return "look for another address of the same channel"
	case errors.Is(err, web.ErrChanged):
		return "play it again"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "check the spelling of the host, or the network"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "check the port, or whether the server runs"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "the host cannot be reached from here; check the network or the VPN"
	case status == 403:
		return "the link may name a folder, have expired, or not be for your region"
	case status == 404:
		return "check the path in the link, letter by letter; the stream may also have ended or moved"
	case status == 410:
		return "it is gone for good; look for a newer link"
	case status == 400:
		return "check the link: the server may speak another protocol at this port, such as https://"
	case status == 453 || status == 503 || status == 429:
		return "the server is busy; try again in a while"
	case status >= 500:
		return "the server has a fault; try again later"
	case errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return "try again, or check the network"
	}
	return ""
}

func statusOf(err error) int {
	var r *rtsp.StatusError
	var w *web.StatusError
	var m *mms.StatusError
	switch {
	case errors.As(err, &m):
		return m.Code
	case errors.As(err, &r):
		return r.Code
	case errors.As(err, &w):
		return w.Code
	}
	return 0
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// hintOfRung is what usually helps at a rung where the error itself says little.
func hintOfRung(r media.Rung) string {
	switch r {
	case media.RungAddress:
		return "correct the link"
	case media.RungName:
		return "check the spelling of the host, or the network"
	case media.RungTCP:
		return "check the host and the port, or whether a firewall is between"
	case media.RungTLS:
		return "try http:// or rtsp:// in its place, or another port"
	case media.RungReply:
		return "the server may speak another protocol at this port"
	case media.RungSession:
		return "try again; the server may have reached its limit of viewers"
	case media.RungTransport:
		return "the connection was lost; play it again"
	case media.RungContainer:
		return "the link may lead to a web page or a list rather than a stream"
	case media.RungCodec, media.RungFrame:
		return "VLC's log, named by tapedeck --help, may say more"
	}
	return ""
}
