package web

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/web/webtest"
)

// longStream is a transport stream of so many seconds and 1 MB in each: ten
// pictures a second, the first of them a key picture, and null packets.
func longStream(seconds int) []byte {
	const packets = 100_000 / tsPacket
	filler := append([]byte("\x47\x1f\xff\x10"), bytes.Repeat([]byte{0xff}, tsPacket-4)...)
	data := make([]byte, 0, 10*seconds*packets*tsPacket)
	for picture := range 10 * seconds {
		unit := []byte("\x47\x41\x00\x30\x07\x10\x00\x00\x00\x00\x00\x00\x00\x00\x01\xe0\x00\x00\x80\x80\x05")
		if picture%10 == 0 {
			unit[5] |= 0x40 // random access
		}
		pts := uint64(picture+10) * 9000
		unit = append(unit, byte(0x21|pts>>29&0x0e))
		unit = binary.BigEndian.AppendUint16(unit, uint16(pts>>14|1))
		unit = binary.BigEndian.AppendUint16(unit, uint16(pts<<1|1))
		data = append(append(data, unit...), filler[4:][:tsPacket-len(unit)]...)
		for range packets - 1 {
			data = append(data, filler...)
		}
	}
	return data
}

// TestLooksAside: what tells the length and the place of a time costs a few
// small requests and does not end what is read ahead.
func TestLooksAside(t *testing.T) {
	data := longStream(60)
	server := webtest.NewFile("a.ts", "video/mp2t", data, webtest.FileOptions{})
	defer server.Close()
	f := openFile(t, server.URL, Config{})
	reads(t, f, data, 0, 1000)
	if d := f.Info().Duration; d != 0 || server.Connections() != 1 {
		t.Errorf("before it was asked for: %v, %d connections", d, server.Connections())
	}
	d, err := f.Length(t.Context())
	if err != nil || d.Round(time.Second) != 60*time.Second || f.Info().Duration != d {
		t.Errorf("length %v, %v", d, err)
	}
	off, at, err := f.Find(t.Context(), 30500*time.Millisecond)
	if err != nil || at != 30*time.Second || off != int64(len(data)/60*30) {
		t.Errorf("found %d, %v, %v", off, at, err)
	}
	if asked := server.Connections(); asked > 20 {
		for _, r := range server.Requests() {
			t.Log(r.Header.Get("Range"))
		}
		t.Errorf("%d connections", asked)
	}
	for _, r := range server.Requests()[1:] {
		if span := r.Header.Get("Range"); strings.HasSuffix(span, "-") && span != "bytes=0-" && !f.ahead(span) {
			t.Errorf("asked for %s", span)
		}
	}
	before := server.Connections()
	if again, _, err := f.Find(t.Context(), 30500*time.Millisecond); err != nil || again != off || server.Connections() > before+1 {
		t.Errorf("again: %d, %v, %d more connections", again, err, server.Connections()-before)
	}
	// What was fetched ahead of the reader before is fetched still.
	for f.Stats().Bytes < readAhead/2 {
		reads(t, f, data, 1000, 1)
	}
}

// ahead reports whether span goes on reading ahead of the beginning.
func (f *File) ahead(span string) bool {
	var from int64
	for _, c := range strings.TrimSuffix(strings.TrimPrefix(span, "bytes="), "-") {
		from = from*10 + int64(c-'0')
	}
	return from < readAhead
}

func TestFindIsThePlayersInOtherContainers(t *testing.T) {
	server := webtest.NewFile("a.mp4", "video/mp4", clip.MP4(), webtest.FileOptions{})
	defer server.Close()
	f := openFile(t, server.URL, Config{})
	if _, _, err := f.Find(t.Context(), time.Second); !errors.Is(err, media.ErrCannot) {
		t.Errorf("%v", err)
	}
	if d, err := f.Length(t.Context()); err != nil || d.Round(time.Second) != clip.Duration {
		t.Errorf("%v, %v", d, err)
	}
}

func TestFindSaysWhatWentWrong(t *testing.T) {
	data := longStream(60)
	server := webtest.NewFile("a.ts", "video/mp2t", data, webtest.FileOptions{})
	f := openFile(t, server.URL, Config{})
	reads(t, f, data, 0, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := f.Find(ctx, 30*time.Second); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	server.Close()
	f.Close()
	if _, _, err := f.Find(t.Context(), 30*time.Second); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}
