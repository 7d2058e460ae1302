package rtsp

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/quoted"
	"tapedeck/client/sdp"
	"tapedeck/client/srtp"
)

// Where the keys of encrypted media (SRTP) come from, the first that there is:
//
//	SETUP's reply   KeyMgmt: prot=mikey;uri="...";data="<base64>"   (RFC 4567)
//	ours            in SETUP's request, in the same form, over rtsps only
//	description     a=key-mgmt:mikey <base64>, a=crypto:... (RFC 4568)
//
// Ours are for our reports, so that they stand behind the description, but for
// servers that want to be told the keys of everything: Axis cameras refuse with
// 463 until the keys in SETUP have a name (MKI) of four bytes.
const (
	axisMKI      = 4
	noKeys       = 463
	maxKeyHeader = 16 // keys that are looked at in one reply
)

// secrecy is how a track's packets are encrypted, as far as its description says.
type secrecy struct {
	profile string // SAVP or SAVPF; empty for a track in the clear
	keys    srtp.Keys
	err     error // why there are none
}

// describedSecrecy reads what a section says, and above it the session.
func describedSecrecy(s *sdp.Session, m *sdp.Media) secrecy {
	words := strings.Split(strings.ToUpper(m.Proto), "/")
	i := slices.IndexFunc(words, func(w string) bool { return w == "SAVP" || w == "SAVPF" })
	if i < 0 {
		return secrecy{}
	}
	keys, err := srtp.ParseDescription(
		append(attributes(m.Attributes, "key-mgmt"), attributes(s.Attributes, "key-mgmt")...),
		append(attributes(m.Attributes, "crypto"), attributes(s.Attributes, "crypto")...))
	return secrecy{words[i], keys, err}
}

// attributes is the values of every attribute called key.
func attributes(list []sdp.Attribute, key string) (values []string) {
	for _, a := range list {
		if strings.EqualFold(a.Key, key) {
			values = append(values, a.Value)
		}
	}
	return values
}

// askSetup sends SETUP for a track, with keys of ours where the media are
// encrypted and the connection keeps them secret.
func (s *Session) askSetup(ctx context.Context, t *track, url string, want transport) (*response, srtp.Keys, error) {
	transport := field{"Transport", s.transportHeader(want)}
	if t.secrecy.profile == "" || !secure(s.from.a) {
		resp, err := s.d.do(ctx, s.cfg.Timeouts.Setup, "SETUP", url, transport)
		if status(err) == noKeys && t.secrecy.profile != "" {
			err = fmt.Errorf("%w: it wants keys of ours, and they go over rtsps only", err)
		}
		return resp, srtp.Keys{}, err
	}
	for {
		mki := 0
		if s.ownKeys {
			mki = axisMKI
		}
		own := srtp.NewKeys(srtp.AESCM128SHA1x80, mki)
		own.Sources = []srtp.Source{{SSRC: t.reporter}}
		resp, err := s.d.do(ctx, s.cfg.Timeouts.Setup, "SETUP", url, transport, field{"KeyMgmt", keyHeader(url, own)})
		if status(err) != noKeys || s.ownKeys {
			return resp, own, err
		}
		s.ownKeys = true
	}
}

// keyHeader tells keys to the server. url stands in quotes: it has none itself.
func keyHeader(url string, k srtp.Keys) string {
	var random [16 + 4]byte
	rand.Read(random[:]) // never fails
	message := k.AppendMIKEY(nil, binary.BigEndian.Uint32(random[16:]), [16]byte(random[:16]), time.Now())
	return fmt.Sprintf(`prot=mikey;uri="%s";data="%s"`, strings.ReplaceAll(url, `"`, "%22"), base64.StdEncoding.EncodeToString(message))
}

// repliedKeys reads the keys in a reply. A message that only confirms ours has
// none.
func repliedKeys(resp *response) (srtp.Keys, bool) {
	seen := 0
	for _, value := range resp.header.all("KeyMgmt") {
		for _, spec := range quoted.Split(value, ',') {
			if seen++; seen > maxKeyHeader {
				return srtp.Keys{}, false
			}
			protocol, data := "", ""
			for _, part := range quoted.Split(spec, ';') {
				key, v, _ := strings.Cut(part, "=")
				switch strings.ToLower(strings.TrimSpace(key)) {
				case "prot":
					protocol = quoted.Unquote(v)
				case "data":
					data = quoted.Unquote(v)
				}
			}
			if !strings.EqualFold(protocol, "mikey") {
				continue
			}
			if k, err := srtp.ParseMIKEYText(data); err == nil {
				return k, true
			}
		}
	}
	return srtp.Keys{}, false
}

// openCipher makes what decrypts a track, nil for one in the clear. own are the
// keys that SETUP told the server; none over a connection in the clear.
func (s *Session) openCipher(t *track, resp *response, own srtp.Keys) (*srtp.Context, error) {
	if t.secrecy.profile == "" {
		return nil, nil
	}
	in, ok := repliedKeys(resp)
	switch {
	case ok:
	case s.ownKeys, t.secrecy.err != nil: // over TLS, that is
		in = own
	default:
		in = t.secrecy.keys
	}
	out := own
	if !secure(s.from.a) { // the server's, under a sender of our own, as RFC 3711 section 9.1 has it
		out = in
	}
	out.Sources = nil
	return srtp.NewContext(in, out)
}

// tellOfKeys says that the encryption is none where everybody could read its
// keys.
func (s *Session) tellOfKeys() {
	if !secure(s.from.a) && slices.ContainsFunc(s.tracks, func(t *track) bool { return t.cipher != nil }) {
		s.cfg.Trace(media.Note{Text: "the media are encrypted, but their keys came over a connection that is not: the encryption protects nothing"})
	}
}
