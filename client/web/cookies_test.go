package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tapedeck/client/web/webtest"
)

// TestCookies: what a redirect sets is what the place behind it asks for, and
// what the Client's later requests carry. Another Client knows nothing of it.
func TestCookies(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			t.Errorf("another host was sent %q", r.Header.Get("Cookie"))
		}
		w.Write(webtest.SilentMP3(time.Second))
	}))
	defer other.Close()
	var sent []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.URL.Path+" "+r.Header.Get("Cookie"))
		switch {
		case r.URL.Path == "/away":
			http.Redirect(w, r, strings.Replace(other.URL, "127.0.0.1", "localhost", 1), http.StatusFound)
		case r.Header.Get("Cookie") == "":
			w.Header().Add("Set-Cookie", "pass=1; Path=/; HttpOnly")
			w.Header().Add("Set-Cookie", "dir=2; Path=/dir")
			w.Header().Add("Set-Cookie", "theirs=4; Domain=example.com")
			w.Header().Add("Set-Cookie", "gone=5; Max-Age=0")
			w.Header().Add("Set-Cookie", "long=6"+strings.Repeat("x", maxCookie))
			w.Header().Add("Set-Cookie", "\x01=")
			http.Redirect(w, r, r.RequestURI, http.StatusFound)
		default:
			w.Write(webtest.SilentMP3(time.Second))
		}
	}))
	defer server.Close()
	c := newTestClient(t, Config{})
	s, err := c.Open(t.Context(), mustParse(t, server.URL+"/dir/a"))
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	for _, path := range []string{"/b", "/dir/c", "/away"} {
		if _, _, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, server.URL+path)}); err != nil {
			t.Error(err)
		}
	}
	want := "/dir/a , /dir/a dir=2; pass=1, /b pass=1, /dir/c dir=2; pass=1, /away pass=1"
	if got := strings.Join(sent, ", "); got != want {
		t.Errorf("sent %s", got)
	}
	sent = nil
	open(t, server.URL+"/dir/a", Config{})
	if sent[0] != "/dir/a " {
		t.Errorf("another client sends %q", sent)
	}
}

// TestCookiesAreBounded has a server that sets new ones with every redirect and
// every reply.
func TestCookiesAreBounded(t *testing.T) {
	n, most := 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most = max(most, len(r.Header.Get("Cookie")))
		for range 50 {
			n++
			w.Header().Add("Set-Cookie", fmt.Sprintf("c%d=%s", n, strings.Repeat("x", 1000)))
		}
	}))
	defer server.Close()
	c := newTestClient(t, Config{})
	for range 20 {
		if _, _, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, server.URL)}); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.cookies.seen) != maxCookies || most > maxSent || most == 0 {
		t.Errorf("%d cookies are kept, %d bytes were sent", len(c.cookies.seen), most)
	}
}

// TestWhatGoesEverywhere: the user agent and the entry's Referer go with every
// request, to other hosts too.
func TestWhatGoesEverywhere(t *testing.T) {
	var sent []string
	note := func(r *http.Request) { sent = append(sent, r.UserAgent()+" "+r.Referer()) }
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(r)
		w.Write(webtest.SilentMP3(time.Second))
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(r)
		http.Redirect(w, r, other.URL, http.StatusFound)
	}))
	defer server.Close()
	for _, cfg := range []Config{{UserAgent: "Special/1", Referer: "https://page/"}, {}} {
		sent = nil
		c := newTestClient(t, cfg)
		s, err := c.Open(t.Context(), mustParse(t, server.URL))
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if _, _, err := fetchAll(t.Context(), t, c, Request{Link: mustParse(t, other.URL)}); err != nil {
			t.Fatal(err)
		}
		want := "Special/1 https://page/"
		if cfg.UserAgent == "" {
			want = DefaultUserAgent + " " // no Referer is made up
		}
		if len(sent) != 3 || sent[0] != want || sent[1] != want || sent[2] != want {
			t.Errorf("%q, want %q", sent, want)
		}
	}
}

// TestManyRedirects: 10,000 of them, each to another place, are five too many.
func TestManyRedirects(t *testing.T) {
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		http.Redirect(w, r, fmt.Sprint("/", n), http.StatusFound)
	}))
	defer server.Close()
	_, err := tryOpen(t, server.URL, Config{})
	if err == nil || !strings.Contains(err.Error(), "more than 5 redirects") || n != maxRedirects+1 {
		t.Errorf("%v after %d", err, n)
	}
	if to, ok := errors.AsType[*RedirectError](err); ok {
		t.Error(to)
	}
}
