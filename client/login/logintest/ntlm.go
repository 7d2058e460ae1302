// Package logintest is the server's side of a login, for the servers of tests:
// NTLM's challenge and the check of its answer, after [MS-NLMP] and not after
// the module that the client answers by.
//
//	s := &logintest.NTLM{User: "u", Password: "p"}
//	send(s.Challenge())       // after the client's NEGOTIATE
//	err := s.Verify(received) // its AUTHENTICATE
package logintest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// NTLM knows one user. It is for one connection at a time.
type NTLM struct {
	User, Password string
	Domain         string  // that the user must name; "" accepts any
	Nonce          [8]byte // of the challenge
	// NoInfo leaves the target info out, as Windows NT 4 did.
	NoInfo bool
}

// What a server with target info says it can: [MS-NLMP] 2.2.2.5.
const (
	flagsPlain = 1<<0 | 1<<9 | 1<<15 | 1<<19
	flagInfo   = 1 << 23
	flagDomain = 1 << 16
)

// IsNegotiate says whether a client's message begins a login.
func IsNegotiate(token []byte) bool { return kindOf(token) == 1 }

func kindOf(token []byte) uint32 {
	if len(token) < 12 || string(token[:8]) != "NTLMSSP\x00" {
		return 0
	}
	return binary.LittleEndian.Uint32(token[8:])
}

// Challenge is the server's message ([MS-NLMP] 2.2.1.2).
func (s *NTLM) Challenge() []byte {
	name := unicode("Domain")
	b := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	if s.NoInfo {
		b = appendField(b, len(name), 32)
		b = binary.LittleEndian.AppendUint32(b, flagsPlain)
		return append(append(b, s.Nonce[:]...), name...)
	}
	info := s.info()
	b = appendField(b, len(name), 56)
	b = binary.LittleEndian.AppendUint32(b, flagsPlain|flagInfo|flagDomain)
	b = append(b, s.Nonce[:]...)
	b = append(b, make([]byte, 8)...)
	b = appendField(b, len(info), 56+len(name))
	b = append(b, 6, 1, 0xb1, 0x1d, 0, 0, 0, 15) // Windows 7
	return append(append(b, name...), info...)
}

// info is what the example of [MS-NLMP] 4.2.4 has.
func (s *NTLM) info() []byte {
	var b []byte
	for _, pair := range []struct {
		id    uint16
		value string
	}{{2, "Domain"}, {1, "Server"}} {
		b = binary.LittleEndian.AppendUint16(b, pair.id)
		b = binary.LittleEndian.AppendUint16(b, uint16(2*len(pair.value)))
		b = append(b, unicode(pair.value)...)
	}
	return append(b, 0, 0, 0, 0)
}

func appendField(b []byte, size, offset int) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(size))
	b = binary.LittleEndian.AppendUint16(b, uint16(size))
	return binary.LittleEndian.AppendUint32(b, uint32(offset))
}

// The AUTHENTICATE of [MS-NLMP] 2.2.1.3, as far as it matters here:
//
//	 8  type 3
//	12  LM response    length u16, room u16, offset u32
//	20  NT response    the same
//	28  domain         the same
//	36  user           the same
//	44  workstation    the same
const (
	atResponse = 20
	atDomain   = 28
	atUser     = 36
	atEnd      = 52
)

// Verify checks the client's answer to the challenge: its user, and the proof
// that it knows the password ([MS-NLMP] 3.3.2):
//
//	response = proof, blob
//	proof    = HMAC-MD5(key, nonce + blob)
//	key      = HMAC-MD5(MD4(password), upper(user) + domain)
func (s *NTLM) Verify(token []byte) error {
	if kindOf(token) != 3 || len(token) < atEnd {
		return errors.New("no AUTHENTICATE")
	}
	var fields [3][]byte
	for i, at := range []int{atResponse, atDomain, atUser} {
		size, offset := int(binary.LittleEndian.Uint16(token[at:])), int64(binary.LittleEndian.Uint32(token[at+4:]))
		if offset+int64(size) > int64(len(token)) {
			return fmt.Errorf("%d bytes at %d of %d", size, offset, len(token))
		}
		fields[i] = token[offset : offset+int64(size)]
	}
	response, domain, user := fields[0], fields[1], fields[2]
	if !strings.EqualFold(text(user), s.User) {
		return errors.New("another user")
	}
	if s.Domain != "" && !bytes.Equal(domain, unicode(s.Domain)) {
		return errors.New("another domain")
	}
	if len(response) < 16+28 { // an NTLMv1 response has 24
		return fmt.Errorf("a response of %d bytes", len(response))
	}
	proof, blob := response[:16], response[16:]
	if blob[0] != 1 || blob[1] != 1 {
		return errors.New("a response of another version")
	}
	if !s.NoInfo && !bytes.Contains(blob, unicode("Server")) {
		return errors.New("a response without what the server said of itself")
	}
	if !hmac.Equal(proof, sum(s.key(user, domain), s.Nonce[:], blob)) {
		return errors.New("another password")
	}
	return nil
}

// key is NTOWFv2.
func (s *NTLM) key(user, domain []byte) []byte {
	hash := md4(unicode(s.Password))
	return sum(hash[:], unicode(strings.ToUpper(text(user))), domain)
}

func sum(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func unicode(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func text(b []byte) string {
	var u []uint16
	for ; len(b) > 1; b = b[2:] {
		u = append(u, binary.LittleEndian.Uint16(b))
	}
	return string(utf16.Decode(u))
}
