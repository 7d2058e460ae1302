package rtsp

import (
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
)

// TestOtherPayloadType has a camera whose settings decide between the types that
// its description names, from the start and in the middle.
func TestOtherPayloadType(t *testing.T) {
	const sdp = "v=0\r\ns=sound\r\nt=0 0\r\nm=audio 0 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=control:track1\r\n"
	for _, first := range []uint8{0, 8} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, sdp: sdp}
			send := func(l *line, pt uint8, from, n uint16) {
				for i := range n {
					p := soundPacket(from + i)
					p[1] = p[1]&0x80 | pt
					l.write([]byte(frameOf(0, p...)))
				}
			}
			c.send = func(l *line) { send(l, first, 100, 3) }
			s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
			names := map[uint8]media.Codec{0: media.PCMU, 8: media.PCMA}
			if got := s.Info().Tracks[0]; got.Codec != names[first] || got.Problem != "" {
				t.Errorf("%d: %+v", first, got)
			}
			readUntil(t, s, 40*time.Millisecond)
			time.Sleep(formatPause) // and telephone events, which are no sound
			send(c.line(1), 101, 103, 2)
			send(c.line(1), 8-first, 105, 5)
			header := false // the other type must not come under the same one
			for !header || s.Stats().Packets < 8 {
				k, err := s.Next(t.Context())
				if err != nil {
					t.Fatalf("%d: %v, a new header: %v", first, err, header)
				}
				header = header || k.Init != nil
			}
			if n := s.Stats(); n.Packets != 8 || n.Bytes == 0 {
				t.Errorf("%d: %+v", first, n)
			}
		})
	}
}
