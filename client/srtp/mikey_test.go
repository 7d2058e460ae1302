package srtp

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// unhex joins annotated hex: what stands behind "#" in a line is a remark.
func unhex(t testing.TB, lines string) []byte {
	t.Helper()
	var text strings.Builder
	for line := range strings.Lines(lines) {
		line, _, _ = strings.Cut(line, "#")
		text.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(text.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	testKey  = "00112233445566778899aabbccddeeff"
	testSalt = "a0a1a2a3a4a5a6a7a8a9aaabacad"

	hdr = `01 00 05 00 11223344 01 00          # version, initiator, T comes, no V; one session, SRTP
	       00 0000CAFE 00000007                # policy 0, SSRC, ROC
	       0b 00 EE00000080000000              # T: RAND comes, NTP
	       0a 10 000102030405060708090a0b0c0d0e0f # RAND: SP comes
`
	sp = `01 00 00 0018                        # SP: KEMAC comes, policy 0, SRTP
	       00 01 01  01 01 10                  # AES-CM, 16 bytes
	       02 01 01  03 01 14                  # HMAC-SHA-1, 20 bytes
	       07 01 01  08 01 01                  # both encrypted
	       0a 01 01  0b 01 0a                  # authenticated, tag of 10 bytes
`
	kemac = `00 00 0022                        # KEMAC: the last, not encrypted
	       00 20 001e ` + testKey + testSalt + ` # the last, TEK, always valid
	       00                                  # no MAC
`
)

var mikeyCases = []struct {
	name, in string
	want     string // as describe writes keys; or a part of the error
	bad      error  // ErrMalformed, or nil for an UnsupportedError where want is an error
}{
	{"plain", hdr + sp + kemac, "AES_CM_128_HMAC_SHA1_80 key mki 0 cafe/7", nil},
	{"Milestone's byte at the end", hdr + sp + kemac + "00", "AES_CM_128_HMAC_SHA1_80 key mki 0 cafe/7", nil},
	{"key and salt apart", hdr + sp + `00 00 0024
		00 30 0010 ` + testKey + `000e` + testSalt + ` # TEK and salt
		00`, "AES_CM_128_HMAC_SHA1_80 key mki 0 cafe/7", nil},
	{"a name for the key, as Axis wants it", hdr + sp + `00 00 0027
		00 21 001e ` + testKey + testSalt + ` 04 DEADBEEF # valid by MKI
		00`, "AES_CM_128_HMAC_SHA1_80 key mki 4 cafe/7", nil},
	{"two keys", hdr + sp + `00 00 004e
		14 21 001e ` + testKey + testSalt + ` 04 00000001
		00 21 001e ` + testKey + testSalt + ` 04 00000002
		00`, "AES_CM_128_HMAC_SHA1_80 key mki 4 key mki 4 cafe/7", nil},
	{"valid in an interval", hdr + sp + `00 00 002c
		00 22 001e ` + testKey + testSalt + ` 04 00000001 04 00000002
		00`, "AES_CM_128_HMAC_SHA1_80 key mki 0 cafe/7", nil},
	{"no policy", strings.Replace(hdr, "0a 10", "01 10", 1) + kemac, "AES_CM_128_HMAC_SHA1_80 key mki 0 cafe/7", nil},
	{"a tag of 4", hdr + strings.Replace(sp, "0b 01 0a", "0b 01 04", 1) + kemac, "AES_CM_128_HMAC_SHA1_32 key mki 0 cafe/7", nil},
	{"a tag of 4 in GStreamer's words", hdr + `01 00 00 000c 00 01 01 01 01 10 02 01 01 03 01 04` + kemac, "AES_CM_128_HMAC_SHA1_32 key mki 0 cafe/7", nil},
	{"not encrypted", hdr + strings.Replace(sp, "07 01 01", "07 01 00", 1) + kemac, "NULL_HMAC_SHA1_80 key mki 0 cafe/7", nil},
	{"AES-256", hdr + strings.Replace(sp, "01 01 10", "01 01 20", 1) + `00 00 0032
		00 20 002e ` + testKey + testKey + testSalt + `00`, "AES_256_CM_HMAC_SHA1_80 key mki 0 cafe/7", nil},
	{"GCM", hdr + `01 00 00 0009 00 01 06 01 01 10 02 01 00` + `00 00 0020
		00 20 001c ` + testKey + testSalt[:24] + `00`, "AEAD_AES_128_GCM key mki 0 cafe/7", nil},
	{"no sessions", strings.Replace(strings.Replace(hdr, "01 00          #", "00 00 #", 1), "00 0000CAFE 00000007", "", 1) + sp + kemac, "AES_CM_128_HMAC_SHA1_80 key mki 0", nil},
	{"the second policy", strings.Replace(hdr, "00 0000CAFE", "01 0000CAFE", 1) + `0a 00 00 0000` + strings.Replace(strings.Replace(sp, "01 00 00 0018", "01 01 00 0018", 1), "0b 01 0a", "0b 01 04", 1) + kemac, "AES_CM_128_HMAC_SHA1_32 key mki 0 cafe/7", nil},
	{"payloads of no use", strings.Replace(hdr, "0a 10", "06 10", 1) + `07 00 0003 616263 # ID
		15 00 0002 0102 # CERT
		09 01 0001 00 # general extension
		0a 01 0000000000000000000000000000000000000000 # V` + "\n" + sp + kemac, "AES_CM_128_HMAC_SHA1_80 key mki 0 cafe/7", nil},

	{"empty", "", "ends too early", ErrMalformed},
	{"version", "02" + hdr[2:] + sp + kemac, "version 2", ErrMalformed},
	{"cut in the map", "01 00 05 00 11223344 ff 00 00 0000CAFE 000000", "ends too early", ErrMalformed},
	{"cut in a key", (hdr + sp + kemac)[:len(hdr+sp)+60], "ends too early", ErrMalformed},
	{"a key longer than its payload", hdr + sp + strings.Replace(kemac, "001e", "ffff", 1), "ends too early", ErrMalformed},
	{"a key of the wrong size", hdr + strings.Replace(sp, "01 01 10", "01 01 20", 1) + kemac, "30 bytes", ErrMalformed},
	{"a parameter longer than its policy", hdr + strings.Replace(sp, "0b 01 0a", "0b ff 0a", 1) + kemac, "ends too early", ErrMalformed},
	{"no keys", strings.Replace(hdr, "0a 10", "00 10", 1), "no keys", ErrMalformed},
	{"an endless chain", strings.Replace(hdr, "0a 10", "0b 10", 1) + strings.Repeat("0b 00", 100), "too many payloads", ErrMalformed},
	{"a long name", hdr + sp + `00 00 00e6
		00 21 001e ` + testKey + testSalt + ` c3 ` + strings.Repeat("01", 195) + `00`, "does not fit", ErrMalformed},
	{"encrypted keys", hdr + sp + strings.Replace(kemac, "00 00 0022", "00 01 0022", 1), "encrypted themselves", nil},
	{"a key to derive from", hdr + sp + strings.Replace(kemac, "00 20 001e", "00 00 001e", 1), "others are to be made from", nil},
	{"a derivation rate", hdr + strings.Replace(sp, "0b 01 0a", "06 01 01", 1) + kemac, "derivation rate", nil},
	{"no authentication", hdr + strings.Replace(sp, "0a 01 01", "0a 01 00", 1) + kemac, "unauthenticated", nil},
	{"Diffie-Hellman", strings.Replace(hdr, "0a 10", "03 10", 1) + "00 00 00 00 00", "payload 3", nil},
	{"an error message", strings.Replace(hdr, "0a 10", "0c 10", 1) + "00 05 0000", "error 5", nil},
}

// describe writes keys down for the tables.
func (k Keys) describe() string {
	s := k.Suite.String()
	for _, m := range k.Masters {
		name := "key"
		if !strings.HasPrefix(hex.EncodeToString(m.Key), testKey) || !strings.HasPrefix(testSalt, hex.EncodeToString(m.Salt)) {
			name = fmt.Sprintf("%x:%x", m.Key, m.Salt)
		}
		s += fmt.Sprintf(" %s mki %d", name, len(m.MKI))
	}
	for _, c := range k.Sources {
		s += fmt.Sprintf(" %x/%d", c.SSRC, c.ROC)
	}
	return s
}

func TestParseMIKEY(t *testing.T) {
	for _, c := range mikeyCases {
		k, err := ParseMIKEY(unhex(t, c.in))
		if err == nil {
			if got := k.describe(); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
			continue
		}
		_, unsupported := errors.AsType[*UnsupportedError](err)
		if !strings.Contains(err.Error(), c.want) || unsupported != (c.bad == nil) || !unsupported && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// The message of RFC 4567's examples has encrypted keys and Donald Duck's name.
const rfc4567 = "AQAFgM0XflABAAAAAAAAAAAAAAsAyONQ6gAAAAAGEEoo2pee4hp2UaDX8ZE22YwKAAAPZG9uYWxkQGR1Y2suY29tAQAAAAAAAQAk0JKp" +
	"gaVkDaawi9whVBtBt0KZ14ymNuu62+Nv3ozPLygwK/GbAV9iemnGUIZ19fWQUOSrzKTAv9zV"

// gstreamer is what GStreamer 1.22's server put into a description.
const gstreamer = "AQAFAPEPfMwBAAA0hloLAAAAAAsA7q1xh1acy30KEEkzzDkQ0O4lyH09sUGaEDkBAAAAFQABAQEBEAIBAQMBCgcBAQgBAQoBAQAAACIAIAAe" +
	"KEMqG1A8T/T/45CnrkFYlgXhjDXHBSjG0xLo2ZZjAA=="

func TestParseMIKEYText(t *testing.T) {
	if _, err := ParseMIKEYText(rfc4567); err == nil || !strings.Contains(err.Error(), "encrypted themselves") {
		t.Errorf("RFC 4567's: %v", err)
	}
	want := "AES_CM_128_HMAC_SHA1_80 28432a1b503c4ff4ffe390a7ae415896:05e18c35c70528c6d312e8d99663 mki 0 34865a0b/0"
	for _, text := range []string{gstreamer, strings.TrimRight(gstreamer, "="), strings.ReplaceAll(gstreamer, "/", "_")} {
		if k, err := ParseMIKEYText(text); err != nil || k.describe() != want {
			t.Errorf("GStreamer's: %s, %v", k.describe(), err)
		}
	}
	for _, text := range []string{"", "!", strings.Repeat("A", 1<<20)} {
		if _, err := ParseMIKEYText(text); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.10q: %v", text, err)
		}
	}
}

func TestAppendMIKEY(t *testing.T) {
	now := time.Unix(1<<30, 1<<29)
	for s := range suites {
		for _, mki := range []int{0, 4} {
			k := NewKeys(Suite(s), mki)
			k.Masters = append(k.Masters, NewKeys(Suite(s), mki).Masters...)
			k.Sources = []Source{{0xCAFE, 7}, {1, 0}}
			got, err := ParseMIKEY(k.AppendMIKEY(nil, 5, [16]byte{1}, now))
			if err != nil || got.describe() != k.describe() {
				t.Errorf("%s became %s, %v", k.describe(), got.describe(), err)
			}
		}
	}
	// One key on the wire, byte for byte.
	m := unhex(t, testKey+testSalt)
	k := Keys{Masters: []Master{{Key: m[:16], Salt: m[16:]}}, Sources: []Source{{0xCAFE, 7}}}
	var random [16]byte
	for i := range random {
		random[i] = byte(i)
	}
	at := time.Unix(0xEE000000-ntpEpoch, int64(time.Second/2))
	want := unhex(t, hdr+sp+kemac)
	if got := k.AppendMIKEY(nil, 0x11223344, random, at); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

// TestKeysAreNotTold prints keys in every way that there is.
func TestKeysAreNotTold(t *testing.T) {
	m := unhex(t, testKey+testSalt)
	k := Keys{Masters: []Master{{Key: m[:16], Salt: m[16:], MKI: m[:4]}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, v := range []any{k, &k, k.Masters, k.Masters[0], struct{ K Keys }{k}} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "2233") || strings.Contains(got, "34 51") || strings.Contains(got, "0x22") {
				t.Errorf("%s: %s", verb, got)
			}
		}
	}
}

func FuzzMIKEY(f *testing.F) {
	for _, c := range mikeyCases {
		f.Add(unhex(f, c.in))
	}
	for _, text := range []string{rfc4567, gstreamer} {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := ParseMIKEY(b)
		if err != nil {
			return
		}
		if len(k.Masters) > maxMasters || len(k.Sources) > maxSources {
			t.Errorf("%d keys, %d sources", len(k.Masters), len(k.Sources))
		}
		again, err := ParseMIKEY(k.AppendMIKEY(nil, 1, [16]byte{}, time.Unix(0, 0)))
		if err != nil || again.describe() != k.describe() {
			t.Errorf("%s became %s, %v", k.describe(), again.describe(), err)
		}
	})
}
