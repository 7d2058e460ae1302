package rtsp

import (
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/rtsp/rtsptest"
)

// bridge puts a server's RTSP into WebSockets, as ONVIF has it. There is no
// server for that to be had: this is coder/websocket's in front of rtsptest's.
type bridge struct {
	to        *rtsptest.Server
	protocols []string // that it accepts
	piece     int      // bytes of a message
	text      bool     // replies come in text messages
	login     string   // of Basic; "" for none

	mu    sync.Mutex
	asked []string // path and protocol
}

func (b *bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	offered := r.Header.Get("Sec-WebSocket-Protocol")
	b.mu.Lock()
	b.asked = append(b.asked, r.RequestURI+" "+offered)
	b.mu.Unlock()
	if user, password, _ := r.BasicAuth(); b.login != "" && user+":"+password != b.login {
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(401)
		return
	}
	if !slices.Contains(b.protocols, offered) {
		http.Error(w, "no such protocol", 400)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: b.protocols})
	if err != nil {
		return
	}
	defer ws.CloseNow()
	inner, err := net.Dial("tcp", strings.TrimPrefix(b.to.URL(""), "rtsp://"))
	if err != nil {
		return
	}
	defer inner.Close()
	var out sync.WaitGroup
	defer out.Wait()
	defer inner.Close()
	out.Go(func() {
		kind := websocket.MessageBinary
		if b.text {
			kind = websocket.MessageText
		}
		piece := make([]byte, b.piece)
		for {
			n, err := inner.Read(piece)
			if err != nil {
				ws.Close(websocket.StatusNormalClosure, "")
				return
			}
			if ws.Write(r.Context(), kind, piece[:n]) != nil {
				return
			}
		}
	})
	for {
		kind, message, err := ws.Read(r.Context())
		if err != nil || kind != websocket.MessageBinary {
			return
		}
		if _, err := inner.Write(message); err != nil {
			return
		}
	}
}

func (b *bridge) serve(t *testing.T) *httptest.Server {
	b.to = rtsptest.NewServer(rtsptest.Config{})
	t.Cleanup(b.to.Close)
	front := httptest.NewServer(b)
	t.Cleanup(front.Close)
	return front
}

func TestWebSocket(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path string
		bridge     *bridge
		asked      string
	}{
		{"ONVIF", "/live", &bridge{protocols: []string{onvifProtocol}, piece: 64 << 10}, "/live rtsp.onvif.org"},
		{"small messages", "/live?x=%zz", &bridge{protocols: []string{onvifProtocol}, piece: 50}, "/live?x=%zz rtsp.onvif.org"},
		{"text messages", "/live", &bridge{protocols: []string{onvifProtocol}, piece: 64 << 10, text: true}, "/live rtsp.onvif.org"},
		{"another protocol", "/live", &bridge{protocols: []string{axisProtocol}, piece: 4 << 10}, "/live rtsp.onvif.org, /live binary"},
		{"login", "/live", &bridge{protocols: []string{onvifProtocol}, piece: 4 << 10, login: "alice:p@ss:word"}, "/live rtsp.onvif.org, /live rtsp.onvif.org"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			front := c.bridge.serve(t)
			link := strings.Replace(over("rtsp+ws", "rtsp"+strings.TrimPrefix(front.URL, "http"))+c.path, "://", "://alice:p%40ss%3Aword@", 1)
			s, ev := start(t, link, Config{})
			if i := s.Info(); i.Transport != "websocket" || !ev.has("websocket ") || ev.has("p@ss") {
				t.Errorf("%+v\n%s", i, ev)
			}
			data, _ := record(t, s, 0, time.Second)
			if f := decode(t, data); len(f.pictures) < 20 {
				t.Errorf("%d pictures; %s", len(f.pictures), f.words)
			}
			s.Close()
			if got := strings.Join(c.bridge.asked, ", "); got != c.asked {
				t.Error(got)
			}
			r := c.bridge.to.Requests()
			if !strings.HasPrefix(r[0].URL, "rtsp://127.0.0.1:") || r[len(r)-1].Method != "TEARDOWN" {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestWebSocketAxis has Axis' path, protocol and stream.
func TestWebSocketAxis(t *testing.T) {
	t.Parallel()
	b := bridge{protocols: []string{axisProtocol}, piece: 4 << 10}
	front := b.serve(t)
	_, err := Open(t.Context(), parse(t, "rtsp+ws"+strings.TrimPrefix(front.URL, "http")+axisPath+"?camera=2"), Config{})
	if got := strings.Join(b.asked, ", "); got != axisPath+"?camera=2 binary" || status(err) != 404 {
		t.Errorf("%s, %v", got, err) // our server has no such stream
	}
	if want := "rtsp" + strings.TrimPrefix(front.URL, "http") + "/axis-media/media.amp?camera=2"; b.to.Requests()[0].URL != want {
		t.Error(b.to.Requests()[0].URL)
	}
}

func TestWebSocketTLS(t *testing.T) {
	t.Parallel()
	b := bridge{protocols: []string{onvifProtocol}, piece: 1400}
	plain := b.serve(t)
	front := httptest.NewUnstartedServer(plain.Config.Handler)
	cert, pool := selfSigned(t)
	front.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	front.StartTLS()
	defer front.Close()
	s, ev := start(t, "rtsp+wss"+strings.TrimPrefix(front.URL, "https")+"/live", Config{RootCAs: pool})
	record(t, s, 0, 500*time.Millisecond)
	s.Close()
	if !ev.has("tls ") || s.Info().Transport != "websocket" {
		t.Error(ev)
	}
	if r := b.to.Requests()[0]; !strings.HasPrefix(r.URL, "rtsp://127.0.0.1:") {
		t.Error(r.URL)
	}
}

func TestWebSocketFailures(t *testing.T) {
	const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	always := func(answer string) func(*webAsk) string { return func(*webAsk) string { return answer } }
	for _, c := range []struct {
		name  string
		on    func(*webAsk) string
		is    error
		text  string
		asked int
		took  time.Duration
	}{
		{"not there", always("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), nil, "rtsp: websocket: 404 Not Found", 1, 0},
		{"not there, without an end", always("HTTP/1.0 404 Not Found\r\n\r\nWhere?..."), nil, "rtsp: websocket: 404 Not Found", 1, 0},
		{"no upgrade", always("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n"), nil, "rtsp: websocket: 426 Upgrade Required", 2, 0},
		{"a web page", always("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"), nil, "does not speak WebSocket there", 1, 0},
		{"a wrong key", always(switching + "Sec-WebSocket-Accept: AAAA\r\n\r\n"), nil, "does not speak WebSocket there", 2, 0},
		{"RTSP", always("RTSP/1.0 400 Bad Request\r\n\r\n"), errMalformed, "does not speak HTTP", 1, 0},
		{"endless headers", always("HTTP/1.1 200 OK\r\n" + strings.Repeat("A: "+strings.Repeat("b", 1000)+"\r\n", 1000) + "..."), nil, "websocket: ", 1, 0},
		{"it hangs up", always("HTTP/1.1 101 Sw"), ErrConnection, "rtsp: websocket: connection closed by the server", 1, 0},
		{"nothing", always("..."), nil, "rtsp: websocket: no answer in 10s", 1, 10 * time.Second},
		{"login", always("HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm=x, nonce=1\r\nContent-Length: 0\r\n\r\n"), login.ErrWanted, "refuses this user name and password", 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t)
				g.on = c.on
				begin := time.Now()
				_, ev, err := g.open("rtsp+ws://u:secret@10.0.0.1/live", Config{})
				rung, ok := errors.AsType[*media.RungError](err)
				if !ok || rung.Rung != media.RungReply || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) || ev.has("secret") {
					t.Errorf("%v\n%s", err, ev)
				}
				if took := time.Since(begin); took != c.took || len(g.asks) != c.asked {
					t.Errorf("it took %v, and asked %d times", took, len(g.asks))
				}
				for _, q := range g.asks {
					if q.path != "/live" || q.header.get("Upgrade") != "websocket" || q.header.get("Sec-WebSocket-Version") != "13" {
						t.Error(q.head)
					}
				}
			})
		})
	}
}

// TestWebSocketDigest has the login of the handshake as go2rtc's issue 415.
func TestWebSocketDigest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		var sent string
		g.on = func(q *webAsk) string {
			if sent = q.header.get("Authorization"); sent == "" {
				return "HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"1\", qop=\"auth\"\r\nContent-Length: 0\r\n\r\n"
			}
			return "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
		}
		_, _, err := g.open("rtsp+ws://u:secret@10.0.0.1/live?a=%20b", Config{})
		if status(err) != 403 || !strings.Contains(sent, `uri="/live?a=%20b"`) || !strings.Contains(sent, "nc=00000001") {
			t.Errorf("%v, %s", err, sent)
		}
	})
}

// TestWebSocketMessages writes frames by hand (RFC 6455 section 5.2): 0x82 is a
// whole binary message, 0x02 and 0x80 the parts of one, 0x89 a ping, 0x88 the
// farewell with its code.
func TestWebSocketMessages(t *testing.T) {
	for _, c := range []struct {
		frames, want string
		err          error
		text         string
	}{
		{"\x82\x03abc\x82\x00\x81\x02de\x88\x02\x03\xe8", "abcde", io.EOF, ""},
		{"\x02\x02ab\x89\x01x\x80\x01c\x88\x02\x03\xe9", "abc", io.EOF, ""},
		{"\x82\x01a\x88\x09\x03\xf3too\x1bbad", "a", ErrConnection, "websocket: 1011 toobad"},
		{"\x82\x05ab", "ab", io.EOF, ""},
		{"\x82\x7f\x00\x00\x00\x00\x7f\xff\xff\xffabc", "abc", io.EOF, ""},
		{"\xf2\x01a", "", nil, "rsv"},
		{"\x89\x7e\x01\x00", "", nil, "control"},
	} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer theirs.Close()
				upgrade(theirs)
				go io.Copy(io.Discard, theirs)
				_, _ = io.WriteString(theirs, c.frames)
				time.Sleep(time.Second) // of the bubble: for the pong
			}()
			ws, _, err := websocket.Dial(t.Context(), "ws://x/", &websocket.DialOptions{HTTPClient: webClient(ours, "/")})
			if err != nil {
				t.Fatal(err)
			}
			w := newWebSocket(t.Context(), ours, ws)
			got, err := io.ReadAll(w)
			if c.err == io.EOF {
				if err = closedBy(err); errors.Is(err, ErrConnection) {
					err = nil
				}
			}
			if string(got) != c.want || (err == nil) != (c.err == io.EOF) || c.err != nil && c.err != io.EOF && !errors.Is(err, c.err) ||
				err != nil && !strings.Contains(strings.ToLower(err.Error()), c.text) {
				t.Errorf("%q: %q, %v", c.frames, got, err)
			}
			w.Close()
			w.Close()
			<-done
		})
	}
}

// upgrade answers a handshake.
func upgrade(nc net.Conn) {
	var head []byte
	for b := make([]byte, 4096); !strings.HasSuffix(string(head), "\r\n\r\n"); {
		n, err := nc.Read(b)
		if err != nil {
			return
		}
		head = append(head, b[:n]...)
	}
	key := parseHeader(strings.Split(string(head), "\r\n")).get("Sec-WebSocket-Key")
	fmt.Fprintf(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", acceptKey(key))
}

// acceptKey is RFC 6455 section 4.2.2's.
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
