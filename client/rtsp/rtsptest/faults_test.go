package rtsptest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/media/clip"
)

func TestBenchRate(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
		const path = "/bench?mbit=20&seconds=4"
		c.setup(path, 1)
		began := time.Now()
		c.ok("PLAY", path)
		got := c.until(1)
		if took := time.Since(began); took < 3900*time.Millisecond || took > 4*time.Second {
			t.Errorf("four seconds took %v", took)
		}
		if rate := float64(s.Sent().Bytes) * 8 / 4 / 1e6; rate < 20 || rate > 20.6 {
			t.Errorf("%.2f Mbit/s", rate)
		}
		pictures, _ := takePictures(t, got[0])
		for i, nals := range pictures {
			if n := len(nals); nals[n-2][0] != 6 || !bytes.Equal(nals[n-1], wantNALs(clip.Video()[i])[n-2]) {
				t.Fatalf("picture %d: NAL units differ", i)
			}
		}
	})
	inBubble(t, Config{}, func(t *testing.T, s *Server, c *client) {
		const path = "/bench?mbit=50&pace=0&seconds=4"
		c.setup(path, 1)
		began := time.Now()
		c.ok("PLAY", path)
		pictures, _ := takePictures(t, c.until(1)[0])
		if took := time.Since(began); took != 0 || len(pictures) != 100 {
			t.Errorf("%d pictures took %v", len(pictures), took)
		}
	})
}

// TestFaults: what a client sees is what the server counts.
func TestFaults(t *testing.T) {
	path := "/bench?mbit=5&pace=0&seconds=20"
	run := func(t *testing.T, cfg Config) (sent Sent, pattern string) {
		inBubble(t, cfg, func(t *testing.T, s *Server, c *client) {
			c.setup(path, 1)
			seqs, _ := rtpInfo(t, c.ok("PLAY", path).header.Get("RTP-Info"))
			seen := map[uint16]bool{}
			var first, highest uint16
			first = seqs[0]
			var duplicated, reordered, unique, bytes uint64
			var before time.Time // arrival of the highest
			for i, f := range c.until(1)[0] {
				place := f.seq() - first
				if d := f.at.Sub(before); cfg.Late > 0 && int16(place-highest) < 0 && d > cfg.Late {
					t.Errorf("packet %d comes %v after the one before", place, d)
				}
				before = f.at
				pattern += fmt.Sprint(place, " ")
				switch {
				case seen[place]:
					duplicated++
					continue
				case i > 0 && int16(place-highest) < 0:
					reordered++
				default:
					highest = place
				}
				if i < spared && place != uint16(i) {
					t.Errorf("packet %d is spoiled", i)
				}
				seen[place] = true
				unique++
				bytes += uint64(len(f.data))
			}
			sent = s.Sent()
			if want := (Sent{unique, bytes, uint64(highest) + 1 - unique, duplicated, reordered, sent.Held}); sent != want || sent.Held > cfg.Late {
				t.Errorf("counted %+v, client sees %+v", sent, want)
			}
		})
		return sent, pattern
	}
	cfg := Config{Drop: 0.01, Duplicate: 0.02, Reorder: 0.03, Seed: 7}
	sent, pattern := run(t, cfg)
	total := float64(sent.Packets + sent.Dropped)
	for name, share := range map[string][2]float64{
		"drop": {float64(sent.Dropped) / total, 0.01}, "duplicate": {float64(sent.Duplicated) / total, 0.02}, "reorder": {float64(sent.Reordered) / total, 0.03},
	} {
		if share[0] < share[1]*0.8 || share[0] > share[1]*1.2 {
			t.Errorf("%s: share %.4f of %.0f packets, want %.2f", name, share[0], total, share[1])
		}
	}
	if _, again := run(t, cfg); again != pattern {
		t.Error("the same seed gives another pattern")
	}
	cfg.Seed++
	if _, other := run(t, cfg); other == pattern {
		t.Error("another seed gives the same pattern")
	}
	path = "/bench?mbit=5&seconds=4"
	cfg = Config{Drop: 0.02, Duplicate: 0.02, Reorder: 0.3, Late: 100 * time.Millisecond, Seed: 7}
	if sent, _ := run(t, cfg); sent.Reordered < sent.Packets/5 || sent.Reordered > sent.Packets*2/5 {
		t.Errorf("%d of %d packets are late", sent.Reordered, sent.Packets)
	}
	if sent, _ := run(t, Config{}); sent.Dropped+sent.Duplicated+sent.Reordered != 0 {
		t.Errorf("faults without being asked for: %+v", sent)
	}
}

func TestCloseAfter(t *testing.T) {
	inBubble(t, Config{CloseAfter: 150}, func(t *testing.T, s *Server, c *client) {
		c.setup("/live", 2)
		c.ok("PLAY", "/live")
		packets := 0
		for {
			f, err := c.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if f.channel%2 == 0 {
				packets++
			}
		}
		if packets != 150 {
			t.Errorf("%d packets, want 150", packets)
		}
	})
}

// TestCloseWhilePlaying: Close ends clients over real sockets, one of which
// does not read.
func TestCloseWhilePlaying(t *testing.T) {
	s := NewServer(Config{})
	c, stuck := dial(t, s), dial(t, s)
	c.setup("/live", 2)
	c.ok("PLAY", "/live")
	stuck.setup("/bench?pace=0", 1)
	stuck.ok("PLAY", "/bench?pace=0")
	for range 20 {
		if _, err := c.next(); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	s.Close()
	for {
		if _, err := c.next(); err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("ended with %v", err)
			}
			break
		}
	}
}
