package login

import (
	"crypto/md5"
	"fmt"
	"hash"
	"strings"
	"testing"
)

// parametersOf reads what a login sends, as a server does.
func parametersOf(t *testing.T, sent string) Challenge {
	t.Helper()
	all := Parse([]string{sent})
	if len(all) != 1 {
		t.Fatalf("%q is not one login", sent)
	}
	return all[0]
}

// TestDigestSHA512 is the example of RFC 7616 section 3.9.2, with the response
// that its erratum 4897 gives.
func TestDigestSHA512(t *testing.T) {
	l := New("J\u00e4s\u00f8n Doe", "Secret, or not?")
	l.cnonce = func() string { return "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v" }
	r := asks(401, `Digest realm="api@example.org", qop="auth", `+
		`algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", `+
		`opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8`)
	if err := l.Challenged(r, "", 0); err != nil {
		t.Fatal(err)
	}
	got := l.Authorization("GET", "/doe.json")
	const want = `response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"`
	if !strings.Contains(got, want) {
		t.Error(got)
	}
}

func TestDigestQuality(t *testing.T) {
	auth := func(qop string) string {
		return md5Of(md5Of("u", "r", "p"), "n", "00000001", "c", qop, md5Of("GET", "/dir/index.html"))
	}
	integrity := md5Of(md5Of("u", "r", "p"), "n", "00000001", "c", "auth-int", md5Of("GET", "/dir/index.html", md5Of()))
	for _, c := range []struct {
		name     string
		offers   []string
		response string // "" for none
		qop      string
	}{
		{"auth", []string{`Digest realm=r, nonce=n, qop="auth"`}, auth("auth"), "auth"},
		{"both", []string{`Digest realm=r, nonce=n, qop="auth-int,auth"`}, auth("auth"), "auth"},
		{"bare, upper case", []string{`Digest realm=r, nonce=n, qop=AUTH`}, auth("auth"), "auth"},
		{"auth-int alone", []string{`Digest realm=r, nonce=n, qop="auth-int"`}, integrity, "auth-int"},
		{"auth-int of a better hash", []string{`Digest realm=r, nonce=m, qop="auth-int", algorithm=SHA-256`, `Digest realm=r, nonce=n, qop="auth"`}, auth("auth"), "auth"},
		{"auth-int before Basic", []string{`Basic realm=r`, `Digest realm=r, nonce=n, qop="auth-int"`}, integrity, "auth-int"},
		{"unknown", []string{`Digest realm=r, nonce=n, qop="auth-conf"`}, "", ""},
		{"unknown hash", []string{`Digest realm=r, nonce=n, algorithm=SHA-1, qop="auth-int"`}, "", ""},
	} {
		l := New("u", "p")
		l.cnonce = func() string { return "c" }
		got, err := ask(t, l, "", false, c.offers...)
		if (err == nil) != (c.response != "") {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil {
			continue
		}
		if p := parametersOf(t, got).Parameters; p["response"] != c.response || p["qop"] != c.qop {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// TestDigestSession has a -sess algorithm over several requests: its key is made
// once, also when the server names the next nonce.
func TestDigestSession(t *testing.T) {
	n := 0
	l := New("u", "p")
	l.cnonce = func() string { n++; return fmt.Sprint("c", n) }
	sent, err := ask(t, l, "", false, `Digest realm="r", nonce="n1", algorithm=MD5-sess, qop="auth"`)
	if err != nil {
		t.Fatal(err)
	}
	key := md5Of(md5Of("u", "r", "p"), "n1", "c1")
	check := func(sent, nonce, nc string) {
		t.Helper()
		want := md5Of(key, nonce, nc, "c1", "auth", md5Of("GET", "/dir/index.html"))
		if p := parametersOf(t, sent).Parameters; p["response"] != want || p["cnonce"] != "c1" || p["nonce"] != nonce || p["nc"] != nc {
			t.Error(sent)
		}
	}
	check(sent, "n1", "00000001")
	check(l.Authorization("GET", "/dir/index.html"), "n1", "00000002")
	l.Answered(reply(200, "Authentication-Info", `qop=auth, nextnonce="n2", rspauth="0"`), sent)
	check(l.Authorization("GET", "/dir/index.html"), "n2", "00000001")
}

func TestNextNonce(t *testing.T) {
	l := New("u", "p")
	held := 0
	l.Digested = func() { held++ }
	sent, _ := ask(t, l, "", false, `Digest realm="r", nonce="1", qop="auth"`)
	next := func(status int) Reply { return reply(status, "authentication-info", `rspauth="", NextNonce = "a,\"b"`) }
	nonce := func() string { return parametersOf(t, l.Authorization("GET", "/")).Parameters["nonce"] }
	if l.Answered(next(454), sent); nonce() != "1" || held != 0 {
		t.Error("a refusal changes the nonce")
	}
	if l.Answered(next(200), ""); nonce() != "1" || held != 0 {
		t.Error("an answer to a request without a login changes the nonce")
	}
	if l.Answered(next(200), sent); nonce() != `a,"b` || held != 1 {
		t.Errorf("the next nonce is %q", nonce())
	}
	l.Answered(reply(200, "Authentication-Info", "nextnonce"), sent)
	if nonce() != `a,"b` {
		t.Error("an empty nonce is taken")
	}
	if l.Answered(reply(101, "Authentication-Info", "nextnonce=ws"), sent); nonce() != "ws" {
		t.Error("a WebSocket's handshake is no success")
	}
	var none *Login
	none.Answered(next(200), "")
}

// TestLoginLatin1 has cameras that know the password in the bytes of Latin-1.
func TestLoginLatin1(t *testing.T) {
	digest := func(h func() hash.Hash, password string) string {
		return hexHash(h(), hexHash(h(), "u:r:"+password)+":n:"+hexHash(h(), "GET:/dir/index.html"))
	}
	const offer = `Digest realm="r", nonce="n"`
	l := New("u", "gr\u00fcn")
	sent, _ := ask(t, l, "", false, offer)
	if !strings.Contains(sent, digest(md5.New, "gr\u00fcn")) {
		t.Errorf("UTF-8 is not first: %s", sent)
	}
	sent, err := ask(t, l, sent, true, offer)
	if err != nil || !strings.Contains(sent, digest(md5.New, "gr\xfcn")) {
		t.Errorf("Latin-1 is not second: %s, %v", sent, err)
	}
	if _, err = ask(t, l, sent, true, offer); err == nil {
		t.Error("there is a third")
	}
	// Basic has the same trouble.
	l = New("u", "gr\u00fcn")
	sent, _ = ask(t, l, "", false, `Basic realm="r"`)
	if sent, err = ask(t, l, sent, true, `Basic realm="r"`); err != nil || sent != "Basic dTpncvxu" {
		t.Errorf("%s, %v", sent, err)
	}
	for _, c := range []struct{ password, offer string }{
		{"green", offer},
		{"\u043f\u0430\u0440\u043e\u043b\u044c", offer}, // not in Latin-1
		{"gr\xfcn", offer}, // it is already
		{"gr\u00fcn", offer + ", charset=UTF-8"},
	} {
		l := New("u", c.password)
		sent, _ := ask(t, l, "", false, c.offer)
		if again, err := ask(t, l, sent, true, c.offer); err == nil {
			t.Errorf("%q: again %s", c.password, again)
		}
	}
}

func TestLoginNoClear(t *testing.T) {
	l := New("u", "p")
	l.NoClear = true
	_, err := ask(t, l, "", false, `Basic realm="r"`)
	if err == nil || !strings.Contains(err.Error(), "clear text, which it did not before") {
		t.Errorf("error %v", err)
	}
	if sent, err := ask(t, l, "", false, `Basic realm="r"`, `Digest realm="r", nonce="n"`); err != nil || !strings.HasPrefix(sent, "Digest") {
		t.Errorf("%s, %v", sent, err)
	}
}

// FuzzLoginAnswer has servers that answer logins with anything.
func FuzzLoginAnswer(f *testing.F) {
	for _, c := range challengeCases {
		f.Add(c.in, `nextnonce="2"`, 401)
	}
	f.Add(`Digest realm="r", nonce="1", qop="auth-int", algorithm=SHA-512-256-sess`, `nextnonce="\"`, 407)
	f.Fuzz(func(t *testing.T, in, info string, code int) {
		l := New("u", "secr\u00e9t")
		sent := ""
		for n := range 2 * Max {
			if l.Challenged(asks(code, in), sent, n) != nil {
				return
			}
			if n == Max {
				t.Fatal("there is no end")
			}
			if sent = l.Authorization("PLAY", "rtsp://h/"); sent == "" {
				t.Fatal("no login for an accepted challenge")
			}
			if strings.Contains(sent, "secr") {
				t.Fatal("the password is in a digest")
			}
			l.Answered(reply(200, "Authentication-Info", info), sent)
		}
	})
}

// TestDigestControlBytes: the name in a link cannot begin a header of its own.
func TestDigestControlBytes(t *testing.T) {
	sent, err := ask(t, New("u\r\nX: \"y\\", "p"), "", false, `Digest realm="r", nonce="n"`)
	if err != nil || !strings.HasPrefix(sent, `Digest username="uX: \"y\\", realm="r"`) {
		t.Errorf("%q, %v", sent, err)
	}
}
