package rtsp

import (
	"cmp"
	"strings"

	"tapedeck/client/address"
)

// secure reports whether the link asks for TLS.
func secure(a address.Address) bool {
	switch a.Scheme {
	case "rtsps", "rtspst", "rtspsu", "rtspsh", "rtsp+wss":
		return true
	}
	return false
}

// tunnelled reports whether the link asks for RTSP within HTTP.
func tunnelled(a address.Address) bool {
	switch a.Scheme {
	case "rtsph", "rtspsh", "rtsp+ws", "rtsp+wss":
		return true
	}
	return false
}

// hostPort is what the link leads to: its port, or the usual one of its scheme.
func hostPort(a address.Address) string {
	switch {
	case tunnelled(a) && secure(a):
		return a.HostPort("443")
	case tunnelled(a):
		return a.HostPort("80")
	case secure(a):
		return a.HostPort("322")
	}
	return a.HostPort("554")
}

// overTLS is the scheme that asks for the same as scheme, over TLS.
func overTLS(scheme string) string {
	switch scheme {
	case "rtspt":
		return "rtspst"
	case "rtspu":
		return "rtspsu"
	case "rtsph":
		return "rtspsh"
	case "rtsp+ws":
		return "rtsp+wss"
	case "rtsp":
		return "rtsps"
	}
	return scheme
}

// axisPath is where Axis had WebSockets before ONVIF did, for whatever stream:
// RTSP within them asks for axisStream.
const (
	axisPath   = "/rtsp-over-websocket"
	axisStream = "/axis-media/media.amp"
)

// requestTarget is the link as requests carry it. Servers refuse the schemes
// that say how the media are to come; within a tunnel it is rtsp:// always.
func requestTarget(a address.Address) string {
	if query, ok := strings.CutPrefix(a.Path, axisPath); ok && strings.HasPrefix(a.Scheme, "rtsp+ws") && (query == "" || query[0] == '?') {
		a.Path = axisStream + query
	}
	if secure(a) && !tunnelled(a) {
		return a.Target("rtsps")
	}
	return a.Target("rtsp")
}

// webPath is the link's path as HTTP's request line carries it.
func webPath(a address.Address) string {
	path := cmp.Or(a.Path, "/")
	if path[0] == '?' {
		path = "/" + path
	}
	return path
}
