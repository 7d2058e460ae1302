package mmstest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"strings"

	"tapedeck/client/mms/wire"
)

// The server's side of NTLM version 2 ([MS-NLMP]). A token is
//
//	"NTLMSSP" 0 | kind(4) | fields, each {length(2) room(2) offset(4)} into what follows
const (
	ntlmSignature     = "NTLMSSP\x00"
	ntlmChallengeSize = 8
	ntlmProof         = 16 // bytes of an answer that prove the password; the rest is the client's

	ntlmNegotiate    = 1
	ntlmAuthenticate = 3

	ntlmTarget = "MMSTEST"
)

// ntlmKind is which token it is; 0: none.
func ntlmKind(b []byte) uint32 {
	if len(b) < 12 || !bytes.HasPrefix(b, []byte(ntlmSignature)) {
		return 0
	}
	return binary.LittleEndian.Uint32(b[8:])
}

// ntlmChallenge is the server's token with 8 random bytes:
//
//	target name field | flags(4) | challenge(8) | 0 (8) | target info field | version(8) | name, info
func ntlmChallenge(challenge []byte) []byte {
	const (
		head = 56
		// Unicode, target, NTLM, always sign, a server, extended security, target
		// info, 128 and 56 bits.
		flags = 0x00000001 | 0x00000004 | 0x00000200 | 0x00008000 | 0x00020000 | 0x00080000 | 0x00800000 | 0x20000000 | 0x80000000

		nbComputer, nbDomain, none = 1, 2, 0
	)
	name := wire.AppendText(nil, ntlmTarget)
	size := uint16(len(name))
	var info []byte
	for _, kind := range []uint16{nbDomain, nbComputer} {
		info = append(info, numbers(kind, size)...)
		info = append(info, name...)
	}
	info = append(info, numbers(uint16(none), uint16(0))...)
	b := append([]byte(ntlmSignature), numbers(
		uint32(2), size, size, uint32(head), uint32(flags), [8]byte(challenge), uint64(0),
		uint16(len(info)), uint16(len(info)), uint32(head+len(name)), uint64(0),
	)...)
	return append(append(b, name...), info...)
}

// ntlmCheck says whether an AUTHENTICATE token answers a challenge with the right
// password:
//
//	LM field | NT field | domain field | user field | workstation field | key field | flags(4)
func ntlmCheck(b, challenge []byte, user, password string) bool {
	nt, ok1 := ntlmField(b, 20)
	domain, ok2 := ntlmField(b, 28)
	name, ok3 := ntlmField(b, 36)
	if !ok1 || !ok2 || !ok3 || len(nt) <= ntlmProof || !strings.EqualFold(wire.Text(name), user) {
		return false
	}
	secret := md4(wire.AppendText(nil, password))
	identity := append(wire.AppendText(nil, strings.ToUpper(wire.Text(name))), domain...)
	key := hmacMD5(secret[:], identity)
	return hmac.Equal(nt[:ntlmProof], hmacMD5(key, challenge, nt[ntlmProof:]))
}

// ntlmField is the bytes that a field at an offset points to.
func ntlmField(b []byte, at int) ([]byte, bool) {
	if len(b) < at+8 {
		return nil, false
	}
	n, from := int(binary.LittleEndian.Uint16(b[at:])), int64(binary.LittleEndian.Uint32(b[at+4:]))
	if from+int64(n) > int64(len(b)) {
		return nil, false
	}
	return b[from : from+int64(n)], true
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
