package rtsp

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestLiveOrOnDemand is sheet 9.1.
func TestLiveOrOnDemand(t *testing.T) {
	for _, c := range []struct {
		name, session, media string // a= lines
		play                 string // the PLAY reply's Range
		properties           string
		duration             time.Duration // 0 for live
		noSeek               string
	}{
		{name: "an end", session: "a=range:npt=0-60", duration: time.Minute},
		{name: "no end", session: "a=range:npt=0-", noSeek: "the stream is live"},
		{name: "no range", noSeek: "the stream is live"},
		{name: "now", session: "a=range:npt=now-", noSeek: "the stream is live"},
		{name: "an end at 0", session: "a=range:npt=0-0", noSeek: "the stream is live"},
		{name: "of the media, the longest", media: "a=range:npt=0-30|a=range:npt=0-45.5", duration: 45500 * time.Millisecond},
		{name: "broadcast does not count", session: "a=type:broadcast\r\na=range:npt=0-60", duration: time.Minute},
		{name: "broadcast, no end", session: "a=type:broadcast\r\na=range:npt=0-", noSeek: "the stream is live"},
		{name: "a clock with both ends", session: "a=range:clock=20240101T000000Z-20240101T000100Z", duration: time.Minute},
		{name: "a clock without an end", session: "a=range:clock=20240101T000000Z-", noSeek: "the stream is live"},
		{name: "the reply to PLAY has an end", session: "a=range:npt=0-", play: "npt=0.000-90.5", duration: 90500 * time.Millisecond},
		{name: "the reply to PLAY has none", session: "a=range:npt=0-60", play: "npt=0.000-", duration: time.Minute},
		{name: "live by the reply to PLAY", play: "npt=now-", noSeek: "the stream is live"},
		{name: "nonsense in the reply to PLAY", session: "a=range:npt=0-60", play: "npt=nan-", duration: time.Minute},
		{name: "no seeking", session: "a=range:npt=0-60", properties: "No-Seeking, Time-Progressing, Time-Duration=0.0", duration: time.Minute, noSeek: "the server cannot seek in it"},
		{name: "seeking", session: "a=range:npt=0-60", properties: "Random-Access=2.5, Unlimited, Immutable", duration: time.Minute},
	} {
		first, second, _ := strings.Cut(c.media, "|")
		cam := &camera{sdp: "v=0\r\n" + c.session + "\r\nm=audio 0 RTP/AVP 0\r\na=control:1\r\n" + first +
			"\r\nm=audio 0 RTP/AVP 8\r\na=control:2\r\n" + second + "\r\n"}
		cam.edit = func(r *request, resp *response) {
			if r.method == "PLAY" && c.play != "" {
				resp.header.add("Range", c.play)
			}
			if r.method == "SETUP" && c.properties != "" {
				resp.header.add("Media-Properties", c.properties)
			}
		}
		t.Run(c.name, func(t *testing.T) {
			cam.play(t, camera1+"/x", func(t *testing.T, s *Session, _ *events) {
				if i := s.Info(); i.Live != (c.duration == 0) || i.Duration != c.duration || i.Can.NoSeek != c.noSeek {
					t.Errorf("%+v", i)
				}
			})
		})
	}
}

// TestDescribeBodies has descriptions in all wrappings.
func TestDescribeBodies(t *testing.T) {
	for _, c := range []struct{ name, contentType, body, title string }{
		{"usual", "application/sdp", soundSDP, "sound"},
		{"no type", "", soundSDP, "sound"},
		{"another case, parameters", "Application/SDP; charset=utf-8", soundSDP, "sound"},
		{"another type", "text/plain", soundSDP, "sound"},
		{"a byte order mark", "application/sdp", "\xef\xbb\xbf" + soundSDP, "sound"},
		{"NULs at its end", "application/sdp", soundSDP + "\x00\x00\x00", "sound"},
		{"Latin-1", "application/sdp", strings.Replace(soundSDP, "s=sound", "s=T\xfcr", 1), "Tür"},
		{"bare LF", "application/sdp", strings.ReplaceAll(soundSDP, "\r\n", "\n"), "sound"},
		{"bare CR", "application/sdp", strings.ReplaceAll(soundSDP, "\r\n", "\r"), "sound"},
	} {
		synctest.Test(t, func(t *testing.T) {
			cam := &camera{t: t, sdp: c.body}
			cam.edit = func(r *request, resp *response) {
				if r.method == "DESCRIBE" {
					if resp.header = nil; c.contentType != "" {
						resp.header.add("content-type", c.contentType)
					}
				}
			}
			s, _ := cam.mustOpen(camera1+"/x", Config{})
			expect(t, c.name, s.Info().Title, c.title)
		})
	}
}

// TestIPv6Targets dials the address with its zone and asks for it without.
func TestIPv6Targets(t *testing.T) {
	for link, want := range map[string][2]string{
		"rtspt://[2001:db8::1]/a?b":         {"[2001:db8::1]:554", "rtsp://[2001:db8::1]/a?b"},
		"rtspt://[fe80::1%25eth0]:8554/a":   {"[fe80::1%eth0]:8554", "rtsp://[fe80::1]:8554/a"},
		"rtspt://u:p@[::ffff:10.0.0.1]:1/a": {"[::ffff:10.0.0.1]:1", "rtsp://[::ffff:10.0.0.1]:1/a"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, real: true, sdp: "v=0\r\nm=audio 0 RTP/AVP 0\r\nc=IN IP6 ::\r\na=control:t\r\n"}
			c.edit = func(r *request, resp *response) {
				switch r.method {
				case "DESCRIBE":
					resp.header.add("Content-Base", r.target+"/")
				case "SETUP":
					resp.header = header{{"Session", "1"}, {"Transport", "RTP/AVP/TCP;unicast;interleaved=0-1;source=2001:db8::1;destination=[fe80::2]"}}
				}
			}
			s, _ := c.mustOpen(link, Config{})
			readUntil(t, s, 0)
			expect(t, "dialled", c.dialled[0], want[0])
			expect(t, "DESCRIBE", c.requests("DESCRIBE")[0].target, want[1])
			expect(t, "SETUP", c.requests("SETUP")[0].target, want[1]+"/t")
		})
	}
}

// TestSleepingCamera takes its time for each request, as battery cameras and
// converting servers do.
func TestSleepingCamera(t *testing.T) {
	c := &camera{}
	c.on = func(l *line, r *request) *response {
		time.Sleep(map[string]time.Duration{"OPTIONS": 2, "DESCRIBE": 15, "SETUP": 8, "PLAY": 25}[r.method] * time.Second)
		return nil
	}
	c.send = func(l *line) {
		time.Sleep(9 * time.Second)
		l.sound(3)
	}
	c.play(t, camera1+"/x", nil)
}
