package rtsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/coder/websocket"
)

const (
	// onvifProtocol is the subprotocol of ONVIF's Streaming Specification,
	// for RTSP over WebSocket; axisProtocol the one that Axis had before, at
	// axisPath.
	onvifProtocol = "rtsp.onvif.org"
	axisProtocol  = "binary"

	// maxWebSocketMessage bounds one message. It is never in memory whole; one
	// without an end is no stream of packets.
	maxWebSocketMessage = 64 << 20
)

// otherProtocol are the replies after which the other subprotocol is tried; 101
// is there for a server that answers with one that was not asked for.
var otherProtocol = []int{101, 400, 406, 426, 501}

// webSocket is RTSP within the binary messages of a WebSocket (RFC 6455): a
// stream of bytes, in which a message may hold a part or several of RTSP's
// messages and '$' frames.
type webSocket struct {
	net.Conn           // under the WebSocket: its addresses, its deadlines
	message  io.Reader // the one that is being read
	ws       *websocket.Conn
	next     func() (io.Reader, error)
	send     func(p []byte) error
}

// webSocket makes the handshake.
func (o *opener) webSocket(ctx context.Context) (net.Conn, error) {
	protocols := []string{onvifProtocol, axisProtocol}
	if path, _, _ := strings.Cut(o.a.Path, "?"); path == axisPath {
		slices.Reverse(protocols)
	}
	return o.tunnel(ctx, func(ctx context.Context, nc net.Conn, authorization string) (asked, error) {
		header := http.Header{"User-Agent": {o.cfg.UserAgent}}
		if authorization != "" {
			header.Set("Authorization", authorization)
		}
		// Where it goes is settled: by nc and by the target.
		ws, resp, err := websocket.Dial(ctx, "ws://camera/", &websocket.DialOptions{
			HTTPClient:   webClient(nc, webPath(o.a)),
			HTTPHeader:   header,
			Host:         o.a.Authority(),
			Subprotocols: protocols[:1],
		})
		reply := webReply(resp)
		if err == nil {
			o.login.web.Answered(loginReply(reply), authorization)
			return asked{road: newWebSocket(ctx, nc, ws), detail: clean(ws.Subprotocol())}, nil
		}
		switch {
		case reply == nil:
			return asked{}, handshakeFailure(err)
		case len(protocols) > 1 && slices.Contains(otherProtocol, reply.status):
			protocols = protocols[1:]
			return asked{}, errAnotherWay
		case reply.status == 101 || reply.ok():
			return asked{}, fmt.Errorf("the server does not speak WebSocket there: %s", clean(err.Error()))
		}
		return asked{reply: reply}, nil
	})
}

// handshakeFailure is an error of net/http's in words fit to be shown.
func handshakeFailure(err error) error {
	if closed := closedBy(err); errors.Is(closed, ErrConnection) {
		return closed
	}
	if strings.Contains(err.Error(), "malformed HTTP") {
		return fmt.Errorf("%w: the server does not speak HTTP at this port", errMalformed)
	}
	return errors.New(clean(err.Error()))
}

// webClient is an HTTP client with one connection, which is made already. It
// keeps the target byte for byte.
func webClient(nc net.Conn, target string) *http.Client {
	unused := make(chan net.Conn, 1)
	unused <- nc
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &exactTarget{target, &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				select {
				case nc := <-unused:
					return nc, nil
				default:
					return nil, ErrConnection
				}
			},
			DisableCompression:     true,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: maxHead,
		}},
	}
}

// exactTarget sends requests with a target that has not been through net/url.
type exactTarget struct {
	target string
	next   http.RoundTripper
}

func (e *exactTarget) RoundTrip(r *http.Request) (*http.Response, error) {
	exact, url := *r, *r.URL
	url.Opaque = e.target
	exact.URL = &url
	resp, err := e.next.RoundTrip(&exact)
	if err == nil && resp.StatusCode != http.StatusSwitchingProtocols {
		resp.Body.Close() // nobody reads it, and its end may not come
		resp.Body = http.NoBody
	}
	return resp, err
}

// webReply is an answer to the handshake as the rest of the package has it.
func webReply(resp *http.Response) *response {
	if resp == nil {
		return nil
	}
	_, reason, _ := strings.Cut(resp.Status, " ")
	r := &response{status: resp.StatusCode, reason: reason}
	for name, values := range resp.Header {
		for _, v := range values {
			r.header.add(name, v)
		}
	}
	return r
}

func newWebSocket(ctx context.Context, nc net.Conn, ws *websocket.Conn) *webSocket {
	ws.SetReadLimit(maxWebSocketMessage)
	ctx = context.WithoutCancel(ctx) // it lives longer than the handshake, until Close
	return &webSocket{
		Conn: nc, ws: ws,
		next: func() (io.Reader, error) {
			_, message, err := ws.Reader(ctx) // of either type: the bytes are the same
			return message, err
		},
		send: func(p []byte) error { return ws.Write(ctx, websocket.MessageBinary, p) },
	}
}

func (w *webSocket) Read(p []byte) (int, error) {
	for {
		if w.message == nil {
			message, err := w.next()
			if err != nil {
				return 0, webSocketError(err)
			}
			w.message = message
		}
		n, err := w.message.Read(p)
		if err == io.EOF {
			w.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, webSocketError(err)
		}
	}
}

// webSocketError makes the server's farewell an end or words fit to be shown.
func webSocketError(err error) error {
	closed, ok := errors.AsType[websocket.CloseError](err)
	switch {
	case !ok:
		return err
	case closed.Code == websocket.StatusNormalClosure || closed.Code == websocket.StatusGoingAway || closed.Code == websocket.StatusNoStatusRcvd:
		return io.EOF
	}
	return fmt.Errorf("%w: websocket: %d %s", ErrConnection, closed.Code, clean(closed.Reason))
}

func (w *webSocket) Write(p []byte) (int, error) {
	if err := w.send(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close ends the connection without a farewell: TEARDOWN was one.
func (w *webSocket) Close() error {
	_ = w.ws.CloseNow()
	return nil
}
