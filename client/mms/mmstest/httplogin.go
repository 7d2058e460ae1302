package mmstest

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"tapedeck/client/login"
	"tapedeck/client/login/logintest"
)

const webRealm = "WMS"

// webLogin is what a connection has shown. NTLM logs a connection in, the others
// each request.
type webLogin struct {
	ntlm   *logintest.NTLM // between its challenge and the answer
	in     bool
	nonces map[string]bool
}

// authorise checks who asks; if it did not like it, it has answered, and again
// says whether the connection stays.
func (w *webConn) authorise(req *webRequest) (ok, again bool) {
	want := w.s.o.Login
	if want.Scheme == NoLogin || w.login.in {
		return true, true
	}
	scheme, token, _ := strings.Cut(req.header.Get("Authorization"), " ")
	switch want.Scheme {
	case Basic:
		if strings.EqualFold(scheme, "Basic") && token == base64.StdEncoding.EncodeToString([]byte(want.User+":"+want.Password)) {
			return true, true
		}
		return false, w.challenge(req, `Basic realm="`+webRealm+`"`)
	case Digest:
		if strings.EqualFold(scheme, "Digest") && w.login.digest(want, req) {
			return true, true
		}
		return false, w.challenge(req, w.login.newDigest())
	case NTLM:
		if strings.EqualFold(scheme, "NTLM") {
			return w.ntlm(req, token)
		}
		return false, w.challenge(req, "NTLM")
	case NoLogin:
	}
	return false, w.refuse(req, 403)
}

// ntlm goes a step further on this connection.
func (w *webConn) ntlm(req *webRequest, token string) (ok, again bool) {
	l := &w.login
	message, err := base64.StdEncoding.DecodeString(strings.TrimSpace(token))
	switch {
	case err != nil:
		return false, w.refuse(req, 400)
	case logintest.IsNegotiate(message):
		l.ntlm = &logintest.NTLM{User: w.s.o.Login.User, Password: w.s.o.Login.Password}
		rand.Read(l.ntlm.Nonce[:])
		return false, w.challenge(req, "NTLM "+base64.StdEncoding.EncodeToString(l.ntlm.Challenge()))
	case l.ntlm != nil && l.ntlm.Verify(message) == nil:
		l.in, l.ntlm = true, nil
		return true, true
	}
	l.ntlm = nil
	return false, w.challenge(req, "NTLM")
}

// challenge answers 401 with a page, as servers do: who goes on with the
// connection has to read past it. For NTLM the connection stays
// ([MS-WMSP] 3.2.5.1).
func (w *webConn) challenge(req *webRequest, challenge string) bool {
	const page = "<html><body><h1>401 Unauthorized</h1>$D$H $E</body></html>\r\n"
	if strings.HasPrefix(challenge, "NTLM") && req.minor == 0 {
		req.close = false
	}
	h := w.head(req, 401)
	h.line("WWW-Authenticate", challenge)
	h.line("Content-Type", "text/html")
	h.line("Content-Length", fmt.Sprint(len(page)))
	return w.out.put(append(h.bytes(), page...)) && !req.close
}

// newDigest is a challenge of RFC 7616 with MD5, all that Windows Media Services
// know.
func (l *webLogin) newDigest() string {
	nonce := rand.Text()
	if l.nonces == nil {
		l.nonces = make(map[string]bool)
	}
	l.nonces[nonce] = true
	return fmt.Sprintf(`Digest realm="%s", nonce="%s", qop="auth", algorithm=MD5`, webRealm, nonce)
}

// digest checks an answer (RFC 7616 section 3.4). A nonce is for one connection,
// here as with NTLM.
func (l *webLogin) digest(want Login, req *webRequest) bool {
	answers := login.Parse(req.header.Values("Authorization"))
	if len(answers) != 1 {
		return false
	}
	p := answers[0].Parameters
	if !l.nonces[p["nonce"]] || p["username"] != want.User || p["uri"] != req.target {
		return false
	}
	ha1 := md5Hex(want.User, webRealm, want.Password)
	ha2 := md5Hex(req.method, req.target)
	return p["response"] == md5Hex(ha1, p["nonce"], p["nc"], p["cnonce"], p["qop"], ha2)
}

func md5Hex(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(sum[:])
}
