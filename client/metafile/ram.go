package metafile

import "strings"

// ramParameters are RealPlayer's own: it takes them off the link, and the
// server does not know them.
var ramParameters = map[string]bool{
	"start": true, "end": true, "title": true, "author": true, "copyright": true, "clipinfo": true,
	"mode": true, "screensize": true, "showvideocontrolsoverlay": true, "rpvideofillcolor": true,
	"rpcontexturl": true, "rpcontextheight": true, "rpcontextwidth": true, "rpcontextparams": true,
	"rpcontexttime": true, "rpurl": true, "rpurlparams": true, "rpurltarget": true,
}

// parseRAM reads the file that RealPlayer is started with: a link on each line.
//
//	# a comment
//	rtsp://host/a.rm?start="1:00"&title="News"&key=5
//	--stop--                                 what follows is for older players
func parseRAM(s string) []Link {
	var links []Link
	for line := range lines(s) {
		if line[0] == '#' {
			continue
		}
		if strings.EqualFold(line, "--stop--") {
			break
		}
		var l Link
		path, query, _ := strings.Cut(line, "?")
		var kept []string
		for _, p := range strings.Split(query, "&") {
			name, value, _ := strings.Cut(p, "=")
			name = strings.ToLower(name)
			switch {
			case name == "title":
				l.Title = strings.Trim(value, `"`)
			case !ramParameters[name] && p != "":
				kept = append(kept, p)
			}
		}
		if l.URL = path; len(kept) > 0 {
			l.URL += "?" + strings.Join(kept, "&")
		}
		links = add(links, l)
	}
	return links
}
