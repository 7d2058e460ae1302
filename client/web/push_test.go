package web

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/web/webtest"
)

// picture is a JPEG picture of 320x180 as far as its marks go.
func picture(words string) []byte {
	return []byte("\xff\xd8\xff\xc0\x00\x0b\x08\x00\xb4\x01\x40\x01\x11\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + words + "\xff\xd9")
}

// TestCamera: each picture becomes a chunk of a Matroska stream, at the time at
// which it came.
func TestCamera(t *testing.T) {
	one, two := picture(strings.Repeat("one", 9000)), picture("two")
	for name, o := range map[string]webtest.CameraOptions{
		"parts with lengths": {Every: 20 * time.Millisecond}, "without": {Every: 20 * time.Millisecond, NoLength: true},
		"bare pictures": {Every: 20 * time.Millisecond, Bare: true},
	} {
		t.Run(name, func(t *testing.T) {
			camera := webtest.NewCamera([][]byte{one, two}, o)
			defer camera.Close()
			s := open(t, camera.URL, Config{Start: time.Minute})
			info := s.Info()
			if info.ContentType != "video/x-matroska" || !info.Live || len(info.Tracks) != 1 || info.Tracks[0].Codec != media.JPEG ||
				info.Tracks[0].Width != 320 || info.Tracks[0].Height != 180 {
				t.Errorf("%+v", info)
			}
			last := time.Minute - 1
			for i := range 6 {
				c, err := s.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if !c.Key || (c.Init != nil) != (i == 0) || c.Time <= last || c.Time > time.Minute+10*time.Second || !bytes.Contains(c.Data, [][]byte{one, two}[i%2]) {
					t.Errorf("picture %d: key %v, header %v, %v after %v, %d bytes", i, c.Key, c.Init != nil, c.Time, last, len(c.Data))
				}
				last = c.Time
			}
			camera.CutConnections()
			for {
				if _, err := s.Next(t.Context()); err != nil {
					if name != "bare pictures" && !errors.Is(err, ErrDropped) {
						t.Errorf("it ends with %v", err)
					}
					break
				}
			}
		})
	}
}

// TestPushIsRecognised by what it is announced as, or by its beginning.
func TestPushIsRecognised(t *testing.T) {
	for _, c := range []struct {
		body, announced string
		want            bool
	}{
		{"", "multipart/x-mixed-replace; boundary=x", true},
		{"\r\n--x\r\nContent-Type: image/jpeg\r\n", "text/plain", true},
		{"--x\r\ncontent-type: image/jpg\r\n", "", true},
		{"--x\r\ncontent-type: text/plain\r\n", "", false},
		{"\xff\xd8\xff", "image/jpeg", false},
	} {
		if got := isPush([]byte(c.body), c.announced); got != c.want {
			t.Errorf("%q as %q: %v", c.body, c.announced, got)
		}
	}
}

// TestPushAllocatesNothing of note: a picture's own bytes are never copied to a
// fresh place.
func TestPushAllocatesNothing(t *testing.T) {
	camera := webtest.NewCamera([][]byte{picture(strings.Repeat("x", 200_000))}, webtest.CameraOptions{Fast: true})
	defer camera.Close()
	s := open(t, camera.URL, Config{})
	next := func() {
		if _, err := s.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		next()
	}
	if n := testing.AllocsPerRun(50, next); n > 20 {
		t.Errorf("%v allocations a picture", n)
	}
}
