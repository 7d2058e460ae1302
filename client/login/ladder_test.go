package login

import (
	"crypto/md5"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// asks is a reply with the given challenges.
func asks(status int, challenges ...string) Reply {
	name := "WWW-Authenticate"
	if status == 407 {
		name = "Proxy-Authenticate"
	}
	return reply(status, name, challenges...)
}

// reply has one header.
func reply(status int, header string, values ...string) Reply {
	return Reply{Status: status, Values: func(name string) []string {
		if strings.EqualFold(name, header) {
			return values
		}
		return nil
	}}
}

// ask gives l a 401 with the given challenges and returns the login that it
// answers with.
func ask(t *testing.T, l *Login, sent string, fresh bool, challenges ...string) (string, error) {
	t.Helper()
	n := 0
	if fresh {
		n = 1
	}
	if err := l.Challenged(asks(401, challenges...), sent, n); err != nil {
		return "", err
	}
	return l.Authorization("GET", "/dir/index.html"), nil
}

// The examples of RFC 7616 section 3.9.1 and RFC 2617 section 3.5.
func TestDigestExamples(t *testing.T) {
	const opaque = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
	const nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
	for _, c := range []struct{ name, user, password, cnonce, challenge, response string }{
		{"MD5", "Mufasa", "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="` + nonce + `", opaque="` + opaque + `"`,
			"8ca523f5e9506fed4657c9700eebdbec"},
		{"SHA-256", "Mufasa", "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			`Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="` + nonce + `", opaque="` + opaque + `"`,
			"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"RFC 2617", "Mufasa", "Circle Of Life", "0a4f113b",
			`Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`,
			"6629fae49393a05397450978507c4ef1"},
	} {
		l := New(c.user, c.password)
		l.cnonce = func() string { return c.cnonce }
		got, err := ask(t, l, "", false, c.challenge)
		if err != nil || !strings.Contains(got, `response="`+c.response+`"`) {
			t.Errorf("%s: %s, %v", c.name, got, err)
		}
		for _, want := range []string{"qop=auth,", "nc=00000001,", `opaque="`, `uri="/dir/index.html"`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %s lacks %s", c.name, got, want)
			}
		}
		if again := l.Authorization("GET", "/x"); !strings.Contains(again, "nc=00000002") {
			t.Errorf("%s: the count did not grow: %s", c.name, again)
		}
	}
}

func md5Of(parts ...string) string {
	return fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(parts, ":"))))
}

func TestDigestForms(t *testing.T) {
	// Without qop, as cameras do it; characters that need care.
	l := New(`a"d\min`, `p:w@"`)
	got, _ := ask(t, l, "", false, `Digest realm="r", nonce="n"`)
	want := fmt.Sprintf(`Digest username="a\"d\\min", realm="r", nonce="n", uri="/dir/index.html", response="%s"`,
		md5Of(md5Of(`a"d\min`, "r", `p:w@"`), "n", md5Of("GET", "/dir/index.html")))
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	// -sess, and the algorithm in quotes where the server has it so.
	l = New("u", "p")
	l.cnonce = func() string { return "c" }
	got, _ = ask(t, l, "", false, `Digest realm="r", nonce="n", algorithm="MD5-sess"`)
	want = fmt.Sprintf(`Digest username="u", realm="r", nonce="n", uri="/dir/index.html", response="%s", cnonce="c", algorithm="MD5-sess"`,
		md5Of(md5Of(md5Of("u", "r", "p"), "n", "c"), "n", md5Of("GET", "/dir/index.html")))
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestLoginLadder(t *testing.T) {
	all := []string{`Basic realm="r"`, `Digest realm="r", nonce="1"`, `Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth"`}
	l := New("u", "p")
	if a := l.Authorization("GET", "/"); a != "" {
		t.Errorf("a login was sent before it was asked for: %s", a)
	}
	first, err := ask(t, l, "", false, all...)
	if err != nil || !strings.Contains(first, "SHA-256") {
		t.Fatalf("the best offer is not taken: %s, %v", first, err)
	}
	second, err := ask(t, l, first, true, all...)
	if err != nil || !strings.Contains(second, `nonce="1"`) {
		t.Fatalf("the next offer is not taken: %s, %v", second, err)
	}
	// The password is not sent in clear text after that.
	_, err = ask(t, l, second, true, all...)
	refused, ok := errors.AsType[*Error](err)
	if !ok || !refused.Refused || !errors.Is(err, ErrWanted) {
		t.Errorf("error %v", err)
	}
	if strings.Contains(err.Error(), "p ") {
		t.Errorf("the error tells too much: %v", err)
	}
}

func TestLoginRenewal(t *testing.T) {
	for _, c := range []struct {
		name      string
		fresh     bool
		challenge string
		again     bool
	}{
		{"stale", true, `Digest realm="r", nonce="2", stale=TRUE`, true},
		{"an old nonce has run out", false, `Digest realm="r", nonce="2"`, true},
		{"wrong password, new nonce each time", true, `Digest realm="r", nonce="2"`, false},
		{"wrong password, same nonce", false, `Digest realm="r", nonce="1"`, false},
	} {
		l := New("u", "p")
		sent, _ := ask(t, l, "", false, `Digest realm="r", nonce="1"`)
		got, err := ask(t, l, sent, c.fresh, c.challenge)
		if (err == nil) != c.again || c.again && !strings.Contains(got, `nonce="2"`) {
			t.Errorf("%s: %s, %v", c.name, got, err)
		}
	}
}

func TestLoginBasicAndUnknown(t *testing.T) {
	l := New("Aladdin", "open sesame")
	got, err := ask(t, l, "", false, `NTLM, Basic realm="x"`)
	if err != nil || got != "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err = ask(t, l, got, true, `Basic realm="x"`); !errors.Is(err, ErrWanted) {
		t.Errorf("a refused login is sent again: %v", err)
	}
	_, err = ask(t, New("u", "p"), "", false, `Negotiate`, `Digest qop="auth-conf", realm=r, nonce=n`)
	if !errors.Is(err, ErrWanted) || !strings.Contains(err.Error(), "negotiate") {
		t.Errorf("unknown kinds: %v", err)
	}
	var none *Login
	err = none.Challenged(asks(401), "", 0)
	if !errors.Is(err, ErrWanted) || none.Authorization("DESCRIBE", "x") != "" {
		t.Errorf("no login: %v", err)
	}
}

func TestLoginProxy(t *testing.T) {
	l := New("u", "p")
	if err := l.Challenged(asks(407, `Digest realm="r", nonce="1", qop="auth"`), "", 0); err != nil || l.Header() != "Proxy-Authorization" {
		t.Fatalf("%s, %v", l.Header(), err)
	}
	sent := l.Authorization("GET", "/")
	l.Answered(reply(200, "Proxy-Authentication-Info", `nextnonce="2"`), sent)
	if sent = l.Authorization("GET", "/"); !strings.Contains(sent, `nonce="2"`) {
		t.Error(sent)
	}
	if _, err := ask(t, l, sent, false, `Digest realm="r", nonce="3"`); err != nil || l.Header() != "Authorization" {
		t.Errorf("%s, %v", l.Header(), err)
	}
}

// TestOneLine has names and challenges that would break out of the header.
func TestOneLine(t *testing.T) {
	for _, offer := range []string{`Basic realm="r"`, "Digest realm=\"r\r\nX: y\", nonce=\"\x00n\", algorithm=\"\nMD5\"", `Digest realm=r, nonce=n`} {
		sent, err := ask(t, New("u\r\nX: y", "p\x00\n"), "", false, offer)
		if err == nil && (sent == "" || strings.ContainsAny(sent, "\r\n\x00")) {
			t.Errorf("%q", sent)
		}
	}
}
