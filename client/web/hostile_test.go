package web

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"tapedeck/client/address"
	"tapedeck/client/media"
	"tapedeck/client/web/webtest"
)

func mustParse(t testing.TB, link string) address.Address {
	t.Helper()
	a, err := address.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// noProxy keeps tests apart from the environment.
func noProxy(*url.URL) (*url.URL, error) { return nil, nil }

// piped is a Config whose connections lead to serve without a network, so
// that a test can own the clock. wait returns when all of them have ended.
func piped(serve func(net.Conn)) (cfg Config, wait func()) {
	var all sync.WaitGroup
	cfg.Proxy = noProxy
	cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		all.Go(func() {
			serve(far)
			far.Close()
		})
		return near, nil
	}
	return cfg, all.Wait
}

// behaviour is how the hostile server of that name treats a connection.
func behaviour(t *testing.T, name string) func(net.Conn) {
	t.Helper()
	for _, b := range webtest.Hostile() {
		if b.Name == name {
			return b.Serve
		}
	}
	t.Fatalf("no server called %q", name)
	return nil
}

// hostileWords is what the user reads of each behaviour, or "" where the
// server is good enough to be opened.
var hostileWords = map[string]struct {
	rung  media.Rung
	words string
}{
	"hangs up":                   {media.RungReply, "without an answer"},
	"silence":                    {media.RungReply, "did not answer within 10s"},
	"no answer":                  {media.RungReply, "without an answer"},
	"half a status line":         {media.RungReply, "middle of its headers"},
	"half a reply":               {media.RungReply, "middle of its headers"},
	"half a reply, then silence": {media.RungReply, "did not end its headers within 10s"},
	"headers only":               {media.RungTransport, "headers but no media"},
	"empty body":                 {media.RungTransport, "headers but no media"},
	"headers, then silence":      {media.RungTransport, "headers but no media within 10s"},
	"endless headers":            {media.RungReply, "do not end within 64 KiB"},
	"endless header line":        {media.RungReply, "do not end within 64 KiB"},
	"many small headers":         {media.RungReply, "do not end within 64 KiB"},
	"dribbled headers":           {media.RungReply, "did not end its headers within 10s"},
	"endless interim replies":    {media.RungReply, "not HTTP"},
	"garbage":                    {media.RungReply, "not HTTP"},
	"endless garbage":            {media.RungReply, "not HTTP"},
	"an RTSP server":             {media.RungReply, "an RTSP server answers"},
	"GStreamer's RTSP server":    {media.RungReply, "an RTSP server answers"},
	"another protocol":           {media.RungReply, "not HTTP"},
	"a status that is none":      {media.RungReply, "not HTTP"},
	"a length too long":          {"", ""},
	"two lengths":                {media.RungReply, "two different lengths"},
	"a negative length":          {"", ""},
	"broken chunks":              {media.RungTransport, "chunked body is broken"},
	"chunks cut off":             {"", ""},
	"a chunk of enormous size":   {media.RungTransport, "chunked body is broken"},
	"an unknown coding":          {media.RungReply, "transfer coding"},
	"a bad metaint":              {media.RungReply, "icy-metaint"},
	"an enormous metaint":        {media.RungReply, "icy-metaint"},
	"a web page":                 {media.RungContainer, "a web page, not media"},
	"not found":                  {media.RungReply, "http: 404 Not[31m Found"},
	"redirect 302":               {media.RungReply, "more than 5 redirects"},
	"a redirect to nowhere":      {media.RungReply, "302 Found"},
	"a redirect to rubbish":      {media.RungReply, "points to an address that is none"},
	"dribbled media":             {"", ""},
	"media, then silence":        {"", ""},
}

// TestHostile opens each and reads what there is: it ends within the time that
// the constants state, at the right rung, in words that are safe to show.
func TestHostile(t *testing.T) {
	const most = ReplyTimeout + FirstByteTimeout + StallTimeout + time.Second
	for _, b := range webtest.Hostile() {
		t.Run(b.Name, func(t *testing.T) {
			want, known := hostileWords[b.Name]
			if !known {
				t.Fatal("nobody says what is expected of it")
			}
			synctest.Test(t, func(t *testing.T) {
				cfg, wait := piped(b.Serve)
				defer wait()
				var j journal
				cfg.Trace = j.add
				start := time.Now()
				s, err := Open(t.Context(), mustParse(t, "http://me:secret@10.0.0.1/a?token=secret"), cfg)
				if took := time.Since(start); took > most {
					t.Errorf("opening took %v", took)
				}
				if s != nil {
					defer s.Close()
				}
				switch {
				case want.words == "" && err != nil:
					t.Fatalf("not opened: %v", err)
				case want.words == "":
					ends(t, s)
				case err == nil:
					t.Fatal("opened")
				case rungOf(err) != want.rung || !strings.Contains(err.Error(), want.words):
					t.Errorf("%s: %v; want %s: %s", rungOf(err), err, want.rung, want.words)
				}
				shown := j.lines()
				if err != nil {
					shown = append(shown, err.Error())
				}
				for _, line := range shown {
					if strings.Contains(line, "secret") || strings.ContainsFunc(line, unicode.IsControl) {
						t.Errorf("not safe to show: %q", line)
					}
				}
			})
		})
	}
}

// ends reads s until it ends, or for long enough to see that it does not stall.
func ends(t *testing.T, s Session) {
	t.Helper()
	for last := time.Now(); ; {
		_, err := s.Next(t.Context())
		if waited := time.Since(last); waited > StallTimeout+time.Second {
			t.Errorf("Next took %v", waited)
		}
		if err != nil {
			return
		}
		last = time.Now()
		if s.Stats().Bytes > 1<<20 || dribbles(s) {
			return
		}
	}
}

// dribbles: a byte a second for ever is slow, but no error.
func dribbles(s Session) bool { return s.Stats().Bytes > 20 && s.Stats().Bytes < 100 }

func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := webtest.Holds("", "HTTP/1.1 200 OK\r\n\r\n"+string(webtest.SilentMP3(time.Second)))
		cfg, wait := piped(b.Serve)
		defer wait()
		s, err := Open(t.Context(), mustParse(t, "http://10.0.0.1/"), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		start := time.Now()
		_, err = drain(t.Context(), s)
		if took := time.Since(start); !errors.Is(err, os.ErrDeadlineExceeded) || rungOf(err) != media.RungTransport || took != StallTimeout {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	var j journal
	if _, err := tryOpen(t, "http://"+l.Addr().String()+"/", Config{Trace: j.add}); rungOf(err) != media.RungTCP {
		t.Errorf("%v", err)
	}
	if _, err := tryOpen(t, "http://does-not-exist.invalid/", Config{Trace: j.add}); rungOf(err) != media.RungName {
		t.Errorf("%v", err)
	}
	if _, err := tryOpen(t, "rtsp://127.0.0.1/", Config{}); rungOf(err) != media.RungAddress {
		t.Errorf("%v", err)
	}
	server := webtest.NewHostile(webtest.Says("no tls", "HTTP/1.1 400 Bad\r\n\r\n"))
	defer server.Close()
	if _, err := tryOpen(t, strings.Replace(server.URL, "http:", "https:", 1), Config{}); rungOf(err) != media.RungTLS {
		t.Errorf("%v", err)
	}
}

func TestConnectTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{Proxy: noProxy, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		start := time.Now()
		_, err := Open(t.Context(), mustParse(t, "http://10.0.0.1/"), cfg)
		if rungOf(err) != media.RungTCP || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != ConnectTimeout {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		cfg, wait := piped(behaviour(t, "silence"))
		defer wait()
		start = time.Now()
		_, err = Open(t.Context(), mustParse(t, "https://10.0.0.1/"), cfg)
		if rungOf(err) != media.RungTLS || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != TLSTimeout {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// elsewhere is a connection that seems to lead to another address.
type elsewhere struct {
	net.Conn
	addr net.Addr
}

func (e elsewhere) RemoteAddr() net.Addr { return e.addr }

func TestNoWayFromPublicToPrivate(t *testing.T) {
	cfg := Config{Proxy: noProxy}
	var asked []string
	var all sync.WaitGroup
	defer all.Wait()
	cfg.Dial = func(_ context.Context, _, addr string) (net.Conn, error) {
		asked = append(asked, addr)
		near, far := net.Pipe()
		all.Go(func() {
			webtest.Redirects(302, "http://192.168.1.1/admin").Serve(far)
			far.Close()
		})
		return elsewhere{near, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr))}, nil
	}
	_, err := Open(t.Context(), mustParse(t, "http://93.184.216.34/"), cfg)
	if !errors.Is(err, ErrPrivate) || rungOf(err) != media.RungTCP || len(asked) != 2 {
		t.Errorf("%v, asked %v", err, asked)
	}
	asked = nil
	if _, err := Open(t.Context(), mustParse(t, "http://10.0.0.1/"), cfg); errors.Is(err, ErrPrivate) {
		t.Errorf("from private to private: %v", err)
	}
}

func TestRedirectToAnotherProtocol(t *testing.T) {
	server := webtest.NewHostile(webtest.Redirects(301, "rtsp://me:secret@camera/live"))
	defer server.Close()
	_, err := tryOpen(t, server.URL, Config{})
	var to *RedirectError
	if !errors.As(err, &to) || to.Link != "rtsp://me:secret@camera/live" || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestHeadersFromAPlaylistStayInTheirLine(t *testing.T) {
	file := webtest.NewFile("a.mp3", "audio/mpeg", webtest.SilentMP3(time.Second), webtest.FileOptions{})
	defer file.Close()
	open(t, file.URL, Config{UserAgent: "x\r\nEvil: 1", Referer: "http://y/\r\nEvil: 1"})
	h := file.Requests()[0].Header
	if h.Get("Evil") != "" || h.Get("User-Agent") != "xEvil: 1" || h.Get("Referer") != "http://y/Evil: 1" {
		t.Errorf("%v", h)
	}
}
