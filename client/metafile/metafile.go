// Package metafile reads the small lists that stand in front of a stream: what a
// station's "listen" link leads to, and what players of the nineties were
// started with.
//
//	PLS   [playlist]  File1=http://host/radio  Title1=Radio
//	M3U   a link on each line; #EXTM3U and directives before them
//	ASX   <asx><entry><ref href="http://host/film"/></entry></asx>, seldom
//	      well formed; or [Reference]  Ref1=http://host/film
//	XSPF  <playlist><trackList><track><location>http://host/radio</location>
//	RAM   a link on each line, with RealPlayer's own parameters
//	SMIL  <smil><body><audio src="rtsp://host/a"/></body></smil>
//	NSC   [Address]  Unicast URL=mms://host/station, beside a multicast group
//
// They are read as leniently as their writers wrote them: in any case of
// letters, without quotes and closing tags, in any encoding.
//
// Not here: lists of channels that a person keeps (package playlist), HLS
// (package hls), and what is no list of links at all, such as DASH: those are
// named and nothing more.
//
//	format, links, ok := metafile.Parse(body, "audio/x-scpls")
package metafile

import (
	"regexp"
	"strings"
)

// Limits of what is read.
const (
	maxLinks  = 10_000   // of a list
	maxLine   = 64 << 10 // bytes of a line, of a link and of an attribute
	beginning = 4 << 10  // bytes in which a list has to show what it is
)

// Link is one link of a list.
type Link struct {
	URL       string // as the list has it: it may be relative
	Title     string // as the list has it; may be empty
	UserAgent string // that the list wants to be sent with it; mostly empty
	Referer   string // as UserAgent
}

// The formats. The last ones are only named: they have no links.
const (
	PLS  = "PLS"
	M3U  = "M3U"
	ASX  = "ASX"
	XSPF = "XSPF"
	RAM  = "RAM"
	SMIL = "SMIL"
	NSC  = "NSC"

	HLS    = "HLS"
	DASH   = "DASH"
	DRM    = "DASH with DRM"
	Smooth = "Smooth Streaming"
	HDS    = "HDS"
	RSS    = "RSS"
	OPML   = "OPML"
)

// Parse reads a list. contentType is what the server announced: it decides only
// where the text does not. ok is false for what is no list.
func Parse(body []byte, contentType string) (format string, links []Link, ok bool) {
	format, ok = Sniff(body, contentType)
	if !ok {
		return "", nil, false
	}
	s := decode(body)
	switch format {
	case PLS:
		links = parseINI(s, "file")
	case M3U:
		links = parseM3U(s)
	case ASX:
		links = parseASX(s)
	case XSPF:
		links = parseXSPF(s)
	case RAM:
		links = parseRAM(s)
	case SMIL:
		links = parseSMIL(s)
	case NSC:
		links = parseNSC(s)
	case DASH:
		if strings.Contains(s, "<ContentProtection") {
			format = DRM
		}
	}
	return format, links, true
}

// Sniff names the format of the list that begins with b. It looks at the first
// four kilobytes only.
func Sniff(b []byte, contentType string) (format string, ok bool) {
	s := decode(b[:min(len(b), beginning)])
	if !isText(s) {
		return "", false
	}
	low := strings.ToLower(strings.TrimSpace(s))
	switch {
	case strings.HasPrefix(low, "<"):
		format = sniffTags(low)
	case strings.HasPrefix(low, "[playlist]"):
		format = PLS
	case strings.HasPrefix(low, "[reference]"):
		format = ASX
	case strings.HasPrefix(low, "[address]") && (strings.Contains(low, "nsc format version") || strings.Contains(low, "ip address")):
		format = NSC
	case strings.HasPrefix(low, "#") && isHLS(low):
		format = HLS
	case strings.HasPrefix(low, "#extm3u"):
		format = M3U
	default:
		format = sniffLines(low, strings.ToLower(contentType))
	}
	return format, format != ""
}

// sniffTags goes by the first element.
func sniffTags(low string) string {
	t := tags{rest: low}
	_, first, ok := t.next()
	if !ok {
		return ""
	}
	switch first.name {
	case "asx":
		return ASX
	case "playlist":
		if strings.Contains(low, "xspf.org/ns") || strings.Contains(low, "<tracklist") {
			return XSPF
		}
	case "smil":
		return SMIL
	case "mpd":
		return DASH
	case "smoothstreamingmedia":
		return Smooth
	case "manifest":
		if strings.Contains(low, "ns.adobe.com/f4m") {
			return HDS
		}
	case "rss", "feed":
		return RSS
	case "opml":
		return OPML
	}
	return ""
}

var (
	withScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]{1,15}://[^\s]`)
	plsKey     = regexp.MustCompile(`^file[0-9]*[ \t]*=`)
)

// sniffLines goes by the first line that is no comment, and by what the server
// announced.
func sniffLines(low, contentType string) string {
	line := ""
	for more := true; more && (line == "" || line[0] == '#'); {
		line, low, more = strings.Cut(low, "\n")
		line = strings.TrimSpace(line)
	}
	link := withScheme.MatchString(line)
	announced := func(word string) bool { return strings.Contains(contentType, word) }
	switch {
	case strings.HasPrefix(line, "asf ") && withScheme.MatchString(strings.TrimSpace(line[4:])):
		return ASX
	case plsKey.MatchString(line) && (announced("scpls") || announced("pls+xml")):
		return PLS
	case announced("realaudio") && link:
		return RAM
	case link, announced("mpegurl") && looksLikeLink(line):
		return M3U
	}
	return ""
}

// looksLikeLink tells a link without a scheme from prose.
func looksLikeLink(line string) bool {
	return line != "" && line[0] != '#' && !strings.ContainsAny(line, " \t<>{}\"") && strings.ContainsAny(line, "./:")
}

// add appends a link, unless there are too many or it is none.
func add(links []Link, l Link) []Link {
	l.URL = strings.TrimSpace(l.URL)
	if l.URL == "" || len(l.URL) > maxLine || len(links) >= maxLinks {
		return links
	}
	return append(links, l)
}
