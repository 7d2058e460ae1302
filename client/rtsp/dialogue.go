package rtsp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"tapedeck/client/login"
)

// errClosedAsking is a server that closed the connection with its 401: the
// login goes out on the next connection.
var errClosedAsking = errors.New("rtsp: the server closed the connection when it asked for a login")

// dialogue is the client's half of the talk over one connection: one request
// at a time, with login, session and user agent, and what the server said of
// itself on the way.
type dialogue struct {
	*conn
	agent string
	login *login.Login // nil where the link has none

	turn chan struct{} // held by the request that is out

	mu       sync.Mutex
	session  string
	timeout  time.Duration // the session's
	server   string        // Server of the first reply that had it
	methods  map[string]bool
	complete bool // methods came with Public
}

func newDialogue(c *conn, agent string, l *login.Login) *dialogue {
	return &dialogue{
		conn: c, agent: agent, login: l,
		turn:    make(chan struct{}, 1),
		timeout: defaultSessionTimeout,
	}
}

// do sends one request and waits at most limit for its reply, its logins
// included; a 1xx lets the time begin anew. Anything but a 2xx is an error:
// *StatusError, *redirected, or *login.Error. The reply is returned beside it
// where there is one.
func (d *dialogue) do(ctx context.Context, limit time.Duration, method, target string, extra ...field) (*response, error) {
	what := "rtsp: " + strings.ToLower(method)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(limit, func() { cancel(&TimeoutError{what + ": no answer", limit}) })
	defer timer.Stop()
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	for asked := 0; ; asked++ {
		req, sent := d.request(method, target, extra)
		resp, err := d.roundTrip(ctx, req, func() { timer.Reset(limit) })
		if err != nil {
			if asked > 0 && errors.Is(err, ErrConnection) {
				return nil, errClosedAsking
			}
			if _, ok := err.(*TimeoutError); !ok {
				err = fmt.Errorf("%s: %w", what, err)
			}
			return nil, err
		}
		d.learn(resp)
		d.login.Answered(loginReply(resp), sent)
		if asksLogin(resp, sent) {
			if err := challenged(d.login, method, resp, sent, asked); err != nil {
				return resp, err
			}
			continue
		}
		return resp, replyError(method, resp)
	}
}

// replyError is the error that a reply means, nil for a success.
func replyError(method string, r *response) error {
	if r.ok() {
		return nil
	}
	s := newStatusError(method, r)
	if r.status >= 300 && r.status < 400 && r.status != 304 {
		return &redirected{s, r.header.get("Location")}
	}
	return s
}

// request makes a request with the header in the order that devices are used
// to (CSeq is put in front by the connection) and tells which login it carries.
func (d *dialogue) request(method, target string, extra []field) (r *request, sent string) {
	r = &request{method: method, target: target}
	if sent = d.login.Authorization(method, target); sent != "" {
		r.header.add(d.login.Header(), sent)
	}
	r.header.add("User-Agent", d.agent)
	if id := d.sessionID(); id != "" {
		r.header.add("Session", id)
	}
	r.header = append(r.header, extra...)
	return r, sent
}

// ping sends a keepalive and does not wait: answered is called by the reader,
// perhaps never; renewed says that the login's nonce had run out, and that the
// next ping has the new one. While another request is out nothing is sent:
// cameras have room for one (sheet 1.15), and any request keeps a session.
func (d *dialogue) ping(method, target string, answered func(r *response, renewed bool)) (*call, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	default:
		return nil, nil
	}
	req, sent := d.request(method, target, nil)
	return d.send(req, func(r *response) {
		d.login.Answered(loginReply(r), sent)
		answered(r, asksLogin(r, sent) && challenged(d.login, method, r, sent, 0) == nil)
	}, nil)
}

// learn keeps what any reply may say: a session that is to be echoed from now
// on (the last one counts), the server's name, its methods.
func (d *dialogue) learn(r *response) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v := r.header.get("Session"); v != "" && r.ok() {
		if id, timeout := parseSession(v); id != "" {
			if strings.Contains(strings.ToLower(v), "timeout") || id != d.session {
				d.timeout = timeout
			}
			d.session = id
		}
	}
	if d.server == "" {
		d.server = clean(r.header.get("Server"))
	}
	public := strings.Join(append(r.header.all("Public"), r.header.all("Allow")...), ",")
	if public != "" && !d.complete && r.ok() {
		d.methods, d.complete = map[string]bool{}, true
		for _, m := range tokens(public) {
			if m = strings.ToUpper(m); isMethod(m) && len(d.methods) < maxHeaders {
				d.methods[m] = true
			}
		}
	}
}

func (d *dialogue) sessionID() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.session
}

func (d *dialogue) sessionTimeout() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.timeout
}

func (d *dialogue) serverName() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.server
}

// has reports whether the server has a method; known is false when it did not
// say which ones it has.
func (d *dialogue) has(method string) (has, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.methods[method], d.complete
}
