package player

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestFile(t *testing.T) {
	f := newFeed(t)
	data := make([]byte, 1<<20+7)
	for i := range data {
		data[i] = byte(i * 7 >> 3)
	}
	size := len(data)
	url := f.File("video/mp4", int64(size), readAtBytes(data))
	for _, c := range []struct {
		method, ranges string
		status         int
		from, to       int
	}{
		{"GET", "", 200, 0, size},
		{"GET", "bytes=0-", 206, 0, size},
		{"GET", "bytes=100-199", 206, 100, 200},
		{"GET", "bytes=1000000-9999999", 206, 1000000, size},
		{"GET", "bytes=-5", 206, size - 5, size},
		{"GET", fmt.Sprintf("bytes=%d-", size), 416, 0, 0},
		{"GET", "bytes=0-1,3-4", 200, 0, size},
		{"HEAD", "", 200, 0, size},
		{"HEAD", "bytes=5-", 206, 5, size},
	} {
		resp, body, err := fetch(t, c.method, url, c.ranges)
		if err != nil || resp.StatusCode != c.status {
			t.Errorf("%s %s: %d, %v", c.method, c.ranges, resp.StatusCode, err)
			continue
		}
		h := resp.Header
		switch {
		case c.status == 416:
			if got := h.Get("Content-Range"); got != fmt.Sprintf("bytes */%d", size) {
				t.Errorf("%s: Content-Range %q", c.ranges, got)
			}
			continue
		case c.status == 206:
			if got, want := h.Get("Content-Range"), fmt.Sprintf("bytes %d-%d/%d", c.from, c.to-1, size); got != want {
				t.Errorf("%s: Content-Range %q, want %q", c.ranges, got, want)
			}
		}
		if h.Get("Accept-Ranges") != "bytes" || resp.ContentLength != int64(c.to-c.from) {
			t.Errorf("%s %s: header %v", c.method, c.ranges, h)
		}
		if c.method == "GET" && !bytes.Equal(body, data[c.from:c.to]) {
			t.Errorf("%s: other bytes", c.ranges)
		}
	}
}

func TestFileFails(t *testing.T) {
	f := newFeed(t)
	for name, readAt := range map[string]func(context.Context, []byte, int64) (int, error){
		"in the middle": func(_ context.Context, p []byte, off int64) (int, error) {
			if off > 0 {
				return 0, errors.New("lost")
			}
			clear(p)
			return len(p), nil
		},
		"too short": func(_ context.Context, p []byte, off int64) (int, error) { clear(p); return min(len(p), 10), io.EOF },
		"nothing":   func(context.Context, []byte, int64) (int, error) { return 0, nil },
		"a list": func(_ context.Context, p []byte, off int64) (int, error) {
			return copy(p, "#EXTM3U\nhttp://127.0.0.1/\n"+strings.Repeat(" ", len(p))), nil
		},
	} {
		url := f.File("video/mp4", 1<<20, readAt)
		resp, err := client(t).Do(request(t, "GET", url, ""))
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if err == nil {
			t.Errorf("%s: the response is whole", name)
		}
	}
}

// A client that goes ends the read that is under way for it.
func TestFileClientGone(t *testing.T) {
	f := newFeed(t)
	waiting, ended := make(chan struct{}), make(chan error)
	url := f.File("video/mp4", 1<<30, func(ctx context.Context, p []byte, off int64) (int, error) {
		close(waiting)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return 0, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if resp, err := client(t).Do(request(t, "GET", url, "").WithContext(ctx)); err == nil {
			_, _ = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
	}()
	<-waiting
	cancel()
	if err := <-ended; err == nil {
		t.Error("no cause")
	}
	<-done
}

// A slow source is read in small pieces, so that what it has is passed on.
func TestFilePieces(t *testing.T) {
	f := newFeed(t)
	var asked []int
	url := f.File("video/mp4", 1<<20, func(_ context.Context, p []byte, _ int64) (int, error) {
		asked = append(asked, len(p))
		clear(p)
		return len(p), nil
	})
	if _, _, err := fetch(t, "GET", url, ""); err != nil {
		t.Fatal(err)
	}
	f.Drop(url)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if asked[0] != firstPiece {
		t.Errorf("the first piece is %d", asked[0])
	}
	for i := 1; i < len(asked); i++ {
		if asked[i] > feedBuffer || asked[i] > 2*asked[i-1] {
			t.Errorf("pieces of %d", asked)
			break
		}
	}
}

var rangeCases = []struct {
	header   string
	size     int64
	from, to int64
	kind     rangeKind
}{
	{"", 100, 0, 100, rangeNone},
	{"bytes=0-", 100, 0, 100, rangeOne},
	{"bytes=0-0", 100, 0, 1, rangeOne},
	{"bytes=99-", 100, 99, 100, rangeOne},
	{"bytes=50-1000", 100, 50, 100, rangeOne},
	{"bytes=-30", 100, 70, 100, rangeOne},
	{"bytes=-300", 100, 0, 100, rangeOne},
	{"bytes= 1-2 ", 100, 1, 3, rangeOne},
	{"bytes=100-", 100, 0, 0, rangeOutside},
	{"bytes=-0", 100, 0, 0, rangeOutside},
	{"bytes=0-", 0, 0, 0, rangeOutside},
	{"bytes=-1", 0, 0, 0, rangeOutside},
	{"bytes=5-4", 100, 0, 100, rangeNone},
	{"bytes=0-1,2-3", 100, 0, 100, rangeNone},
	{"bytes=-", 100, 0, 100, rangeNone},
	{"bytes=x-", 100, 0, 100, rangeNone},
	{"bytes=+1-", 100, 0, 100, rangeNone},
	{"bytes=1-9223372036854775807", 100, 0, 100, rangeNone},
	{"bytes=99999999999999999999-", 100, 0, 100, rangeNone},
	{"lines=1-2", 100, 0, 100, rangeNone},
}

func TestParseRange(t *testing.T) {
	for _, c := range rangeCases {
		from, to, kind := parseRange(c.header, c.size)
		if from != c.from || to != c.to || kind != c.kind {
			t.Errorf("%q of %d: %d, %d, %d", c.header, c.size, from, to, kind)
		}
	}
}

func FuzzRange(f *testing.F) {
	for _, c := range rangeCases {
		f.Add(c.header, c.size)
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		from, to, kind := parseRange(header, size)
		if from < 0 || to > size || from > to || kind == rangeOne && from == to {
			t.Errorf("%q of %d: %d, %d, %d", header, size, from, to, kind)
		}
	})
}
