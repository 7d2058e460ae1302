package client

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/mms/mmstest"
)

func TestFinish(t *testing.T) {
	file := mmstest.Sample()
	h, err := asf.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	broadcast := append(h.Keep([]int{mmstest.SamplePicture, mmstest.SampleKeys, mmstest.SampleSound}, h.Preroll), file[h.Size:][:int(h.Packets)*h.PacketSize]...)
	half := broadcast[:len(broadcast)/2]
	for _, c := range []struct {
		name, contentType string
		data              []byte
		length            time.Duration
		unfinished        bool
	}{
		{"a broadcast", "video/x-ms-asf", broadcast, time.Minute, false},
		{"sound alone", "Audio/X-MS-WMA; charset=x", broadcast, time.Minute, false},
		{"cut in a packet", "video/x-ms-asf", half, 30 * time.Second, false},
		{"a file, cut", "video/x-ms-wmv", file[:len(half)], 30 * time.Second, false},
		{"a whole file", "video/x-ms-asf", file, time.Minute, false},
		{"something else", "video/x-ms-asf", []byte("no such stream"), 0, true},
		{"nothing", "video/x-ms-asf", nil, 0, true},
		{"cut in its header", "video/x-ms-asf", broadcast[:100], 0, true},
		{"another container", "video/mp2t", broadcast, 0, false},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		length, err := Finish(c.contentType, f)
		f.Close()
		if d := length - c.length; errors.Is(err, ErrUnfinished) != c.unfinished || (err != nil) != c.unfinished || d > 3*time.Second || d < -3*time.Second {
			t.Errorf("%s: %v, %v", c.name, length, err)
		}
		kept, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		asIs := c.length == 0 || bytes.Equal(c.data, file)
		if len(kept) != len(c.data) || asIs != bytes.Equal(kept, c.data) {
			t.Errorf("%s: it was written to, or was not", c.name)
		}
	}
	if !OneHeader("video/x-ms-asf") || OneHeader("video/mp2t") {
		t.Error("which files hold one header")
	}
}
