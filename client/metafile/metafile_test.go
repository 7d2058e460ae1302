package metafile

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// wide16 is s in UTF-16, little endian.
func wide16(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

// swapped turns UTF-16 from one order of bytes into the other.
func swapped(s string) string {
	b := []byte(s)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

const asx = `<asx version="3.0"><entry><title>Öl</title><ref href="http://h/a"/></entry></asx>`

// one and two are what many of the lists hold.
var (
	one = []Link{{URL: "http://h/a"}}
	two = []Link{{URL: "http://h/a", Title: "A"}, {URL: "http://h/b", Title: "B"}}
)

// nscOf is a station with a link as it stands there.
func nscOf(link string) string {
	return "[Address]\r\nName=0200000000000YJG1P05y0Gm1F04q0K01L05G0HG1I02m0801Y0700S00000\r\nNSC Format Version=3.0\r\nUnicast URL=" + link + "\r\n"
}

var cases = []struct {
	name, body, announced string
	format                string
	links                 []Link
}{
	{"pls", "[playlist]\r\nFile1=http://h/a\r\nTitle1=A\r\nLength1=-1\r\nFile2=http://h/b\r\nTitle2=B\r\nNumberOfEntries=2\r\nVersion=2\r\n", "audio/x-scpls", PLS, two},
	{"pls in another order and case", "\n[Playlist]\nTITLE2 = B\nfile2 = http://h/b\nfile1 = http://h/a\ntitle1=A", "", PLS, two},
	{"pls without numbers", "[playlist]\nFile=http://h/a\nTitle=A\nFile=http://h/b\nTitle=B", "", PLS, two},
	{"pls without its header", "File1=http://h/a\n", "audio/x-scpls", PLS, one},
	{"pls of old Macs", "[playlist]\rFile1=http://h/a\rNumberOfEntries=1\r", "", PLS, one},
	{"pls with enormous numbers", "[playlist]\nFile99999999999999999999=http://h/a\nFile9999999=http://h/b\n", "", PLS, one},
	{"pls without links", "[playlist]\nNumberOfEntries=0\n", "", PLS, nil},

	{"m3u", "#EXTM3U\n#EXTINF:-1,A\nhttp://h/a\n#EXTINF:10,B\nhttp://h/b\n", "", M3U, two},
	{"bare m3u", "http://h/a", "", M3U, one},
	{"bare m3u of file names", "# mine\r\na.mp3\r\nb/c.mp3\r\n", "audio/x-mpegurl", M3U, []Link{{URL: "a.mp3"}, {URL: "b/c.mp3"}}},
	{"m3u with options", "#EXTM3U\n#EXTVLCOPT:http-user-agent=\"VLC/3\"\n#EXTVLCOPT:http-referrer=http://s/\n#EXTINF:-1 logo=\"a,b\" x=\"1\",A, or so\nhttp://h/a\nhttp://h/b|User-Agent=X%20Y&Referer=http%3A%2F%2Fr%2F&Other=1\n", "", M3U,
		[]Link{{URL: "http://h/a", Title: "A, or so", UserAgent: "VLC/3", Referer: "http://s/"}, {URL: "http://h/b", UserAgent: "X Y", Referer: "http://r/"}}},
	{"m3u announced as HLS", "#EXTM3U\n#EXTINF:-1,A\nhttp://h/a\n", "application/vnd.apple.mpegurl", M3U, two[:1]},
	{"m3u of stations with HLS's tags among them", "#EXTM3U\n#EXTINF:-1 tvg-id=\"a\",A\nhttp://h/a\n#EXT-X-VERSION:3\n", "", M3U, two[:1]},
	{"m3u with a mark", "\xef\xbb\xbf#EXTM3U\nhttp://h/a\n", "", M3U, one},
	{"m3u in Latin-1", "#EXTM3U\n#EXTINF:0,\xd6l\nhttp://h/a\n", "", M3U, []Link{{URL: "http://h/a", Title: "Öl"}}},

	{"asx", asx, "video/x-ms-asf", ASX, []Link{{URL: "http://h/a", Title: "Öl"}}},
	{"asx in UTF-16", "\xff\xfe" + wide16(asx), "", ASX, []Link{{URL: "http://h/a", Title: "Öl"}}},
	{"asx in UTF-16 without a mark", wide16(asx), "", ASX, []Link{{URL: "http://h/a", Title: "Öl"}}},
	{"asx in UTF-16, big endian", "\xfe\xff" + swapped(wide16(asx)), "", ASX, []Link{{URL: "http://h/a", Title: "Öl"}}},
	{"asx in UTF-16, big endian, without a mark", swapped(wide16(asx)), "", ASX, []Link{{URL: "http://h/a", Title: "Öl"}}},
	{"asx in a declared encoding", `<?xml version="1.0" encoding="windows-1251"?>` + "<asx><entry><title>\xcc\xee</title><ref href='http://h/a'/></entry></asx>", "", ASX, []Link{{URL: "http://h/a", Title: "Мо"}}},
	{"asx, sloppy", "<!-- x --> <ASX VERSION=3>\n<Entry>\n<TITLE>A & B\n<REF HREF = \"http://h/a?b=1&copy=2 />\n<ref href=http://h/c/>\n", "text/html", ASX,
		[]Link{{URL: "http://h/a?b=1&copy=2", Title: "A & B"}, {URL: "http://h/c", Title: "A & B"}}},
	{"asx with references", `<asx><entry><ref href='http://h/a?x=1&amp;y=&#50;&#x33;'/></entry></asx>`, "", ASX, []Link{{URL: "http://h/a?x=1&y=23"}}},
	{"asx with a title behind", "<asx><entry><ref href='http://h/a'/><title>A</title></entry><entry><ref href='http://h/b'/><title>B</title></entry></asx>", "", ASX, two},
	{"asx with a base and another list", "<asx><base href='http://h/dir/x'/><entry><ref href='a'/></entry><entryref href='/more.asx'/></asx>", "", ASX, []Link{{URL: "http://h/dir/a"}, {URL: "/more.asx"}}},
	{"asx with CDATA", "<asx><entry><title><![CDATA[A <&> B]]></title><ref href='http://h/a'/></entry></asx>", "", ASX, []Link{{URL: "http://h/a", Title: "A <&> B"}}},
	{"asx of every element", `<ASX VERSION="3.0" BANNERBAR=auto><!-- <REF HREF="http://h/no"/> --><TITLE>All</TITLE><PARAM NAME="x" VALUE="http://h/no"/>
		<MoreInfo href="http://h/no"/><LOGO HREF="http://h/no" STYLE=icon><REPEAT COUNT=2><ENTRY CLIENTSKIP=no><DURATION VALUE="00:30"><REF HREF=http://h/a><PARAM NAME=y VALUE=z><TITLE>A
		<BANNER HREF="http://h/no"></BANNER></ENTRY></REPEAT><ENTRYREF HREF=http://h/b.asx CLIENTBIND="no">`, "audio/x-ms-wax", ASX,
		[]Link{{URL: "http://h/a", Title: "A"}, {URL: "http://h/b.asx"}}},
	{"asx with bases of entries", "<asx><base href='http://h/d/'><entry><base href='mms://m/x/'><ref href='a'></entry><entry><ref href='b'><ref href='../c'></entry></asx>", "", ASX,
		[]Link{{URL: "mms://m/x/a"}, {URL: "http://h/d/b"}, {URL: "http://h/c"}}},
	{"asx in Latin-1", "<asx><entry><title>\xd6l</title><ref href='http://h/\xf6'></entry></asx>", "", ASX, []Link{{URL: "http://h/ö", Title: "Öl"}}},
	{"reference of Windows Media Services", "[Reference]\r\nRef1=http://h/a?MSWMExt=.asf\r\nRef2=http://10.0.0.1:80/a?MSWMExt=.asf\r\n", "video/x-ms-asf", ASX,
		[]Link{{URL: "http://h/a?MSWMExt=.asf"}, {URL: "http://10.0.0.1:80/a?MSWMExt=.asf"}}},
	{"reference in UTF-16", "\xff\xfe" + wide16("[Reference]\r\nRef1=http://h/a\r\n"), "", ASX, one},
	{"asf lines", "ASF http://h/a\r\nasf mms://h/b\r\n", "video/x-ms-asf", ASX, []Link{{URL: "http://h/a"}, {URL: "mms://h/b"}}},
	{"reference", "[Reference]\r\nRef1=http://h/a\r\nRef2=http://h/b\r\n", "", ASX, []Link{{URL: "http://h/a"}, {URL: "http://h/b"}}},
	{"asf", "ASF http://h/a\r\n", "", ASX, one},

	{"xspf", `<?xml version="1.0" encoding="UTF-8"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><title>All</title><trackList>
		<track><location>http://h/a</location><title>A</title></track><track><title>B</title><location>
		http://h/b </location></track></trackList></playlist>`, "application/xspf+xml", XSPF, two},
	{"xspf with options and a mirror", `<playlist><trackList><track><location>http://h/a?x=1&amp;y=2</location><location>http://m/a</location>
		<extension><vlc:option>http-user-agent=VLC/3</vlc:option><vlc:option>:http-referrer=http://s/</vlc:option></extension></track>`, "", XSPF,
		[]Link{{URL: "http://h/a?x=1&y=2", UserAgent: "VLC/3", Referer: "http://s/"}, {URL: "http://m/a", UserAgent: "VLC/3", Referer: "http://s/"}}},

	{"ram", "# first\nrtsp://h/a.rm?start=\"1:00\"&title=\"News\"&key=5\n\npnm://h/b\n--stop--\nhttp://h/old.ra\n", "audio/x-pn-realaudio", RAM,
		[]Link{{URL: "rtsp://h/a.rm?key=5", Title: "News"}, {URL: "pnm://h/b"}}},
	{"ram without an own type", "rtsp://h/a.rm\n", "text/plain", M3U, []Link{{URL: "rtsp://h/a.rm"}}},

	{"smil", `<smil><head><meta name="base" content="rtsp://h/d/"/></head><body><switch><video src="high.rm" title="H"/><video src="rtsp://o/low.rm"></video></switch><img src="x.gif"/></body></smil>`, "", SMIL,
		[]Link{{URL: "rtsp://h/d/high.rm", Title: "H"}, {URL: "rtsp://o/low.rm"}}},
	{"wpl", `<?wpl version="1.0"?><smil><body><seq><media src="http://h/a"/></seq></body></smil>`, "", SMIL, one},

	{"hls", "#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:4,\na.ts\n", "", HLS, nil},
	{"hls, segments first", "#EXTM3U\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n", "audio/x-mpegurl", HLS, nil},
	// What [MS-MSB] 4 has: "3.0", "239.192.48.179", no link, and a name with another's checksum.
	{"nsc, encoded", "[Address]\r\nName=029W000000000YJG1P05y0Gm1F04q0K01L05G0HG1I02m0801Y0700S00000\r\nNSC Format Version=029G0000000008Cm0k0300000\r\n" +
		"IP Address=020G000000000UCW0p03a0BW0n03a0CW0k03G0E00k0340Dm0v0000\r\nIP Port=0x00004A41\r\nUnicast URL=020W0000000002000\r\n[Formats]\r\nFormat1=02X\r\n", "application/x-ms-nsc", NSC, nil},
	{"nsc with a link, encoded", nscOf("024W000000000MQ01q07G0S00w02y0Bm1e02y0OG0000"), "", NSC, []Link{{URL: "http://h/a", Title: "MY_COMPUTER, bpp"}}},
	{"nsc with a link as it is", "[Address]\nname = Öl\nIP Address=239.0.0.1\nunicast url = mms://h/a\n[Formats]\nUnicast URL=mms://h/b\n", "", NSC, []Link{{URL: "mms://h/a", Title: "Öl"}}},
	{"nsc with another checksum", nscOf("025W000000000MQ01q07G0S00w02y0Bm1e02y0OG0000"), "", NSC, nil},
	{"nsc with a length beyond", nscOf("024W00000000{MQ01q07G0S00w02y0Bm1e02y0OG0000"), "", NSC, nil},
	{"nsc cut off", nscOf("024W0000"), "", NSC, nil},
	{"nsc with other characters", nscOf("024W000000000MQ01q07G0S00w02y0Bm1e02y0O-0000"), "", NSC, nil},
	{"dash", `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011">`, "", DASH, nil},
	{"dash with drm", `<MPD><Period><AdaptationSet><ContentProtection schemeIdUri="x"/>`, "", DRM, nil},
	{"smooth", `<SmoothStreamingMedia MajorVersion="2">`, "", Smooth, nil},
	{"hds", `<manifest xmlns="http://ns.adobe.com/f4m/1.0">`, "", HDS, nil},
	{"rss", `<?xml version="1.0"?><rss version="2.0"><channel><enclosure url="http://h/a"/>`, "", RSS, nil},
	{"opml", `<opml version="1"><body><outline URL="http://h/a"/>`, "", OPML, nil},

	{"nothing", "", "audio/x-mpegurl", "", nil},
	{"a web page", "<!DOCTYPE html><html><a href='http://h/a'>", "text/html", "", nil},
	{"prose", "no such stream", "audio/x-mpegurl", "", nil},
	{"prose with a link", "see http://h/a", "text/plain", "", nil},
	{"xml", "<playlist><song/></playlist>", "", "", nil},
	{"media", "\xff\xfb\x90\x64\x00\x00\x00", "audio/x-mpegurl", "", nil},
	{"json", `{"a":"http://h/a"}`, "audio/x-mpegurl", "", nil},
	{"tags that never end", "<asx <ref href='http://h/a", "", ASX, one},
	{"a lone bracket", "<", "", "", nil},
}

func TestParse(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			format, links, ok := Parse([]byte(c.body), c.announced)
			if format != c.format || ok != (c.format != "") || !reflect.DeepEqual(links, c.links) {
				t.Errorf("%q, %+v, %v; want %q, %+v", format, links, ok, c.format, c.links)
			}
		})
	}
}

// TestHostile: what is enormous stays within bounds, in no more than linear time.
func TestHostile(t *testing.T) {
	const n = 512 << 10
	for name, body := range map[string]string{
		"many links":     "#EXTM3U\n" + strings.Repeat("http://h/a\n", n/11),
		"a long line":    "#EXTM3U\nhttp://h/" + strings.Repeat("a", n),
		"many files":     "[playlist]\n" + strings.Repeat("File=a\nTitle=b\n", n/14),
		"many titles":    "<asx><entry>" + strings.Repeat("<ref href=a>", n/24) + strings.Repeat("<title>", n/14),
		"brackets":       "<asx>" + strings.Repeat("<", n),
		"open tags":      "<asx>" + strings.Repeat("<a ", n/3),
		"attributes":     "<asx><ref " + strings.Repeat("a=b ", n/4) + ">",
		"quotes":         "<asx><ref " + strings.Repeat(`a="`, n/3),
		"comments":       "<asx>" + strings.Repeat("<!--", n/4),
		"ampersands":     "<asx>" + strings.Repeat("&", n),
		"cdata":          "<asx>" + strings.Repeat("<![CDATA[", n/9),
		"locations":      "<playlist><trackList><track>" + strings.Repeat("<location>a</location>", n/22),
		"a long station": "[Address]\nIP Address=x\n" + strings.Repeat("Unicast URL=02"+strings.Repeat("0", 1000)+"\n", n/1016),
		"ram parameters": "rtsp://h/" + strings.Repeat("a&", 30_000) + "\n" + strings.Repeat("rtsp://h/?a&b\n", n/14),
	} {
		t.Run(name, func(t *testing.T) {
			for _, announced := range []string{"", "audio/x-pn-realaudio"} {
				if _, links, _ := Parse([]byte(body), announced); len(links) > maxLinks {
					t.Errorf("%d links", len(links))
				}
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.body), c.announced)
	}
	f.Fuzz(func(t *testing.T, body []byte, announced string) {
		format, links, ok := Parse(body, announced)
		if named, again := Sniff(body, announced); again != ok || named != format && format != DRM {
			t.Errorf("parsed as %q, named %q", format, named)
		}
		for _, l := range links {
			if l.URL == "" || len(l.URL) > maxLine || !utf8.ValidString(l.URL) && utf8.Valid(body) {
				t.Errorf("link %q", l.URL)
			}
		}
	})
}

// TestLongBase: a base is not made a part of each of ten thousand links.
func TestLongBase(t *testing.T) {
	base := "http://h/" + strings.Repeat("x", 60_000) + "/"
	body := `<asx><base href="` + base + `"/>` + strings.Repeat(`<ref href="a"/>`, maxLinks) + "</asx>"
	_, links, ok := Parse([]byte(body), "")
	size := 0
	for _, l := range links {
		size += len(l.URL)
	}
	if !ok || len(links) == 0 || size > maxBased+len(links) {
		t.Errorf("%v: %d links of %d bytes together, from a list of %d", ok, len(links), size, len(body))
	}
}
