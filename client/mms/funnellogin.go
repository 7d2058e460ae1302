package mms

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"tapedeck/client/address"
	"tapedeck/client/login"
)

// maxChallenges bounds the rounds of a login: two of NTLM in each wrapper, and
// one that tells it was wrong.
const maxChallenges = 5

var ntlmSignature = []byte("NTLMSSP\x00")

// funnelLogin answers the challenges of a server ([MS-MMSP] 3.2.5.9). The
// scheme is told by the token, from version 9 on:
//
//	Basic   realm="..." in UTF-16          -> base64 of "user:password", NUL
//	NTLM    0 0                            -> 0 0 NEGOTIATE
//	        0 0 CHALLENGE                  -> 0 0 AUTHENTICATE
//
// Whether a token of NTLM stands by itself behind the zeros or in a struct is
// not said: what the server sends is understood either way, and who does not
// understand the one is sent the other.
//
//	0 0 | 0 | 1 | x | size | 2 | x | token     fields of 32 bits
type funnelLogin struct {
	f     *funnel
	a     address.Address
	ntlm  *login.NTLM
	n     int  // challenges so far
	wrap  bool // the struct is used
	asked bool // NEGOTIATE was sent
	sent  bool // the password was sent, or what proves it
}

func newFunnelLogin(f *funnel, a address.Address) *funnelLogin { return &funnelLogin{f: f, a: a} }

// answer is the token for a challenge.
func (l *funnelLogin) answer(challenge []byte) ([]byte, error) {
	if !l.a.HasUser {
		return nil, &login.Error{}
	}
	l.n++
	if l.n > maxChallenges {
		return nil, &login.Error{Refused: true}
	}
	if l.basic(challenge) {
		if l.sent {
			return nil, &login.Error{Refused: true}
		}
		l.sent = true
		return append([]byte(base64.StdEncoding.EncodeToString([]byte(l.a.User+":"+l.a.Password))), 0), nil
	}
	return l.answerNTLM(challenge)
}

// basic tells the scheme. Servers before version 9 may send two zeros with
// either; then it is what they said at the beginning.
func (l *funnelLogin) basic(challenge []byte) bool {
	zeros := len(challenge) < 2 || challenge[0] == 0 && challenge[1] == 0
	switch {
	case !zeros:
		return true
	case l.f.old():
		return l.f.scheme == "BASIC"
	}
	return len(challenge) < 2 && l.f.scheme == "BASIC"
}

func (l *funnelLogin) answerNTLM(challenge []byte) ([]byte, error) {
	if l.ntlm == nil {
		l.ntlm = login.NewNTLM(l.a.User, l.a.Password)
	}
	if at := bytes.Index(challenge, ntlmSignature); at >= 0 && at <= ntlmDeepest && l.asked {
		if l.sent {
			return nil, &login.Error{Refused: true}
		}
		token, err := l.ntlm.Authenticate(challenge[at:])
		if err != nil {
			return nil, err
		}
		l.sent = true
		return l.wrapped(token), nil
	}
	switch {
	case l.sent, l.asked && l.wrap:
		return nil, &login.Error{Refused: true}
	case l.asked:
		l.wrap = true // it did not understand the other form
	}
	token, err := l.ntlm.Negotiate()
	if err != nil {
		return nil, err
	}
	l.asked = true
	return l.wrapped(token), nil
}

// ntlmDeepest is where a token of NTLM begins at most: behind zeros and struct.
const ntlmDeepest = 26

func (l *funnelLogin) wrapped(token []byte) []byte {
	out := make([]byte, 2, ntlmDeepest+len(token))
	if l.wrap {
		for _, v := range []uint32{0, 1, 0, uint32(len(token)), 2, 0} {
			out = binary.LittleEndian.AppendUint32(out, v)
		}
	}
	return append(out, token...)
}

// verdict is err with what it means: a refusal of who did not log in, or did so
// in vain.
func (l *funnelLogin) verdict(err error) error {
	server, ok := err.(*ServerError)
	if !ok || server.Code != accessDenied && server.Code != accessDeniedNetShow {
		return err
	}
	return fmt.Errorf("%w: %w", err, &login.Error{Refused: l.sent})
}

// What servers say to who is not let in ([MS-ERREF]).
const (
	accessDenied        HResult = 0x80070005
	accessDeniedNetShow HResult = 0xC00D2EFB
)
