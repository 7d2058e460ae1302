package mmstest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/mms/wire"
)

const (
	player9 = "NSPlayer/9.0.0.2980"
	player7 = "NSPlayer/7.10.0.3059"
	all     = "stream-switch-count=3,stream-switch-entry=ffff:1:0 ffff:2:2 ffff:3:0"
)

// webServer serves the sample on demand and live, in lists, and fast.
func webServer(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Speed == 0 {
		o.Speed = 1000
	}
	if o.Programmes == nil {
		o.Programmes = map[string]*Programme{
			"film.asf": programme(t, Film, 1), "live": programme(t, Live, 1),
			"list": programme(t, Film, 3), "station": programme(t, Live, 2),
		}
	}
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func programme(t *testing.T, kind func(...[]byte) (*Programme, error), files int) *Programme {
	t.Helper()
	p, err := kind(slices.Repeat([][]byte{Sample()}, files)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// webClient is one connection to a server.
type webClient struct {
	t *testing.T
	c net.Conn
	r *bufio.Reader
}

func connect(t *testing.T, s *Server) *webClient {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.URL("http", ""), "http://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &webClient{t: t, c: c, r: bufio.NewReader(c)}
}

// send writes a request. Lines that begin with a small letter are pragmas.
func (c *webClient) send(request string, lines ...string) {
	c.t.Helper()
	b := request + "\r\n"
	agent := "User-Agent: " + player9 + "\r\n"
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "User-Agent:"):
			agent = line + "\r\n"
		case line[0] >= 'a' && line[0] <= 'z':
			b += "Pragma: " + line + "\r\n"
		default:
			b += line + "\r\n"
		}
	}
	if _, err := io.WriteString(c.c, b+agent+"Host: localhost\r\n\r\n"); err != nil {
		c.t.Fatal(err)
	}
}

// answer is a reply that is being read.
type answer struct {
	t *testing.T
	*http.Response
	pragmas wire.Pragmas
	buf     wire.ChunkBuffer
}

func (c *webClient) receive() *answer {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	return &answer{t: c.t, Response: res, pragmas: wire.ParsePragmas(res.Header.Values("Pragma"))}
}

func (c *webClient) ask(request string, lines ...string) *answer {
	c.t.Helper()
	c.send(request, lines...)
	return c.receive()
}

// status fails unless the answer has that one, and reads what is left of it.
func (a *answer) status(want int) *answer {
	a.t.Helper()
	if a.StatusCode != want {
		a.t.Fatalf("%s, want %d", a.Status, want)
	}
	return a
}

func (a *answer) text() string {
	a.t.Helper()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(b)
}

// id is the client-id as a token.
func (a *answer) id() string {
	a.t.Helper()
	n, ok := a.pragmas.Number("client-id")
	if !ok || n == 0 {
		a.t.Fatalf("no client-id in %v", a.Header)
	}
	return fmt.Sprintf("client-id=%d", n)
}

// next is the next chunk; false at the end of the body.
func (a *answer) next() (c wire.Chunk, ok bool) {
	a.t.Helper()
	for {
		more, err := a.buf.Next(&c)
		if err != nil {
			a.t.Fatal(err)
		}
		if more {
			return c, true
		}
		n, err := a.Body.Read(a.buf.Room())
		a.buf.Filled(n)
		if n > 0 {
			continue
		}
		if err != io.EOF || a.buf.Pending() > 0 {
			a.t.Fatalf("%v with %d bytes left", err, a.buf.Pending())
		}
		return wire.Chunk{}, false
	}
}

// kinds reads to the end: "MHDDE" is told as "MHD*E", with the reasons of ends
// and changes behind their letters.
func (a *answer) kinds() (kinds string, packets int) {
	a.t.Helper()
	for {
		c, ok := a.next()
		if !ok {
			return kinds, packets
		}
		if kinds = addKind(kinds, &c); c.Kind == wire.ChunkData {
			packets++
		}
	}
}

func addKind(kinds string, c *wire.Chunk) string {
	switch c.Kind {
	case wire.ChunkData:
		if !strings.HasSuffix(kinds, "D*") {
			kinds += "D*"
		}
		return kinds
	case wire.ChunkEnd, wire.ChunkChange:
		return kinds + fmt.Sprintf("%c%X", c.Kind, c.Reason)
	}
	return kinds + string(c.Kind)
}

// until reads until a chunk of that kind.
func (a *answer) until(kind wire.ChunkKind) wire.Chunk {
	a.t.Helper()
	for {
		c, ok := a.next()
		if !ok {
			a.t.Fatalf("the body ends before %c", kind)
		}
		if c.Kind == kind {
			return c
		}
	}
}

func TestDescribe(t *testing.T) {
	header, _ := programme(t, Film, 1).Entry(0)
	for _, row := range []struct {
		name, agent, server, path string
		kinds, features, content  string
		piece                     int
	}{
		{"modern", player9, "", "film.asf", "MH", "seekable", "application/vnd.ms.wms-hdr.asfv1", 0},
		{"old player", player7, "", "film.asf", "H", "seekable", "application/vnd.ms.wms-hdr.asfv1", 0},
		{"old server", player9, Cougar41, "film.asf", "H", "seekable", "application/octet-stream", 0},
		{"encoder", player9, Rex9, "live", "H", "broadcast", "application/vnd.ms.wms-hdr.asfv1", 0},
		{"live", player9, "", "live", "MH", "broadcast,live", "application/vnd.ms.wms-hdr.asfv1", 0},
		{"station", player9, "", "station", "MH", "broadcast,playlist", "application/vnd.ms.wms-hdr.asfv1", 0},
		{"list", player9, "", "list", "MH", "playlist,seekable,skipforward", "application/vnd.ms.wms-hdr.asfv1", 0},
		{"list for an old player", player7, "", "list", "H", "broadcast", "application/vnd.ms.wms-hdr.asfv1", 0},
		{"pieces", player7, "", "film.asf", "", "seekable", "application/vnd.ms.wms-hdr.asfv1", 100},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := webServer(t, Options{Web: WebOptions{Server: row.server, HeaderPiece: row.piece}})
			a := connect(t, s).ask("GET /"+row.path+" HTTP/1.0", "User-Agent: "+row.agent).status(200)
			a.id()
			if f, _ := a.pragmas.Get("features"); f != row.features || a.Header.Get("Content-Type") != row.content || a.Header.Get("Content-Length") == "" {
				t.Errorf("features %q, %v", f, a.Header)
			}
			if n, _ := a.pragmas.Number("timeout"); n != 55_000 {
				t.Errorf("a timeout of %d ms", n)
			}
			if named := a.Header.Get("Server"); row.server != "" && named != row.server || row.server == "" && named != Cougar91 {
				t.Errorf("server %q", named)
			}
			var p wire.Pieces
			var got []byte
			kinds := ""
			for c, ok := a.next(); ok; c, ok = a.next() {
				kinds = addKind(kinds, &c)
				if c.Kind != wire.ChunkHeader {
					continue
				}
				whole, err := p.Add(&c)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, whole...)
			}
			if row.piece > 0 {
				row.kinds = strings.Repeat("H", (len(header.Header)+row.piece-1)/row.piece)
			}
			if kinds != row.kinds {
				t.Errorf("chunks %q", kinds)
			}
			if h, err := asf.Parse(got); err != nil || len(h.Streams) != 3 {
				t.Errorf("header: %v", err)
			}
			if strings.HasSuffix(row.path, ".asf") && !bytes.Equal(got, header.Header) {
				t.Error("another header")
			}
		})
	}
}

func TestMetadataOfEntry(t *testing.T) {
	s := webServer(t, Options{})
	a := connect(t, s).ask("GET /list HTTP/1.1").status(200)
	c := a.until(wire.ChunkMetadata)
	m := wire.ParseMetadata(c.Payload)
	title, _ := m.Get("title")
	features, _ := m.Tokens.Get("features")
	if n, _ := m.Tokens.Number("playlist-gen-id"); n != 1 || title != "list, entry 1" || features != "playlist,seekable,skipforward" {
		t.Errorf("%+v", m)
	}
}

// TestPlay: on one connection after another, as open clients do.
func TestPlay(t *testing.T) {
	for _, cut := range []int{0, 1, 7} {
		s := webServer(t, Options{Web: WebOptions{Cut: cut, Unknown: cut == 7}})
		id := connect(t, s).ask("GET /film.asf HTTP/1.0", "User-Agent: "+player7).status(200).id()
		from := "stream-time=0"
		if cut > 0 {
			from = "stream-time=57000" // that takes its time
		}
		a := connect(t, s).ask("GET /film.asf HTTP/1.0", "User-Agent: "+player7, "no-cache,xPlayStrm=1", id, all, from).status(200)
		if a.Header.Get("Content-Length") != "" || len(a.TransferEncoding) > 0 || a.Header.Get("Content-Type") != "application/x-mms-framed" {
			t.Errorf("cut %d: %v", cut, a.Header)
		}
		e, _ := s.o.Programmes["film.asf"].Entry(0)
		kinds, packets := a.kinds()
		if kinds != "HD*E0" || cut == 0 && packets < int(e.Packets)*9/10 || packets < 30 {
			t.Errorf("cut %d: %s, %d packets of %d", cut, kinds, packets, e.Packets)
		}
	}
}

func TestHTTPNothingChosen(t *testing.T) {
	s := webServer(t, Options{})
	a := connect(t, s).ask("GET /film.asf HTTP/1.0", "xPlayStrm=1").status(200)
	if kinds, _ := a.kinds(); kinds != "MHE0" {
		t.Errorf("%s", kinds)
	}
}

func TestPlaces(t *testing.T) {
	s := webServer(t, Options{})
	e, _ := s.o.Programmes["film.asf"].Entry(0)
	offset := func(packet int) string { return fmt.Sprintf("0:%d", len(e.Header)+packet*e.PacketSize) }
	at := func(pragma string) uint32 {
		a := connect(t, s).ask("GET /film.asf HTTP/1.0", "xPlayStrm=1", all, pragma).status(200)
		return a.until(wire.ChunkData).Location
	}
	ten := at("stream-time=10000")
	if ten == 0 || ten > uint32(e.Packets) {
		t.Fatalf("ten seconds are packet %d of %d", ten, e.Packets)
	}
	for pragma, want := range map[string]uint32{
		"stream-time=0":                0,
		"stream-time=4294967295":       0,
		"packet-num=300":               300,
		"stream-offset=" + offset(200): 200,
		"stream-time=0,stream-offset=" + offset(200) + ",packet-num=300":                         300,
		"stream-time=10000,stream-offset=" + offset(200) + ",packet-num=300":                     ten,
		"stream-time=0,stream-offset=" + offset(200) + ",packet-num=4294967295":                  200,
		"stream-time=0,stream-offset=4294967295:4294967295,packet-num=4294967295,max-duration=0": 0,
		"stream-time=10000Connection: Close":                                                     ten,
	} {
		if got := at(pragma); got != want && got != want+1 { // that one may have nothing of the chosen streams
			t.Errorf("%s: packet %d, want %d", pragma, got, want)
		}
	}
}

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

func TestHTTPPacketPair(t *testing.T) {
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
