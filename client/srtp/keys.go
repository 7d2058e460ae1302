// Package srtp decrypts the packets of an RTP stream (RFC 3711) and encrypts
// our reports on it, with keys that come in the two forms which RTSP servers
// use: MIKEY messages (RFC 3830, carried as RFC 4567 says) and SDP's a=crypto
// lines (RFC 4568).
//
//	keys, err := srtp.ParseMIKEY(message)   // or srtp.ParseCrypto(line)
//	c, err := srtp.NewContext(keys, keys)
//	packet, err := c.RTP(datagram)
//
// It leaves out encrypted MIKEY messages, public keys, re-keying, key
// derivation rates and DTLS. The transforms are pion's.
package srtp

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/pion/srtp/v3"
)

// ErrMalformed is under every error about a message, a line or a packet that
// is not what it should be.
var ErrMalformed = errors.New("srtp: malformed")

// ErrNoKeys says that a description has no keys at all.
var ErrNoKeys = errors.New("srtp: there are no keys")

// UnsupportedError names what keys ask for and this package cannot do.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return "srtp: " + e.What + " is not supported" }

var errDerivationRate = &UnsupportedError{"a key derivation rate"}

// Limits on what a peer may make us keep.
const (
	maxMasters = 8  // keys of one stream, told apart by their MKI
	maxSources = 16 // senders of one stream that are followed
	maxMKI     = 128
)

// Suite is an encryption with an authentication (RFC 4568 section 6.2, RFC 6188,
// RFC 7714).
type Suite uint8

const (
	AESCM128SHA1x80 Suite = iota // the default of everything
	AESCM128SHA1x32
	AESCM256SHA1x80
	AESCM256SHA1x32
	AEADAES128GCM
	AEADAES256GCM
	NullSHA1x80 // authenticated, not encrypted
	NullSHA1x32
)

// suite is what the package knows of a Suite.
type suite struct {
	name    string // in an a=crypto line
	profile srtp.ProtectionProfile
	key     int // bytes of the master key
	salt    int // bytes of the master salt
}

var suites = [...]suite{
	AESCM128SHA1x80: {"AES_CM_128_HMAC_SHA1_80", srtp.ProtectionProfileAes128CmHmacSha1_80, 16, 14},
	AESCM128SHA1x32: {"AES_CM_128_HMAC_SHA1_32", srtp.ProtectionProfileAes128CmHmacSha1_32, 16, 14},
	AESCM256SHA1x80: {"AES_256_CM_HMAC_SHA1_80", srtp.ProtectionProfileAes256CmHmacSha1_80, 32, 14},
	AESCM256SHA1x32: {"AES_256_CM_HMAC_SHA1_32", srtp.ProtectionProfileAes256CmHmacSha1_32, 32, 14},
	AEADAES128GCM:   {"AEAD_AES_128_GCM", srtp.ProtectionProfileAeadAes128Gcm, 16, 12},
	AEADAES256GCM:   {"AEAD_AES_256_GCM", srtp.ProtectionProfileAeadAes256Gcm, 32, 12},
	NullSHA1x80:     {"NULL_HMAC_SHA1_80", srtp.ProtectionProfileNullHmacSha1_80, 16, 14},
	NullSHA1x32:     {"NULL_HMAC_SHA1_32", srtp.ProtectionProfileNullHmacSha1_32, 16, 14},
}

// String is the suite's name in an a=crypto line.
func (s Suite) String() string {
	if int(s) < len(suites) {
		return suites[s].name
	}
	return "unknown"
}

// Keys are what one direction of a stream is encrypted with.
type Keys struct {
	Suite   Suite
	Masters []Master // at least one; several are told apart by their MKI
	Sources []Source // senders that are known beforehand
}

// Master is a master key with its salt, and the name by which packets refer to
// it; most have none.
type Master struct{ Key, Salt, MKI []byte }

// Source is a sender and its roll-over counter: how often its sequence numbers
// have begun anew.
type Source struct{ SSRC, ROC uint32 }

// Format prints the suite only: keys are never told.
func (k Keys) Format(f fmt.State, _ rune) { io.WriteString(f, "SRTP keys for "+k.Suite.String()) }

// Format prints nothing of a key.
func (m Master) Format(f fmt.State, _ rune) { io.WriteString(f, "SRTP key") }

// NewKeys makes keys by chance, with a name of mki bytes.
func NewKeys(s Suite, mki int) Keys {
	m := Master{Key: make([]byte, suites[s].key), Salt: make([]byte, suites[s].salt), MKI: make([]byte, mki)}
	for _, b := range [][]byte{m.Key, m.Salt, m.MKI} {
		rand.Read(b) // never fails
	}
	return Keys{Suite: s, Masters: []Master{m}}
}

// master cuts key and salt, as they come together, apart.
func (s Suite) master(b []byte) (Master, error) {
	k := suites[s]
	if len(b) != k.key+k.salt {
		return Master{}, fmt.Errorf("%w: a key with salt of %d bytes, where %s has %d", ErrMalformed, len(b), k.name, k.key+k.salt)
	}
	return Master{Key: b[:k.key:k.key], Salt: b[k.key:]}, nil
}

// check refuses keys that cannot make a context.
func (k Keys) check() error {
	if int(k.Suite) >= len(suites) || len(k.Masters) == 0 {
		return fmt.Errorf("%w: no keys", ErrMalformed)
	}
	s := suites[k.Suite]
	for _, m := range k.Masters {
		if len(m.Key) != s.key || len(m.Salt) != s.salt || len(m.MKI) > maxMKI {
			return fmt.Errorf("%w: a key does not fit its suite", ErrMalformed)
		}
	}
	return nil
}
