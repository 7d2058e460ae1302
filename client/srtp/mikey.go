package srtp

import (
	"encoding/binary"
	"fmt"
	"time"
)

// A MIKEY message (RFC 3830 section 6) is a header and a chain of payloads, each
// naming the next one's type:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  version = 1  |   data type   | next payload  |V|  PRF func   |  HDR
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                CSB ID (the bundle of sessions)                |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	| #CS | map type | { policy no8 | SSRC32 | ROC32 } * #CS        |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	| next8 | TS type8 | time stamp64                               |  T
//	| next8 | length8  | random bytes                               |  RAND
//	| next8 | policy no8 | protocol8 | length16 | parameters        |  SP
//	                     { type8 | length8 | value }
//	| next8 | encryption8 | length16 | key data | MAC alg8 | MAC    |  KEMAC
//	                     { next8 | type4 | KV4 | length16 | key |
//	                       (length16 | salt) | (validity) }
//
// What RTSP servers send is an initiator's message whose key data are in the
// clear, since the connection protects them (RFC 4567 section 3.1).
const (
	maxMIKEY     = 8192 // bytes of a message
	maxPayloads  = 32
	mikeyVersion = 1
	mikeyHeader  = 10 // without the map
	mikeyEntry   = 9  // of the map
	mapSRTP      = 0
	protocolSRTP = 0
)

// Types of payloads (RFC 3830 section 6.1, RFC 6043).
const (
	payloadLast    = 0
	payloadKEMAC   = 1
	payloadT       = 5
	payloadID      = 6
	payloadCERT    = 7
	payloadV       = 9
	payloadSP      = 10
	payloadRAND    = 11
	payloadERR     = 12
	payloadKeyData = 20
	payloadGeneral = 21
)

// Kinds of a key, and what says how long it is valid (section 6.13).
const (
	keyTEK     = 2
	keyTEKSalt = 3

	validAlways   = 0
	validByMKI    = 1
	validInterval = 2
)

const ntpEpoch = 2208988800 // the year 1970, in seconds since 1900

// mikey is what is read of a message.
type mikey struct {
	sources  []Source
	policyNo uint8 // of the first source
	policies map[uint8]policy
	masters  []rawMaster
}

// rawMaster is a key before the suite is known.
type rawMaster struct {
	key  []byte // with the salt behind it, unless that is given apart
	salt []byte
	mki  []byte
}

// ParseMIKEYText reads a message as headers and descriptions carry it, in base64.
func ParseMIKEYText(text string) (Keys, error) {
	if len(text) > maxMIKEY*4/3+4 {
		return Keys{}, malformedMIKEY("it is too large")
	}
	b, err := decodeBase64(text)
	if err != nil {
		return Keys{}, malformedMIKEY("it is not base64")
	}
	return ParseMIKEY(b)
}

// ParseMIKEY reads the keys out of a message. What stands behind its last payload
// is passed over: Milestone's server adds a byte.
func ParseMIKEY(b []byte) (Keys, error) {
	if len(b) > maxMIKEY {
		return Keys{}, malformedMIKEY("it is too large")
	}
	m := mikey{policies: map[uint8]policy{}}
	r := mikeyReader{b: b}
	next := m.header(&r)
	for n := 0; next != payloadLast && r.err == nil; n++ {
		if n == maxPayloads {
			return Keys{}, malformedMIKEY("it has too many payloads")
		}
		next = m.payload(next, &r)
	}
	if r.err != nil {
		return Keys{}, r.err
	}
	return m.keys()
}

func malformedMIKEY(why string) error { return fmt.Errorf("%w MIKEY message: %s", ErrMalformed, why) }

// mikeyReader takes a message apart; after an error everything is empty.
type mikeyReader struct {
	b   []byte
	err error
}

func (r *mikeyReader) take(n int) []byte {
	if r.err == nil && n > len(r.b) {
		r.err = malformedMIKEY("it ends too early")
	}
	if r.err != nil {
		return make([]byte, min(n, mikeyHeader))
	}
	taken := r.b[:n:n]
	r.b = r.b[n:]
	return taken
}

func (r *mikeyReader) byte() uint8 { return r.take(1)[0] }

// sized8 and sized16 take what a length stands before.
func (r *mikeyReader) sized8() []byte  { return r.take(int(r.byte())) }
func (r *mikeyReader) sized16() []byte { return r.take(int(binary.BigEndian.Uint16(r.take(2)))) }

// fail keeps the first error.
func (r *mikeyReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// header reads HDR and returns the type of the first payload.
func (m *mikey) header(r *mikeyReader) (next uint8) {
	h := r.take(mikeyHeader)
	if r.err == nil && h[0] != mikeyVersion {
		r.fail(malformedMIKEY(fmt.Sprintf("version %d", h[0])))
	}
	if h[9] != mapSRTP && h[8] > 0 {
		r.fail(&UnsupportedError{fmt.Sprintf("MIKEY's map type %d", h[9])})
	}
	for i := range int(h[8]) {
		e := r.take(mikeyEntry)
		if r.err != nil {
			break
		}
		if i == 0 {
			m.policyNo = e[0]
		}
		if len(m.sources) < maxSources {
			m.sources = append(m.sources, Source{binary.BigEndian.Uint32(e[1:]), binary.BigEndian.Uint32(e[5:])})
		}
	}
	return h[2]
}

// payload reads a payload of a type and returns the type of the next.
func (m *mikey) payload(kind uint8, r *mikeyReader) (next uint8) {
	next = r.byte()
	switch kind {
	case payloadT:
		if r.byte() < 2 { // NTP; else a counter
			r.take(8)
		} else {
			r.take(4)
		}
	case payloadRAND:
		r.sized8()
	case payloadSP:
		m.policy(r)
	case payloadKEMAC:
		m.kemac(r)
	case payloadID, payloadCERT, payloadGeneral:
		r.byte()
		r.sized16()
	case payloadV:
		if r.byte() == 1 { // HMAC-SHA-1
			r.take(20)
		}
	case payloadERR:
		r.fail(&UnsupportedError{fmt.Sprintf("a MIKEY message of error %d", r.byte())})
	default: // keys by public key or Diffie-Hellman
		r.fail(&UnsupportedError{fmt.Sprintf("MIKEY's payload %d", kind)})
	}
	return next
}

// kemac reads keys that are neither encrypted nor authenticated.
func (m *mikey) kemac(r *mikeyReader) {
	encryption := r.byte()
	data := r.sized16()
	if mac := r.byte(); r.err == nil && (encryption != 0 || mac != 0) {
		r.fail(&UnsupportedError{"a MIKEY message whose keys are encrypted themselves"})
	}
	if r.err != nil {
		return
	}
	keys := mikeyReader{b: data}
	for next := uint8(payloadKeyData); next == payloadKeyData && len(m.masters) < maxMasters && keys.err == nil; {
		next = m.keyData(&keys)
	}
	r.fail(keys.err)
}

func (m *mikey) keyData(r *mikeyReader) (next uint8) {
	next = r.byte()
	kind := r.byte()
	var k rawMaster
	k.key = r.sized16()
	switch kind >> 4 {
	case keyTEK:
	case keyTEKSalt:
		k.salt = r.sized16()
	default:
		r.fail(&UnsupportedError{"a MIKEY key that others are to be made from"})
	}
	switch kind & 0x0f {
	case validAlways:
	case validByMKI:
		k.mki = r.sized8()
	case validInterval:
		r.sized8()
		r.sized8()
	default:
		r.fail(malformedMIKEY("a key's validity"))
	}
	if r.err == nil {
		m.masters = append(m.masters, k)
	}
	return next
}

// keys makes what was read into keys.
func (m *mikey) keys() (Keys, error) {
	if len(m.masters) == 0 {
		return Keys{}, malformedMIKEY("it has no keys")
	}
	p, ok := m.policies[m.policyNo]
	if !ok {
		p = defaultPolicy()
	}
	s, err := p.suite()
	if err != nil {
		return Keys{}, err
	}
	k := Keys{Suite: s, Sources: m.sources}
	for _, raw := range m.masters {
		master, err := s.master(append(raw.key, raw.salt...))
		if err != nil {
			return Keys{}, err
		}
		master.MKI = raw.mki
		k.Masters = append(k.Masters, master)
	}
	return k, k.check()
}

// AppendMIKEY appends a message that tells k, as the initiator's first message
// with keys in the clear. It must go over an encrypted connection only. id
// names the bundle of sessions and random are 16 bytes, both by chance.
func (k Keys) AppendMIKEY(dst []byte, id uint32, random [16]byte, now time.Time) []byte {
	be := binary.BigEndian
	dst = append(dst, mikeyVersion, 0, payloadT, 0)
	dst = be.AppendUint32(dst, id)
	dst = append(dst, byte(len(k.Sources)), mapSRTP)
	for _, s := range k.Sources {
		dst = append(dst, 0)
		dst = be.AppendUint32(dst, s.SSRC)
		dst = be.AppendUint32(dst, s.ROC)
	}
	dst = append(dst, payloadRAND, 0)
	dst = be.AppendUint32(dst, uint32(now.Unix()+ntpEpoch))
	dst = be.AppendUint32(dst, uint32(uint64(now.Nanosecond())<<32/uint64(time.Second)))
	dst = append(dst, payloadSP, byte(len(random)))
	dst = append(dst, random[:]...)
	params := k.Suite.params()
	dst = append(dst, payloadKEMAC, 0, protocolSRTP, 0, byte(len(params)))
	dst = append(dst, params...)

	var data []byte
	for i, m := range k.Masters {
		next, valid := byte(payloadKeyData), byte(validAlways)
		if i == len(k.Masters)-1 {
			next = payloadLast
		}
		if len(m.MKI) > 0 {
			valid = validByMKI
		}
		data = append(data, next, keyTEK<<4|valid)
		data = be.AppendUint16(data, uint16(len(m.Key)+len(m.Salt)))
		data = append(append(data, m.Key...), m.Salt...)
		if len(m.MKI) > 0 {
			data = append(append(data, byte(len(m.MKI))), m.MKI...)
		}
	}
	dst = append(dst, payloadLast, 0)
	dst = be.AppendUint16(dst, uint16(len(data)))
	return append(append(dst, data...), 0)
}
