package mmstest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/mms/wire"
)

func TestSessions(t *testing.T) {
	s := webServer(t, Options{Speed: 1})
	id := connect(t, s).ask("GET /film.asf HTTP/1.0").id()
	data := connect(t, s)
	data.send("GET /film.asf HTTP/1.0", "xPlayStrm=1", id, all)
	playing := data.receive().status(200)
	if playing.id() != id || playing.pragmas.Has("xResetStrm") {
		t.Errorf("another session: %v", playing.pragmas)
	}
	playing.until(wire.ChunkData)
	connect(t, s).ask("GET /film.asf HTTP/1.0", "xPlayStrm=1", id, all).status(400) // it streams already
	connect(t, s).ask("POST /film.asf HTTP/1.0", "xKeepAliveInPause=1", id, "Content-Length: 0").status(200)
	connect(t, s).ask("OPTIONS * HTTP/1.1", id).status(200)
	connect(t, s).ask("POST /film.asf HTTP/1.0", "xKeepAliveInPause=1", "client-id=1", "Content-Length: 0").status(400)

	data.c.Close()
	for { // until the server has seen that
		a := connect(t, s).ask("GET /film.asf HTTP/1.0", "xPlayStrm=1", id, all)
		if a.StatusCode == 200 {
			break
		}
	}
	a := connect(t, s).ask("GET /film.asf HTTP/1.0", "xPlayStrm=1", "client-id=1", all).status(200)
	if a.id() == "client-id=1" || !a.pragmas.Has("xResetStrm") {
		t.Errorf("an unknown session: %v", a.pragmas)
	}
}

func TestSessionsEnd(t *testing.T) {
	s := webServer(t, Options{Web: WebOptions{Idle: time.Nanosecond}})
	id := connect(t, s).ask("GET /film.asf HTTP/1.0").id()
	connect(t, s).ask("POST /film.asf HTTP/1.0", "xKeepAliveInPause=1", id, "Content-Length: 0").status(400)
	a := connect(t, s).ask("GET /film.asf HTTP/1.0", "xPlayStrm=1", id, all).status(200)
	if a.id() == id || !a.pragmas.Has("xResetStrm") {
		t.Errorf("%v", a.pragmas)
	}
}

// TestBeats: the B bit is for those who know it, where packets follow at once.
func TestBeats(t *testing.T) {
	s := webServer(t, Options{})
	for agent, want := range map[string]bool{player9: true, player7: false} {
		a := connect(t, s).ask("GET /film.asf HTTP/1.0", "User-Agent: "+agent, "xPlayStrm=1", all).status(200)
		got := false
		for c, ok := a.next(); ok; c, ok = a.next() {
			got = got || c.AtOnce
		}
		if got != want {
			t.Errorf("%s: %v", agent, got)
		}
	}
}

func TestLogs(t *testing.T) {
	s := webServer(t, Options{})
	id := connect(t, s).ask("GET /film.asf HTTP/1.0").id()
	connect(t, s).ask("POST /film.asf HTTP/1.0", id, "log-line=10.0.0.1 2026-01-01, - 200", "Content-Length: 0").status(200)
	c := connect(t, s)
	if _, err := fmt.Fprintf(c.c, "POST /film.asf HTTP/1.1\r\nHost: a\r\nUser-Agent: %s\r\nPragma: %s\r\nContent-Type: application/x-wms-LogStats;charset=UTF-8\r\nContent-Length: 7\r\n\r\n<XML/>\n", player9, id); err != nil {
		t.Fatal(err)
	}
	c.receive().status(200)
	if got := s.Stats().Logs; !slices.Equal(got, []string{"10.0.0.1 2026-01-01, - 200", "<XML/>\n"}) {
		t.Errorf("%q", got)
	}
	connect(t, s).ask("POST /film.asf HTTP/1.0", "client-id=1", "log-line=-", "Content-Length: 0").status(400)
	var kinds []string
	for _, r := range s.WebRequests() {
		kinds = append(kinds, r.Kind)
	}
	if !slices.Equal(kinds, []string{"Describe", "Log", "Log", "Log"}) {
		t.Errorf("%q", kinds)
	}
}

func TestOtherAnswers(t *testing.T) {
	o := Options{
		Redirect: map[string]string{"moved": "mms://127.0.0.1/film.asf", "proxied": "http://127.0.0.1:8080/"},
		Web:      WebOptions{Status: map[string]int{"busy": 503}},
	}
	s := webServer(t, o)
	connect(t, s).ask("GET /none HTTP/1.0").status(404)
	connect(t, s).ask("GET /none HTTP/1.0", "xPlayStrm=1").status(404)
	connect(t, s).ask("GET /busy HTTP/1.0").status(503)
	connect(t, s).ask("PUT /film.asf HTTP/1.0").status(400)
	a := connect(t, s).ask("GET /moved HTTP/1.1").status(302)
	if to := a.Header.Get("Location"); to != "mms://127.0.0.1/film.asf" {
		t.Errorf("to %q", to)
	}
	for reference, want := range map[bool]string{false: `<REF HREF="mms://127.0.0.1:`, true: "[Reference]\r\nRef1=http://127.0.0.1:"} {
		o.Web.Reference, o.Web.RedirectCode = reference, 305
		s := webServer(t, o)
		if got := connect(t, s).ask("GET /film.asf HTTP/1.1", "User-Agent: Mozilla/5.0").status(200).text(); !strings.Contains(got, want) {
			t.Errorf("%q", got)
		}
		connect(t, s).ask("GET /proxied HTTP/1.0").status(305)
	}
}

// TestScriptRedirect: a header that has no stream points to another link.
func TestScriptRedirect(t *testing.T) {
	s := webServer(t, Options{
		Redirect: map[string]string{"moved": "mms://127.0.0.1/film.asf"},
		Web:      WebOptions{ScriptRedirect: true},
	})
	for _, pragma := range []string{"no-cache", "xPlayStrm=1"} {
		a := connect(t, s).ask("GET /moved HTTP/1.0", pragma).status(200)
		h, err := asf.Parse(a.until(wire.ChunkHeader).Payload)
		if err != nil || len(h.Streams) != 0 || h.Elsewhere != "mms://127.0.0.1/film.asf" {
			t.Errorf("%+v, %v", h, err)
		}
	}
}

func TestSloppyHead(t *testing.T) {
	none := ""
	s := webServer(t, Options{Web: WebOptions{Sloppy: true, Features: &none}})
	c := connect(t, s)
	c.send("GET /film.asf HTTP/1.0")
	head, err := io.ReadAll(c.r)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := bytes.Cut(head, []byte("\n\n"))
	if strings.Contains(string(text), "\r") || !strings.Contains(string(text), "pragma: FEATURES = \"\"") || strings.Count(string(text), "pragma: ") < 4 {
		t.Errorf("%s", text)
	}
}

func TestPacketPairOverHTTP(t *testing.T) {
	s := webServer(t, Options{})
	a := connect(t, s).ask("GET /film.asf HTTP/1.0", "packet-pair-experiment=1").status(200)
	if kinds, _ := a.kinds(); kinds != "PPPMH" || !a.pragmas.Has("packet-pair-experiment") {
		t.Errorf("%s, %v", kinds, a.pragmas)
	}
}

// TestKeptOpen: 512 ends, and the connection serves on.
func TestKeptOpen(t *testing.T) {
	s := webServer(t, Options{Web: WebOptions{KeepOpen: true}})
	c := connect(t, s)
	c.send("GET /film.asf HTTP/1.1", "xPlayStrm=1")
	a := c.receive().status(200)
	var b []byte
	for !bytes.HasSuffix(b, bytes.Repeat([]byte("$E\x04\x00\x00\x00\x00\x00"), 512)) {
		one := make([]byte, 4096)
		n, err := a.Body.Read(one)
		if b = append(b, one[:n]...); err != nil {
			t.Fatal(err)
		}
	}
	again := &webClient{t: t, c: c.c, r: bufio.NewReader(c.c)}
	again.ask("OPTIONS * HTTP/1.1").status(200)
}
