package login

import (
	"fmt"
	"strings"
	"testing"
)

var challengeCases = []struct{ name, in, want string }{
	{"digest", `Digest realm="cam", nonce="a,b=c"`, "digest[nonce=a,b=c realm=cam]"},
	{"basic", `Basic realm="a b"`, "basic[realm=a b]"},
	{"several in one line", `Digest realm="r",nonce=1, Basic realm="r" , NTLM`, "digest[nonce=1 realm=r] basic[realm=r] ntlm[]"},
	{"any order and case, blanks, bare values", `dIGEST Nonce = "n" ,ALGORITHM= md5,realm=r,`, "digest[algorithm=md5 nonce=n realm=r]"},
	{"quoted quote", `Digest realm="a\"b\\c", nonce="n"`, `digest[nonce=n realm=a"b\c]`},
	{"open quote", `Digest realm="a, nonce=n`, "digest[realm=a, nonce=n]"},
	{"nothing", ``, ""},
	{"no scheme", `realm="x"`, ""},
	{"unknown parameters", `Digest charset=UTF-8, userhash=false, realm=r`, "digest[charset=UTF-8 realm=r userhash=false]"},
}

func printChallenges(all []Challenge) string {
	var parts []string
	for _, c := range all {
		parts = append(parts, c.Scheme+strings.Replace(fmt.Sprint(c.Parameters), "map", "", 1))
	}
	return strings.ReplaceAll(strings.Join(parts, " "), ":", "=")
}

func TestParse(t *testing.T) {
	for _, c := range challengeCases {
		if got := printChallenges(Parse([]string{c.in})); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	lines := []string{`Digest realm=a, algorithm="SHA-256"`, `Basic realm=b`}
	got := Parse(lines)
	if printChallenges(got) != "digest[algorithm=SHA-256 realm=a] basic[realm=b]" || !got[0].Quoted["algorithm"] {
		t.Errorf("two lines: %v", got)
	}
}

// TestLimits has as much as is taken, and one more.
func TestLimits(t *testing.T) {
	for _, more := range []int{0, 1} {
		if n := len(Parse([]string{strings.Repeat("Basic,", maxChallenges+more)})); n != maxChallenges {
			t.Errorf("%d challenges of %d", n, maxChallenges+more)
		}
		var b strings.Builder
		for i := range maxParameters + more {
			fmt.Fprintf(&b, ",k%d=1", i)
		}
		if n := len(Parse([]string{"Digest " + b.String()[1:]})[0].Parameters); n != maxParameters {
			t.Errorf("%d parameters of %d", n, maxParameters+more)
		}
		text := (&Error{Schemes: words([]string{strings.Repeat("x", maxWords+more)})}).Error()
		if strings.HasSuffix(text, "...") != (more > 0) || len(text) > 2*maxWords {
			t.Error(text)
		}
		l := New("u", "p")
		if err := l.Challenged(asks(401, `Digest realm=r, nonce=n, stale=true`), "", Max-1+more); (err == nil) != (more == 0) {
			t.Errorf("login %d: %v", Max+more, err)
		}
	}
}

func FuzzChallenge(f *testing.F) {
	for _, c := range challengeCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, c := range Parse([]string{in}) {
			if c.Scheme == "" || len(c.Parameters) > maxParameters {
				t.Errorf("%+v", c)
			}
		}
		l := New("u", "p")
		if l.Challenged(asks(401, in), "", 0) == nil {
			a := l.Authorization("DESCRIBE", "rtsp://h/")
			if a == "" {
				t.Error("no login for an accepted challenge")
			}
			if strings.ContainsAny(a, "\r\n\x00\x7f") {
				t.Errorf("%q breaks out of its header", a)
			}
		}
	})
}
