package rtsp

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
)

func TestHostileSDP(t *testing.T) {
	const head = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=x\r\n"
	live := func(t *testing.T, _ *camera, s *Session) {
		if i := s.Info(); !i.Live || i.Duration != 0 {
			t.Errorf("%+v", i)
		}
	}
	cases := []hostile{
		{name: "10 000 media", sdp: head + strings.Repeat("m=audio 0 RTP/AVP 0\r\na=control:t\r\n", 1) + uniqueMedia(10_000), check: func(t *testing.T, c *camera, s *Session) {
			if n := len(s.Info().Tracks); n != maxTracks || len(c.requests("SETUP")) != maxTracks {
				t.Errorf("%d tracks, %d SETUPs", n, len(c.requests("SETUP")))
			}
		}},
		{name: "100 000 attributes", sdp: head + strings.Repeat("a=x\r\n", 100_000) + "m=audio 0 RTP/AVP 0\r\n"},
		{name: "a control with a line in it", sdp: head + "m=audio 0 RTP/AVP 0\r\na=control:t\x00\x0b\x1f\x7f RTSP/1.0%0d%0aX: y\n", check: func(t *testing.T, c *camera, _ *Session) {
			for _, r := range c.asked {
				if strings.ContainsAny(r.target, " \r\n\x00\x0b\x7f") {
					t.Errorf("%q", r.target)
				}
			}
		}},
		{name: "a control with a login at another host", sdp: head + "a=control:rtsp://evil:secret@198.51.100.9/\r\nm=audio 0 RTP/AVP 0\r\na=control:rtsp://evil:secret@198.51.100.9/t\r\n",
			on: func(l *line, r *request) *response {
				if r.header.get("Authorization") == "" {
					return &response{status: 401, header: header{{"WWW-Authenticate", `Digest realm="r", nonce="n"`}}}
				}
				return nil
			}, check: func(t *testing.T, c *camera, _ *Session) {
				for _, r := range c.asked {
					if strings.Contains(r.target, "@") {
						t.Error(r.target)
					}
				}
				if !slices.Equal(c.dialled, []string{"10.0.0.1:554"}) {
					t.Errorf("%q: a login must not go elsewhere", c.dialled)
				}
			}},
		{name: "a control of 500 kB", sdp: head + "m=audio 0 RTP/AVP 0\r\na=control:" + strings.Repeat("x", 500<<10) + "\r\n"},
		{name: "a control of one slash after the other", sdp: head + "a=control:" + strings.Repeat("/", 5000) + "\r\nm=audio 0 RTP/AVP 0\r\na=control:" + strings.Repeat("../", 2000) + "\r\n"},
		{name: "no control, many media", sdp: head + strings.Repeat("m=audio 0 RTP/AVP 0\r\n", 20)},
		{name: "parameters of 900 kB", sdp: head + "m=audio 0 RTP/AVP 0\r\na=fmtp:0 " + strings.Repeat("k=v;", 220_000) + "\r\n"},
		{name: "a description above its limit", sdp: head + strings.Repeat("a=x\r\n", 1<<18), rung: media.RungReply, is: errTooLong},
		{name: "binary", sdp: "\xff\xfe\x00v\x00=\x000", rung: media.RungReply, text: "not a session description"},
		{name: "nothing", sdp: "v=", rung: media.RungSession, is: ErrNoPlayableTrack},
		{name: "no media", sdp: head, rung: media.RungSession, is: ErrNoPlayableTrack},
	}
	for _, text := range []string{"npt=nan-", "npt=0-inf", "npt=0-1e400", "npt=-5--1", "npt=10-5", "npt=0-99999999999999999999", "clock=0-0", "npt=0-0x10", "smpte=0-", "npt=" + strings.Repeat("9", 1000) + "-"} {
		cases = append(cases, hostile{name: "range " + text[:min(len(text), 20)], sdp: head + "a=range:" + text + "\r\nm=audio 0 RTP/AVP 0\r\na=control:t\r\n", check: live})
	}
	for _, m := range []string{"PCMU/0", "PCMU/2147483648", "PCMU/-8000", "PCMU/99999999999999999999", "PCMU/8000/255", "PCMU/8000/0", "PCMU//", "PCMU/8000/99999"} {
		cases = append(cases, hostile{name: "rtpmap " + m, sdp: head + "m=audio 0 RTP/AVP 0\r\na=ptime:0\r\na=maxptime:-1\r\na=rtpmap:0 " + m + "\r\na=control:t\r\n"})
	}
	for _, f := range []string{ // what decoders are told: it fails by name, or the packets do not fit it
		"mode=AAC-hbr;config=" + strings.Repeat("F", 100_000) + ";sizelength=13;indexlength=3",
		"mode=AAC-hbr;config=1210;sizelength=4294967295;indexlength=4294967295;indexdeltalength=-1",
		"mode=AAC-hbr;config=FFFF;sizelength=0",
		"mode=generic;constantsize=0;constantduration=0",
	} {
		cases = append(cases, hostile{name: "AAC " + f[:min(len(f), 40)], sdp: head + "m=audio 0 RTP/AVP 0\r\na=control:s\r\n" +
			"m=audio 0 RTP/AVP 96\r\na=control:t\r\na=rtpmap:96 MPEG4-GENERIC/44100/2\r\na=fmtp:96 " + f + "\r\n", within: 2 * time.Second})
	}
	for name, s := range map[string]string{
		"too long":  base64.StdEncoding.EncodeToString(make([]byte, 700<<10)),
		"no base64": strings.Repeat("!", 70<<10),
		"a false SPS": base64.StdEncoding.EncodeToString([]byte{0x67, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) + "," +
			base64.StdEncoding.EncodeToString([]byte{0x68, 0xff, 0xff}),
		"zeros": base64.StdEncoding.EncodeToString(make([]byte, 1000)),
	} {
		cases = append(cases, hostile{name: "parameter sets, " + name, sdp: head + "m=audio 0 RTP/AVP 0\r\na=control:s\r\n" +
			"m=video 0 RTP/AVP 96\r\na=control:t\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 sprop-parameter-sets=" + s + "\r\n", within: 11 * time.Second,
			on: func(l *line, r *request) *response { // the video is SETUP first, and has the first channels
				if r.method == "SETUP" && strings.HasSuffix(r.target, "/t") {
					resp := l.usual(r)
					resp.header = header{{"Session", "4711"}, {"Transport", "RTP/AVP/TCP;interleaved=2-3"}}
					return resp
				}
				if r.method == "SETUP" {
					return &response{status: 200, header: header{{"Session", "4711"}, {"Transport", "RTP/AVP/TCP;interleaved=0-1"}}}
				}
				return nil
			}})
	}
	for _, h := range cases {
		t.Run(h.name, h.run)
	}
}

// uniqueMedia is n sections that each look like one of their own.
func uniqueMedia(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "m=audio 0 RTP/AVP 0\r\na=control:%d\r\n", i)
	}
	return b.String()
}

func TestHostileTransport(t *testing.T) {
	reply := func(transport string) func(*line, *request) *response {
		return func(l *line, r *request) *response {
			if r.method != "SETUP" {
				return nil
			}
			return &response{status: 200, header: header{{"Session", "1"}, {"Transport", transport}}}
		}
	}
	for _, h := range []hostile{
		// Plain nonsense in what does not matter over TCP: as it was asked.
		{name: "interleaved=300", on: reply("RTP/AVP/TCP;unicast;interleaved=300-301")},
		{name: "interleaved=-1", on: reply("RTP/AVP/TCP;unicast;interleaved=-1")},
		{name: "interleaved=2^64", on: reply("RTP/AVP/TCP;unicast;interleaved=18446744073709551616-")},
		{name: "interleaved of nothing", on: reply("RTP/AVP/TCP;unicast;interleaved=")},
		{name: "client_port=0", on: reply("RTP/AVP/TCP;unicast;interleaved=0-1;client_port=0-0;server_port=0")},
		{name: "server_port=65535", on: reply("RTP/AVP/TCP;unicast;interleaved=0-1;server_port=65535-65536")},
		{name: "ttl=999", on: reply("RTP/AVP/TCP;unicast;interleaved=0-1;ttl=999;destination=224.0.0.1;source=255.255.255.255")},
		{name: "one channel for both", on: reply("RTP/AVP/TCP;unicast;interleaved=0-0")},
		{name: "7 kB of parameters", on: reply("RTP/AVP/TCP;unicast;interleaved=0-1" + strings.Repeat(";x", 3500))},
		{name: "a quote that does not end", on: reply("RTP/AVP/TCP;unicast;interleaved=0-1;mode=\"PLAY")},
		{name: "the right one behind others", on: reply(strings.Repeat("x-real-rdt/udp,", maxAlternatives-1) + "RTP/AVP/TCP;interleaved=0-1")},
		{name: "behind too many others", on: reply(strings.Repeat("x-real-rdt/udp,", maxAlternatives) + "RTP/AVP/TCP;interleaved=0-1"), rung: media.RungSession, is: errTransportSyntax},
		{name: "nothing but commas", on: reply(strings.Repeat(",", 7000)), rung: media.RungSession, is: errTransportSyntax},
		{name: "RDT", on: reply("x-real-rdt/tcp;interleaved=0-1"), rung: media.RungSession, is: errTransportSyntax},
		{name: "UDP, which was not asked for", on: reply("RTP/AVP;unicast;client_port=53-54;server_port=53-54"), rung: media.RungSession, is: ErrTransport},
		{name: "multicast, which was not asked for", on: reply("RTP/AVP;multicast;destination=224.0.0.1;port=5000-5001;ttl=255"), rung: media.RungSession, is: ErrTransport},
		{name: "a session with a line in it", on: func(l *line, r *request) *response {
			if r.method == "SETUP" {
				return &response{status: 200, header: header{{"Session", "1\x00\x0b2;timeout=1"}}}
			}
			return nil
		}, check: func(t *testing.T, c *camera, _ *Session) {
			if id := c.requests("PLAY")[0].header.get("Session"); strings.ContainsAny(id, "\x00\x0b") {
				t.Errorf("%q", id)
			}
		}},
	} {
		t.Run(h.name, h.run)
	}
}

func TestHostileInterleaved(t *testing.T) {
	frame := frameOf(0, make([]byte, 65535)...)
	random := func(seed uint64) func(int) []byte {
		r := rand.New(rand.NewPCG(seed, 1))
		var b []byte
		for range 5000 {
			p := make([]byte, r.IntN(200))
			for i := range p {
				p[i] = byte(r.Uint32())
			}
			b = append(b, frameOf(byte(r.Uint32()), p...)...)
		}
		return func(i int) []byte { return b }
	}
	atPlay := func(piece func(i int) []byte, pause time.Duration, n int) func(*line, *request) *response {
		return func(l *line, r *request) *response {
			if r.method == "PLAY" {
				l.slowly(pause, n, piece)
			}
			return nil
		}
	}
	for _, h := range []hostile{
		{name: "a frame a byte a second", on: atPlay(func(i int) []byte { return []byte{frame[i]} }, time.Second, len(frame)),
			rung: media.RungTransport, text: "no media in 10s", within: 12 * time.Second},
		{name: "every channel, at random", on: atPlay(random(1), 10*time.Millisecond, 50), rung: media.RungTransport, within: 20 * time.Second, taken: 32 << 20},
		{name: "a storm of $", on: atPlay(func(int) []byte { return []byte(strings.Repeat("$", 9256)) }, 10*time.Millisecond, 5000),
			rung: media.RungTransport, text: "no media in 10s", within: 12 * time.Second, taken: 32 << 20},
		{name: "frames of nothing", on: atPlay(func(int) []byte { return []byte(strings.Repeat(frameOf(0), 1000)) }, 10*time.Millisecond, 5000),
			rung: media.RungTransport, text: "no media in 10s", within: 12 * time.Second, taken: 32 << 20},
		{name: "garbage", on: atPlay(func(int) []byte { return []byte(strings.Repeat("x", 64<<10)) }, 10*time.Millisecond, 5000),
			rung: media.RungTransport, is: errOutOfSync, within: time.Second, taken: maxResync + 2*wireBuffer},
		{name: "packets of another type", on: atPlay(func(int) []byte {
			p := soundPacket(100)
			p[1] = 99
			return []byte(frameOf(0, p...))
		}, 20*time.Millisecond, 5000), rung: media.RungTransport, text: "no media in 10s", within: 12 * time.Second},
	} {
		t.Run(h.name, h.run)
	}
	// The same before the first packet.
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP, send: func(*line) {}, on: atPlay(func(i int) []byte { return []byte{frame[i]} }, time.Second, len(frame))}
		start := time.Now()
		_, _, err := c.open(camera1+"/x", Config{})
		if h := (hostile{rung: media.RungTransport, is: ErrSilent}); time.Since(start) > 12*time.Second {
			t.Errorf("it took %v", time.Since(start))
		} else {
			h.judge(t, err, &events{})
		}
	})
}
