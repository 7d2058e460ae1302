package rtsp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mux"
)

// TestBacklog has a reader that takes nothing: a film's server is not read any
// more, and a pause gets through all the same; of a live stream the oldest is
// dropped, and what is left begins with a key point and the header.
func TestBacklog(t *testing.T) {
	const packets = maxQueue/160 + 5000
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: filmSDP}
		s, ev := c.mustOpen("rtspt://10.0.0.1/film", Config{})
		l := c.line(1)
		l.sound(packets)
		synctest.Wait()
		time.Sleep(time.Minute)
		if left := len(l.out); left == 0 {
			t.Error("everything was read")
		}
		if n := waiting(s); n > maxQueue+2*wireBuffer {
			t.Errorf("%d bytes wait", n)
		}
		if err := s.Pause(t.Context()); err != nil {
			t.Error(err)
		}
		n := time.Duration(packets) * 20 * time.Millisecond
		chunks := readUntil(t, s, n-time.Second)
		if ev.has("dropped") || s.Stats().Lost != 0 || chunks[0].Init == nil || len(chunks) > packets/20 {
			t.Errorf("%d chunks, %+v\n%s", len(chunks), s.Stats(), ev)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		s, ev := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		l := c.line(1)
		l.sound(packets)
		time.Sleep(5 * time.Second)
		if left := len(l.out); left != 0 {
			t.Errorf("%d packets were not read", left)
		}
		if n := waiting(s); n > maxQueue {
			t.Errorf("%d bytes wait", n)
		}
		k, err := s.Next(t.Context())
		if err != nil || k.Init == nil || !k.Key || k.Time < time.Second {
			t.Errorf("%v: key %v, init of %d, %v", k.Time, k.Key, len(k.Init), err)
		}
		if !ev.has("dropped") {
			t.Error(ev)
		}
	})
}

// TestHeader has video whose parameter sets come late, or not at all.
func TestHeader(t *testing.T) {
	const sdp = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\nm=audio 0 RTP/AVP 0\r\na=control:a\r\n"
	nals := [][]byte{
		{0x67, 66, 192, 21, 217, 1, 65, 251, 1, 106, 12, 12, 13, 74, 0, 0, 3, 0, 2, 0, 0, 3, 0, 101, 30, 44, 92, 144},
		{0x68, 203, 140, 178}, {0x65, 0x88, 2, 3},
	}
	for _, late := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, sdp: sdp}
			c.on = func(l *line, r *request) *response {
				if r.method != "PLAY" {
					return nil
				}
				l.seq = 1 // nothing is sent by itself
				c.workers.Go(func() {
					for i := range uint16(3) {
						l.write([]byte(frameOf(2, soundPacket(100+i)...)))
					}
					time.Sleep(time.Second)
					for i, nal := range nals {
						if !late && i < 2 {
							continue
						}
						p := []byte{0x80, 96, 0, byte(i), 0, 0, 0, 0, 0, 0, 0, 1}
						if i == 2 {
							p[1] |= 0x80
						}
						l.write([]byte(frameOf(0, append(p, nal...)...)))
					}
				})
				return nil
			}
			start := time.Now()
			s, ev := c.mustOpen("rtspt://10.0.0.1/live", Config{})
			video := s.Info().Tracks[0]
			took := time.Since(start)
			if late && (video.Problem != "" || video.Width != 320 || took > 1100*time.Millisecond || s.Info().ContentType != "video/x-matroska") {
				t.Errorf("after %v: %+v", took, video)
			}
			if !late && (video.Problem == "" || took > 10500*time.Millisecond || s.Info().ContentType != "audio/x-matroska" || !ev.has("video left out")) {
				t.Errorf("after %v: %+v\n%s", took, video, ev)
			}
			// What came before the header is not lost.
			if k := readUntil(t, s, 0); k[0].Time != 0 || k[0].Init == nil {
				t.Errorf("it begins at %v", k[0].Time)
			}
		})
	}
}

// TestHeaderOfSound has AAC of which nothing is described, and the guess is
// wrong: its own headers tell that after a while. Then it is said anew, at once
// or with the next key picture.
func TestHeaderOfSound(t *testing.T) {
	const (
		video = "m=video 0 RTP/AVP 97\r\na=rtpmap:97 VP8/90000\r\na=control:v\r\n"
		audio = "m=audio 0 RTP/AVP 96\r\na=rtpmap:96 mpeg4-generic/8000\r\na=control:a\r\n"
	)
	// A unit of one byte, and a frame of ADTS: 44100 Hz, two channels.
	plain, adts := []byte{0, 16, 0, 8, 1}, []byte{0xff, 0xf1, 0x50, 0x80, 1, 0x5f, 0xfc, 0xaa, 0xbb, 0xcc}
	key := []byte{0x10, 0x50, 15, 0, 0x9d, 1, 0x2a, 64, 1, 240, 0, 1, 2, 3}
	guessed, told := []byte{0x15, 0x88}, []byte{0x12, 0x10}
	for _, pictures := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := &camera{t: t, sdp: "v=0\r\n" + audio}
			sound := byte(0)
			if pictures {
				c.sdp, sound = "v=0\r\n"+video+audio, 2
			}
			var numbers [4]byte
			send := func(l *line, channel, kind byte, payload []byte) {
				n := numbers[channel]
				numbers[channel]++
				p := []byte{0x80, 0x80 | kind, 0, n, 0, 0, n * 16, 0, 0, 0, 0, channel}
				l.write([]byte(frameOf(channel, append(p, payload...)...)))
			}
			c.on = func(l *line, r *request) *response {
				if r.method == "PLAY" {
					l.seq = 1 // nothing is sent by itself
					c.workers.Go(func() {
						time.Sleep(time.Millisecond)
						for range 2 {
							if pictures {
								send(l, 0, 97, key)
							}
							send(l, sound, 96, plain)
							send(l, sound, 96, adts)
							time.Sleep(100 * time.Millisecond)
						}
						l.hangUp()
					})
				}
				return nil
			}
			s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
			var headers [][]byte
			for {
				k, err := s.Next(t.Context())
				if err != nil {
					break
				}
				if k.Init != nil {
					headers = append(headers, k.Init)
				}
			}
			if len(headers) != 2 || !bytes.Contains(headers[0], guessed) || !bytes.Contains(headers[1], told) {
				t.Errorf("%d headers: % x", len(headers), headers)
			}
		})
	}
}

// TestHeadersAreBounded has a server that says another configuration with each
// packet: the headers count towards what may wait.
func TestHeadersAreBounded(t *testing.T) {
	var o outbox
	header := make([]byte, 64<<10)
	w, err := mux.New([]media.Track{{Kind: media.Audio, Codec: media.PCMU}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		o.close()
		w.Restart()
		o.header = header
		o.add(w, media.Packet{Time: time.Duration(i) * time.Second, Data: []byte{1}}, true)
		o.trim(maxQueue)
		if o.bytes > maxQueue || len(o.queue) > maxQueue/len(header) {
			t.Fatalf("%d bytes in %d chunks", o.bytes, len(o.queue))
		}
	}
	for {
		k, ok := o.take(true)
		if !ok {
			break
		}
		if !k.Key || len(k.Init) != len(header) {
			t.Errorf("%v: key %v, header of %d", k.Time, k.Key, len(k.Init))
		}
	}
	if o.bytes != 0 || o.dropped == 0 {
		t.Errorf("%d bytes are left, %d chunks were dropped", o.bytes, o.dropped)
	}
}

// TestPanic has a defect in what takes the packets: it ends the session.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		readUntil(t, s, 40*time.Millisecond)
		s.f.mu.Lock()
		s.f.emit = func(media.Packet) { panic("defect") }
		s.f.mu.Unlock()
		c.line(1).sound(1)
		_, err := readToEnd(t, s)
		if p, ok := errors.AsType[*PanicError](err); !ok || p.Value != "defect" || len(p.Stack) == 0 {
			t.Errorf("%v", err)
		}
	})
}

// TestNoAllocations counts what a packet costs on its way to a chunk.
func TestNoAllocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: soundSDP}
		s, _ := c.mustOpen("rtspt://10.0.0.1/live", Config{})
		readUntil(t, s, 40*time.Millisecond)
		packet := soundPacket(103)
		seq := uint16(103)
		batch := func() {
			for range 50 {
				binary.BigEndian.PutUint16(packet[2:], seq)
				binary.BigEndian.PutUint32(packet[4:], uint32(seq-100)*160)
				seq++
				s.frame(0, packet)
			}
			s.drained()
			for waiting(s) > 0 {
				if _, err := s.Next(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 20 {
			batch()
		}
		if n := testing.AllocsPerRun(100, batch); n > 0 {
			t.Errorf("%v allocations for 50 packets", n)
		}
	})
}
