package mmstest

import (
	"bytes"
	"encoding/base64"
	"strings"

	"tapedeck/client/login/logintest"
)

// loginTries is how many wrong logins are answered with another challenge.
const loginTries = 3

// loginRealm is what a challenge of Basic says.
const loginRealm = "mmstest"

// loginState is how far a login is.
type loginState struct {
	cookie uint32
	tries  int
	ntlm   *logintest.NTLM // set once the client has asked for its challenge
}

type verdict uint8

const (
	loginBad verdict = iota
	loginGood
	loginMore
)

// pack is the scheme's name in ConnectedEX.
func (s Scheme) pack() string {
	switch s {
	case Basic:
		return "BASIC"
	case NTLM:
		return "NTLM"
	case NoLogin:
	}
	return ""
}

// first is the token of the first challenge.
func (l Login) first() []byte {
	if l.Scheme == NTLM {
		return []byte{0, 0}
	}
	return utf16NUL(`realm="` + loginRealm + `"`)
}

// basic says whether a token is the right one: base64 of "user:password" and a
// NUL.
func (l Login) basic(token []byte) bool {
	b, err := base64.StdEncoding.DecodeString(string(bytes.TrimRight(token, "\x00")))
	return err == nil && string(b) == l.User+":"+l.Password
}

// answer judges the token of a SecurityResponse. With loginMore next is that of
// the next challenge.
func (l Login) answer(state *loginState, token []byte) (next []byte, v verdict) {
	if l.Scheme == Basic {
		if l.basic(token) {
			return nil, loginGood
		}
		return nil, loginBad
	}
	wrap, raw, ok := unwrapNTLM(token)
	if !ok {
		return nil, loginBad
	}
	if logintest.IsNegotiate(raw) {
		state.ntlm = &logintest.NTLM{User: l.User, Password: l.Password, Nonce: [8]byte(random(8))}
		return wrap(state.ntlm.Challenge()), loginMore
	}
	if state.ntlm != nil && state.ntlm.Verify(raw) == nil {
		return nil, loginGood
	}
	state.ntlm = nil
	return nil, loginBad
}

// unwrapNTLM finds the token of NTLM in that of MMS, and how to put another one
// in the same wrapper: two zeros, or two zeros and
//
//	0 | 1 | x | size | 2 | x | token      32-bit fields
func unwrapNTLM(token []byte) (wrap func([]byte) []byte, raw []byte, ok bool) {
	const wrapped = 26
	for _, at := range []int{0, 2, 24, wrapped} {
		if len(token) < at || !bytes.HasPrefix(token[at:], []byte("NTLMSSP\x00")) {
			continue
		}
		return func(b []byte) []byte {
			out := make([]byte, 2, len(b)+wrapped)
			if at >= 24 {
				out = append(out[:at-24], numbers(uint32(0), uint32(1), uint32(0), uint32(len(b)), uint32(2), uint32(0))...)
			}
			return append(out, b...)
		}, token[at:], true
	}
	return nil, nil, false
}

// redirect is where who asks for a path is sent.
func (s *Server) redirect(path string) (to string, ok bool) {
	path, _, _ = strings.Cut(path, "?")
	to, ok = s.o.Redirect[strings.TrimPrefix(path, "/")]
	return to, ok
}
