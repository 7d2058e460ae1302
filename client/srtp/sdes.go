package srtp

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// maxCrypto bounds an a=crypto line.
const maxCrypto = 4096

// suiteNames are other names that senders have for a suite: ffmpeg's options,
// and the order of words that RFC 6188 has not.
var suiteNames = map[string]Suite{
	"SRTP_AES128_CM_HMAC_SHA1_80": AESCM128SHA1x80,
	"SRTP_AES128_CM_HMAC_SHA1_32": AESCM128SHA1x32,
	"AES_CM_256_HMAC_SHA1_80":     AESCM256SHA1x80,
	"AES_CM_256_HMAC_SHA1_32":     AESCM256SHA1x32,
}

func init() {
	for s, k := range suites {
		suiteNames[k.name] = Suite(s)
	}
}

// ParseCrypto reads what stands behind "a=crypto:" (RFC 4568 section 9.1):
//
//	tag suite key-params                                                  session-params
//	1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4;inline:... FEC_ORDER=FEC_SRTP
//	                                 base64 of key and salt                  |     | MKI : its length in bytes
//	                                                                 lifetime in packets
//
// Either of lifetime and MKI may be missing, and base64 may have no padding. The
// lifetime is not kept: no server of a stream has sent 2^48 packets.
func ParseCrypto(line string) (Keys, error) {
	words := strings.Fields(line)
	if len(line) > maxCrypto || len(words) < 3 {
		return Keys{}, fmt.Errorf("%w: a crypto line of %d words", ErrMalformed, len(words))
	}
	s, ok := suiteNames[strings.ToUpper(words[1])]
	if !ok {
		return Keys{}, &UnsupportedError{"the SRTP suite " + printable(words[1])}
	}
	k := Keys{Suite: s}
	for i, word := range words[2:] {
		var err error
		if _, isKey := cutPrefixFold(word, "inline:"); i == 0 || isKey { // some put a blank between keys
			err = k.inline(word)
		} else {
			err = k.sessionParam(strings.ToUpper(word))
		}
		if err != nil {
			return Keys{}, err
		}
	}
	return k, k.check()
}

// inline adds the keys of "inline:...;inline:...".
func (k *Keys) inline(params string) error {
	for p := range strings.SplitSeq(params, ";") {
		if p == "" || len(k.Masters) == maxMasters {
			continue
		}
		info, ok := cutPrefixFold(p, "inline:")
		if !ok {
			return &UnsupportedError{"a key that is not inline"}
		}
		m, err := k.Suite.inline(info)
		if err != nil {
			return err
		}
		k.Masters = append(k.Masters, m)
	}
	return nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// inline reads "key||salt|lifetime|MKI:length".
func (s Suite) inline(info string) (Master, error) {
	parts := strings.Split(info, "|")
	b, err := decodeBase64(parts[0])
	if err != nil {
		return Master{}, fmt.Errorf("%w: the key is not base64", ErrMalformed)
	}
	m, err := s.master(b)
	if err != nil {
		return Master{}, err
	}
	for _, p := range parts[1:] {
		value, length, ok := strings.Cut(p, ":")
		if !ok {
			continue // a lifetime
		}
		n, err := strconv.ParseUint(length, 10, 8)
		if err != nil || n == 0 || n > maxMKI {
			return Master{}, fmt.Errorf("%w: the MKI's length", ErrMalformed)
		}
		number, ok := new(big.Int).SetString(value, 10)
		if !ok || number.Sign() < 0 || number.BitLen() > int(8*n) {
			return Master{}, fmt.Errorf("%w: the MKI", ErrMalformed)
		}
		m.MKI = number.FillBytes(make([]byte, n))
	}
	return m, nil
}

// sessionParam takes one of the parameters of RFC 4568 section 6.3. Those about
// error correction and windows change nothing here, and so do unknown ones: a
// stream that they do change fails its authentication, and is told of then.
func (k *Keys) sessionParam(p string) error {
	name, value, _ := strings.Cut(p, "=")
	switch name {
	case "UNENCRYPTED_SRTP":
		switch k.Suite {
		case AESCM128SHA1x80:
			k.Suite = NullSHA1x80
		case AESCM128SHA1x32:
			k.Suite = NullSHA1x32
		default:
			return &UnsupportedError{"unencrypted SRTP with " + k.Suite.String()}
		}
	case "UNAUTHENTICATED_SRTP":
		return &UnsupportedError{"unauthenticated SRTP"}
	case "KDR":
		if value != "0" {
			return errDerivationRate
		}
	}
	return nil
}

// decodeBase64 takes base64 with padding and without, and the alphabet of URLs.
func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/", " ", "").Replace(strings.TrimRight(s, "="))
	return base64.RawStdEncoding.DecodeString(s)
}

// printable makes a peer's word fit for a message.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), 40)]
}

// ParseDescription picks the first keys that can be used out of the values of a
// description's a=key-mgmt and a=crypto lines, MIKEY's first. The error is that
// of the first line when none can be.
func ParseDescription(keyManagement, crypto []string) (Keys, error) {
	var first error
	try := func(k Keys, err error) bool {
		if err != nil && first == nil {
			first = err
		}
		return err == nil
	}
	for _, line := range keyManagement {
		protocol, data, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.EqualFold(protocol, "mikey") {
			try(Keys{}, &UnsupportedError{"the key management " + printable(protocol)})
			continue
		}
		if k, err := ParseMIKEYText(data); try(k, err) {
			return k, nil
		}
	}
	for _, line := range crypto {
		if k, err := ParseCrypto(line); try(k, err) {
			return k, nil
		}
	}
	if first == nil {
		first = ErrNoKeys
	}
	return Keys{}, first
}
