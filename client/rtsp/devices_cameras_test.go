package rtsp

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"tapedeck/client/login"
	"tapedeck/client/media"
)

// camera1 is the address of every camera here.
const camera1 = "rtspt://10.0.0.1"

func TestHikvision(t *testing.T) {
	t.Run("query, private track, SSRC with a blank, seq 0", func(t *testing.T) {
		c := &camera{server: "Hikvision", sdp: "v=0\r\na=control:*\r\n" +
			"m=audio 0 RTP/AVP 0\r\na=control:trackID=2\r\n" +
			"m=application 0 RTP/AVP 112\r\na=control:trackID=3\r\na=rtpmap:112 vnd.onvif.metadata/90000\r\n"}
		c.edit = func(r *request, resp *response) {
			switch r.method {
			case "DESCRIBE": // without the query
				resp.header.add("Content-Base", "rtsp://10.0.0.1/Streaming/Channels/101/")
			case "SETUP":
				resp.header = header{{"Session", "       1185787394;timeout=60"},
					{"Transport", "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= 48d6a53;mode=\"play\""}}
			case "PLAY":
				resp.header.add("RTP-Info", "url=trackID=2;seq=0;rtptime=0")
			}
		}
		c.play(t, camera1+"/Streaming/Channels/101?transportmode=unicast&profile=Profile_1", func(t *testing.T, s *Session, _ *events) {
			expect(t, "SETUP", c.targets("SETUP"), "/Streaming/Channels/101/trackID=2")
			expect(t, "PLAY", c.targets("PLAY"), "/Streaming/Channels/101/")
			expect(t, "Session", c.requests("PLAY")[0].header.get("Session"), "1185787394")
			if tracks := s.Info().Tracks; len(tracks) != 2 || tracks[1].Problem == "" {
				t.Errorf("%+v", tracks)
			}
		})
	})
	t.Run("551 to PAUSE", func(t *testing.T) { // DS-2CD2732F
		c := &camera{sdp: filmSDP, refuse: map[string]int{"PAUSE": 551}}
		c.play(t, camera1+"/Streaming/tracks/101?starttime=20240101T000000Z&endtime=20240101T000100Z", func(t *testing.T, s *Session, _ *events) {
			if err := s.Pause(t.Context()); status(err) != 551 {
				t.Error(err)
			}
			if why := s.Info().Can.NoPause; why == "" {
				t.Error("PAUSE is offered again")
			}
			c.stream(s, time.Second)
		})
	})
	t.Run("SHA-256 alone", func(t *testing.T) { // V5.8.5
		c := &camera{login: `Digest realm="IP Camera(C1234)", nonce="9f", algorithm="SHA-256"`}
		c.play(t, "rtspt://admin:12345@10.0.0.1/Streaming/Channels/101", func(t *testing.T, s *Session, _ *events) {
			h := func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }
			for _, r := range c.asked[1:] {
				p := login.Parse(r.header.all("Authorization"))[0]
				want := h(h("admin:IP Camera(C1234):12345") + ":9f:" + h(r.method+":"+r.target))
				if p.Parameters["response"] != want || !p.Quoted["algorithm"] {
					t.Errorf("%s: %v", r.method, p)
				}
			}
		})
	})
	t.Run("described anew for another transport", func(t *testing.T) {
		c := &camera{real: true}
		described := 0
		c.on = func(l *line, r *request) *response {
			switch {
			case r.method == "DESCRIBE":
				described = l.number
			case r.method == "SETUP" && strings.Contains(r.header.get("Transport"), "client_port"):
				return &response{status: 461}
			case r.method == "SETUP" && described != l.number:
				return &response{status: 400}
			}
			return nil
		}
		c.play(t, "rtsp://10.0.0.1/Streaming/Channels/101", func(t *testing.T, s *Session, ev *events) {
			if s.Info().Transport != "tcp" || len(c.lines) != 2 || !ev.has("461 Unsupported Transport, trying tcp") {
				t.Errorf("%d connections\n%s", len(c.lines), ev)
			}
		})
	})
}

func TestDahua(t *testing.T) {
	t.Run("control after the query, empty header, backchannels", func(t *testing.T) {
		c := &camera{sdp: "v=0\r\no=- 2273421142 2273421142 IN IP4 0.0.0.0\r\ns=Media Server\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n" +
			"a=control:*\r\na=packetization-supported:DH\r\na=range:npt=now-\r\n" +
			"m=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\na=recvonly\r\n" +
			"m=application 0 RTP/AVP 107\r\na=control:trackID=4\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\na=recvonly\r\n" +
			"m=audio 0 RTP/AVP 97 0 8\r\na=control:trackID=5\r\na=rtpmap:97 MPEG4-GENERIC/8000\r\na=sendonly\r\n" +
			"m=audio 0 RTP/AVP 8\r\na=control:trackID=6\r\na=sendonly\r\n"}
		c.edit = func(r *request, resp *response) {
			resp.header.add("x-Accept-Retransmit", "")
			if r.method == "DESCRIBE" {
				resp.header.add("Content-Base", strings.TrimSuffix(r.target, "/")+"/")
			}
		}
		c.play(t, camera1+"/cam/realmonitor?channel=1&subtype=0", func(t *testing.T, s *Session, _ *events) {
			expect(t, "SETUP", c.targets("SETUP"), "/cam/realmonitor?channel=1&subtype=0/trackID=1")
			if i := s.Info(); !i.Live {
				t.Errorf("%+v", i)
			}
		})
	})
	t.Run("playback", func(t *testing.T) {
		c := &camera{sdp: filmSDP}
		const path = "/cam/playback?channel=1&starttime=2024_01_01_10_00_00&endtime=2024_01_01_10_01_00"
		c.play(t, camera1+path, func(t *testing.T, s *Session, _ *events) {
			expect(t, "DESCRIBE", c.targets("DESCRIBE"), path)
			expect(t, "PLAY", c.targets("PLAY"), path)
		})
	})
}

// TestTapo also stands for TP-Link and Mercury.
func TestTapo(t *testing.T) {
	c := &camera{sdp: "v=0\r\no=- 14665860 31787219 1 IN IP4 10.0.0.1\r\ns=Session streamed by \"TP-LINK RTSP Server\"\r\nt=0 0\r\n" +
		"m=audio 0 RTP/AVP 0\r\na=control:track2\r\n" +
		"m=application/TP-LINK 0 RTP/AVP smart/1/90000\r\na=rtpmap:95 TP-LINK/90000\r\na=control:track3\r\n"}
	c.edit = func(r *request, resp *response) {
		if r.method == "PLAY" {
			resp.header.add("RTP-Info", "url=rtsp://10.0.0.1:554/stream1/track2;seq=1;rtptime=0")
		}
	}
	c.send = func(l *line) {
		// A sender report and a BYE in a name that sends nothing.
		report := []byte{0x80, 200, 0, 6, 0, 0, 0, 99, 27: 0}
		l.put(1, report, []byte{0x81, 203, 0, 1, 0, 0, 0, 99})
		l.sound(3)
	}
	c.play(t, camera1+"/stream1", func(t *testing.T, s *Session, _ *events) {
		c.stream(s, 5*time.Second) // the BYE is nobody's
		if n := len(c.requests("SETUP")); n != 1 {
			t.Errorf("%d SETUPs", n)
		}
	})
}

func TestReolink(t *testing.T) {
	c := &camera{server: "Rtsp Server/3.0", sdp: "v=0\r\nm=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\nm=audio 0 RTP/AVP 8\r\na=control:trackID=2\r\n"}
	sessions := 0
	c.edit = func(r *request, resp *response) {
		switch r.method {
		case "SETUP": // another name with each
			sessions++
			resp.header = header{{"Session", fmt.Sprintf("%dAB;timeout=60", sessions)}, {"Transport", r.header.get("Transport")}}
		case "PLAY": // the SSRC is told here alone
			resp.header.add("RTP-Info", "url=trackID=1;seq=100;rtptime=0;ssrc=0000CAFE,url=trackID=2;seq=7;rtptime=0;ssrc=00000007")
		}
	}
	c.play(t, camera1+"/h264Preview_01_main", func(t *testing.T, s *Session, _ *events) {
		setups := c.requests("SETUP")
		expect(t, "second SETUP", setups[1].header.get("Session"), "1AB")
		expect(t, "PLAY", c.requests("PLAY")[0].header.get("Session"), "2AB")
	})
}

// TestGW4089IP names a wrong track in RTP-Info, packs a frame into another, and
// needs SET_PARAMETER.
func TestGW4089IP(t *testing.T) {
	c := &camera{public: "OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE, SET_PARAMETER", needs: "SET_PARAMETER", within: time.Minute}
	c.edit = func(r *request, resp *response) {
		if r.method == "PLAY" {
			resp.header.add("RTP-Info", "url=rtsp://10.0.0.1:5050/trackID=1;seq=100;rtptime=3711242700")
		}
	}
	c.send = func(l *line) {
		for range 3 {
			l.put(0, []byte(frameOf(0, soundPacket(l.seq)...)))
			l.seq++
		}
		l.write([]byte("\r\n"))
	}
	c.play(t, camera1+"/H264?ch=1&subtype=0&proto=Onvif", func(t *testing.T, s *Session, _ *events) {
		c.stream(s, 5*time.Minute)
	})
}

// TestOMNY prints rtptime with a sign.
func TestOMNY(t *testing.T) {
	c := &camera{}
	c.edit = func(r *request, resp *response) {
		if r.method == "PLAY" {
			resp.header.add("RTP-Info", "url=rtsp://10.0.0.1/1/1/trackID=0;seq=100;rtptime=-426852246")
		}
	}
	c.play(t, camera1+"/1/1", nil)
}

// TestGeovision sends packets of type 50 that mean nothing.
func TestGeovision(t *testing.T) {
	c := &camera{send: func(l *line) {
		for range 3 {
			junk := soundPacket(l.seq + 5000)
			junk[1] = 50
			l.put(0, junk)
			l.sound(1)
		}
	}}
	c.play(t, camera1+"/CH001.sdp", nil)
}

// TestBosch sends H.264 as the static type 35.
func TestBosch(t *testing.T) {
	c := &camera{send: pictures(35), sdp: "v=0\r\nm=video 0 RTP/AVP 35\r\na=control:v\r\na=rtpmap:35 H264/90000\r\n" +
		"a=fmtp:35 packetization-mode=1;sprop-parameter-sets=" + sets() + "\r\n"}
	c.play(t, camera1+"/?inst=1", func(t *testing.T, s *Session, _ *events) {
		if k := s.Info().Tracks[0]; k.Codec != media.H264 || k.Width == 0 {
			t.Errorf("%+v", k)
		}
	})
}

// TestUniview leaves the address out of o= and c=, and writes stale="FALSE".
func TestUniview(t *testing.T) {
	c := &camera{login: `Digest realm="c4790503a344",nonce="d809bdf6", stale="FALSE"`,
		public: "OPTIONS,DESCRIBE,SETUP,PLAY,PAUSE,TEARDOWN,ANNOUNCE,SET_PARAMETER,GET_PARAMETER",
		sdp: "v=0\r\no=- 1001 1 IN \r\ns=VCP IPC Realtime stream\r\nm=audio 0 RTP/AVP 0\r\nc=IN \r\n" +
			"a=control:rtsp://10.0.0.1/media/video1/audio\r\na=recvonly\r\n" +
			"m=application 0 RTP/AVP 107\r\nc=IN \r\na=control:rtsp://10.0.0.1/media/video1/metadata\r\n" +
			"a=rtpmap:107 vnd.onvif.metadata/90000\r\na=fmtp:107 DecoderTag=h3c-v3 RTCP=0\r\na=recvonly\r\n"}
	c.play(t, "rtspt://admin:1@10.0.0.1/media/video1", func(t *testing.T, s *Session, _ *events) {
		expect(t, "SETUP", c.targets("SETUP"), "/media/video1/audio")
		if n := len(c.requests("DESCRIBE")); n != 1 {
			t.Errorf("%d DESCRIBEs: the login is not kept", n)
		}
	})
}

// TestFLIR stops half a minute after the last sign of life.
func TestFLIR(t *testing.T) {
	c := &camera{needs: "GET_PARAMETER", within: 30 * time.Second}
	c.edit = func(r *request, resp *response) {
		if r.method == "SETUP" {
			resp.header = header{{"Session", "4711; Timeout=30"}, {"Transport", r.header.get("Transport")}}
		}
	}
	c.play(t, camera1+"/ch0", func(t *testing.T, s *Session, _ *events) { c.stream(s, 3*time.Minute) })
}

// TestAvigilon has a connection line of its own and a loudspeaker in the middle.
func TestAvigilon(t *testing.T) {
	c := &camera{sdp: "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=Live\r\nt=0 0\r\n" +
		"m=audio 0 RTP/AVP 0\r\nc=IN IP4 10.0.0.1\r\na=control:rtsp://10.0.0.1/defaultPrimary/micCfg0/trackID=9?mtu=1440&streamType=u\r\na=recvonly\r\n" +
		"m=audio 0 RTP/AVP 0 97\r\nc=SM SM spk0_trackID2\r\na=control:rtsp://10.0.0.1/defaultPrimary/spk0/trackID=2?mtu=1440&streamType=u\r\na=sendonly\r\n"}
	c.play(t, camera1+"/defaultPrimary", func(t *testing.T, s *Session, _ *events) {
		expect(t, "SETUP", c.targets("SETUP"), "/defaultPrimary/micCfg0/trackID=9?mtu=1440&streamType=u")
	})
}

// TestAxis has absolute URLs, and the 213 stops after a minute without a sign of
// life: a receiver report is one.
func TestAxis(t *testing.T) {
	c := &camera{login: `Digest realm="AXIS_00408C123456", nonce="0002", stale=FALSE`,
		sdp: "v=0\r\na=control:rtsp://10.0.0.1/axis-media/media.amp?videocodec=h264\r\na=range:npt=0.000000-\r\n" +
			"m=audio 0 RTP/AVP 0\r\na=control:rtsp://10.0.0.1/axis-media/media.amp/trackID=1?videocodec=h264\r\n"}
	c.edit = func(r *request, resp *response) {
		if r.method == "DESCRIBE" {
			resp.header.add("Content-Base", "rtsp://10.0.0.1/axis-media/media.amp/")
		}
	}
	c.play(t, "rtspt://root:pass@10.0.0.1/axis-media/media.amp?videocodec=h264", func(t *testing.T, s *Session, _ *events) {
		expect(t, "SETUP", c.targets("SETUP"), "/axis-media/media.amp/trackID=1?videocodec=h264")
		expect(t, "PLAY", c.targets("PLAY"), "/axis-media/media.amp?videocodec=h264")
		c.stream(s, 2*time.Minute)
		if n := c.line(1).frames.Load(); n < 20 || len(c.requests("GET_PARAMETER")) < 3 {
			t.Errorf("%d reports, %d keepalives", n, len(c.requests("GET_PARAMETER")))
		}
	})
}

// TestHanwha ends its SDES without the END that the standard wants.
func TestHanwha(t *testing.T) {
	c := &camera{send: func(l *line) {
		report := []byte{0x80, 200, 0, 6, 0, 0, 0xCA, 0xFE, 27: 0}
		binary.BigEndian.PutUint32(report[8:], 0xE0000000)
		l.put(1, append(report, 0x81, 202, 0, 2, 0, 0, 0xCA, 0xFE, 1, 2, 'a', 'b'))
		l.sound(3)
	}}
	c.play(t, camera1+"/profile2/media.smp", func(t *testing.T, s *Session, _ *events) { c.stream(s, 10*time.Second) })
}
