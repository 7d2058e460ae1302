package rtsp

import (
	"fmt"
	"slices"
	"strings"
)

// telcoServers are words in the Server header of telephone companies' television
// servers (ZTE, Huawei, Fonsview). They differ from the rest in that they want a
// list of transports, send one transport stream, with or without RTP around it,
// and say by ANNOUNCE that it ends. Others answer 400 to the list (MediaMTX).
//
// ZTE's way through address translators (x-NAT and its punch packets) is left
// out: it needs the address that the other side sees, which nothing here knows.
var telcoServers = []string{"ZMSS", "ZXV10", "HMS_V1R", "HWServer", "FonsView"}

// isTelco reports that the server, or one that redirected us to it, is such a
// server.
func (s *Session) isTelco() bool {
	name := strings.ToLower(s.d.serverName())
	if slices.ContainsFunc(telcoServers, func(t string) bool { return strings.Contains(name, strings.ToLower(t)) }) {
		s.telco.Store(true)
	}
	return s.telco.Load()
}

// transportHeader is what SETUP asks for: one alternative, since many servers
// read no further, but of a telephone company's server all that will do.
func (s *Session) transportHeader(want transport) string {
	plain := want.String()
	if !s.isTelco() {
		return plain
	}
	_, parameters, _ := strings.Cut(plain, ";")
	over := "UDP"
	if want.tcp {
		over = "TCP"
	}
	return fmt.Sprintf("MP2T/RTP/%s;%s,MP2T/%s;%s,%s", over, parameters, over, parameters, plain)
}

// telcoTracks leaves the transport stream alone: what else is described is in
// it. A description without any media means one.
func telcoTracks(tracks []*track) []*track {
	stream := slices.IndexFunc(tracks, func(t *track) bool {
		return t.problem == "" && strings.EqualFold(t.format.Encoding, "MP2T")
	})
	if len(tracks) == 0 {
		return describeTracks(transportStream(), false, false)
	}
	for i, t := range tracks {
		if stream >= 0 && i != stream && t.problem == "" {
			t.problem = "it is in the transport stream"
		}
	}
	return tracks
}
