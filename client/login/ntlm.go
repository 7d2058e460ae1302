package login

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/Azure/go-ntlmssp"
)

const (
	maxChallenge  = 64 << 10 // bytes of a challenge, which all its offsets must lie in
	maxTargetInfo = 4 << 10  // bytes that a challenge may say of the server; they are sent back
	maxPairs      = 64       // of the target info
	maxName       = 512      // bytes of a user's name with its domain
)

// ErrNTLM is under every failure to understand a challenge.
var ErrNTLM = errors.New("ntlm")

// NTLM is a user's name and password for one connection, as NTLM asks for them
// ([MS-NLMP]): two messages of ours with one of the server's in between. It is
// NTLM's second version alone: the first can be turned into the password.
//
//	C: NEGOTIATE      Negotiate()
//	S: CHALLENGE      8 random bytes, and what the server is called
//	C: AUTHENTICATE   Authenticate(challenge): they and the password, as a hash
//
// The connection is logged in by it, and not a request: another connection
// begins anew, and another host gets another NTLM or none.
type NTLM struct {
	user, password string
}

// NewNTLM is the login of a user, who may be `DOMAIN\user` or `user@domain`.
func NewNTLM(user, password string) *NTLM {
	return &NTLM{user: user, password: password}
}

// Negotiate is the first message. It names neither the user nor this machine.
func (n *NTLM) Negotiate() ([]byte, error) {
	if n == nil || n.user == "" && n.password == "" {
		return nil, &Error{}
	}
	return ntlmssp.NewNegotiateMessage("", "")
}

// Authenticate is the answer to the server's challenge.
func (n *NTLM) Authenticate(challenge []byte) ([]byte, error) {
	if n == nil || n.user == "" && n.password == "" {
		return nil, &Error{}
	}
	if len(n.user) > maxName {
		return nil, fmt.Errorf("%w: a user name of %d bytes", ErrNTLM, len(n.user))
	}
	clean, err := cleanChallenge(challenge)
	if err != nil {
		return nil, err
	}
	answer, err := ntlmssp.NewAuthenticateMessage(clean, n.user, n.password, nil)
	if err != nil {
		// The module's words are about the challenge's flags alone.
		return nil, fmt.Errorf("%w: %w", ErrNTLM, err)
	}
	return answer, nil
}

// The CHALLENGE of [MS-NLMP] 2.2.1.2, integers little-endian:
//
//	 0  "NTLMSSP\0"
//	 8  type 2             u32
//	12  target name        length u16, room u16, offset u32
//	20  flags              u32
//	24  server challenge   8 bytes
//	32  reserved           8 bytes
//	40  target info        length u16, room u16, offset u32
//	48  version            8 bytes, then what the offsets point to
const (
	atTargetName = 12
	atFlags      = 20
	atChallenge  = 24
	atTargetInfo = 40
	sizeOldest   = 32 // Windows NT 4 sends no more than this and the name
	sizeFixed    = 48

	flagUnicode    = 1 << 0
	flagTargetInfo = 1 << 23
)

var signature = []byte("NTLMSSP\x00")

// cleanChallenge writes a server's challenge anew, with what an answer is made
// of and nothing else, after it has looked at every length and offset of it.
func cleanChallenge(b []byte) ([]byte, error) {
	switch {
	case len(b) > maxChallenge:
		return nil, fmt.Errorf("%w: a challenge of %d bytes", ErrNTLM, len(b))
	case len(b) < sizeOldest || !bytes.HasPrefix(b, signature):
		return nil, fmt.Errorf("%w: %d bytes that are no challenge", ErrNTLM, len(b))
	}
	if kind := binary.LittleEndian.Uint32(b[8:]); kind != 2 {
		return nil, fmt.Errorf("%w: message %d in place of a challenge", ErrNTLM, kind)
	}
	flags := binary.LittleEndian.Uint32(b[atFlags:])
	if flags&flagUnicode == 0 {
		return nil, fmt.Errorf("%w: the server does not know Unicode", ErrNTLM)
	}
	if _, err := field(b, atTargetName); err != nil {
		return nil, fmt.Errorf("%w: target name: %w", ErrNTLM, err)
	}
	clean := make([]byte, sizeFixed)
	copy(clean, b[:atTargetName])
	copy(clean[atFlags:], b[atFlags:sizeOldest])
	if flags&flagTargetInfo == 0 {
		return clean, nil // NT 4: what stands there may be the name
	}
	info, err := field(b, atTargetInfo)
	if err == nil {
		info, err = pairs(info)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: target info: %w", ErrNTLM, err)
	}
	binary.LittleEndian.PutUint16(clean[atTargetInfo:], uint16(len(info)))
	binary.LittleEndian.PutUint16(clean[atTargetInfo+2:], uint16(len(info)))
	binary.LittleEndian.PutUint32(clean[atTargetInfo+4:], sizeFixed)
	return append(clean, info...), nil
}

// field is what the length and the offset at a place of a message point to.
func field(b []byte, at int) ([]byte, error) {
	if len(b) < at+8 {
		return nil, fmt.Errorf("it would stand at %d of %d bytes", at, len(b))
	}
	size, offset := uint64(binary.LittleEndian.Uint16(b[at:])), uint64(binary.LittleEndian.Uint32(b[at+4:]))
	if size == 0 {
		return nil, nil // wherever that is
	}
	if offset+size > uint64(len(b)) {
		return nil, fmt.Errorf("%d bytes at %d of %d", size, offset, len(b))
	}
	return b[offset : offset+size], nil
}

// pairs looks through what a server says of itself ([MS-NLMP] 2.2.2.1), pairs of
// an id u16 and a value with its length u16 before it, up to the pair 0, which
// ends them:
//
//	02 00 0c 00 44 00 6f 00 6d 00 61 00 69 00 6e 00  NetBIOS domain "Domain"
//	00 00 00 00
func pairs(b []byte) ([]byte, error) {
	if len(b) > maxTargetInfo {
		return nil, fmt.Errorf("%d bytes", len(b))
	}
	for n, at := 0, 0; ; n++ {
		if n == maxPairs {
			return nil, fmt.Errorf("more than %d pairs", maxPairs)
		}
		if len(b)-at < 4 {
			return nil, errors.New("without an end")
		}
		id, size := binary.LittleEndian.Uint16(b[at:]), int(binary.LittleEndian.Uint16(b[at+2:]))
		if at += 4; size > len(b)-at {
			return nil, fmt.Errorf("pair %d of %d bytes, where %d are left", id, size, len(b)-at)
		}
		if id == 7 && size != 8 { // the time, which stands in the answer as it is
			return nil, fmt.Errorf("a time of %d bytes", size)
		}
		if at += size; id == 0 {
			return b[:at], nil
		}
	}
}
