package rtsp

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

func printChallenges(all []challenge) string {
	var parts []string
	for _, c := range all {
		parts = append(parts, c.scheme+strings.Replace(fmt.Sprint(c.parameters), "map", "", 1))
	}
	return strings.ReplaceAll(strings.Join(parts, " "), ":", "=")
}

func TestParseChallenges(t *testing.T) {
	for _, c := range challengeCases {
		if got := printChallenges(parseChallenges([]string{c.in})); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	lines := []string{`Digest realm=a, algorithm="SHA-256"`, `Basic realm=b`}
	got := parseChallenges(lines)
	if printChallenges(got) != "digest[algorithm=SHA-256 realm=a] basic[realm=b]" || !got[0].quoted["algorithm"] {
		t.Errorf("two lines: %v", got)
	}
	if n := len(parseChallenges([]string{strings.Repeat("Basic,", 1000)})); n > maxChallenges {
		t.Errorf("%d challenges", n)
	}
}

func FuzzChallenge(f *testing.F) {
	for _, c := range challengeCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, c := range parseChallenges([]string{in}) {
			if c.scheme == "" || len(c.parameters) > maxParameters {
				t.Errorf("%+v", c)
			}
		}
		l := newLogin("u", "p")
		r := &response{status: 401, header: header{{"WWW-Authenticate", in}}}
		if l.challenged("DESCRIBE", r, "", false) == nil {
			if a := l.authorization("DESCRIBE", "rtsp://h/"); a == "" {
				t.Error("no login for an accepted challenge")
			}
		}
	})
}
