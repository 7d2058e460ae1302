package client

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tapedeck/client/address"
	"tapedeck/client/media"
	"tapedeck/client/mms"
	"tapedeck/client/web"
)

// framedSession stands for one that was opened over MMSH.
type framedSession struct{ Session }

// asMMSH has open take the links of mmsh:// while a test runs; those of mms://
// lead nowhere.
func asMMSH(t *testing.T, open opener) {
	before := maps.Clone(protocols)
	t.Cleanup(func() { protocols = before })
	protocols = maps.Clone(protocols)
	protocols["mmsh"] = open
	protocols["mms"] = func(context.Context, *Client, address.Address, Options) (Session, error) {
		return nil, errors.New("mms is not tried")
	}
}

// windowsSite is a server that answers those who are not its players in one of
// the ways that are seen.
func windowsSite(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		self := "http://" + r.Host + r.URL.Path
		h := w.Header()
		switch r.URL.Path {
		case "/wms":
			h.Set("Server", "Cougar/9.01.01.3841")
			h.Set("Content-Type", "video/x-ms-asf")
			w.Write([]byte("[Reference]\r\nRef1=" + self + "?MSWMExt=.asf\r\nRef2=" + self + "?MSWMExt=.asf\r\n"))
		case "/vlc":
			h.Set("Server", "Cougar 4.1.0.3921")
			h.Set("Content-Type", "application/octet-stream")
			w.Write([]byte("$H\x0a\x00\x00\x00\x00\x00\x00\x0c\x0a\x00\x30\x26"))
		case "/encoder":
			h.Set("Server", "Rex/9.0.0.2980")
			http.Error(w, "Bad Request", 400)
		case "/login":
			h.Set("Server", "Cougar/9.5.6001.18281")
			h.Set("WWW-Authenticate", "NTLM")
			w.WriteHeader(401)
		case "/framed":
			h.Set("Content-Type", "Application/x-mms-framed; x=y")
		case "/chunks": // a proxy took the name away
			h.Set("Content-Type", "application/octet-stream")
			w.Write([]byte("\xa4M\x0a\x00\x00\x00\x00\x00\x00\x0c\x0a\x00ab"))
		case "/proxied":
			h.Set("Content-Type", "text/html")
			w.Write([]byte("[Reference]\r\nRef1=" + self + "?MSWMExt=.asf\r\n"))
		case "/other":
			h.Set("Content-Type", "video/x-ms-asf")
			w.Write([]byte("<ASX><ENTRY><REF HREF=" + strings.Replace(self, "http", "mms", 1) + "></ASX>"))
		case "/film.wmv":
			h.Set("Content-Type", "video/x-ms-wmv")
			w.Write([]byte("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c" + strings.Repeat("\x00", 100)))
		case "/rexx": // of another maker
			h.Set("Server", "Rexx/1.0")
			http.NotFound(w, r)
		case "/gone":
			h.Set("Server", "Cougar/9.1")
			http.NotFound(w, r)
		case "/radio":
			newSiteMP3(w)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func newSiteMP3(w http.ResponseWriter) {
	(&site{pages: map[string]string{"/": "mp3"}}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
}

// TestWindowsMediaOverHTTP: a link with http:// that leads to a Windows Media
// server is opened in that server's protocol, at the same place.
func TestWindowsMediaOverHTTP(t *testing.T) {
	s := windowsSite(t)
	host := strings.TrimPrefix(s.URL, "http://")
	for path, told := range map[string]string{
		"/wms":     "a Windows Media server answers: asked again as its players do, mmsh://HOST/wms",
		"/vlc":     "a Windows Media server answers: asked again as its players do, mmsh://HOST/vlc",
		"/encoder": "reply: http: 400 Bad Request\na Windows Media server answers: asked again as its players do, mmsh://HOST/encoder",
		"/login":   "reply: http: 401 Unauthorized: the server wants a login of a kind that is not supported: ntlm\na Windows Media server answers: asked again as its players do, mmsh://HOST/login",
		"/framed":  "a Windows Media server answers: asked again as its players do, mmsh://HOST/framed",
		"/chunks":  "a Windows Media server answers: asked again as its players do, mmsh://HOST/chunks",
		"/proxied": "the ASX list leads to itself, as Windows Media servers' do: asked again as their players do, mmsh://HOST/proxied",
		"/other":   "the ASX list leads to itself, as Windows Media servers' do: asked again as their players do, mmsh://HOST/other",
	} {
		var asked address.Address
		asMMSH(t, func(_ context.Context, _ *Client, a address.Address, _ Options) (Session, error) {
			asked = a
			return framedSession{}, nil
		})
		var n notes
		got, err := (&Client{}).Open(t.Context(), strings.Replace(s.URL, "//", "//me:secret@", 1)+path, Options{Trace: n.add})
		if _, ok := got.(framedSession); !ok {
			t.Errorf("%s: %v, %v", path, got, err)
			continue
		}
		if asked.Target(asked.Scheme) != "mmsh://"+host+path || asked.User+asked.Password != "mesecret" {
			t.Errorf("%s: asked for %+v", path, asked)
		}
		if n.String() != strings.ReplaceAll(told, "HOST", host) && path != "/login" || !strings.HasSuffix(n.String(), strings.ReplaceAll(told[strings.LastIndex(told, "\n")+1:], "HOST", host)) {
			t.Errorf("%s:\n%s", path, n.String())
		}
	}
}

// TestNoWindowsMedia: what has nothing to do with it stays where it is.
func TestNoWindowsMedia(t *testing.T) {
	s := windowsSite(t)
	asMMSH(t, func(_ context.Context, _ *Client, a address.Address, _ Options) (Session, error) {
		t.Errorf("asked for %s", a)
		return nil, errors.New("no")
	})
	got, err := (&Client{}).Open(t.Context(), s.URL+"/film.wmv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if i := got.Info(); i.Protocol != "http" || i.ContentType != "video/x-ms-asf" {
		t.Errorf("%+v", i)
	}
	got.Close()
	for _, path := range []string{"/rexx", "/gone"} {
		if _, err := (&Client{}).Open(t.Context(), s.URL+path, Options{}); statusOf(err) != 404 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestToAndFro: a server is taken for Windows Media's once, wherever its answers
// lead.
func TestToAndFro(t *testing.T) {
	s := windowsSite(t)
	list := &mms.MetafileError{ContentType: "video/x-ms-asf", Body: []byte("[Reference]\nRef1=" + s.URL + "/wms?MSWMExt=.asf\nRef2=" + s.URL + "/vlc\n")}
	for name, answer := range map[string]error{
		"redirect":           media.At(media.RungReply, &mms.RedirectError{Link: s.URL + "/wms?MSWMExt=.asf"}),
		"redirect to itself": &mms.RedirectError{Link: s.URL + "/wms"},
		"list":               list,
	} {
		opened := 0
		asMMSH(t, func(context.Context, *Client, address.Address, Options) (Session, error) {
			opened++
			return nil, answer
		})
		for _, path := range []string{"/wms", "/proxied"} {
			opened = 0
			_, err := (&Client{}).Open(t.Context(), s.URL+path, Options{})
			if err == nil || opened != 1 {
				t.Errorf("%s, %s: %v after %d times", name, path, err, opened)
			}
			if _, ok := errors.AsType[*web.WindowsMediaError](err); ok && Hint(err) == "" {
				t.Errorf("%s: no hint for %v", name, err)
			}
		}
	}

	// What leads away is followed.
	for _, answer := range []error{
		&mms.RedirectError{Link: s.URL + "/radio"},
		&mms.MetafileError{Body: []byte("<ASX><ENTRY><REF HREF=/gone><REF HREF='" + s.URL + "/radio'>")},
	} {
		asMMSH(t, func(context.Context, *Client, address.Address, Options) (Session, error) { return nil, answer })
		got, err := (&Client{}).Open(t.Context(), s.URL+"/wms", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got.Info().Title != "Radio" {
			t.Errorf("%+v", got.Info())
		}
		got.Close()
	}
}
