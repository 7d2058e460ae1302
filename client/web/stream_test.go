package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/http1"
	"tapedeck/client/media"
	"tapedeck/client/trace"
	"tapedeck/client/web/webtest"
)

func TestRadio(t *testing.T) {
	mp3 := webtest.SilentMP3(5 * time.Second)
	for _, c := range []struct {
		name      string
		o         webtest.RadioOptions
		transport string
		titles    []string
	}{
		{"http", webtest.RadioOptions{Fast: true, Name: "Caf\xe9 &amp; Bar"}, "http/1.0", []string{"One"}},
		{"icy", webtest.RadioOptions{Fast: true, ICYStatusLine: true, MetaInt: 100, Name: "Café & Bar"}, "http/1.0", []string{"One"}},
		{"no titles", webtest.RadioOptions{Fast: true, NoMetadata: true, Name: "Café & Bar"}, "http/1.0", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			radio := webtest.NewRadio(mp3, []string{"One"}, c.o)
			defer radio.Close()
			var j journal
			s := open(t, radio.URL, Config{Trace: j.add})
			info := s.Info()
			if info.Protocol != "icy" || info.Transport != c.transport || !info.Live || info.BitRate != 128000 ||
				info.Title != "Café & Bar" || info.ContentType != "audio/mpeg" || info.Tracks[0].Codec != media.MP3 {
				t.Errorf("%+v", info)
			}
			if info.Can != (media.Capabilities{NoSeek: whyLive, NoPause: whyLive, NoScale: whyLive}) {
				t.Errorf("%+v", info.Can)
			}
			var got []byte
			for first := true; len(got) < 200_000; first = false {
				chunk, err := s.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if !chunk.Key || first != (chunk.Init != nil) {
					t.Errorf("key %v, init %v at %d", chunk.Key, chunk.Init, len(got))
				}
				// 128 kbit/s: the time is that of the frames that began before.
				if want := time.Duration(len(got)) * time.Second / 16000; chunk.Time-want > 60*time.Millisecond || want-chunk.Time > 60*time.Millisecond {
					t.Errorf("%v at byte %d, want %v", chunk.Time, len(got), want)
				}
				got = append(got, chunk.Data...)
			}
			for i := 0; i+417 < len(got); i += 417 {
				if !bytes.Equal(got[i:i+417], mp3[:417]) {
					t.Fatalf("the frame at %d is not as it was sent", i)
				}
			}
			if titles := j.titles(); !slices.Equal(titles, c.titles) {
				t.Errorf("titles %q", titles)
			}
			if err := s.Pause(t.Context()); !errors.Is(err, media.ErrCannot) {
				t.Errorf("pause: %v", err)
			}
			if _, err := s.Seek(t.Context(), 0); !errors.Is(err, media.ErrCannot) {
				t.Errorf("seek: %v", err)
			}
			if n := s.Stats().Bytes; n < uint64(len(got)) {
				t.Errorf("%d bytes counted, %d read", n, len(got))
			}
			if asked := radio.Requests()[0].Header; asked.Get("Icy-Metadata") != "1" || asked.Get("Range") != "bytes=0-" {
				t.Errorf("asked with %v", asked)
			}
		})
	}
}

func TestTitlesOnlyWhenTheyChange(t *testing.T) {
	radio := webtest.NewRadio(webtest.SilentMP3(time.Second), []string{"One"}, webtest.RadioOptions{Fast: true, MetaInt: 500})
	defer radio.Close()
	var j journal
	s := open(t, radio.URL, Config{Trace: j.add})
	for _, title := range []string{"One", "Don't; stop", "One"} {
		radio.SetTitle(title)
		for titles := j.titles(); len(titles) == 0 || titles[len(titles)-1] != title; titles = j.titles() {
			if _, err := s.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := j.titles(); !slices.Equal(got, []string{"One", "Don't; stop", "One"}) {
		t.Errorf("%q", got)
	}
}

func TestLadder(t *testing.T) {
	file := webtest.NewFile("a.mp3", "audio/mpeg", webtest.SilentMP3(time.Second), webtest.FileOptions{NoRanges: true})
	defer file.Close()
	hop := webtest.NewHostile(webtest.Redirects(302, file.URL+"?token=secret"))
	defer hop.Close()
	var j journal
	open(t, strings.Replace(hop.URL, "//", "//me:secret@", 1), Config{Trace: j.add})
	got := strings.Join(j.lines(), "\n")
	want := strings.Join([]string{
		"attempt " + hop.URL + " http",
		"tcp: tcp (" + hop.Addr() + ") <nil>",
		"reply: reply (302 Moved) <nil>",
		"note redirected to " + file.URL + "?token=***",
		"attempt " + file.URL + "?token=*** http",
		"tcp: tcp (" + file.Addr() + ") <nil>",
		"reply: reply (200 OK, webtest) <nil>",
	}, "\n")
	if !strings.HasPrefix(got, want) || !strings.Contains(got, "transport: first bytes (") || !strings.HasSuffix(got, "container: container (MP3) <nil>") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if strings.Contains(got, "secret") {
		t.Errorf("a secret is shown:\n%s", got)
	}
	// The password is for the link's own host.
	for _, r := range file.Requests() {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("a password went to %s", r.Host)
		}
	}
}

func TestNameIsTraced(t *testing.T) {
	file := webtest.NewFile("a.mp3", "audio/mpeg", webtest.SilentMP3(time.Second), webtest.FileOptions{})
	defer file.Close()
	var j journal
	open(t, strings.Replace(file.URL, "127.0.0.1", "localhost", 1), Config{Trace: j.add})
	if got := strings.Join(j.lines(), "\n"); !strings.Contains(got, "name: name (") || !strings.Contains(got, "127.0.0.1") {
		t.Errorf("%s", got)
	}
}

func TestFiniteBody(t *testing.T) {
	mp3 := webtest.SilentMP3(20 * time.Second)
	for _, c := range []struct {
		name string
		o    webtest.FileOptions
		live bool
		end  error
	}{
		{"length", webtest.FileOptions{NoRanges: true}, false, nil},
		{"chunked", webtest.FileOptions{NoRanges: true, Chunked: true}, true, nil},
		{"cut short", webtest.FileOptions{NoRanges: true, CutAfter: 100_000}, false, &ShortError{Got: 100_000, Want: int64(len(mp3))}},
		{"chunked, cut short", webtest.FileOptions{NoRanges: true, Chunked: true, CutAfter: 100_000}, true, ErrDropped},
		{"no length", webtest.FileOptions{NoRanges: true, NoLength: true}, true, ErrDropped},
		{"announced too long", webtest.FileOptions{NoRanges: true, Announce: 1 << 40}, false, &ShortError{Got: int64(len(mp3)), Want: 1 << 40}},
		{"announced too short", webtest.FileOptions{NoRanges: true, Announce: 50_000}, false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := webtest.NewFile("a.mp3", "audio/mpeg", mp3, c.o)
			defer file.Close()
			s := open(t, file.URL, Config{})
			if _, ok := s.(*Stream); !ok {
				t.Fatalf("a %T", s)
			}
			if info := s.Info(); info.Live != c.live || info.Protocol != "http" || info.Can.NoSeek == "" || (info.Can.NoPause != "") != c.live {
				t.Errorf("%+v", info)
			}
			got, err := drain(t.Context(), s)
			var short *ShortError
			switch {
			case errors.As(c.end, &short):
				var have *ShortError
				if !errors.As(err, &have) || *have != *short || rungOf(err) != media.RungTransport {
					t.Errorf("ends with %v", err)
				}
			case !errors.Is(err, c.end):
				t.Errorf("ends with %v, want %v", err, c.end)
			}
			if !bytes.HasPrefix(mp3, got) || c.end == nil && c.o.Announce == 0 && len(got) != len(mp3) {
				t.Errorf("%d of %d bytes, or others", len(got), len(mp3))
			}
		})
	}
}

func TestChunksBeginAtPackets(t *testing.T) {
	ts := packets(2000)
	damaged := slices.Concat([]byte("junk"), ts[:300*tsPacket], []byte("damage"), ts[300*tsPacket:])
	file := webtest.NewFile("a.ts", "video/mp2t", damaged, webtest.FileOptions{NoRanges: true, Chunked: true})
	defer file.Close()
	s := open(t, file.URL, Config{})
	n, lost := 0, 0
	for {
		chunk, err := s.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !chunk.Key || len(chunk.Data)%tsPacket != 0 || chunk.Data[0] != tsSync {
			t.Fatalf("key %v, %d bytes, first %x", chunk.Key, len(chunk.Data), chunk.Data[0])
		}
		for i := 0; i < len(chunk.Data); i += tsPacket {
			if chunk.Data[i] != tsSync {
				lost++
			}
		}
		n += len(chunk.Data)
	}
	if n < len(ts)-tsPacket || n > len(damaged) || lost*tsPacket > maxChunk {
		t.Errorf("%d bytes of %d, %d packets out of step", n, len(ts), lost)
	}
}

func TestKeyOnlyFirstWhereNothingElseIsKnown(t *testing.T) {
	film := append([]byte(".RMF\x00\x00\x00\x12"), make([]byte, 300_000)...)
	file := webtest.NewFile("a.rm", "application/vnd.rn-realmedia", film, webtest.FileOptions{NoRanges: true})
	defer file.Close()
	s := open(t, file.URL, Config{})
	for i := 0; ; i++ {
		chunk, err := s.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil || chunk.Key != (i == 0) || (chunk.Init != nil) != (i == 0) || len(chunk.Data) > maxChunk {
			t.Fatalf("chunk %d: key %v, init %v, %d bytes, %v", i, chunk.Key, chunk.Init, len(chunk.Data), err)
		}
	}
}

// TestNextOutlivesItsContext: a Next that gave up loses nothing.
func TestNextOutlivesItsContext(t *testing.T) {
	mp3 := webtest.SilentMP3(time.Second)
	half := len(mp3) / 2
	more := make(chan struct{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(mp3))
		conn.Write(mp3[:half])
		<-more
		conn.Write(mp3[half:])
		io.Copy(io.Discard, conn)
	}()
	s := open(t, "http://"+ln.Addr().String()+"/", Config{})
	var got []byte
	for len(got) < half {
		chunk, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, chunk.Data...)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without data: %v", err)
	}
	close(more)
	rest, err := drain(t.Context(), s)
	if got = append(got, rest...); err != nil || !bytes.Equal(got, mp3) {
		t.Errorf("%d of %d bytes, %v", len(got), len(mp3), err)
	}
}

func TestPauseOfAFiniteBody(t *testing.T) {
	mp3 := webtest.SilentMP3(10 * time.Second)
	file := webtest.NewFile("a.mp3", "audio/mpeg", mp3, webtest.FileOptions{NoRanges: true})
	defer file.Close()
	s := open(t, file.URL, Config{})
	for range 2 { // twice is as good as once
		if err := s.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("paused: %v", err)
	}
	for range 2 {
		if err := s.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := drain(t.Context(), s); err != nil || !bytes.Equal(got, mp3) {
		t.Errorf("%d of %d bytes, %v", len(got), len(mp3), err)
	}
}

func TestCloseEndsNext(t *testing.T) {
	for _, paused := range []bool{false, true} {
		server := webtest.NewHostile(webtest.Holds("silence", "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"+string(webtest.SilentMP3(time.Second/10))))
		defer server.Close()
		s := open(t, server.URL, Config{})
		if _, err := s.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		if paused {
			s.Pause(t.Context())
		}
		done := make(chan error)
		go func() {
			_, err := s.Next(t.Context())
			done <- err
		}()
		s.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("paused %v: %v", paused, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("again: %v", err)
		}
	}
}

func TestDroppedRadio(t *testing.T) {
	radio := webtest.NewRadio(webtest.SilentMP3(time.Second), nil, webtest.RadioOptions{})
	defer radio.Close()
	s := open(t, radio.URL, Config{})
	radio.CutConnections()
	if _, err := drain(t.Context(), s); !errors.Is(err, ErrDropped) || rungOf(err) != media.RungTransport {
		t.Errorf("%v", err)
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, b := range []webtest.Behaviour{
			webtest.Holds("", ""),
			webtest.Holds("", "HTTP/1.1 200 OK\r\n"),
			webtest.Holds("", "HTTP/1.1 200 OK\r\n\r\n"),
		} {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
			cfg, wait := piped(b.Serve)
			start := time.Now()
			_, err := Open(ctx, mustParse(t, "http://10.0.0.1/"), cfg)
			if err == nil || err.Error() != "enough" || time.Since(start) > 2*time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			cancel()
			wait()
		}
	})
}

func TestNextAllocatesNothing(t *testing.T) {
	titles, _ := newTestICY(t, "8192")
	found, _, _ := sniff(webtest.SilentMP3(time.Second), "")
	c := &client{cfg: Config{Timeouts: Timeouts{}.withDefaults()}, trace: new(trace.Tracer)}
	s := newStream(c, &reply{Head: &http1.Head{}, body: &endless{}}, media.Info{}, titles, &beginning{found: found})
	defer s.Close()
	ctx := t.Context()
	next := func() {
		if _, err := s.Next(ctx); err != nil {
			t.Fatal(err)
		}
	}
	next()
	if n := testing.AllocsPerRun(200, next); n > 0 {
		t.Errorf("%v allocations a chunk", n)
	}
}

// endless is a body of zeros, none of which is a title.
type endless struct{ deadline time.Time }

func (*endless) Read(p []byte) (int, error)          { clear(p); return len(p), nil }
func (*endless) Close() error                        { return nil }
func (e *endless) SetReadDeadline(t time.Time) error { e.deadline = t; return nil }
