package logintest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"testing"
)

func TestMD4(t *testing.T) { // RFC 1320 A.5
	for in, want := range map[string]string{
		"":    "31d6cfe0d16ae931b73c59d7e0c089c0",
		"abc": "a448017aaf21d8525fc10ae87aa6729d",
		"12345678901234567890123456789012345678901234567890123456789012345678901234567890": "e33b4ddc9c38f2199c3e7b164fcc0536",
	} {
		if got := md4([]byte(in)); hex.EncodeToString(got[:]) != want {
			t.Errorf("%q: %x", in, got)
		}
	}
}

// TestExample is [MS-NLMP] 4.2.4: User of Domain, with Password.
func TestExample(t *testing.T) {
	s := &NTLM{User: "User", Password: "Password", Domain: "Domain", Nonce: [8]byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}}
	key := s.key(unicode("User"), unicode("Domain"))
	if hex.EncodeToString(key) != "0c868a403bfd7a93a3001ef22ef02e3f" { // 4.2.4.1.1
		t.Errorf("key %x", key)
	}
	blob := append([]byte{1, 1}, make([]byte, 14)...) // at time 0
	blob = append(blob, bytes.Repeat([]byte{0xaa}, 8)...)
	blob = append(blob, 0, 0, 0, 0)
	blob = append(append(blob, s.info()...), 0, 0, 0, 0)
	proof := sum(key, s.Nonce[:], blob)
	if hex.EncodeToString(proof) != "68cd0ab851e51c96aabc927bebef6a1c" { // 4.2.4.2.2
		t.Errorf("proof %x", proof)
	}

	token := append([]byte("NTLMSSP\x00"), 3, 0, 0, 0)
	parts := [][]byte{nil, append(proof, blob...), unicode("Domain"), unicode("User"), nil}
	at := 64
	for _, p := range parts {
		token = appendField(token, len(p), at)
		at += len(p)
	}
	token = append(token, make([]byte, 64-len(token))...)
	token = append(token, bytes.Join(parts, nil)...)
	if err := s.Verify(token); err != nil {
		t.Error(err)
	}
	bad := bytes.Clone(token)
	bad[bytes.Index(bad, proof)]++
	if s.Verify(bad) == nil {
		t.Error("another proof holds")
	}
	for n := range token {
		if s.Verify(token[:n]) == nil {
			t.Errorf("holds with %d bytes", n)
		}
	}
	if binary.LittleEndian.Uint32(s.Challenge()[8:]) != 2 {
		t.Error("no challenge")
	}
}
