package mmstest

import (
	"bytes"
	"encoding/base64"
	"testing"

	"tapedeck/client/login"
	"tapedeck/client/mms/wire"
)

func TestBasicLogin(t *testing.T) {
	token := func(s string) []byte { return append([]byte(base64.StdEncoding.EncodeToString([]byte(s))), 0) }
	s := start(t, one(filmOf(t, short(t, 1)), Options{Login: Login{Scheme: Basic, User: "u", Password: "p"}}))
	c := call(t, s)
	c.funnel(false)
	c.send(wire.OpenFile{Incarnation: 9, Name: "film", Token: token("u:p")})
	if r := must(t, c.expect(wire.MIDReportOpenFile), wire.ParseReportOpenFile); r.HResult != 0 {
		t.Errorf("unasked: %x", r.HResult)
	}
	c.send(wire.OpenFile{Incarnation: 10, Name: "film"})
	for _, password := range []string{"x", "p"} {
		ch := must(t, c.expect(wire.MIDSecurityChallenge), wire.ParseSecurityChallenge)
		if ch.Incarnation != 10 || wire.Text(ch.Token) != `realm="mmstest"` {
			t.Errorf("%+v %q", ch, wire.Text(ch.Token))
		}
		c.send(wire.SecurityResponse{Incarnation: 10, Cookie: ch.Cookie, Token: token("u:" + password)})
	}
	if r := must(t, c.expect(wire.MIDReportOpenFile), wire.ParseReportOpenFile); r.HResult != 0 || r.Incarnation != 10 {
		t.Errorf("asked: %+v", r)
	}
	c.send(wire.OpenFile{Incarnation: 11, Name: "film"})
	for range loginTries {
		ch := must(t, c.expect(wire.MIDSecurityChallenge), wire.ParseSecurityChallenge)
		c.send(wire.SecurityResponse{Incarnation: 11, Cookie: ch.Cookie, Token: token("u:x")})
	}
	if r := must(t, c.expect(wire.MIDReportOpenFile), wire.ParseReportOpenFile); r.HResult != hrDenied {
		t.Errorf("wrong: %+v", r)
	}
}

// TestNTLMLogin: the client of NTLM is that of package login. Both wrappers are
// understood and mirrored.
func TestNTLMLogin(t *testing.T) {
	s := start(t, one(filmOf(t, short(t, 1)), Options{Login: Login{Scheme: NTLM, User: "u", Password: "p"}}))
	for name, head := range map[string][]byte{
		"two zeros": {0, 0},
		"structure": append([]byte{0, 0}, numbers(uint32(0), uint32(1), uint32(0), uint32(40), uint32(2), uint32(0))...),
		"bare":      {},
	} {
		for password, want := range map[string]uint32{"p": 0, "x": hrDenied} {
			c := call(t, s)
			c.funnel(false)
			c.send(wire.OpenFile{Incarnation: 9, Name: "film"})
			for try := range loginTries {
				ntlm := login.NewNTLM("u", password)
				negotiate, err := ntlm.Negotiate()
				if err != nil {
					t.Fatal(err)
				}
				ch := must(t, c.expect(wire.MIDSecurityChallenge), wire.ParseSecurityChallenge)
				if !bytes.Equal(ch.Token, []byte{0, 0}) {
					t.Errorf("%s: the first challenge is %x", name, ch.Token)
				}
				c.send(wire.SecurityResponse{Incarnation: 9, Cookie: ch.Cookie, Token: append(bytes.Clone(head), negotiate...)})
				ch = must(t, c.expect(wire.MIDSecurityChallenge), wire.ParseSecurityChallenge)
				at := bytes.Index(ch.Token, []byte("NTLMSSP\x00"))
				if want := max(2, len(head)); at != want {
					t.Fatalf("%s: a challenge at %d, want %d", name, at, want)
				}
				proof, err := ntlm.Authenticate(ch.Token[at:])
				if err != nil {
					t.Fatal(err)
				}
				c.send(wire.SecurityResponse{Incarnation: 9, Cookie: ch.Cookie, Token: append(bytes.Clone(head), proof...)})
				if want == 0 || try == loginTries-1 {
					break
				}
			}
			if r := must(t, c.expect(wire.MIDReportOpenFile), wire.ParseReportOpenFile); r.HResult != want {
				t.Errorf("%s, password %s: %x", name, password, r.HResult)
			}
		}
	}
}
