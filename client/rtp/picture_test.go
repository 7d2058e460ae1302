package rtp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"tapedeck/client/media"
)

// setEncoding names the payload format of all the cases that name none.
func setEncoding(cases []depackCase, encoding string) {
	for i := range cases {
		if cases[i].format.Encoding == "" {
			cases[i].format.Encoding = encoding
		}
	}
}

// trackStep is a packet with the marker, and what Track says after it.
type trackStep struct {
	payload       []byte
	ready         bool
	width, height int
	private       string
}

// testTrack feeds one packet after the other and looks at Track.
func testTrack(t *testing.T, f Format, codec media.Codec, before *trackStep, steps []trackStep) {
	t.Helper()
	d, err := NewDepacketizer(f)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, s trackStep) {
		t.Helper()
		got, ready := d.Track()
		if got.Kind != media.Video || got.Codec != codec {
			t.Errorf("%s: %v %q", name, got.Kind, got.Codec)
		}
		if ready != s.ready || got.Width != s.width || got.Height != s.height {
			t.Errorf("%s: ready %v, %dx%d, want %v, %dx%d", name, ready, got.Width, got.Height, s.ready, s.width, s.height)
		}
		if string(got.Private) != string(hx(s.private)) {
			t.Errorf("%s: private % x\nwant % x", name, got.Private, hx(s.private))
		}
	}
	if before != nil {
		check("at the beginning", *before)
	}
	for i, s := range steps {
		feed(d, []step{{ts: uint32(i), marker: true, payload: s.payload}})
		check("step", s)
	}
}

// testPictureLimits: pictures without end and fragments without number are
// given up, and the next one is taken.
func testPictureLimits(t *testing.T, f Format, first, more []byte, whole []byte) {
	t.Helper()
	t.Run("bytes", func(t *testing.T) {
		d, err := NewDepacketizer(f)
		if err != nil {
			t.Fatal(err)
		}
		big := append(append([]byte{}, more...), make([]byte, 60000)...)
		in := []step{{ts: 1, payload: first}}
		for range maxVideoUnit/60000 + 2 {
			in = append(in, step{ts: 1, payload: big})
		}
		out, err := feed(d, append(in, step{ts: 2, marker: true, payload: whole}))
		if err != ErrTooLarge || len(out) != 1 || out[0].ts != 2 {
			t.Errorf("error %v, %d units", err, len(out))
		}
	})
	t.Run("packets", func(t *testing.T) {
		d, err := NewDepacketizer(f)
		if err != nil {
			t.Fatal(err)
		}
		in := []step{{ts: 1, payload: first}}
		for range maxUnitPackets + 10 {
			in = append(in, step{ts: 1, payload: append(append([]byte{}, more...), 1)})
		}
		out, err := feed(d, append(in, step{ts: 2, marker: true, payload: whole}))
		if err != ErrTooLarge || len(out) != 1 || out[0].ts != 2 {
			t.Errorf("error %v, %d units", err, len(out))
		}
	})
}

// checkVideo is what holds for every picture.
func checkVideo(t *testing.T, u wantUnit) {
	if len(u.data) == 0 || len(u.data) > maxVideoUnit+1024 {
		t.Fatalf("a picture of %d bytes", len(u.data))
	}
}

// wholePicture takes all bytes as a picture.
type wholePicture struct{}

func (wholePicture) complete(data []byte) picture { return picture{data: data} }

// TestBitsAreJoined cuts a picture between any bits, as RFC 2190 and RFC 4587
// do: the bytes that a cut goes through are sent twice, or the next part begins
// at a byte of its own, as it does behind a hole that nobody noticed.
func TestBitsAreJoined(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		whole := make([]byte, 1+r.IntN(20))
		for i := range whole {
			whole[i] = byte(r.Uint32())
		}
		shared := round%2 == 0
		a := pictureAssembler{coding: wholePicture{}}
		var got []byte
		emit := func(u Unit) { got = bytes.Clone(u.Data) }
		if err := a.begin(1, false, emit); err != nil {
			t.Fatal(err)
		}
		a.start(emit)
		for from := 0; from < 8*len(whole); {
			to := min(from+1+r.IntN(40), 8*len(whole))
			part, first, last := cutBits(whole, from, to, shared)
			if err := a.addBits(part, first, last); err != nil {
				t.Fatal(err)
			}
			from = to
		}
		a.end(true, emit)
		if !bytes.Equal(got, whole) {
			t.Fatalf("% x\nbecame % x", whole, got)
		}
	}
}

// cutBits returns bits from to to of b as a part, with all ones where they do
// not count.
func cutBits(b []byte, from, to int, shared bool) (part []byte, first, last int) {
	first = from % 8
	if !shared {
		first = (from*5 + 3) % 8
	}
	n := (first + to - from + 7) / 8
	part = bytes.Repeat([]byte{0xff}, n)
	for i := from; i < to; i++ {
		if at := first + i - from; b[i/8]>>(7-i%8)&1 == 0 {
			part[at/8] &^= 0x80 >> (at % 8)
		}
	}
	return part, first, 8*n - first - (to - from)
}

func TestBitsThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		part        string
		first, last int
		err         error
	}{
		{"", 7, 7, nil},
		{"ff", 4, 4, ErrMalformed},
		{"ff", 7, 7, ErrMalformed},
		{"ffff", 7, 7, nil},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			a := pictureAssembler{coding: wholePicture{}}
			a.open()
			if err := a.addBits(hx(c.part), c.first, c.last); err != c.err {
				t.Errorf("error %v", err)
			}
		})
	}
}
