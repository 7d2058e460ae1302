package rtsp

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	psrtp "github.com/pion/srtp/v3"

	"tapedeck/client/srtp"
)

// sealer encrypts with keys as a server that is not ours does.
func sealer(t *testing.T, k srtp.Keys) *psrtp.Context {
	t.Helper()
	m := k.Masters[0]
	p, err := psrtp.CreateContext(m.Key, m.Salt, psrtp.ProtectionProfileAes128CmHmacSha1_80, psrtp.MasterKeyIndicator(m.MKI))
	if err != nil {
		t.Error(err)
	}
	return p
}

func seal(t *testing.T, k srtp.Keys) func([]byte) []byte {
	p := sealer(t, k)
	return func(packet []byte) []byte {
		e, err := p.EncryptRTP(nil, packet, nil)
		if err != nil {
			t.Error(err)
		}
		return e
	}
}

func inline(k srtp.Keys) string {
	m := k.Masters[0]
	return "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + base64.StdEncoding.EncodeToString(append(bytes.Clone(m.Key), m.Salt...)) + "|2^31\r\n"
}

func mikeyText(k srtp.Keys) string {
	return base64.StdEncoding.EncodeToString(k.AppendMIKEY(nil, 1, [16]byte{}, time.Unix(0, 0)))
}

// secretSDP describes encrypted sound; session lines come above it.
func secretSDP(session, media string) string {
	return "v=0\r\ns=sound\r\nt=0 0\r\n" + session + "m=audio 0 RTP/SAVP 0\r\na=control:track1\r\n" + media
}

// toldKeys are the keys in a request of the client.
func toldKeys(t *testing.T, r *request) (srtp.Keys, bool) {
	v, ok := r.header.lookup("KeyMgmt")
	if !ok {
		return srtp.Keys{}, false
	}
	if !strings.HasPrefix(v, `prot=mikey;uri="`+r.target+`";data="`) {
		t.Errorf("KeyMgmt: %.60s", v)
	}
	k, ok := repliedKeys(&response{header: header{{"KeyMgmt", v}}})
	if !ok {
		t.Error("the client's keys cannot be read")
	}
	return k, ok
}

// TestDescribedKeys has the server's keys at every place in a description, over
// a connection in the clear: they are used, nobody is told ours, and somebody
// is told what that is worth.
func TestDescribedKeys(t *testing.T) {
	k := srtp.NewKeys(srtp.AESCM128SHA1x80, 0)
	for name, text := range map[string]string{
		"MIKEY of the medium":   secretSDP("", "a=key-mgmt:mikey "+mikeyText(k)+"\r\n"),
		"MIKEY of the session":  secretSDP("a=key-mgmt:mikey "+mikeyText(k)+"\r\n", ""),
		"crypto of the medium":  secretSDP("", inline(k)),
		"crypto of the session": secretSDP(inline(k), ""),
		"one of no use before":  secretSDP("", "a=crypto:1 F8_128_HMAC_SHA1_80 inline:AAAA\r\n"+inline(k)),
		"SAVPF":                 strings.Replace(secretSDP("", inline(k)), "SAVP", "SAVPF", 1),
	} {
		synctest.Test(t, func(t *testing.T) {
			var reports [][]byte
			c := &camera{t: t, sdp: text, protect: seal(t, k)}
			c.heard = func(_ uint8, p []byte) { reports = append(reports, bytes.Clone(p)) }
			s, ev := c.mustOpen("rtspt://10.0.0.1/live", Config{})
			readUntil(t, s, 40*time.Millisecond)
			if n := s.Stats(); n.Packets != 3 || n.Lost != 0 {
				t.Errorf("%s: %+v", name, n)
			}
			r := c.requests("SETUP")[0]
			profile := map[bool]string{true: "SAVPF", false: "SAVP"}[name == "SAVPF"]
			if got := r.header.get("Transport"); got != "RTP/"+profile+"/TCP;unicast;interleaved=0-1" {
				t.Errorf("%s: %s", name, got)
			}
			if _, told := r.header.lookup("KeyMgmt"); told {
				t.Errorf("%s: keys went out in the clear", name)
			}
			if !ev.has("the encryption protects nothing") {
				t.Errorf("%s: %s", name, ev)
			}
			time.Sleep(6 * time.Second) // reports are encrypted
			s.Close()
			c.workers.Wait()
			if len(reports) == 0 {
				t.Fatalf("%s: no report", name)
			}
			if plain, err := sealer(t, k).DecryptRTCP(nil, reports[0], nil); err != nil || plain[1] != 201 || bytes.Equal(plain[8:16], reports[0][8:16]) {
				t.Errorf("%s: the report %x: %v", name, plain, err)
			}
		})
	}
}

// TestKeysOverTLS has servers that want our keys in SETUP: for our reports only,
// answered with keys of their own, and Axis's, which wants to be told the keys
// of everything, under a name.
func TestKeysOverTLS(t *testing.T) {
	theirs := srtp.NewKeys(srtp.AESCM128SHA1x80, 0)
	for _, c := range []struct {
		name, sdp string
		on        func(c *camera, resp *response, told srtp.Keys) // the answer to SETUP
		setups    int
	}{
		{"theirs in the description", secretSDP("", inline(theirs)), func(c *camera, _ *response, told srtp.Keys) {
			if len(told.Masters[0].MKI) != 0 || len(told.Sources) != 1 {
				t.Errorf("%d sources, a name of %d", len(told.Sources), len(told.Masters[0].MKI))
			}
			c.protect = seal(t, theirs)
		}, 1},
		{"theirs in the reply", secretSDP("", inline(srtp.NewKeys(srtp.AESCM128SHA1x80, 0))), func(c *camera, resp *response, _ srtp.Keys) {
			resp.header.add("KeyMgmt", `prot=zrtp;data="x", prot=mikey; uri="rtsps://a,b;c"; data="`+mikeyText(theirs)+`"`)
			c.protect = seal(t, theirs)
		}, 1},
		{"none of theirs", secretSDP("", ""), func(c *camera, _ *response, told srtp.Keys) {
			c.protect = seal(t, told)
		}, 1},
		{"Axis", secretSDP("", "a=key-mgmt:mikey "+mikeyText(theirs)+"\r\n"), func(c *camera, resp *response, told srtp.Keys) {
			if len(told.Masters[0].MKI) != 4 {
				*resp = response{status: 463, reason: "Key management failure"}
				return
			}
			c.protect = seal(t, told)
		}, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			certificate, pool := selfSigned(t)
			cam := &camera{t: t, sdp: c.sdp, tls: &tls.Config{Certificates: []tls.Certificate{certificate}}}
			var told srtp.Keys
			cam.on = func(l *line, r *request) *response {
				if r.method != "SETUP" {
					return nil
				}
				var ok bool
				if told, ok = toldKeys(t, r); !ok {
					t.Errorf("%s: no keys of ours", c.name)
					return nil
				}
				resp := l.usual(r)
				c.on(cam, resp, told)
				return resp
			}
			var report []byte
			cam.heard = func(_ uint8, p []byte) { report = bytes.Clone(p) }
			s, ev := cam.mustOpen("rtsps://10.0.0.1/live", Config{RootCAs: pool})
			readUntil(t, s, 40*time.Millisecond)
			if n := s.Stats(); n.Packets != 3 || len(cam.requests("SETUP")) != c.setups || ev.has("protects nothing") {
				t.Errorf("%s: %+v after %d SETUPs\n%s", c.name, n, len(cam.requests("SETUP")), ev)
			}
			time.Sleep(6 * time.Second)
			s.Close()
			cam.workers.Wait()
			plain, err := sealer(t, told).DecryptRTCP(nil, report, nil)
			if err != nil || plain[1] != 201 {
				t.Errorf("%s: our report: %x, %v", c.name, plain, err)
			}
			if len(told.Sources) == 1 && fmt.Sprintf("%08x", told.Sources[0].SSRC) != fmt.Sprintf("%x", report[4:8]) {
				t.Errorf("%s: announced %x, reported as %x", c.name, told.Sources[0].SSRC, report[4:8])
			}
		})
	}
}

// TestKeysRefused has servers whose keys cannot be had.
func TestKeysRefused(t *testing.T) {
	k := srtp.NewKeys(srtp.AESCM128SHA1x80, 0)
	for _, c := range []struct {
		name, link, sdp string
		status          int
		want            string
		setups          int
	}{
		{"none", "rtspt://10.0.0.1/live", secretSDP("", ""), 0, "no track can be played: it is encrypted: there are no keys", 0},
		{"of no use", "rtspt://10.0.0.1/live", secretSDP("", "a=crypto:1 F8_128_HMAC_SHA1_80 inline:AAAA\r\n"), 0, "no track can be played: it is encrypted: the SRTP suite F8_128_HMAC_SHA1_80 is not supported", 0},
		{"ours, in the clear", "rtsp://10.0.0.1/live", secretSDP("", inline(k)), 463, "setup: 463 Key Management Failure: it wants keys of ours, and they go over rtsps only", 1},
		{"ours, and not these", "rtsps://10.0.0.1/live", secretSDP("", inline(k)), 463, "setup: 463 Key Management Failure", 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			certificate, pool := selfSigned(t)
			cam := &camera{t: t, sdp: c.sdp}
			if strings.HasPrefix(c.link, "rtsps") {
				cam.tls = &tls.Config{Certificates: []tls.Certificate{certificate}}
			}
			cam.on = func(l *line, r *request) *response {
				if r.method == "SETUP" && c.status != 0 {
					return &response{status: c.status}
				}
				return nil
			}
			link := strings.Replace(c.link, "rtsp:", "rtspt:", 1)
			_, ev, err := cam.open(link, Config{RootCAs: pool})
			if err == nil || !strings.Contains(err.Error(), c.want) || len(cam.requests("SETUP")) != c.setups {
				t.Errorf("%s: %v after %d SETUPs\n%s", c.name, err, len(cam.requests("SETUP")), ev)
			}
		})
	}
}

// TestKeysDoNotFit has packets that are encrypted with other keys than the
// description tells, or not at all: that is said, and soon. Where only one of
// two tracks is so, the other plays.
func TestKeysDoNotFit(t *testing.T) {
	told, used := srtp.NewKeys(srtp.AESCM128SHA1x80, 0), srtp.NewKeys(srtp.AESCM128SHA1x80, 0)
	for name, c := range map[string]struct {
		protect func([]byte) []byte
		packets int
		after   time.Duration
	}{
		"other keys":     {seal(t, used), 500, 3 * time.Second},
		"in the clear":   {nil, 500, 3 * time.Second},
		"four that came": {seal(t, used), 1, 11 * time.Second}, // of a stream that is slow
	} {
		synctest.Test(t, func(t *testing.T) {
			cam := &camera{t: t, sdp: secretSDP("", inline(told)), protect: c.protect}
			cam.on = func(l *line, r *request) *response {
				if r.method == "PLAY" {
					l.sound(c.packets)
				}
				return nil
			}
			begin := time.Now()
			_, ev, err := cam.open("rtspt://10.0.0.1/live", Config{})
			if !errors.Is(err, ErrKeys) || time.Since(begin) > c.after {
				t.Errorf("%s: %v after %v\n%s", name, err, time.Since(begin), ev)
			}
		})
	}

	both := secretSDP("", inline(told)) + "m=audio 0 RTP/SAVP 8\r\na=control:track2\r\n" + inline(told)
	synctest.Test(t, func(t *testing.T) {
		good, bad := seal(t, told), seal(t, used)
		cam := &camera{t: t, sdp: both, protect: good}
		cam.on = func(l *line, r *request) *response {
			if r.method == "PLAY" {
				var b []byte
				for seq := range uint16(200) {
					p := soundPacket(100 + seq)
					p[1], p[8] = 8, 1
					b = append(b, frameOf(2, bad(p)...)...)
				}
				l.write(b)
			}
			return nil
		}
		s, ev := cam.mustOpen("rtspt://10.0.0.1/live", Config{})
		readUntil(t, s, 40*time.Millisecond)
		time.Sleep(time.Second)
		if !ev.has("audio left out: the SRTP keys do not fit") {
			t.Errorf("%s", ev)
		}
	})
	// Keys that fit no more while it plays.
	synctest.Test(t, func(t *testing.T) {
		cam := &camera{t: t, sdp: secretSDP("", inline(told)), protect: seal(t, told)}
		s, _ := cam.mustOpen("rtspt://10.0.0.1/live", Config{})
		cam.line(1).sound(10)
		synctest.Wait()
		cam.protect = seal(t, used)
		stop := make(chan struct{})
		cam.workers.Go(func() { cam.line(1).keepSending(stop) })
		begin := time.Now()
		_, err := readToEnd(t, s)
		close(stop)
		if !errors.Is(err, ErrKeys) || time.Since(begin) > 4*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
}
