package hls

import (
	"fmt"
	"strings"
)

// Limits of a master playlist.
const (
	maxVariants   = 256
	maxRenditions = 512
)

// master is a master playlist: the same programme in several codings.
//
//	#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES,URI="en.m3u8"
//	#EXT-X-STREAM-INF:BANDWIDTH=1280000,RESOLUTION=640x360,AUDIO="a"
//	low.m3u8
//	#EXT-X-STREAM-INF:BANDWIDTH=2560000,RESOLUTION=1280x720,AUDIO="a"
//	high.m3u8
type master struct {
	variants   []variant
	renditions []rendition // sound that may have a playlist of its own
	subtitles  string      // names of what is not shown
	captions   string
	guard      string // EXT-X-SESSION-KEY: what protects it; empty for nothing
	variables  variables
}

// variant is EXT-X-STREAM-INF with its URI.
type variant struct {
	uri           string
	bandwidth     int // bits a second: the highest that a segment has
	average       int // over all segments; 0: not told
	width, height int
	rate          float64 // pictures a second
	codecs        []string
	audio         string // GROUP-ID of its sound; empty: in its own playlist
}

// rendition is EXT-X-MEDIA with TYPE=AUDIO.
type rendition struct {
	group, name, language string
	uri                   string // empty: it comes with the variant
	byDefault, automatic  bool
}

// isMaster reports whether body is a master playlist.
func isMaster(body []byte) bool {
	found := false
	_ = eachLine(body, func(line string) error { // the parser tells of errors
		found = found || strings.HasPrefix(line, "#EXT-X-STREAM-INF")
		return nil
	})
	return found
}

func parseMaster(body []byte, query string) (*master, error) {
	m := &master{variables: make(variables)}
	fill := filler{variables: m.variables}
	var next *variant
	err := eachLine(body, func(line string) error {
		if !strings.HasPrefix(line, "#") {
			if next == nil {
				return nil
			}
			v := *next
			next = nil
			if v.uri = fill.fill(line); len(v.uri) > maxURI {
				return errLongURI
			}
			if len(m.variants) == maxVariants {
				return &playlistError{fmt.Sprintf("the playlist has more than %d variants", maxVariants)}
			}
			m.variants = append(m.variants, v)
			return nil
		}
		name, value, ok := tag(line)
		if !ok {
			return nil
		}
		a := parseAttributes(fill.fill(value))
		switch name {
		case "#EXT-X-STREAM-INF":
			next = newVariant(a)
		case "#EXT-X-MEDIA":
			return m.media(a)
		case "#EXT-X-SESSION-KEY":
			if _, guard := chooseKey([]attributes{a}); guard != "" {
				m.guard = join(m.guard, guard)
			}
		case "#EXT-X-DEFINE":
			m.variables.define(a, nil, query)
		}
		return nil
	})
	if err == nil && len(m.variants) == 0 {
		err = errNoVariants
	}
	return m, err
}

func newVariant(a attributes) *variant {
	const most = 1 << 31 // bits a second
	v := &variant{
		bandwidth: int(min(a.number("BANDWIDTH"), most)),
		average:   int(min(a.number("AVERAGE-BANDWIDTH"), most)),
		rate:      a.float("FRAME-RATE"),
		audio:     a["AUDIO"],
	}
	v.width, v.height = a.resolution("RESOLUTION")
	for _, c := range strings.Split(a["CODECS"], ",") {
		if c = strings.TrimSpace(c); c != "" && len(v.codecs) < maxKeys {
			v.codecs = append(v.codecs, text(c))
		}
	}
	return v
}

// media takes EXT-X-MEDIA: sound is kept, the rest named.
func (m *master) media(a attributes) error {
	name := text(a["NAME"])
	if name == "" {
		name = text(a["LANGUAGE"])
	}
	switch a["TYPE"] {
	case "SUBTITLES":
		m.subtitles = join(m.subtitles, name)
	case "CLOSED-CAPTIONS":
		m.captions = join(m.captions, name)
	case "AUDIO":
		if len(m.renditions) == maxRenditions {
			return &playlistError{fmt.Sprintf("the playlist has more than %d renditions", maxRenditions)}
		}
		if len(a["URI"]) > maxURI {
			return errLongURI
		}
		m.renditions = append(m.renditions, rendition{
			group: a["GROUP-ID"], name: name, language: text(a["LANGUAGE"]), uri: a["URI"],
			byDefault: a.yes("DEFAULT"), automatic: a.yes("AUTOSELECT"),
		})
	}
	return nil
}

// sound is the rendition of a group that plays: the one of a name where it is
// known, else the default, else one that players choose, else the first.
func (m *master) sound(group, name string) (rendition, bool) {
	best, found := -1, 0
	for i, r := range m.renditions {
		if r.group != group || group == "" {
			continue
		}
		rank := 1
		switch {
		case name != "" && r.name == name:
			rank = 4
		case r.byDefault:
			rank = 3
		case r.automatic:
			rank = 2
		}
		if rank > found {
			best, found = i, rank
		}
	}
	if best < 0 {
		return rendition{}, false
	}
	return m.renditions[best], true
}

// others names the sound of a group that does not play.
func (m *master) others(group, name string) string {
	list := ""
	for _, r := range m.renditions {
		if r.group == group && r.name != name && r.name != "" {
			list = join(list, r.name)
		}
	}
	return list
}
