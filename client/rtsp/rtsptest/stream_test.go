package rtsptest

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"tapedeck/client/media/clip"
)

// takePictures puts NAL units together from RTP payloads, by marker.
func takePictures(t *testing.T, frames []frame) (units [][][]byte, stamps []uint32) {
	t.Helper()
	var nals [][]byte
	var partial []byte
	for _, f := range frames {
		p := f.payload()
		switch p[0] & 0x1f {
		case nalSTAP:
			for rest := p[1:]; len(rest) > 2; {
				n := int(binary.BigEndian.Uint16(rest))
				nals, rest = append(nals, rest[2:2+n]), rest[2+n:]
			}
		case nalFU:
			if p[1]&0x80 != 0 {
				partial = []byte{p[0]&0xe0 | p[1]&0x1f}
			}
			partial = append(partial, p[2:]...)
			if p[1]&0x40 != 0 {
				nals, partial = append(nals, partial), nil
			}
		default:
			nals = append(nals, p)
		}
		if len(f.data) > 12+maxPayload {
			t.Fatalf("packet of %d bytes", len(f.data))
		}
		if f.marker() {
			units, stamps, nals = append(units, nals), append(stamps, f.stamp()), nil
		}
	}
	return units, stamps
}

// takeSound takes access units out of RTP payloads.
func takeSound(frames []frame) (units [][]byte) {
	for _, f := range frames {
		p := f.payload()
		count := int(binary.BigEndian.Uint16(p)) / 16
		data := p[2+2*count:]
		for i := range count {
			n := int(binary.BigEndian.Uint16(p[2+2*i:])) >> 3
			units, data = append(units, data[:n]), data[n:]
		}
	}
	return units
}

// inSequence fails if a sequence number is missing.
func inSequence(t *testing.T, frames []frame, first uint16) {
	t.Helper()
	for i, f := range frames {
		if f.seq() != first+uint16(i) {
			t.Fatalf("packet %d has number %d, want %d", i, f.seq(), first+uint16(i))
		}
	}
}

func wantNALs(au clip.AccessUnit) [][]byte { return au.NALs[1:] } // without the delimiter

// TestWholeClip plays /vod to its end: every unit comes, in time.
func TestWholeClip(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
		c.setup("/vod", 2)
		began := time.Now()
		a := c.ok("PLAY", "/vod", "Range", "npt=0.000-")
		if got := a.header.Get("Range"); got != "npt=0.000-60.000" {
			t.Errorf("Range %s", got)
		}
		got := c.until(2)
		seqs, rtptimes := rtpInfo(t, a.header.Get("RTP-Info"))
		inSequence(t, got[0], seqs[0])
		inSequence(t, got[2], seqs[1])

		pictures, stamps := takePictures(t, got[0])
		if len(pictures) != len(clip.Video()) {
			t.Fatalf("%d pictures", len(pictures))
		}
		for i, au := range clip.Video() {
			if !bytes.Equal(bytes.Join(pictures[i], nil), bytes.Join(wantNALs(au), nil)) || stamps[i] != rtptimes[0]+uint32(i)*3600 {
				t.Fatalf("picture %d differs or has RTP time %d", i, stamps[i]-rtptimes[0])
			}
		}
		sound := takeSound(got[2])
		for i, data := range sound {
			if !bytes.Equal(data, clip.Audio()[i].Data) {
				t.Fatalf("sound %d differs", i)
			}
		}
		if len(sound) < 2812 {
			t.Errorf("%d units of sound", len(sound))
		}
		for i, f := range got[0] {
			due := time.Duration(f.stamp()-rtptimes[0])*time.Second/videoClock - burst
			if late := f.at.Sub(began) - max(due, 0); late < 0 || late > time.Millisecond {
				t.Fatalf("packet %d comes %v late", i, late)
			}
		}
		if n := len(got[1]); n < 12 || n > 14 {
			t.Errorf("%d sender reports in a minute", n)
		}
		if _, err := s.source("/vod"); err != nil || s.Sent().Packets != uint64(len(got[0])+len(got[2])) {
			t.Errorf("counted %+v, got %d and %d packets", s.Sent(), len(got[0]), len(got[2]))
		}
	})
}

// TestSeek plays a part: it begins at the key picture before, and RTP-Info
// holds for it.
func TestSeek(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
		c.setup("/vod", 2)
		c.ok("PLAY", "/vod")
		for range 200 {
			if _, err := c.next(); err != nil {
				t.Fatal(err)
			}
		}
		for _, pause := range []bool{false, true} {
			if pause {
				c.ok("PAUSE", "/vod")
			}
			before := time.Now()
			a := c.do("PLAY", "/vod", "Range", "npt=30.7-33")
			if got := a.header.Get("Range"); got != "npt=30.000-33.000" {
				t.Fatalf("Range %s", got)
			}
			old := c.frames
			c.frames = nil
			got := c.until(2)
			seqs, rtptimes := rtpInfo(t, a.header.Get("RTP-Info"))
			inSequence(t, got[0], seqs[0])
			inSequence(t, got[2], seqs[1])
			pictures, stamps := takePictures(t, got[0])
			if len(pictures) != 75 || !bytes.Equal(pictures[0][2], wantNALs(clip.Video()[750])[2]) || stamps[0] != rtptimes[0] {
				t.Fatalf("%d pictures from RTP time %d", len(pictures), stamps[0]-rtptimes[0])
			}
			// The first sound begins at or after 30 s, on the same timeline.
			at := 30*time.Second + toTime(int64(got[2][0].stamp()-rtptimes[1]), clip.SampleRate)
			index := int((at + time.Millisecond) / (soundTicks * time.Second / clip.SampleRate) * unitsPerPacket)
			if at < 30*time.Second || at > 30070*time.Millisecond || !bytes.Equal(takeSound(got[2])[0], clip.Audio()[index].Data) {
				t.Errorf("sound begins at %v", at)
			}
			for _, f := range old { // RTP time never goes back
				if f.channel == 0 && int32(stamps[0]-f.stamp()) <= 0 {
					t.Fatalf("RTP time goes from %d to %d", f.stamp(), stamps[0])
				}
			}
			if took := time.Since(before); took < 2*time.Second || took > 3*time.Second {
				t.Errorf("three seconds took %v", took)
			}
		}
	})
}

// TestPauseAndResume goes on with the very next packet, and RTP time has run on.
func TestPauseAndResume(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
		c.setup("/vod", 2)
		a := c.ok("PLAY", "/vod", "Range", "npt=10-20")
		seqs, _ := rtpInfo(t, a.header.Get("RTP-Info"))
		all := map[byte][]frame{}
		for len(all[0]) < 100 {
			f, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			all[f.channel] = append(all[f.channel], f)
		}
		c.ok("PAUSE", "/vod")
		for _, f := range c.frames {
			all[f.channel] = append(all[f.channel], f)
		}
		c.frames = nil
		last := all[0][len(all[0])-1]
		time.Sleep(20 * time.Second)
		c.ok("GET_PARAMETER", "/vod")
		if len(c.frames) > 0 {
			t.Fatalf("%d packets while paused", len(c.frames))
		}
		resumed := c.ok("PLAY", "/vod")
		began := time.Now()
		more, rtptimes := rtpInfo(t, resumed.header.Get("RTP-Info"))
		for channel, frames := range c.until(2) {
			all[channel] = append(all[channel], frames...)
		}
		inSequence(t, all[0], seqs[0])
		inSequence(t, all[2], seqs[1])
		if pictures, _ := takePictures(t, all[0]); len(pictures) != 250 {
			t.Errorf("%d pictures, want 250", len(pictures))
		}
		for _, f := range all[0] {
			if f.seq() == more[0] {
				if f.stamp() != rtptimes[0] || int32(f.stamp()-last.stamp()) < 19*videoClock {
					t.Errorf("first packet has RTP time %d, RTP-Info says %d, the one before has %d", f.stamp(), rtptimes[0], last.stamp())
				}
				if f.at.Sub(began) > 100*time.Millisecond {
					t.Errorf("first packet after %v", f.at.Sub(began))
				}
			}
		}
		// After the end, PLAY starts again, as another source.
		c.ok("PLAY", "/vod", "Range", "npt=0-1")
		if again := c.until(2); again[0][0].ssrc() == last.ssrc() {
			t.Error("the same SSRC after BYE")
		}
	})
}

// TestSenderReports: the NTP time and the RTP time of a report belong together.
func TestSenderReports(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
		c.setup("/vod", 2)
		began := time.Now()
		a := c.ok("PLAY", "/vod", "Range", "npt=0-12")
		_, rtptimes := rtpInfo(t, a.header.Get("RTP-Info"))
		got := c.until(2)
		for track, clock := range []int64{videoClock, clip.SampleRate} {
			var sent uint32
			for _, f := range got[byte(2*track+1)] {
				d := f.data
				if len(d) < 28+28 || d[0] != 0x80 || d[1] != rtcpSR || d[28+1] != rtcpSDES || len(d)%4 != 0 {
					t.Fatalf("report % x", d)
				}
				wall := time.Unix(int64(binary.BigEndian.Uint32(d[8:]))-ntpEpoch, int64(binary.BigEndian.Uint32(d[12:]))*int64(time.Second)>>32)
				media := toTime(int64(binary.BigEndian.Uint32(d[16:])-rtptimes[track]), clock)
				if diff := (wall.Sub(began) - media).Abs(); diff > time.Millisecond {
					t.Errorf("track %d: report of %v says %v", track, wall.Sub(began), media)
				}
				if n := binary.BigEndian.Uint32(d[20:]); n < sent {
					t.Errorf("packet count goes from %d to %d", sent, n)
				} else {
					sent = n
				}
			}
			if int(sent) != len(got[byte(2*track)]) {
				t.Errorf("track %d: reported %d packets, got %d", track, sent, len(got[byte(2*track)]))
			}
		}
	})
}

// TestLiveIsShared: a client that comes later sees the place where the others are.
func TestLiveIsShared(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
		s.started = s.started.Add(-125400 * time.Millisecond) // in the third round
		c.setup("/live", 2)
		if got := c.ok("PLAY", "/live", "Range", "npt=0.000-").header.Get("Range"); got != "npt=now-" {
			t.Errorf("Range %s", got)
		}
		var frames []frame
		for len(frames) < 200 {
			f, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			if f.channel == 0 {
				frames = append(frames, f)
			}
		}
		pictures, _ := takePictures(t, frames)
		for i, nals := range pictures {
			want := wantNALs(clip.Video()[(125+i/25)%60*25+i%25])
			if !bytes.Equal(bytes.Join(nals, nil), bytes.Join(want, nil)) {
				t.Fatalf("picture %d is not the one of second %d", i, 5+i/25)
			}
		}
	})
}

// TestLoopHasNoSeam: the live sound goes through its rounds without a hole, and
// stays with the picture.
func TestLoopHasNoSeam(t *testing.T) {
	count := int(5 * 60 * clip.SampleRate / soundTicks)
	n := 0
	for i := range count {
		u, ok := sound{loop: true}.unit(i)
		if !ok || u.ticks != int64(i)*soundTicks || len(u.parts) != unitsPerPacket {
			t.Fatalf("unit %d: %v, %d parts", i, ok, len(u.parts))
		}
		for _, data := range u.parts {
			at := time.Duration(n) * clip.FrameSamples * time.Second / clip.SampleRate
			// The unit's own place in the clip is at most half a unit earlier.
			index := int((at % clip.Duration) * clip.SampleRate / clip.FrameSamples / time.Second)
			if !bytes.Equal(data, clip.Audio()[index].Data) && !bytes.Equal(data, clip.Audio()[min(index+1, 2812)].Data) {
				t.Fatalf("unit %d at %v is not unit %d of the clip", n, at, index)
			}
			n++
		}
	}
}
