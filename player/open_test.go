package player

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// From one address to the next: while it plays, while it is paused, and while
// it has not begun. Nothing of the one is told of the other.
func TestOpenNext(t *testing.T) {
	t.Parallel()
	v, f := startVLC(t, Config{}), newFeed(t)
	ctx := t.Context()
	silent := f.Stream("video/mp2t", func() (io.ReadCloser, error) { return newEndless(), nil })
	ok(t, v.Open(ctx, offerStream(t, f, "video/mp2t", "ts")))
	await(t, v, "the first", playing)
	ok(t, v.Open(ctx, silent))
	holds(t, v, 300*time.Millisecond, "waiting", func(st Status) bool { return st.State == Opening && st.Displayed == 0 && st.Streams == nil })
	ok(t, v.Pause(ctx))
	ok(t, v.Open(ctx, offerStream(t, f, "video/x-matroska", "mkv")))
	await(t, v, "the next after a pause in the beginning", playing)
	ok(t, v.Pause(ctx))
	url := offerFile(t, f, "video/mp4", sample(t, "mp4"))
	ok(t, v.Open(ctx, url))
	await(t, v, "the next after a pause", playing)
	ok(t, v.Seek(ctx, 19*time.Second))
	await(t, v, "the end", func(st Status) bool { return st.State == Ended })
	for range 2 {
		ok(t, v.Open(ctx, url))
		holds(t, v, 300*time.Millisecond, "the same again", func(st Status) bool { return st.State == Opening || st.State == Playing })
	}
	ok(t, v.Stop(ctx))
	ok(t, v.Stop(ctx))
	// As fast as it can be asked for: the last one wins.
	for range 5 {
		for _, ext := range []string{"ts", "mkv"} {
			ok(t, v.Open(ctx, offerStream(t, f, octets, ext)))
		}
	}
	ok(t, v.Open(ctx, url))
	if st := await(t, v, "the last", playing); st.Length != 20*time.Second {
		t.Errorf("%+v", st)
	}
}

// What VLC cannot play is told as failed, with a reason, and nothing else is.
func TestOpenFails(t *testing.T) {
	t.Parallel()
	v, f := startVLC(t, Config{}), newFeed(t)
	bytesOf := func(body string) string {
		return f.Stream(octets, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil })
	}
	dropped := bytesOf("")
	f.Drop(dropped)
	for _, c := range []struct{ name, url, problem string }{
		{"refused", f.Stream("video/mp2t", func() (io.ReadCloser, error) { return nil, errors.New("no") }), "VLC is unable to open the stream"},
		{"dropped", dropped, "VLC is unable to open the stream"},
		{"empty", bytesOf(""), "VLC is unable to open the stream"},
		{"garbage", bytesOf(strings.Repeat("garbage ", 10000)), ""},
		{"a list", bytesOf("#EXTM3U\nhttp://127.0.0.1:1/x\n"), "VLC is unable to open the stream"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ok(t, v.Open(t.Context(), c.url))
			st := await(t, v, "the failure", func(st Status) bool { return st.State != Opening })
			if st.State != Failed || st.Problem == "" || c.problem != "" && st.Problem != c.problem {
				t.Errorf("%v: %q", st.State, st.Problem)
			}
		})
	}
	// A source that comes to its end is no failure, and VLC is still warm.
	data, err := os.ReadFile(sample(t, "mkv"))
	ok(t, err)
	ok(t, v.Open(t.Context(), f.Stream("video/x-matroska", func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data[:len(data)/10])), nil
	})))
	await(t, v, "it to play", playing)
	st := await(t, v, "the end", func(st Status) bool { return st.State != Playing })
	if st.State != Ended || st.Problem != "" || st.Displayed == 0 {
		t.Errorf("%+v", st)
	}
}

// A list that gets past the feed is stopped where VLC begins to follow it.
func TestOpenStrays(t *testing.T) {
	t.Parallel()
	v, f := startVLC(t, Config{}), newFeed(t)
	var followed atomic.Int32
	next := f.Stream(octets, func() (io.ReadCloser, error) { followed.Add(1); return newEndless(), nil })
	res := &resource{contentType: "audio/x-mpegurl"}
	res.serve = serveText("#EXTM3U\n#EXTINF:1,x\n" + next + "\n")
	ok(t, v.Open(t.Context(), f.add(res, "")))
	st := await(t, v, "the failure", func(st Status) bool { return st.State == Failed })
	// The list itself may have come to its end before VLC begins to follow it.
	if st.Problem != foreignProblem && st.Problem != emptyProblem {
		t.Errorf("%q, followed %d times", st.Problem, followed.Load())
	}
	holds(t, v, 200*time.Millisecond, "the failure", func(now Status) bool { return now.State == Failed && now.Problem == st.Problem })
	ok(t, v.Open(t.Context(), offerStream(t, f, "video/mp2t", "ts")))
	await(t, v, "something else", playing)
}

func TestOpenRefusesAddresses(t *testing.T) {
	t.Parallel()
	v := startFake(t, "")
	for _, address := range []string{
		"", "file:///etc/passwd", "https://127.0.0.1/x", "http://example.org/", "http://10.0.0.1/x", "http://user@127.0.0.1/x",
		"http://127.0.0.1/x :sout=#file{dst=/tmp/x}", "http://127.0.0.1/x\nquit", "http://127.0.0.1/\"", "http://127.0.0.1/#x",
		"http://127.0.0.1/" + strings.Repeat("x", maxCommand), "http://localhost/x", "--intf=http", "vlc://quit",
	} {
		if err := v.Open(t.Context(), address); !errors.Is(err, ErrAddress) {
			t.Errorf("%.50q: %v", address, err)
		}
	}
}

// Only a Matroska stream has its demuxer named, and nothing else in its address
// is changed.
func TestNaming(t *testing.T) {
	t.Parallel()
	f := newFeed(t)
	none := func() (io.ReadCloser, error) { return nil, io.EOF }
	for _, c := range []struct {
		url   string
		named bool
	}{
		{f.Stream("video/x-matroska", none), true},
		{f.Stream("audio/x-matroska", none), true},
		{f.Stream("video/mp2t", none), false},
		{f.File("video/x-matroska", 1, readAtBytes([]byte{0})), false},
	} {
		got := naming(c.url)
		if rest, ok := strings.CutPrefix(got, "http/mkv://"); ok != c.named || ok && "http://"+rest != c.url || !ok && got != c.url {
			t.Errorf("%s becomes %s", c.url, got)
		}
	}
}
