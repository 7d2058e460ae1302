package mms

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"tapedeck/client/mms/wire"
)

// playTo opens a link and plays it.
func playTo(t *testing.T, s *rawServer, cfg Config) (*httpLink, *told, error) {
	t.Helper()
	l, o := mustHTTP(t, linkTo(s.start(t)), cfg)
	return l, o, l.play(t.Context(), request{streams: all(t, l.programme())})
}

// TestHTTPRefusedPlay: what may only be a matter of time, or of a session that is
// lost, is tried again; what is not is told.
func TestHTTPRefusedPlay(t *testing.T) {
	body := hChunk(sampleHeader()) + dChunk(5, "packet")
	stream := someHead + body
	const refused = "HTTP/1.0 400 Bad Request\r\nServer: Cougar/9.1.1.5001\r\n\r\n"
	for _, row := range []struct {
		name  string
		plays []string // answers to each Play
		asked string
		fails bool
	}{
		{"at once", []string{stream}, "describe play", false},
		{"the session is lost", []string{refused, stream}, "describe play describe play", false},
		{"for good", []string{refused, refused}, "describe play describe play", true},
		{"forbidden", []string{"HTTP/1.0 403 No\r\nServer: Cougar/9.1.1.5001\r\n\r\n"}, "describe play", true},
		{"busy", []string{"HTTP/1.0 503 No\r\nServer: Cougar/9.1.1.5001\r\n\r\n"}, "describe play", true},
		{"no answer", []string{"", stream}, "describe play describe play", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			plays := 0
			s := &rawServer{}
			s.answer = func(_ int, r string) string {
				if !isPlay(r) {
					return describes(okHead)
				}
				plays++
				return row.plays[min(plays, len(row.plays))-1]
			}
			l, _, err := playTo(t, s, Config{})
			if (err != nil) != row.fails || s.kindsAsked() != row.asked {
				t.Fatalf("%v after %s", err, s.kindsAsked())
			}
			if err == nil {
				if ids := some(t, l, 1, 1); ids[0] != 5 {
					t.Errorf("%v", ids)
				}
			}
		})
	}
}

// TestHTTPStillStreaming: a server that has not seen yet that we have closed the
// old connection is asked again for the same session.
func TestHTTPStillStreaming(t *testing.T) {
	plays := 0
	s := &rawServer{}
	s.answer = func(_ int, r string) string {
		switch {
		case strings.HasPrefix(r, "POST"):
			return "HTTP/1.0 204 No Content\r\n\r\n"
		case !isPlay(r):
			return describes(okHead)
		}
		if plays++; plays == 2 {
			return "HTTP/1.0 400 Bad Request\r\nServer: Cougar/9.1.1.5001\r\n\r\n"
		}
		return someHead + hChunk(sampleHeader()) + dChunk(5, "packet") + keepOpen
	}
	l, o, err := playTo(t, s, Config{})
	if err != nil {
		t.Fatal(err)
	}
	some(t, l, 1, 1)
	if err := l.play(t.Context(), request{from: time.Second, streams: all(t, l.programme())}); err != nil {
		t.Fatal(err)
	}
	some(t, l, 2, 1)
	if kinds := strings.ReplaceAll(s.kindsAsked(), " log", ""); kinds != "describe play play play" || o.notes() != "" {
		t.Errorf("asked %s, noted %q", kinds, o.notes())
	}
}

// TestHTTPStream: every chunk that may come in a stream.
func TestHTTPStream(t *testing.T) {
	h := hChunk(sampleHeader())
	changed := bytes.Clone(sampleHeader())
	changed[len(changed)-20]++
	other := hChunk(changed)
	broken := bytes.Repeat([]byte("x"), 100_000)
	meta := string(wire.AppendPieces(nil, wire.ChunkMetadata, wire.AppendMetadata(nil, &wire.Metadata{
		Tokens:      wire.Pragmas{{Name: "playlist-gen-id", Value: "9"}, {Name: "features", Value: "broadcast, playlist"}},
		Description: []wire.Described{{Language: "en", Name: "title", Type: wire.CDLString, Value: "Tom,\x1bJerry"}},
	}), 40))
	for _, row := range []struct {
		name, head, body, want string
		check                  func(error) bool
	}{
		{"the end", okHead, h + dChunk(1, "a") + endChunk('E', 0), "D", is(io.EOF)},
		{"the same header", okHead, h + h + dChunk(1, "a") + endChunk('E', 0), "D", is(io.EOF)},
		{"another header", okHead, other + dChunk(1, "a") + endChunk('E', 0), "HD", is(io.EOF)},
		{"a header longer than a chunk", okHead, hChunk(broken) + dChunk(1, "a") + endChunk('E', 0), "HD", is(io.EOF)},
		{"no header at all", okHead, dChunk(1, "a") + endChunk('E', 0), "D", is(io.EOF)},
		{"a change", okHead9, h + dChunk(1, "a") + endChunk('E', 1) + endChunk('C', 0) + meta + h + dChunk(1, "a") + endChunk('E', 0), "DHD", is(io.EOF)},
		{"a change that waits", okHead, h + dChunk(1, "a") + endChunk('C', 0) + h, "Dh", is(context.DeadlineExceeded)},
		{"the entry before", okHead9, h + dChunk(1, "a") + endChunk('C', 0x400D14BE) + h + dChunk(1, "a") + endChunk('E', 0), "DHD", is(io.EOF)},
		{"an end of an entry and nothing", okHead, h + dChunk(1, "a") + endChunk('E', 1), "D", is(io.EOF)},
		{"rewound", okHead, h + endChunk('E', 0x000D2F09), "", is(io.EOF)},
		{"an error", okHead, h + dChunk(1, "a") + endChunk('E', 0xC00D145E), "D", isCode(0xC00D145E)},
		{"an error in a change", okHead, h + endChunk('C', 0x80004005), "", isCode(0x80004005)},
		{"cut off", okHead, h + dChunk(1, "a"), "D", is(io.ErrUnexpectedEOF)},
		{"cut in a packet", okHead, h + dChunk(1, "abc")[:14], "", is(io.ErrUnexpectedEOF)},
		{"empty packets", okHead, h + dChunk(1, "") + dChunk(2, "a") + endChunk('E', 0), "D", is(io.EOF)},
		{"a pair", okHead, string(wire.AppendPair(nil, 300)) + h + dChunk(2, "a") + endChunk('E', 0), "D", is(io.EOF)},
		{"unknown chunks", okHead, "$Z\x03\x00abc" + h + "\xa4z\x00\x00" + dChunk(2, "a") + endChunk('E', 0), "D", is(io.EOF)},
		{"a page", okHead, "<html>", "", is(ErrProtocol)},
		{"chunked", okHead + "Transfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(h+endChunk('E', 0)), h+endChunk('E', 0)), "", is(io.EOF)},
		{"a chunk below 0", okHead + "Transfer-Encoding: chunked\r\n", "-5\r\nabc", "", is(ErrProtocol)},
		{"too short", okHead + "Content-Length: 10000\r\n", h, "", is(io.ErrUnexpectedEOF)},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := &rawServer{answer: func(_ int, r string) string {
				if !isPlay(r) {
					return describes(row.head[:strings.Index(row.head, "\r\n")+2] + okHead9[17:])
				}
				return row.head + "\r\n" + row.body
			}}
			if row.head == okHead {
				s.answer = func(_ int, r string) string {
					if !isPlay(r) {
						return describes(okHead)
					}
					return row.head + "\r\n" + row.body
				}
			}
			l, _, err := playTo(t, s, Config{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			got := ""
			for {
				it, err := l.next(ctx)
				if err != nil {
					if got != row.want || !row.check(err) {
						t.Errorf("%q, %v, want %q", got, err, row.want)
					}
					break
				}
				switch {
				case it.chose:
					got += "h"
					cancel2 := time.AfterFunc(50*time.Millisecond, cancel)
					defer cancel2.Stop()
					row.check = is(context.Canceled)
				case it.header != nil:
					got += "H"
				default:
					got += "D"
				}
				if row.name == "a change" && it.header != nil && (it.header.title != "Tom,Jerry" || !it.header.broadcast || l.session.entry != "9") {
					t.Errorf("%+v", it.header)
				}
			}
		})
	}
}
