package metafile

import "strings"

// maxBased bounds the bytes of a list's links that were put below a base: each of
// many short ones would be as long as that.
const maxBased = 4 << 20

// parseASX reads Microsoft's redirector in each of its three forms:
//
//	<ASX version="3.0">
//	  <base href="http://host/dir/"/>
//	  <entry><title>News</title>
//	    <ref href="mms://host/a"/> <ref href="http://host/a"/>     the same, otherwise
//	  </entry>
//	  <entryref href="http://host/more.asx"/>
//	</ASX>                    an entry may have a base of its own
//
//	[Reference]           ASF http://host/a
//	Ref1=http://host/a
func parseASX(s string) []Link {
	trimmed := strings.TrimSpace(s)
	switch {
	case foldPrefix(trimmed, "[reference]"):
		return parseINI(trimmed, "ref")
	case !strings.HasPrefix(trimmed, "<"):
		var links []Link
		for line := range lines(trimmed) {
			if foldPrefix(line, "asf ") {
				links = add(links, Link{URL: line[len("asf "):]})
			}
		}
		return links
	}
	var links []Link
	base, whole, title, titled, begun, inside := "", "", "", false, 0, false
	room := maxBased
	for t := (tags{rest: s}); ; {
		text, got, ok := t.next()
		if titled {
			title = strings.TrimSpace(text)
			for ; begun < len(links); begun++ { // the links before it in its entry
				links[begun].Title = title
			}
		}
		if !ok {
			return links
		}
		titled = got.name == "title" && !got.closing
		switch got.name {
		case "entry":
			title, begun = "", len(links)
			base, inside = whole, !got.closing
		case "base":
			if base = got.attr["href"]; !inside {
				whole = base
			}
		case "ref", "entryref":
			if got.closing {
				continue
			}
			if room -= len(base); room < 0 {
				return links
			}
			links = add(links, Link{URL: under(base, got.attr["href"]), Title: title})
		}
	}
}

// under puts a relative link below the list's own base.
func under(base, link string) string {
	if base == "" || link == "" || strings.Contains(link, "://") || strings.HasPrefix(link, "/") {
		return link
	}
	base = base[:strings.LastIndexByte(base, '/')+1]
	_, path, _ := strings.Cut(base, "://")
	for depth := strings.Count(path, "/"); depth > 1 && strings.HasPrefix(link, "../"); depth-- {
		link = link[len("../"):]
		base = base[:strings.LastIndexByte(base[:len(base)-1], '/')+1]
	}
	return base + link
}
