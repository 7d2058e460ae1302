package metafile

// parseSMIL takes the sources of media out of a presentation, in the order in
// which they stand: in a <switch> that is the order of preference. Windows Media
// Player's own lists (WPL) are SMIL too.
//
//	<smil><head><meta name="base" content="rtsp://host/"/></head><body>
//	  <switch>
//	    <video src="high.rm" system-bitrate="300000"/>
//	    <video src="low.rm"/>
//	  </switch>
//	</body></smil>
func parseSMIL(s string) []Link {
	var links []Link
	base := ""
	for t := (tags{rest: s}); ; {
		_, got, ok := t.next()
		if !ok {
			return links
		}
		switch got.name {
		case "meta":
			if got.attr["name"] == "base" {
				base = got.attr["content"]
			} else if got.attr["base"] != "" {
				base = got.attr["base"]
			}
		case "audio", "video", "ref", "media":
			links = add(links, Link{URL: under(base, got.attr["src"]), Title: got.attr["title"]})
		}
	}
}
