package ts

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tapedeck/client/media"
)

func TestDemuxer(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := newMaker()
			c.make(m)
			d := New()
			compare(t, feed(t, d, m.out, len(m.out)), c.want)
			got := d.Stats()
			got.Packets = 0
			if got != c.stats {
				t.Errorf("%+v, want %+v", got, c.stats)
			}
		})
	}
}

// TestCuts writes each stream in other parts, of other packet sizes too: what
// comes out is the same.
func TestCuts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, c := range cases {
		m := newMaker()
		c.make(m)
		for _, size := range []int{1, 2, 3, 187, 188, 189, 1 + rnd.IntN(500), 1 + rnd.IntN(5000)} {
			compare(t, feed(t, New(), m.out, size), c.want)
		}
		d, b := New(), m.out
		var list []unit
		for len(b) > 0 {
			n := 1 + rnd.IntN(min(len(b), 400))
			if err := d.Write(b[:n], collect(&list)); err != nil {
				t.Fatal(err)
			}
			b = b[n:]
		}
		d.Flush(collect(&list))
		compare(t, list, c.want)
		if t.Failed() {
			t.Fatalf("in %q", c.name)
		}
	}
}

// TestStrides puts a time before each packet, and error correction behind it.
func TestStrides(t *testing.T) {
	for _, c := range cases[:12] {
		m := newMaker()
		c.make(m)
		if len(m.out)%packetSize != 0 {
			continue
		}
		var m2ts, fec []byte
		for p := range slices.Chunk(m.out, packetSize) {
			m2ts = append(append(m2ts, 1, 2, 0x47+byte(len(m2ts)), 4), p...)
			fec = append(append(fec, p...), slices.Repeat([]byte{0x47 + byte(len(fec))}, 16)...)
		}
		for _, size := range []int{1, 188, 1000, len(fec)} {
			compare(t, feed(t, New(), m2ts, size), c.want)
			compare(t, feed(t, New(), fec, size), c.want)
		}
	}
}

func TestTracks(t *testing.T) {
	m := newMaker()
	m.tables()
	d := New()
	feed(t, d, m.out, len(m.out))
	if d.Known() || len(d.Tracks()) != 2 {
		t.Errorf("known %v, %+v", d.Known(), d.Tracks())
	}
	m.out = nil
	m.video(0, annexB(aud, sps, pps, idr))
	m.sound(0, slices.Concat(adts(30, 1), adts(30, 2)))
	feed(t, d, m.out, len(m.out))
	want := []media.Track{
		{ID: 0, Kind: media.Video, Codec: media.H264, Width: 640, Height: 360, FrameRate: 25,
			Private: hx("01 64001e ff e1 001a" + sps + "01 0004" + pps + "fd f8 f8 00")},
		{ID: 1, Kind: media.Audio, Codec: media.AAC, SampleRate: 48000, Channels: 2, Private: hx("1190")},
	}
	sameTracks(t, d.Tracks(), want)
	if before := d.Tracks(); !d.Known() || &before[0] != &d.Tracks()[0] {
		t.Error("it is not known, or made anew without a reason")
	}
}

func sameTracks(t *testing.T, got, want []media.Track) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d tracks, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		g, w := got[i], want[i]
		if string(g.Private) != string(w.Private) {
			t.Errorf("track %d: private %x, want %x", i, g.Private, w.Private)
		}
		g.Private, w.Private = nil, nil
		if g.ID != w.ID || g.Kind != w.Kind || g.Codec != w.Codec || g.Problem != w.Problem || g.Width != w.Width ||
			g.Height != w.Height || g.FrameRate != w.FrameRate || g.SampleRate != w.SampleRate || g.Channels != w.Channels {
			t.Errorf("track %d: %+v\nwant %+v", i, g, w)
		}
	}
}
