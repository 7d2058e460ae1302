package mms

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync"

	"tapedeck/client/address"
	"tapedeck/client/login"
)

// httpLogin is the login for the server of a link, and for no other: where a
// redirect leads to another one, that gets a login of its own or none.
//
//	C: GET                         S: 401, WWW-Authenticate: NTLM
//	C: GET, Authorization: NTLM (NEGOTIATE)    S: 401, NTLM (CHALLENGE)
//	C: GET, Authorization: NTLM (AUTHENTICATE) S: 200
//
// That logs the connection in; each further one begins with the NEGOTIATE. Basic
// and Digest log in each request. NTLM comes first where it is offered: servers
// of Windows know the password's hash for it always, and for Digest seldom.
type httpLogin struct {
	basic *login.Login // and Digest; nil: the link has no user
	ntlm  *login.NTLM

	mu     sync.Mutex
	scheme string // under which the server takes NTLM; empty: it has not asked
	proxy  bool   // a proxy has asked
}

func newHTTPLogin(a address.Address) *httpLogin {
	if !a.HasUser {
		return &httpLogin{}
	}
	return &httpLogin{basic: login.New(a.User, a.Password), ntlm: login.NewNTLM(a.User, a.Password)}
}

// ntlmStep is how far a connection is logged in.
type ntlmStep uint8

const (
	ntlmOut   ntlmStep = iota
	ntlmAsked          // NEGOTIATE was sent
	ntlmTold           // AUTHENTICATE was sent
	ntlmIn
)

// authorization is the header that goes with a request on a connection: its name
// and its value, which is empty for none.
func (l *httpLogin) authorization(c *httpConn, method, target string) (name, value string, err error) {
	l.mu.Lock()
	scheme, proxy := l.scheme, l.proxy
	l.mu.Unlock()
	if scheme == "" {
		return l.basic.Header(), l.basic.Authorization(method, target), nil
	}
	name = "Authorization"
	if proxy {
		name = "Proxy-Authorization"
	}
	var token []byte
	switch c.step {
	case ntlmIn:
		return name, "", nil
	case ntlmOut, ntlmTold:
		token, err = l.ntlm.Negotiate()
		c.step = ntlmAsked
	case ntlmAsked:
		token, err = l.ntlm.Authenticate(c.challenge)
		c.step = ntlmTold
	}
	if err != nil {
		return "", "", err
	}
	return name, scheme + " " + base64.StdEncoding.EncodeToString(token), nil
}

// answered takes in a reply that asks for nothing.
func (l *httpLogin) answered(c *httpConn, said login.Reply, sent string) {
	if c.step == ntlmTold || c.step == ntlmAsked {
		c.step = ntlmIn // or this server does not ask on this connection
	}
	l.basic.Answered(said, sent)
}

// errLoginCut: NTLM needs one connection from its beginning to its end.
var errLoginCut = errors.New("mms: the server closed the connection in the middle of the login")

// challenged takes in a reply that asks for a login, to a request that carried
// sent, and n that asked before. nil means that it is worth another try, on the
// same connection if keep says so.
func (l *httpLogin) challenged(c *httpConn, said login.Reply, sent string, n int) (keep bool, err error) {
	name := "WWW-Authenticate"
	if said.Status == 407 {
		name = "Proxy-Authenticate"
	}
	scheme, token, offered := ntlmOffer(said.Values(name))
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.ntlm == nil:
		return false, &login.Error{}
	case l.scheme == "" && (!offered || n > 0):
		return false, l.basic.Challenged(said, sent, n)
	case l.scheme == "":
		l.scheme, l.proxy = scheme, said.Status == 407
		return true, nil
	case c.step == ntlmTold || n > login.Max:
		return false, &login.Error{Refused: true}
	case !offered || len(token) == 0:
		if c.step == ntlmAsked {
			return false, &login.Error{Refused: true}
		}
		c.step = ntlmOut // the server has forgotten the connection
		return true, nil
	}
	c.challenge = token
	return true, nil
}

// ntlmOffer finds NTLM among the values of a header, or Negotiate, under which
// servers of Windows take the same messages.
func ntlmOffer(values []string) (scheme string, token []byte, ok bool) {
	for _, want := range []string{"NTLM", "Negotiate"} {
		for _, v := range values {
			for _, part := range strings.Split(v, ",") {
				name, rest, _ := strings.Cut(strings.TrimSpace(part), " ")
				if !strings.EqualFold(name, want) {
					continue
				}
				token, _ = base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
				return want, token, true
			}
		}
	}
	return "", nil, false
}
