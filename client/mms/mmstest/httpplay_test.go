package mmstest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tapedeck/client/asf"
	"tapedeck/client/mms/wire"
)

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

func TestNothingChosenOverHTTP(t *testing.T) {
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
