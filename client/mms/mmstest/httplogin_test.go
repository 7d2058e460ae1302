package mmstest

import (
	"encoding/base64"
	"strings"
	"testing"

	"tapedeck/client/login"
)

func loginServer(t *testing.T, scheme Scheme) *Server {
	return webServer(t, Options{Login: Login{Scheme: scheme, User: "ann", Password: "sesame"}})
}

func TestBasicOverHTTP(t *testing.T) {
	s := loginServer(t, Basic)
	a := connect(t, s).ask("GET /film.asf HTTP/1.0").status(401)
	if got := a.Header.Get("WWW-Authenticate"); got != `Basic realm="WMS"` || !strings.Contains(a.text(), "$D") {
		t.Errorf("%q", got)
	}
	for who, want := range map[string]int{"ann:sesame": 200, "ann:wrong": 401, "": 401} {
		connect(t, s).ask("GET /film.asf HTTP/1.0", "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(who))).status(want)
	}
}

func TestDigestOverHTTP(t *testing.T) {
	for password, want := range map[string]int{"sesame": 200, "wrong": 401} {
		s := loginServer(t, Digest)
		c := connect(t, s)
		a := c.ask("GET /film.asf HTTP/1.1").status(401)
		a.text()
		l := login.New("ann", password)
		if err := l.Challenged(login.Reply{Status: 401, Values: a.Header.Values}, "", 0); err != nil {
			t.Fatal(err)
		}
		c.ask("GET /film.asf HTTP/1.1", "Authorization: "+l.Authorization("GET", "/film.asf")).status(want)
	}
}

// TestNTLMOverHTTP: it is of one connection, over HTTP/1.0 too.
func TestNTLMOverHTTP(t *testing.T) {
	for password, want := range map[string]int{"sesame": 200, "wrong": 401} {
		s := loginServer(t, NTLM)
		c := connect(t, s)
		c.ask("GET /film.asf HTTP/1.0").status(401).text()
		l := login.NewNTLM("ann", password)
		token, err := l.Negotiate()
		if err != nil {
			t.Fatal(err)
		}
		a := c.ask("GET /film.asf HTTP/1.0", "Authorization: NTLM "+base64.StdEncoding.EncodeToString(token)).status(401)
		if a.text(); !strings.EqualFold(a.Header.Get("Connection"), "Keep-Alive") {
			t.Errorf("%v", a.Header)
		}
		challenge, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(a.Header.Get("WWW-Authenticate"), "NTLM "))
		if err != nil {
			t.Fatal(err)
		}
		if token, err = l.Authenticate(challenge); err != nil {
			t.Fatal(err)
		}
		authorization := "Authorization: NTLM " + base64.StdEncoding.EncodeToString(token)
		c.ask("GET /film.asf HTTP/1.1", authorization).status(want).text()
		connect(t, s).ask("GET /film.asf HTTP/1.0", authorization).status(401)
		if want == 200 {
			c.ask("OPTIONS * HTTP/1.1").status(200)
		}
	}
}
