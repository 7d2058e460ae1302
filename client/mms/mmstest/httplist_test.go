package mmstest

import (
	"strings"
	"testing"

	"tapedeck/client/asf"
	"tapedeck/client/mms/wire"
)

// streamsOf reads packets and says of which streams they are.
func streamsOf(t *testing.T, a *answer, packets int) map[int]int {
	t.Helper()
	found := make(map[int]int)
	var p asf.Packet
	for range packets {
		c := a.until(wire.ChunkData)
		if err := p.Parse(c.Payload, samplePacket); err != nil {
			t.Fatal(err)
		}
		for pl := (asf.Payload{}); p.Next(&pl); {
			found[pl.Stream]++
		}
	}
	return found
}

// TestSelectStream: another connection chooses, while the stream goes on.
func TestSelectStream(t *testing.T) {
	s := webServer(t, Options{Speed: 20})
	id := connect(t, s).ask("GET /film.asf HTTP/1.0").id()
	a := connect(t, s).ask("GET /film.asf HTTP/1.0", "xPlayStrm=1", id, "stream-switch-count=3,stream-switch-entry=ffff:1:0 ffff:2:2 ffff:3:2").status(200)
	if got := streamsOf(t, a, 20); got[SamplePicture] == 0 || len(got) != 1 {
		t.Fatalf("streams %v", got)
	}
	connect(t, s).ask("POST /film.asf HTTP/1.0", id, "stream-switch-count=1,stream-switch-entry=ffff:3:0", "Content-Length: 0").status(200)
	for streamsOf(t, a, 1)[SampleSound] == 0 {
	}
	connect(t, s).ask("POST /film.asf HTTP/1.0", id, "stream-switch-count=1,stream-switch-entry=1:2:0", "Content-Length: 0").status(200)
	for streamsOf(t, a, 1)[SampleKeys] == 0 {
	}
	if got := streamsOf(t, a, 30); got[SamplePicture] > 0 || got[SampleSound] == 0 {
		t.Errorf("streams %v", got)
	}
}

// TestStopOverHTTP: the other connection ends the stream.
func TestStopOverHTTP(t *testing.T) {
	s := webServer(t, Options{Speed: 1})
	id := connect(t, s).ask("GET /film.asf HTTP/1.0").id()
	a := connect(t, s).ask("GET /film.asf HTTP/1.0", "xPlayStrm=1", id, all).status(200)
	a.until(wire.ChunkData)
	connect(t, s).ask("POST /film.asf HTTP/1.1", id, "xStopStrm=1", "Content-Length: 0").status(200)
	if c := a.until(wire.ChunkEnd); c.Reason != wire.EndOfAll {
		t.Errorf("%+v", c)
	}
}

func TestLists(t *testing.T) {
	const predict = "Supported: com.microsoft.wm.predstrm"
	for _, row := range []struct {
		name, path string
		o          WebOptions
		lines      []string
		want       string
	}{
		{"predicted", "list", WebOptions{}, []string{predict}, "MHD*E1C0MHD*E1C0MHD*E0"},
		{"an old player", "list", WebOptions{}, []string{"User-Agent: " + player7}, "HD*E1C0HD*E1C0HD*E0"},
		{"from the second", "list", WebOptions{}, []string{predict, "playlist-seek-id=2"}, "MHD*E1C0MHD*E0"},
		{"skip forward", "list", WebOptions{}, []string{predict, "playlist-seek-id=2", "pl-offset=1"}, "MHC0MHD*E0"},
		{"skip back", "list", WebOptions{}, []string{predict, "playlist-seek-id=3", "pl-offset=-1"}, "MHC0MHD*E1C0MHD*E0"},
		{"skip too far", "list", WebOptions{}, []string{predict, "playlist-seek-id=3", "pl-offset=1"}, "MHD*E0"},
		{"skip before the first", "list", WebOptions{}, []string{predict, "playlist-seek-id=1", "pl-offset=-1"}, "MHD*E1C0MHD*E1C0MHD*E0"},
		{"a new header", "film.asf", WebOptions{NewHeader: true}, nil, "MHC0MHD*E0"},
		{"a new header, in pieces", "film.asf", WebOptions{NewHeader: true, HeaderPiece: 300}, []string{"User-Agent: " + player7}, "HHHHC0HHHHD*E0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := webServer(t, Options{Web: row.o})
			a := connect(t, s).ask("GET /"+row.path+" HTTP/1.0", append(row.lines, "xPlayStrm=1", all)...).status(200)
			kinds, _ := a.kinds()
			if row.o.HeaderPiece > 0 { // its length is not of interest
				for strings.Contains(kinds, "HH") {
					kinds = strings.ReplaceAll(kinds, "HH", "H")
				}
				row.want = "HC0HD*E0"
			}
			if kinds != row.want {
				t.Errorf("%s, want %s", kinds, row.want)
			}
			if wantNew := strings.Contains(row.want, "HC0"); a.pragmas.Has("expect-new-header") != wantNew {
				t.Errorf("%v", a.pragmas)
			}
		})
	}
}

// TestStation: the header of what is live changes, over and over.
func TestStation(t *testing.T) {
	s := webServer(t, Options{Speed: 200})
	a := connect(t, s).ask("GET /station HTTP/1.0", "xPlayStrm=1", all).status(200)
	first := a.until(wire.ChunkData).Location
	if first < 1_000_003 {
		t.Errorf("the first packet has number %d", first)
	}
	for range 3 {
		if c := a.until(wire.ChunkEnd); c.Reason != wire.EndOfEntry {
			t.Fatalf("%+v", c)
		}
		a.until(wire.ChunkChange)
		a.until(wire.ChunkHeader)
		if n := a.until(wire.ChunkData).Location; n <= first {
			t.Errorf("packet %d after %d", n, first)
		}
	}
}

// TestWaiting: without prediction the server waits at a new header, for a POST on
// another connection.
func TestWaiting(t *testing.T) {
	s := webServer(t, Options{Web: WebOptions{NoPredict: true}})
	id := connect(t, s).ask("GET /list HTTP/1.0").id()
	a := connect(t, s).ask("GET /list HTTP/1.0", "xPlayStrm=1", id, all).status(200)
	if strings.Contains(a.Header.Get("Supported"), "predstrm") {
		t.Errorf("%v", a.Header)
	}
	kinds := ""
	for c, ok := a.next(); ok; c, ok = a.next() {
		kinds = addKind(kinds, &c)
		if strings.HasSuffix(kinds, "C0MH") {
			connect(t, s).ask("POST /list HTTP/1.0", id, all, "Content-Length: 0").status(200)
		}
	}
	if kinds != "MHD*E1C0MHD*E1C0MHD*E0" {
		t.Error(kinds)
	}
}

// pipelined describes and finds out that requests can be pipelined.
func pipelined(t *testing.T, s *Server, path string) (c *webClient, id string) {
	t.Helper()
	c = connect(t, s)
	a := c.ask("GET /"+path+" HTTP/1.1", "pipeline-experiment=1").status(200)
	if a.text(); !a.pragmas.Has("pipeline-experiment") {
		t.Fatalf("%v", a.pragmas)
	}
	id = a.id()
	c.send("GET /"+path+" HTTP/1.1", id, "pipeline-request=1")
	c.send("GET /"+path+" HTTP/1.1", id, "pipeline-request=1")
	if kinds, _ := c.receive().status(200).kinds(); kinds != "T" {
		t.Fatalf("a test of %q", kinds)
	}
	if a := c.receive().status(204); !a.pragmas.Has("pipeline-result") {
		t.Fatalf("%v", a.pragmas)
	}
	return c, id
}

func TestPipelined(t *testing.T) {
	s := webServer(t, Options{Speed: 1})
	c, id := pipelined(t, s, "film.asf")
	a := c.ask("GET /film.asf HTTP/1.1", "xPlayStrm=1,version11-enabled=1", id, all).status(200)
	if len(a.TransferEncoding) != 1 {
		t.Fatalf("%v", a.Header)
	}
	a.until(wire.ChunkData)
	c.send("OPTIONS * HTTP/1.1", id)
	c.send("GET /film.asf HTTP/1.1", id, "stream-switch-count=1,stream-switch-entry=ffff:3:2")
	for _, ok := a.next(); ok; _, ok = a.next() {
	}
	if a := c.receive().status(200); a.ContentLength != 0 { // of the OPTIONS
		t.Errorf("%v", a.Header)
	}
	a = c.receive().status(200) // of the SelectStream; the stream goes on
	a.until(wire.ChunkData)
	c.send("POST /film.asf HTTP/1.1", id, "xStopStrm=1", "Content-Length: 0")
	for _, ok := a.next(); ok; _, ok = a.next() {
	}
	c.receive().status(200)
	c.ask("POST /film.asf HTTP/1.1", id, "log-line=- -", "Content-Length: 0").status(200)

	a = c.ask("GET /film.asf HTTP/1.1", "xPlayStrm=1,version11-enabled=1,stream-time=30000", id, all).status(200)
	if n := a.until(wire.ChunkData).Location; n == 0 {
		t.Error("it begins anew")
	}
}

// TestPipelinedList: the next entry is asked for on the same connection.
func TestPipelinedList(t *testing.T) {
	s := webServer(t, Options{Web: WebOptions{NoPredict: true}})
	c, id := pipelined(t, s, "list")
	a := c.ask("GET /list HTTP/1.1", "xPlayStrm=1,version11-enabled=1", id, all).status(200)
	for n := range 3 {
		if n == 2 {
			if c := a.until(wire.ChunkEnd); c.Reason != wire.EndOfAll {
				t.Errorf("%+v", c)
			}
			break
		}
		a.until(wire.ChunkChange)
		a.until(wire.ChunkHeader)
		c.send("GET /list HTTP/1.1", "xPlayNextEntry=1", id, all)
		for _, ok := a.next(); ok; _, ok = a.next() {
		}
		a = c.receive().status(200)
		a.until(wire.ChunkData)
	}
	if _, ok := a.next(); ok {
		t.Error("more behind the end")
	}
	c.ask("OPTIONS * HTTP/1.1", id).status(200)
}

func TestNoPipeline(t *testing.T) {
	s := webServer(t, Options{Web: WebOptions{NoPipeline: true}})
	c := connect(t, s)
	a := c.ask("GET /film.asf HTTP/1.1", "pipeline-experiment=1").status(200)
	if a.text(); a.pragmas.Has("pipeline-experiment") {
		t.Errorf("%v", a.pragmas)
	}
	a = connect(t, s).ask("GET /film.asf HTTP/1.1", "xPlayStrm=1,version11-enabled=1", all).status(200)
	if len(a.TransferEncoding) > 0 {
		t.Errorf("%v", a.TransferEncoding)
	}
}
