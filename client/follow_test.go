package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/rtsp"
	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/client/web/webtest"
)

// site is a web server whose pages a test writes; "HOST" in them is its own
// host and port.
type site struct {
	*httptest.Server
	pages map[string]string // by path: the type, a blank, and the body
	mu    sync.Mutex
	asked []string // path and what was sent of interest
}

func newSite(t *testing.T, pages map[string]string) *site {
	s := &site{pages: maps.Clone(pages)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSpace(r.URL.Path+" "+r.Header.Get("Authorization")+" "+r.UserAgent()+" "+r.Referer()))
	page, ok := s.pages[r.URL.Path]
	s.mu.Unlock()
	kind, body, _ := strings.Cut(page, " ")
	switch {
	case !ok:
		http.NotFound(w, r)
	case kind == "->":
		w.Header().Set("Location", strings.ReplaceAll(body, "HOST", r.Host))
		w.WriteHeader(http.StatusFound)
	case kind == "mp3":
		w.Header().Set("Icy-Name", "Radio")
		w.Write(webtest.SilentMP3(time.Second))
	case kind == "login":
		if user, password, _ := r.BasicAuth(); user+password != "mesecret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Write([]byte(strings.ReplaceAll(body, "HOST", r.Host)))
	default:
		w.Header().Set("Content-Type", kind)
		w.Write([]byte(strings.ReplaceAll(body, "HOST", r.Host)))
	}
}

// notes collects what the user is told.
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) add(e media.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch e := e.(type) {
	case media.Note:
		n.lines = append(n.lines, e.Text)
	case media.Step:
		if e.Err != nil {
			n.lines = append(n.lines, fmt.Sprintf("%s: %v", e.Rung, e.Err))
		}
	}
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines, "\n")
}

func rungOf(err error) media.Rung {
	if at, ok := errors.AsType[*media.RungError](err); ok {
		return at.Rung
	}
	return ""
}

var lists = map[string]string{
	"/radio":       "mp3",
	"/a.pls":       "audio/x-scpls [playlist]\nFile1=http://HOST/radio\n",
	"/a.m3u":       "text/plain ./radio\n",
	"/b.m3u":       "application/x-mpegurl #EXTM3U\n#EXTINF:-1,One\n//HOST/radio\n",
	"/a.asx":       "text/html <ASX><Entry><Ref HREF=/gone><REF HREF='http://HOST/radio'>",
	"/a.xspf":      "application/xspf+xml <playlist xmlns='http://xspf.org/ns/0/'><trackList><track><location>http://HOST/radio</location></track></trackList></playlist>",
	"/a.ram":       "text/plain # x\nhttp://HOST/radio?start=5\n",
	"/a.smil":      "application/smil <smil><body><audio src='radio'/></body></smil>",
	"/bare.pls":    "audio/x-scpls [playlist]\nFile1=HOST/radio\n",
	"/nested":      "audio/x-scpls [playlist]\nFile1=http://HOST/a.asx\n",
	"/moved.pls":   "-> http://HOST/a.pls",
	"/second":      "audio/x-scpls [playlist]\nFile1=http://HOST/gone\nFile2=file:///etc/passwd\nFile3=pnm://HOST/x\nFile4=rtmp://$OPT:rtmp-raw=rtmp://HOST/x\nFile5=http://HOST/radio\n",
	"/mine":        "audio/x-scpls [playlist]\nFile1=http://HOST/mine\nFile2=http://HOST/radio\n",
	"/loop":        "audio/x-scpls [playlist]\nFile1=http://HOST/loop2\n",
	"/loop2":       "audio/x-scpls [playlist]\nFile1=http://HOST/loop\n",
	"/deep1":       "audio/x-scpls [playlist]\nFile1=deep2\n",
	"/deep2":       "audio/x-scpls [playlist]\nFile1=deep3\n",
	"/deep3":       "audio/x-scpls [playlist]\nFile1=deep4\n",
	"/deep4":       "audio/x-scpls [playlist]\nFile1=deep5\n",
	"/deep5":       "audio/x-scpls [playlist]\nFile1=radio\n",
	"/empty":       "audio/x-scpls [playlist]\nNumberOfEntries=0\n",
	"/allgone":     "audio/x-scpls [playlist]\nFile1=gone1\nFile2=gone2\nFile3=http://:1/x\n",
	"/many":        "audio/x-scpls [playlist]\n" + files(20) + "File20=radio\n",
	"/channels":    "audio/x-mpegurl #EXTM3U\n#EXTINF:-1,One\nradio\n#EXTINF:-1,Two\nradio2\n",
	"/long":        "audio/x-mpegurl " + strings.Repeat("./radio\n", 9),
	"/mirrors":     "audio/x-mpegurl #EXTM3U\n#EXTINF:-1,One\ngone\n#EXTINF:-1,One\nradio\n",
	"/dash":        "application/dash+xml <MPD><ContentProtection/></MPD>",
	"/rss":         "text/xml <rss version='2.0'></rss>",
	"/x.nsc":       "text/plain [Address]\nNSC Format Version=3.0\nIP Address=239.192.48.179\n",
	"/a.nsc":       "text/plain [Address]\nName=x\nNSC Format Version=3.0\nIP Address=239.192.48.179\nUnicast URL=http://HOST/radio\n[Formats]\n",
	"/ref":         "video/x-ms-asf [Reference]\r\nRef1=http://HOST/radio?MSWMExt=.asf\r\nRef2=http://HOST/gone\r\n",
	"/asf":         "video/x-ms-asf ASF http://HOST/radio\r\n",
	"/sloppy":      "text/html <!-- x --><aSx VERSION=3.0><PARAM NAME=a VALUE=b><REPEAT><TITLE>T & U<BASE HREF=http://HOST/sub/ ><ENTRYREF HREF='../part.asx?a=1&amp;b=2'>",
	"/part.asx":    "video/x-ms-asf <ASX><ENTRY><REF HREF=\"radio\"><ABSTRACT>x",
	"/latin":       "text/html <asx><title>\xd6l</title><entry><ref href='/radio'/></asx>",
	"/utf16":       "text/plain " + wide("<ASX><ENTRY><REF HREF='/radio'/></ENTRY></ASX>"),
	"/loop.asx":    "video/x-ms-asf <asx><entryref href='loop2.asx'></asx>",
	"/loop2.asx":   "video/x-ms-asf <asx><entryref href='loop.asx'></asx>",
	"/deep.asx":    "video/x-ms-asf <asx><entryref href='/nested.asx'></asx>",
	"/nested.asx":  "video/x-ms-asf [Reference]\nRef1=/deep1\n",
	"/agent":       "audio/x-mpegurl #EXTVLCOPT:http-referrer=http://page/\n./radio|User-Agent=Special%2F1\n",
	"/private.pls": "login [playlist]\nFile1=http://HOST/stream\nFile2=http://localhost/x\n",
	"/stream":      "login " + string(webtest.SilentMP3(time.Second)),
}

// wide is s in UTF-16 with its mark.
func wide(s string) string {
	b := []byte{0xff, 0xfe}
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return string(b)
}

// files are n entries of a PLS that lead nowhere.
func files(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "File%d=gone%d\n", i, i)
	}
	return b.String()
}

func TestListsLeadToTheStream(t *testing.T) {
	s := newSite(t, lists)
	host := strings.TrimPrefix(s.URL, "http://")
	for path, told := range map[string]string{
		"/a.pls": "the PLS list leads to " + s.URL + "/radio", "/a.m3u": "the M3U list leads to " + s.URL + "/radio",
		"/b.m3u": "the M3U list leads to " + s.URL + "/radio", "/bare.pls": "the PLS list leads to " + s.URL + "/radio",
		"/a.asx":  "the ASX list leads to " + s.URL + "/gone\nreply: http: 404 Not Found\nthe ASX list leads to " + s.URL + "/radio",
		"/a.xspf": "the XSPF list leads to " + s.URL + "/radio", "/a.ram": "the RAM list leads to " + s.URL + "/radio",
		"/a.smil": "the SMIL list leads to " + s.URL + "/radio",
		"/a.nsc":  "the station's multicast group is not played here: its unicast link is\nthe NSC list leads to " + s.URL + "/radio",
		"/ref":    "the ASX list leads to " + s.URL + "/radio?MSWMExt=.asf", "/asf": "the ASX list leads to " + s.URL + "/radio",
		"/latin": "the ASX list leads to " + s.URL + "/radio", "/utf16": "the ASX list leads to " + s.URL + "/radio",
		"/sloppy": "the ASX list leads to " + s.URL + "/part.asx?a=1&b=2\nthe ASX list leads to " + s.URL + "/radio",
		"/nested": "the PLS list leads to " + s.URL + "/a.asx\nthe ASX list leads to " + s.URL + "/gone\nreply: http: 404 Not Found\nthe ASX list leads to " + s.URL + "/radio",
		"/second": "the PLS list leads to " + s.URL + "/gone\nreply: http: 404 Not Found\n" +
			"a link of the PLS list is left out: address \"file:///etc/passwd\": it names no host\n" +
			"a link of the PLS list is left out: the protocol \"pnm\" is not spoken here\n" +
			"a link of the PLS list is left out: address \"rtmp://$OPT:rtmp-raw=rtmp://" + host + "/x\": reserved for Flash players\n" +
			"the PLS list leads to " + s.URL + "/radio",
		"/mine":    "the PLS list leads to " + s.URL + "/mine\nthe PLS list leads to " + s.URL + "/radio",
		"/mirrors": "the M3U list leads to " + s.URL + "/gone\nreply: http: 404 Not Found\nthe M3U list leads to " + s.URL + "/radio",
		"/deep2":   "the PLS list leads to " + s.URL + "/deep3\nthe PLS list leads to " + s.URL + "/deep4\nthe PLS list leads to " + s.URL + "/deep5\nthe PLS list leads to " + s.URL + "/radio",
	} {
		var n notes
		got, err := (&Client{}).Open(t.Context(), s.URL+path, Options{Trace: n.add})
		if err != nil {
			t.Errorf("%s: %v\n%s", path, err, n.String())
			continue
		}
		if got.Info().Title != "Radio" || n.String() != told {
			t.Errorf("%s: %+v\n%s", path, got.Info(), n.String())
		}
		got.Close()
	}
}

func TestListsThatLeadNowhere(t *testing.T) {
	s := newSite(t, lists)
	for path, want := range map[string]struct {
		rung  media.Rung
		words string
		hint  string
	}{
		"/loop":     {media.RungContainer, "the list leads back to itself", "the list is of no use"},
		"/deep1":    {media.RungContainer, "more than 4 lists stand one behind another", ""},
		"/empty":    {media.RungContainer, "the list has no links in it", ""},
		"/allgone":  {media.RungAddress, "none of 3 links in the PLS list opens; the last fails at \"address\": address \"http:", "correct the link"},
		"/many":     {media.RungReply, "none of 8 links in the PLS list opens; the last fails at \"reply\": http: 404", "check the path"},
		"/channels": {media.RungContainer, "this is a list of 2 channels (M3U); open it as a list", "save it to a file"},
		"/long":     {media.RungContainer, "this is a list of 9 channels (M3U); open it as a list", "save it to a file"},
		"/dash":     {media.RungContainer, "DASH with DRM is not played here", "another address"},
		"/rss":      {media.RungContainer, "RSS is not played here", "another address"},
		"/x.nsc":    {media.RungContainer, "the station sends to a multicast group alone", "another address"},
		"/loop.asx": {media.RungContainer, "the list leads back to itself", "the list is of no use"},
		"/deep.asx": {media.RungContainer, "more than 4 lists stand one behind another", ""},
	} {
		s.asked = nil
		_, err := (&Client{}).Open(t.Context(), s.URL+path, Options{})
		if err == nil || rungOf(err) != want.rung || !strings.Contains(err.Error(), want.words) || !strings.Contains(Hint(err), want.hint) {
			t.Errorf("%s: %s: %v (%s)", path, rungOf(err), err, Hint(err))
		}
		if len(s.asked) > maxTries+1 {
			t.Errorf("%s: asked %q", path, s.asked)
		}
	}
}

// TestOptionsOfALink: what the list says of its link goes out with it, and with
// nothing else.
func TestOptionsOfALink(t *testing.T) {
	s := newSite(t, lists)
	got, err := (&Client{UserAgent: "tapedeck/9"}).Open(t.Context(), s.URL+"/agent", Options{Referer: "http://mine/"})
	if err != nil {
		t.Fatal(err)
	}
	got.Close()
	if want := "/agent  tapedeck/9 http://mine/, /radio  Special/1 http://page/"; strings.Join(s.asked, ", ") != want {
		t.Errorf("asked %q", s.asked)
	}
}

// TestListLogin: the password goes to the list's own server and to no other.
func TestListLogin(t *testing.T) {
	s := newSite(t, lists)
	var n notes
	got, err := (&Client{}).Open(t.Context(), strings.Replace(s.URL, "//", "//me:secret@", 1)+"/private.pls", Options{Trace: n.add})
	if err != nil {
		t.Fatal(err)
	}
	got.Close()
	if strings.Contains(n.String(), "secret") {
		t.Error(n.String())
	}
	delete(s.pages, "/stream")
	other := newSite(t, map[string]string{"/x": "login x"})
	s.pages["/private.pls"] = "login [playlist]\nFile1=" + other.URL + "/x\n"
	_, err = (&Client{}).Open(t.Context(), strings.Replace(s.URL, "//", "//me:secret@", 1)+"/private.pls", Options{})
	if !errors.Is(err, login.ErrWanted) || len(other.asked) != 1 || other.asked[0] != "/x  tapedeck/1.0" {
		t.Errorf("%v, asked %q", err, other.asked)
	}
}

// TestListEndsWithItsContext: nothing more is tried.
func TestListEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := newSite(t, lists)
	_, err := (&Client{}).Open(ctx, s.URL+"/allgone", Options{Trace: func(e media.Event) {
		if n, ok := e.(media.Note); ok && strings.HasSuffix(n.Text, "gone2") {
			cancel(errors.New("enough"))
		}
	}})
	if err == nil || err.Error() != "enough" || len(s.asked) != 2 {
		t.Errorf("%v, asked %q", err, s.asked)
	}
}

// TestOtherProtocols goes from HTTP to RTSP, by redirect and by a list, and back.
func TestOtherProtocols(t *testing.T) {
	camera := rtsptest.NewServer(rtsptest.Config{})
	defer camera.Close()
	link := strings.Replace(camera.URL("/live"), "rtsp:", "rtspt:", 1)
	s := newSite(t, map[string]string{
		"/camera":  "-> " + link,
		"/cam.ram": "audio/x-pn-realaudio " + link + "\n",
		"/film":    "-> pnm://HOST/film",
		"/radio":   "mp3",
	})
	for _, path := range []string{"/camera", "/cam.ram"} {
		var n notes
		got, err := (&Client{}).Open(t.Context(), s.URL+path, Options{Trace: n.add})
		if err != nil {
			t.Fatalf("%v\n%s", err, n.String())
		}
		if got.Info().Protocol != "rtsp" || !strings.Contains(n.String(), " to "+link) {
			t.Errorf("%+v\n%s", got.Info(), n.String())
		}
		got.Close()
	}
	if _, err := (&Client{}).Open(t.Context(), s.URL+"/film", Options{}); err == nil || !strings.Contains(err.Error(), "points to pnm://") {
		t.Errorf("%v", err)
	}
	got, err := (&Client{}).Open(t.Context(), redirector(t, s.URL+"/radio"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Info().Title != "Radio" {
		t.Errorf("%+v", got.Info())
	}
	got.Close()
}

// redirector is an RTSP server that points to another place.
func redirector(t *testing.T, to string) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { ln.Close(); all.Wait() })
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				buf := make([]byte, 4096)
				if n, err := conn.Read(buf); err == nil {
					_, rest, _ := strings.Cut(string(buf[:n]), "CSeq: ")
					number, _, _ := strings.Cut(rest, "\r\n")
					fmt.Fprintf(conn, "RTSP/1.0 302 Moved\r\nCSeq: %s\r\nLocation: %s\r\n\r\n", number, to)
				}
			})
		}
	})
	return "rtspt://" + ln.Addr().String() + "/a"
}

// TestNothingInsideFromOutside: what a public server names is dialled only
// where it is public too.
func TestNothingInsideFromOutside(t *testing.T) {
	s := newSite(t, lists)
	w := (&Client{}).way()
	a, err := address.Parse(s.URL + "/a.pls")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.open(t.Context(), a, Options{onlyPublic: true}, 0); err == nil || !strings.Contains(err.Error(), "private address") || len(s.asked) != 0 {
		t.Errorf("%v, asked %q", err, s.asked)
	}
	b, err := address.Parse("rtsp://127.0.0.1:1/x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.open(t.Context(), b, Options{onlyPublic: true}, 0); !errors.Is(err, rtsp.ErrRedirect) {
		t.Errorf("%v", err)
	}
}

// TestSteadyKeepsItsStation: what was found in a list is what is opened again.
func TestSteadyKeepsItsStation(t *testing.T) {
	radio := webtest.NewRadio(webtest.SilentMP3(time.Second), nil, webtest.RadioOptions{Name: "First"})
	defer radio.Close()
	s := newSite(t, map[string]string{"/a.pls": "audio/x-scpls [playlist]\nFile1=" + radio.URL + "\n"})
	got, err := (&Client{}).Open(t.Context(), s.URL+"/a.pls", Options{ComeBack: true})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	s.Close() // the list is not asked for again
	r := got.(*steady)
	r.chance = func() float64 { return -2 } // wait for less than a second
	radio.CutConnections()
	for radio.Connections() < 2 {
		if _, err := got.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestListsOnNginx has a real server's lists lead to a real station.
func TestListsOnNginx(t *testing.T) {
	icecast := webtest.StartIcecast(t)
	mount := icecast.Mount(t, "mp3")
	root := t.TempDir()
	for name, body := range map[string]string{
		"a.pls":  "[playlist]\nFile1=" + mount + "\n",
		"a.m3u":  mount + "\n",
		"a.asx":  "<ASX><ENTRY><REF HREF=" + mount + " />",
		"a.ram":  mount + "\n",
		"a.xspf": "<playlist xmlns='http://xspf.org/ns/0/'><trackList><track><location>" + mount + "</location></track></trackList></playlist>" + strings.Repeat(" ", 2000),
		"users":  "me:{PLAIN}secret\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	url := webtest.StartNginx(t, root, `
    gzip on; gzip_types *; gzip_min_length 10; gzip_http_version 1.0;
    location /moved { return 301 /a.pls; }
    location /found { return 302 `+mount+`; }
    location /kept { return 307 $scheme://$http_host/a.m3u; }
    location /guarded { alias `+root+`/; auth_basic "x"; auth_basic_user_file `+root+`/users; }
`)
	for _, link := range []string{
		url + "/a.pls", url + "/a.m3u", url + "/a.asx", url + "/a.ram", url + "/a.xspf", url + "/moved", url + "/found", url + "/kept",
		strings.Replace(url, "//", "//me:secret@", 1) + "/guarded/a.pls", mount + ".m3u", mount + ".xspf",
	} {
		var n notes
		got, err := (&Client{}).Open(t.Context(), link, Options{Trace: n.add})
		if err != nil {
			t.Errorf("%s: %v\n%s", link, err, n.String())
			continue
		}
		if got.Info().Protocol != "icy" || got.Info().Title != "Tone mp3" {
			t.Errorf("%s: %+v", link, got.Info())
		}
		got.Close()
	}
}
