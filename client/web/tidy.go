package web

import (
	"regexp"
	"strings"
)

// tidy takes out of a title what automation systems leave in it.
func tidy(title string) string {
	title = withoutFields(title)
	title = withoutTildes(title)
	if strings.Trim(title, " -") == "" {
		return "" // " - ": an artist and a title, both empty
	}
	return title
}

// heartFields are what iHeart's stations put behind the artist:
//
//	Artist - text="Title" song_spot="M" MediaBaseId="12" itunesTrackId="0" ...
var heartFields = regexp.MustCompile(`^(.*?)(?:- |^)\s*text="(.*?)" \w+="`)

func withoutFields(title string) string {
	m := heartFields.FindStringSubmatch(title)
	if m == nil {
		return title
	}
	artist, name := strings.Trim(m[1], " -"), strings.TrimSpace(m[2])
	if artist == "" || name == "" {
		return artist + name
	}
	return artist + " - " + name
}

// withoutTildes makes "Artist - Title" of what some playout systems send:
//
//	Artist~Title~~~~
func withoutTildes(title string) string {
	fields := strings.Split(title, "~")
	if len(fields) < 3 || strings.TrimSpace(fields[len(fields)-1]) != "" {
		return title
	}
	var kept []string
	for _, f := range fields[:2] {
		if f = strings.TrimSpace(f); f != "" {
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, " - ")
}
