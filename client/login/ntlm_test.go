package login

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"tapedeck/client/login/logintest"
)

var nonce = [8]byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}

func TestNTLM(t *testing.T) {
	for _, c := range []struct {
		name   string
		user   string
		server logintest.NTLM
	}{
		{"user", "User", logintest.NTLM{User: "User"}},
		{"domain and user", `Domain\User`, logintest.NTLM{User: "User", Domain: "Domain"}},
		{"user at domain", "user@domain.example", logintest.NTLM{User: "user@domain.example"}},
		{"letters", "müller", logintest.NTLM{User: "Müller"}},
		{"Windows NT 4", "User", logintest.NTLM{User: "User", NoInfo: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.server.Password, c.server.Nonce = "Pässwort", nonce
			n := NewNTLM(c.user, "Pässwort")
			first, err := n.Negotiate()
			if err != nil || !logintest.IsNegotiate(first) {
				t.Fatalf("%x, %v", first, err)
			}
			answer, err := n.Authenticate(c.server.Challenge())
			if err != nil {
				t.Fatal(err)
			}
			if err := c.server.Verify(answer); err != nil {
				t.Error(err)
			}
			for _, b := range [][]byte{first, answer} {
				if bytes.Contains(b, []byte("Pässwort")) {
					t.Error("the password itself goes out")
				}
			}
			wrong, err := NewNTLM(c.user, "other").Authenticate(c.server.Challenge())
			if err != nil || c.server.Verify(wrong) == nil {
				t.Errorf("a wrong password holds; %v", err)
			}
		})
	}
	for _, n := range []*NTLM{nil, NewNTLM("", "")} {
		if _, err := n.Negotiate(); !errors.Is(err, ErrWanted) {
			t.Error(err)
		}
		if _, err := n.Authenticate(nil); !errors.Is(err, ErrWanted) {
			t.Error(err)
		}
	}
}

// challengeOf is a CHALLENGE with these target info fields and what follows.
func challengeOf(flags uint32, size uint16, offset uint32, rest string) []byte {
	b := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	b = append(b, make([]byte, 8)...) // no name
	b = binary.LittleEndian.AppendUint32(b, flags)
	b = append(append(b, nonce[:]...), make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint16(b, size)
	b = binary.LittleEndian.AppendUint16(b, size)
	b = binary.LittleEndian.AppendUint32(b, offset)
	tail, _ := hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
	return append(b, tail...)
}

const (
	pairServer = "01000c00 530065007200760065007200"
	pairEnd    = "00000000"
)

var ntlmCases = []struct {
	name string
	in   []byte
	fail string // a part of the error; "" for an answer
}{
	{"the example of [MS-NLMP] 4.2.4", challengeOf(0x00808201, 20, 48, pairServer+pairEnd), ""},
	{"info after a gap", challengeOf(0x00808201, 4, 52, "deadbeef"+pairEnd), ""},
	{"info that is empty", challengeOf(0x00008201, 0, 0xffffffff, ""), ""},
	{"flag, and no info", challengeOf(0x00808201, 0, 48, ""), "without an end"},
	{"words after the end", challengeOf(0x00808201, 8, 48, pairEnd+"ffffffff"), ""},
	{"a time", challengeOf(0x00808201, 16, 48, "07000800 0102030405060708"+pairEnd), ""},
	{"nothing", nil, "0 bytes that are no challenge"},
	{"Kerberos", []byte("\x60\x82" + strings.Repeat("x", 60)), "no challenge"},
	{"our own message", append([]byte("NTLMSSP\x00\x01\x00\x00\x00"), make([]byte, 40)...), "message 1"},
	{"no Unicode", challengeOf(0x00808202, 4, 48, pairEnd), "Unicode"},
	{"info outside", challengeOf(0x00808201, 4, 49, pairEnd), "4 bytes at 49 of 52"},
	{"offset that wraps", challengeOf(0x00808201, 4, 0xfffffffe, pairEnd), "4 bytes at 4294967294"},
	{"info too long", challengeOf(0x00808201, maxTargetInfo+1, 48, strings.Repeat("00", maxTargetInfo+1)), "4097 bytes"},
	{"token too long", challengeOf(0x00808201, 4, 48, pairEnd+strings.Repeat("00", maxChallenge)), "a challenge of"},
	{"pair outside", challengeOf(0x00808201, 8, 48, "0100ffff 00000000"), "pair 1 of 65535 bytes"},
	{"too many pairs", challengeOf(0x00808201, 4*maxPairs+4, 48, strings.Repeat("01000000", maxPairs)+pairEnd), "more than 64 pairs"},
	{"no end", challengeOf(0x00808201, 16, 48, pairServer), "without an end"},
	{"short time", challengeOf(0x00808201, 8, 48, "07000000"+pairEnd), "a time of 0 bytes"},
	{"key of the first version", challengeOf(0x00808281, 4, 48, pairEnd), "NTLM v2"},
	{"name outside", func() []byte {
		b := challengeOf(0x00808201, 4, 48, pairEnd)
		b[12], b[16] = 1, 0xff
		return b
	}(), "target name: 1 bytes at 255"},
	{"cut in its fields", challengeOf(0x00808201, 4, 48, "")[:44], "it would stand at 40 of 44"},
}

func TestNTLMChallenge(t *testing.T) {
	for _, c := range ntlmCases {
		answer, err := NewNTLM("User", "Password").Authenticate(c.in)
		switch {
		case c.fail == "" && (err != nil || len(answer) == 0):
			t.Errorf("%s: %v", c.name, err)
		case c.fail != "" && (!errors.Is(err, ErrNTLM) || !strings.Contains(err.Error(), c.fail)):
			t.Errorf("%s: %v, want %s", c.name, err, c.fail)
		}
	}
	if _, err := NewNTLM(strings.Repeat("u", maxName+1), "p").Authenticate(ntlmCases[0].in); !errors.Is(err, ErrNTLM) {
		t.Errorf("a long name: %v", err)
	}
}

func FuzzNTLM(f *testing.F) {
	for _, c := range ntlmCases {
		if len(c.in) < 1000 {
			f.Add(c.in)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		answer, err := NewNTLM(`Domain\User`, "Password").Authenticate(in)
		if (err == nil) != (len(answer) > 0) {
			t.Errorf("%d bytes, %v", len(answer), err)
		}
	})
}
