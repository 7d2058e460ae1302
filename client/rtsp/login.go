package rtsp

import (
	"fmt"
	"strings"

	"tapedeck/client/login"
)

// maxTries bounds how often one request is sent because of 401s.
const maxTries = 1 + login.Max

// logins are the two that a host may ask for: RTSP's, and that of the HTTP of a
// tunnel, which asks on its own. Both are nil where the link has none.
type logins struct{ rtsp, web *login.Login }

// useLogin takes the logins for the host of o.a: what a server was told is not
// told to another one, nor at another port, before it asks.
func (o *opener) useLogin() {
	o.login = logins{}
	if !o.a.HasUser {
		return
	}
	key := o.a
	key.Path = ""
	known, ok := o.logins[key]
	if !ok {
		known = logins{
			rtsp: o.newLogin(func(h *hostMemory) *bool { return &h.digest }),
			web:  o.newLogin(func(h *hostMemory) *bool { return &h.webDigest }),
		}
		o.logins[key] = known
	}
	o.login = known
}

// newLogin is a login whose digests are remembered where digest says.
func (o *opener) newLogin(digest func(*hostMemory) *bool) *login.Login {
	host, memory := hostPort(o.a), o.cfg.Memory
	known := memory.of(host)
	l := login.New(o.a.User, o.a.Password)
	l.NoClear = !secure(o.a) && *digest(&known)
	l.Digested = func() { memory.note(host, func(h *hostMemory) { *digest(h) = true }) }
	return l
}

// loginReply is r as far as it concerns logins.
func loginReply(r *response) login.Reply {
	return login.Reply{Status: r.status, Values: r.header.all}
}

// asksLogin reports a reply that asks for a login. Some servers answer 404
// instead of 401 to whom they do not know.
func asksLogin(r *response, sent string) bool {
	if r.status == 404 && sent == "" {
		_, ok := r.header.lookup("WWW-Authenticate")
		return ok
	}
	return r.status == 401 || r.status == 407
}

// challenged is l.Challenged, with the request's method in its error.
func challenged(l *login.Login, method string, r *response, sent string, n int) error {
	if err := l.Challenged(loginReply(r), sent, n); err != nil {
		return fmt.Errorf("rtsp: %s: 401: %w", strings.ToLower(method), err)
	}
	return nil
}
