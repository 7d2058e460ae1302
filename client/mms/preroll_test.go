package mms

import (
	"testing"
	"time"

	"tapedeck/client/asf"
)

// TestLate: how long the player is asked to wait goes by how late an encoder
// sends, and the presentation times with it.
func TestLate(t *testing.T) {
	for _, c := range []struct {
		name  string
		late  func(i int) time.Duration // of the packet i
		burst int                       // packets that are at hand at once
		want  []time.Duration           // what the headers ask for, one after another
	}{
		{"in time", func(int) time.Duration { return 0 }, 1, []time.Duration{quick}},
		{"a little late", func(int) time.Duration { return 80 * time.Millisecond }, 1, []time.Duration{quick}},
		{"late from the first on", func(int) time.Duration { return time.Second }, 1, []time.Duration{1400 * time.Millisecond}},
		{"late within what is at hand", func(i int) time.Duration { return time.Duration(min(i, 10)) * 100 * time.Millisecond }, 1000,
			[]time.Duration{1400 * time.Millisecond}},
		{"late in the end", func(i int) time.Duration { return time.Duration(min(i, 200)) * 12 * time.Millisecond }, 1,
			[]time.Duration{quick, 700 * time.Millisecond, testPreroll}},
		{"later than the file says", func(int) time.Duration { return time.Minute }, 1, []time.Duration{testPreroll}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newTape(shape{length: time.Hour}, audioStream, highStream)
			l.burst, l.late = c.burst, c.late
			s := over(t, l, Config{})
			var asked []time.Duration
			var p asf.Packet
			for range 400 {
				m, err := s.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if m.Init != nil {
					h, err := asf.Parse(m.Init)
					if err != nil || !m.Key {
						t.Fatalf("%v, key %v", err, m.Key)
					}
					asked = append(asked, h.Preroll)
				}
				for b := m.Data; len(b) > 0; b = b[testSize:] {
					if err := p.Parse(b[:testSize], testSize); err != nil {
						t.Fatal(err)
					}
					late := c.late(int(p.Send()) / int(testStep/time.Millisecond))
					for pl := (asf.Payload{}); p.Next(&pl); {
						shown := int64(p.Send()) + int64((asked[len(asked)-1]-late)/time.Millisecond)
						if int64(pl.Time) != max(shown, 0) {
							t.Fatalf("sent at %d, shown at %d instead of %d, with %v", p.Send(), pl.Time, shown, asked)
						}
					}
				}
			}
			if len(asked) != len(c.want) {
				t.Fatalf("asked for %v, not %v", asked, c.want)
			}
			for i := range asked {
				if d := asked[i] - c.want[i]; d < -200*time.Millisecond || d > 200*time.Millisecond {
					t.Errorf("asked for %v, not %v", asked, c.want)
				}
			}
		})
	}
}
