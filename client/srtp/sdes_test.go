package srtp

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

var testInline = func() string {
	m := unhex(&testing.T{}, testKey+testSalt)
	return "inline:" + base64.StdEncoding.EncodeToString(m)
}()

// The second one's key is the first half of the test's, twice.
var testInline256 = "inline:" + base64.StdEncoding.EncodeToString(unhex(&testing.T{}, testKey+testKey+testSalt))

var cryptoCases = []struct {
	in, want string
	bad      error // ErrMalformed, or nil for an UnsupportedError where want is an error
}{
	// RFC 4568 sections 4.1, 6.1 and 10.
	{"1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:32",
		"AES_CM_128_HMAC_SHA1_80 3d2d6e40255e7821426a75667239293f:2c2335685c603d265d7b71695051 mki 32", nil},
	{"1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4 FEC_ORDER=FEC_SRTP",
		"AES_CM_128_HMAC_SHA1_80 774466766726542b2978473740666235:6a552c5261417d5c7c7030252a23 mki 4", nil},
	{"2 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj|2^20|1:32",
		"AES_CM_128_HMAC_SHA1_32 37307877504835402f2c4c3a53317759:227e3d27457067542528695f5663 mki 32", nil},

	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline, "AES_CM_128_HMAC_SHA1_80 key mki 0", nil},
	{"1\taes_cm_128_hmac_sha1_80  INLINE:" + testInline[7:], "AES_CM_128_HMAC_SHA1_80 key mki 0", nil},
	{"1 SRTP_AES128_CM_HMAC_SHA1_80 " + testInline + "|2^31", "AES_CM_128_HMAC_SHA1_80 key mki 0", nil}, // ffmpeg's name
	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline + "|1:4", "AES_CM_128_HMAC_SHA1_80 key mki 4", nil},
	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline + "|2^20|1:1;" + testInline + "|2^20|2:1", "AES_CM_128_HMAC_SHA1_80 key mki 1 key mki 1", nil},
	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline + "|1:1; " + testInline + "|2:1", "AES_CM_128_HMAC_SHA1_80 key mki 1 key mki 1", nil},
	{"1 AES_256_CM_HMAC_SHA1_80 " + testInline256, "AES_256_CM_HMAC_SHA1_80 key mki 0", nil}, // padded
	{"1 AES_256_CM_HMAC_SHA1_32 " + strings.TrimRight(testInline256, "="), "AES_256_CM_HMAC_SHA1_32 key mki 0", nil},
	{"1 AEAD_AES_128_GCM inline:" + base64.RawStdEncoding.EncodeToString(unhex(&testing.T{}, testKey+testSalt[:24])), "AEAD_AES_128_GCM key mki 0", nil},
	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline + " UNENCRYPTED_SRTP WSH=128 KDR=0 -x", "NULL_HMAC_SHA1_80 key mki 0", nil},
	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline + " UNENCRYPTED_SRTCP", "AES_CM_128_HMAC_SHA1_80 key mki 0", nil},

	{"", "0 words", ErrMalformed},
	{"1 AES_CM_128_HMAC_SHA1_80", "2 words", ErrMalformed},
	{"1 AES_CM_128_HMAC_SHA1_80 inline:", "0 bytes", ErrMalformed},
	{"1 AES_CM_128_HMAC_SHA1_80 inline:!!!!", "not base64", ErrMalformed},
	{"1 AES_CM_128_HMAC_SHA1_80 inline:AAAA", "3 bytes", ErrMalformed},
	{"1 AES_CM_128_HMAC_SHA1_80 ;;", "no keys", ErrMalformed},
	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline + "|1:0", "the MKI's length", ErrMalformed},
	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline + "|1:129", "the MKI's length", ErrMalformed},
	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline + "|256:1", "the MKI", ErrMalformed},
	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline + "|-1:4", "the MKI", ErrMalformed},
	{"1 AES_CM_128_HMAC_SHA1_80 " + strings.Repeat("A", maxCrypto), "words", ErrMalformed},
	{"1 F8_128_HMAC_SHA1_80 " + testInline, "F8_128_HMAC_SHA1_80 is not supported", nil},
	{"1 AES_CM_128_HMAC_SHA1_80 uri:https://example.com/key", "not inline", nil},
	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline + " UNAUTHENTICATED_SRTP", "unauthenticated", nil},
	{"1 AES_CM_128_HMAC_SHA1_80 " + testInline + " KDR=4", "derivation rate", nil},
	{"1 AEAD_AES_128_GCM inline:" + base64.RawStdEncoding.EncodeToString(unhex(&testing.T{}, testKey+testSalt[:24])) + " UNENCRYPTED_SRTP", "unencrypted SRTP with", nil},
}

func TestParseCrypto(t *testing.T) {
	for _, c := range cryptoCases {
		k, err := ParseCrypto(c.in)
		if err == nil {
			if got := k.describe(); got != c.want {
				t.Errorf("%s: %s, want %s", c.in, got, c.want)
			}
			continue
		}
		_, unsupported := errors.AsType[*UnsupportedError](err)
		if !strings.Contains(err.Error(), c.want) || unsupported != (c.bad == nil) || !unsupported && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, want %s", c.in, err, c.want)
		}
		if strings.Contains(err.Error(), testInline[7:20]) {
			t.Errorf("the key is told: %v", err)
		}
	}
}

func TestParseDescription(t *testing.T) {
	good, other := "1 AES_CM_128_HMAC_SHA1_80 "+testInline, "9 F8_128_HMAC_SHA1_80 "+testInline
	for _, c := range []struct {
		name        string
		mgmt, lines []string
		want        string
	}{
		{"MIKEY first", []string{"mikey " + gstreamer}, []string{good}, "34865a0b/0"},
		{"crypto lines", nil, []string{other, good}, "SHA1_80 key mki 0"},
		{"MIKEY of no use", []string{"mikey " + rfc4567, "zrtp x"}, []string{good}, "SHA1_80 key mki 0"},
		{"nothing of use", []string{"mikey " + rfc4567}, []string{other}, "encrypted themselves"},
		{"another protocol", []string{"zrtp x"}, nil, "key management zrtp is not supported"},
		{"nothing", nil, nil, "there are no keys"},
	} {
		k, err := ParseDescription(c.mgmt, c.lines)
		got := k.describe()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

func FuzzCrypto(f *testing.F) {
	for _, c := range cryptoCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParseCrypto(s)
		if err != nil {
			return
		}
		if len(k.Masters) > maxMasters || k.check() != nil {
			t.Errorf("%d keys", len(k.Masters))
		}
	})
}
