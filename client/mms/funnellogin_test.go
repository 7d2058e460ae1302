package mms

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"testing/synctest"

	"tapedeck/client/login"
	"tapedeck/client/mms/wire"
)

// TestFunnelTokens: which scheme a challenge asks for, and the bytes of what is
// sent for it.
func TestFunnelTokens(t *testing.T) {
	realm := []byte("r\x00e\x00a\x00l\x00m\x00=\x00\"\x00x\x00\"\x00\x00\x00")
	const basic = "bWU6c2VjcmV0\x00" // me:secret
	for _, c := range []struct {
		name, version, scheme string
		challenge             []byte
		want                  string // what the token begins with
	}{
		{"basic", "9.1.1.3814", "", realm, basic},
		{"basic of an old server", "4.1.0.3934", "", realm, basic},
		{"basic with an empty realm", "4.1.0.3934", "BASIC", []byte{0, 0}, basic},
		{"basic with nothing", "9.1.1.3814", "BASIC", nil, basic},
		{"ntlm", "9.1.1.3814", "BASIC", []byte{0, 0}, "\x00\x00NTLMSSP\x00\x01\x00\x00\x00"},
		{"ntlm of an old server", "4.1.0.3934", "NTLM", []byte{0, 0}, "\x00\x00NTLMSSP\x00\x01\x00\x00\x00"},
		{"nothing is said", "4.1.0.3934", "", nil, "\x00\x00NTLMSSP\x00\x01\x00\x00\x00"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var got wire.SecurityResponse
			_, _, err := dialScript(t, t.Context(), overTCP, Config{}, func(s *scripted) {
				s.want(wire.MIDConnect)
				s.send(wire.Connected{Version: c.version, Login: c.scheme})
				s.funnel()
				s.want(wire.MIDOpenFile)
				s.send(wire.SecurityChallenge{Incarnation: 77, Cookie: 4711, Token: c.challenge})
				m, _ := s.want(wire.MIDSecurityResponse)
				var err error
				if got, err = wire.ParseSecurityResponse(m); err != nil {
					t.Error(err)
				}
				s.send(wire.ReportOpenFile{HResult: 0x80070005})
				s.drain()
			})
			synctest.Wait()
			if !bytes.HasPrefix(got.Token, []byte(c.want)) || got.Incarnation != 77 || got.Cookie != 4711 {
				t.Errorf("%s: %+v", c.name, got)
			}
			var refusal *ServerError
			if !errors.Is(err, login.ErrWanted) || !errors.As(err, &refusal) {
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}
}

// TestFunnelNTLMStruct: a server that passes over a token which stands by itself
// is sent it in a struct, and one of its own in a struct is understood.
func TestFunnelNTLMStruct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heads []string
		_, _, err := dialScript(t, t.Context(), overTCP, Config{}, func(s *scripted) {
			s.greet()
			s.want(wire.MIDOpenFile)
			challenge := append([]byte{0, 0}, make([]byte, 24)...)
			challenge = append(challenge, "NTLMSSP\x00\x02\x00\x00\x00"...)
			challenge = append(challenge, make([]byte, 8)...)
			challenge = append(challenge, 0x05, 0x82, 0x08, 0x00) // Unicode, NTLM
			challenge = append(challenge, "12345678\x00\x00\x00\x00\x00\x00\x00\x00"...)
			for _, token := range [][]byte{{0, 0}, {0, 0}, challenge} {
				s.send(wire.SecurityChallenge{Token: token})
				m, ok := s.want(wire.MIDSecurityResponse)
				if !ok {
					return
				}
				r, _ := wire.ParseSecurityResponse(m)
				at := bytes.Index(r.Token, []byte("NTLMSSP"))
				heads = append(heads, hex.EncodeToString(append(r.Token[:at:at], r.Token[at+8])))
			}
			s.send(wire.ReportOpenFile{HResult: 0x80070002})
			s.drain()
		})
		synctest.Wait()
		if refusal, ok := errors.AsType[*ServerError](err); !ok || refusal.Code != 0x80070002 || errors.Is(err, login.ErrWanted) {
			t.Error(err)
		}
		if len(heads) != 3 || heads[0] != "000001" || len(heads[1]) != 2*27 || heads[1][:20] != "00000000000001000000" || heads[1][52:] != "01" || len(heads[2]) != 2*27 || heads[2][52:] != "03" {
			t.Errorf("%q", heads)
		}
	})
}

// TestFunnelAddress: a server outside of our network does not learn our address
// in it.
func TestFunnelAddress(t *testing.T) {
	for public, want := range map[bool]string{false: "10.0.0.2", true: anyAddress} {
		f := &funnel{c: newControl(addressed{}), public: public}
		if got := f.shown(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
