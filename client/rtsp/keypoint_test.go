package rtsp

import (
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"
)

// filmOf describes H.264 with its parameter sets beside sound.
const filmOf = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n" +
	"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAFdkBQfsBagwMDUoAAAMAAgAAAwBlHixckA==,aMuMsg==\r\na=control:v\r\n" +
	"m=audio 0 RTP/AVP 0\r\na=control:a\r\n"

// pictures sends n pictures on channel 0 in real time, with sound on channel 2;
// key says which are key pictures.
func (l *line) pictures(seq uint16, n int, key func(i int) bool) {
	for i := range n {
		p := []byte{0x80, 0x80 | 96, 0, 0}
		binary.BigEndian.PutUint16(p[2:], seq+uint16(i))
		p = binary.BigEndian.AppendUint32(p, uint32(int(seq)+i)*3600)
		p = append(p, 0, 0, 0, 1)
		if key(i) {
			p = append(p, 0x65, 0x88, 2, 3)
		} else {
			p = append(p, 0x41, 0x9a, 2, 3)
		}
		l.write([]byte(frameOf(0, p...) + frameOf(2, soundPacket(100+uint16(i))...)))
		time.Sleep(40 * time.Millisecond)
	}
}

// TestNoKeyPictures has a stream in which a decoder can start nowhere: it plays
// all the same after a while. The sound does not wait for it, and the first key
// picture that comes after all ends the makeshift.
func TestNoKeyPictures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keyAt = 28 * time.Second
		c := &camera{t: t, sdp: filmOf}
		c.on = func(l *line, r *request) *response {
			if r.method == "PLAY" {
				l.seq = 1 // nothing is sent by itself
				c.workers.Go(func() {
					l.pictures(0, 1250, func(i int) bool { return i == int(keyAt/(40*time.Millisecond)) })
					l.hangUp()
				})
			}
			return nil
		}
		s, ev := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		var first time.Duration
		var keys []time.Duration
		for {
			k, err := s.Next(t.Context())
			if err != nil {
				break
			}
			if first == 0 {
				first = k.Time
			}
			if k.Key {
				keys = append(keys, k.Time.Round(time.Second))
			}
		}
		if first > time.Second || !ev.has("video: no key picture in 10s, starting without one") {
			t.Errorf("the sound begins at %v\n%s", first, ev)
		}
		if len(keys) != 3 || keys[0] != keyWait || keys[1] != 2*keyWait || keys[2] != keyAt {
			t.Errorf("places to start: %v", keys)
		}
	})
}
