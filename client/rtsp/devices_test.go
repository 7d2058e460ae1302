package rtsp

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media/clip"
)

// Devices and servers of sheet section 6, each as a scripted camera with what
// is known of it, and nothing else. They answer as others do but for that.

// play opens link on c in a bubble of its own, waits for its three packets, and
// lets check look around.
func (c *camera) play(t *testing.T, link string, check func(t *testing.T, s *Session, ev *events)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if c.t = t; c.sdp == "" {
			c.sdp = soundSDP
		}
		s, ev := c.mustOpen(link, Config{})
		readUntil(t, s, 40*time.Millisecond)
		if n := s.Stats(); n.Packets != 3 || n.Lost+n.Duplicates != 0 {
			t.Errorf("%+v", n)
		}
		if check != nil {
			check(t, s, ev)
		}
	})
}

// stream sends sound for so long and reads it.
func (c *camera) stream(s *Session, length time.Duration) {
	c.t.Helper()
	stop := make(chan struct{})
	l := c.line(1)
	c.workers.Go(func() { l.keepSending(stop) })
	s.f.mu.Lock()
	until := s.f.position + length
	s.f.mu.Unlock()
	readUntil(c.t, s, until)
	close(stop)
}

// targets is what a method was sent to, without "rtsp://10.0.0.1".
func (c *camera) targets(method string) string {
	var list []string
	for _, r := range c.requests(method) {
		list = append(list, strings.TrimPrefix(r.target, "rtsp://10.0.0.1"))
	}
	return strings.Join(list, " ")
}

// expect compares two texts.
func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// sets are the parameter sets of the clip, for a=fmtp.
func sets() string {
	return base64.StdEncoding.EncodeToString(clip.SPS()) + "," + base64.StdEncoding.EncodeToString(clip.PPS())
}

// picture is a key picture of H.264 in one packet, 20 ms after the one before.
func picture(pt byte, seq uint16) []byte {
	p := soundPacket(seq)[:12]
	p[1] = 0x80 | pt
	binary.BigEndian.PutUint32(p[4:], uint32(seq-100)*1800)
	return append(p, 0x65, 0x88, 0x84, 0x00, 0x10)
}

// pictures sends three of them on channel 0.
func pictures(pt byte) func(l *line) {
	return func(l *line) {
		for range 3 {
			l.seq++
			l.put(0, picture(pt, l.seq-1))
		}
	}
}
