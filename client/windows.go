package client

import (
	"regexp"
	"strings"

	"tapedeck/client/address"
	"tapedeck/client/metafile"
)

// overMMSH is the same place in the protocol that Windows Media servers speak
// over HTTP, once for each server: they must not send us to and fro.
func (w *way) overMMSH(a address.Address) (address.Address, bool) {
	server := strings.ToLower(a.HostPort("80"))
	if a.Scheme != "http" || w.windows[server] || protocols["mmsh"] == nil {
		return a, false
	}
	w.windows[server] = true
	a.Scheme = "mmsh"
	return a, true
}

// itself is the place that a list came from, in Windows Media's protocol, where
// one of the links leads there again. That is what Windows Media Services tell
// those who are not their players, behind proxies that hide who they are too:
//
//	GET /film   ->   [Reference]  Ref1=http://host/film?MSWMExt=.asf
func (w *way) itself(list address.Address, format string, links []metafile.Link) (to address.Address, ok bool) {
	if format != metafile.ASX {
		return to, false
	}
	for _, l := range links {
		if a, err := entry(list, l.URL); err == nil && samePlace(a, list) {
			return w.overMMSH(list)
		}
	}
	return to, false
}

// markAsMedia has Microsoft's browsers hand a link to the player.
var markAsMedia = regexp.MustCompile(`(?i)[?&]MSWMExt=\.as[fx]`)

// samePlace reports whether a is list in another protocol, or marked as media.
func samePlace(a, list address.Address) bool {
	bare := func(a address.Address) string {
		return strings.TrimPrefix(markAsMedia.ReplaceAllString(a.Path, ""), "/")
	}
	return strings.EqualFold(a.Host, list.Host) && bare(a) == bare(list) &&
		(a.Scheme != list.Scheme || a.HostPort("80") == list.HostPort("80"))
}
