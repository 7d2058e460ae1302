package rtsp

import (
	"regexp"
	"strings"

	"tapedeck/client/address"
	"tapedeck/client/sdp"
)

// SAT>IP (EN 50585) is RTSP for tuners. What is tuned to stands in the query:
//
//	rtsp://host/?src=1&freq=11494&pol=h&msys=dvbs2&sr=22000&pids=0,16,5100
//
// DESCRIBE knows only streams that somebody watches already, SETUP tunes, and
// its reply names the stream: com.ses.streamID: 7 means rtsp://host/stream=7.
// Without a tuner that is free SETUP says 503.
var satIPQuery = regexp.MustCompile(`(?i)[?&](freq|pids|msys)=`)

func isSatIP(a address.Address) bool { return satIPQuery.MatchString(a.Path) }

// transportStream is the description of a session that is one transport stream.
func transportStream() *sdp.Session {
	return &sdp.Session{Media: []sdp.Media{{Type: "video", Proto: "RTP/AVP", Formats: []uint8{33}}}}
}

// streamURL is the URL that a SETUP reply gives to what url has tuned to.
func streamURL(url string, h header) string {
	id := strings.TrimSpace(h.get("com.ses.streamID"))
	u, ok := splitURL(url)
	if !ok || id == "" || len(id) > 10 || strings.Trim(id, "0123456789") != "" {
		return url
	}
	u.path = "/stream=" + id
	return u.String()
}
