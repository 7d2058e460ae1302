package srtp

import "fmt"

// Parameters of a policy (RFC 3830 section 6.10.1, RFC 7714 section 14.2).
const (
	paramEncryption = 0
	paramKeySize    = 1
	paramAuth       = 2
	paramAuthKey    = 3
	paramRate       = 6 // of key derivation
	paramEncrypt    = 7
	paramEncryptRTC = 8
	paramAuthorize  = 10
	paramTagSize    = 11

	encryptNull = 0 // values
	encryptCM   = 1
	encryptGCM  = 6
	authSHA1    = 1
)

// policy is what an SP payload asks for; its zero value with the default key
// size is the default of RFC 3830.
type policy struct {
	encryption, keySize, auth, authKey, tagSize, rate uint8
	encrypt, authorize                                bool
}

func defaultPolicy() policy {
	return policy{encryption: encryptCM, auth: authSHA1, encrypt: true, authorize: true}
}

// policy reads an SP payload.
func (m *mikey) policy(r *mikeyReader) {
	number, protocol := r.byte(), r.byte()
	params := mikeyReader{b: r.sized16(), err: r.err}
	if protocol != protocolSRTP {
		return
	}
	p := defaultPolicy()
	for len(params.b) > 0 && params.err == nil {
		kind, value := params.byte(), params.sized8()
		if len(value) != 1 {
			continue
		}
		switch v := value[0]; kind {
		case paramEncryption:
			p.encryption = v
		case paramKeySize:
			p.keySize = v
		case paramAuth:
			p.auth = v
		case paramAuthKey:
			p.authKey = v
		case paramRate:
			p.rate = v
		case paramEncrypt:
			p.encrypt = v != 0
		case paramAuthorize:
			p.authorize = v != 0
		case paramTagSize:
			p.tagSize = v
		}
	}
	r.fail(params.err)
	m.policies[number] = p
}

// suite finds the one that a policy means. GStreamer writes the size of the tag
// where the size of the authentication key belongs, 10 or 4, and no tag size.
func (p policy) suite() (Suite, error) {
	if p.rate != 0 {
		return 0, errDerivationRate
	}
	short := p.tagSize == 4 || p.tagSize == 0 && p.authKey == 4
	pick := func(long, otherwise Suite) Suite {
		if short {
			return otherwise
		}
		return long
	}
	sized := func(of16, of32 Suite) (Suite, error) {
		switch p.keySize {
		case 0, 16:
			return of16, nil
		case 32:
			return of32, nil
		}
		return 0, &UnsupportedError{fmt.Sprintf("SRTP with a key of %d bytes", p.keySize)}
	}
	switch {
	case p.encryption == encryptGCM && p.encrypt:
		return sized(AEADAES128GCM, AEADAES256GCM)
	case p.auth != authSHA1 || !p.authorize:
		return 0, &UnsupportedError{"unauthenticated SRTP"}
	case p.encryption == encryptCM && p.encrypt:
		return sized(pick(AESCM128SHA1x80, AESCM128SHA1x32), pick(AESCM256SHA1x80, AESCM256SHA1x32))
	case p.encryption == encryptNull || p.encryption == encryptCM:
		return pick(NullSHA1x80, NullSHA1x32), nil
	}
	return 0, &UnsupportedError{fmt.Sprintf("MIKEY's encryption %d", p.encryption)}
}

// params are the parameters of a policy for a suite.
func (s Suite) params() []byte {
	encryption, encrypt, auth, tag := byte(encryptCM), byte(1), byte(authSHA1), byte(10)
	switch s {
	case AESCM128SHA1x32, AESCM256SHA1x32:
		tag = 4
	case NullSHA1x80, NullSHA1x32:
		encryption, encrypt = encryptNull, 0
		if s == NullSHA1x32 {
			tag = 4
		}
	case AEADAES128GCM, AEADAES256GCM:
		encryption, auth, tag = encryptGCM, 0, 16
	}
	return []byte{
		paramEncryption, 1, encryption,
		paramKeySize, 1, byte(suites[s].key),
		paramAuth, 1, auth,
		paramAuthKey, 1, 20,
		paramEncrypt, 1, encrypt,
		paramEncryptRTC, 1, encrypt,
		paramAuthorize, 1, 1,
		paramTagSize, 1, tag,
	}
}
