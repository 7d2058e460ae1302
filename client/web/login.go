package web

import (
	"tapedeck/client/address"
	"tapedeck/client/login"
)

// maxLogins bounds the servers whose logins are kept: redirects may lead to
// another one each time.
const maxLogins = 16

// loginFor is the login for the server of a, which is the Client's: what was
// asked for once goes out with its later requests at once. It is never another
// server's. Nil: a has no name and no password.
func (c *Client) loginFor(a address.Address) *login.Login {
	if !a.HasUser {
		return nil
	}
	a.Path = ""
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.logins[a]
	if !ok {
		if len(c.logins) == maxLogins {
			clear(c.logins)
		}
		l = login.New(a.User, a.Password)
		c.logins[a] = l
	}
	return l
}

// takeLogin takes in what the reply to h says of logins.
func (r *reply) takeLogin(h hop) {
	if r.Status == 407 && r.proxy != nil {
		return // the proxy's login is not the server's
	}
	said := login.Reply{Status: r.Status, Values: r.Header.Values}
	h.login.Answered(said, h.sent)
	if r.Status == 401 || r.Status == 407 {
		r.refused = h.login.Challenged(said, h.sent, h.asked)
		r.loginNext = r.refused == nil
	}
}
