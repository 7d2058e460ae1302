package metafile

import "strings"

// parseXSPF reads the XML Shareable Playlist Format: https://xspf.org/spec
//
//	<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>
//	  <track>
//	    <location>http://host/radio</location> <location>http://mirror/radio</location>
//	    <title>Radio</title>
//	    <extension application="http://www.videolan.org/vlc/playlist/0">
//	      <vlc:option>http-user-agent=Mozilla/5.0</vlc:option>
//	    </extension>
//	  </track>
//	</trackList></playlist>
func parseXSPF(s string) []Link {
	var links []Link
	var track Link
	var places []string
	end := func() {
		for _, p := range places {
			l := track
			l.URL = p
			links = add(links, l)
		}
		track, places = Link{}, nil
	}
	for t := (tags{rest: s}); ; {
		text, got, ok := t.next()
		if !ok {
			end()
			return links
		}
		text = strings.TrimSpace(text)
		switch {
		case got.name == "track":
			end()
		case !got.closing:
		case got.name == "location" && len(places) < maxLinks:
			places = append(places, text)
		case got.name == "title":
			track.Title = text
		case got.name == "option":
			track.option(strings.TrimPrefix(text, ":"))
		}
	}
}
