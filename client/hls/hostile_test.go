package hls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

// TestHostile opens what a server may send to do harm. Each ends in an error
// that names its rung, in a bounded time.
func TestHostile(t *testing.T) {
	one := func(uri string, more ...string) string {
		return lines(append(append([]string{"#EXTM3U", "#EXT-X-TARGETDURATION:6"}, more...), "#EXTINF:6,", uri, "#EXT-X-ENDLIST")...)
	}
	variant := lines("#EXTM3U", "#EXT-X-STREAM-INF:BANDWIDTH=1", "film")
	segment := fakeSegment("va", "1", 0, 6*time.Second)
	key := `#EXT-X-KEY:METHOD=AES-128,URI="key"`
	for _, c := range []struct {
		name  string
		films map[string]string // "film" is opened
		rung  media.Rung
		want  string // in the error
		is    error
	}{
		{"a playlist that includes itself", map[string]string{"film": one("film")}, media.RungContainer, "another playlist", nil},
		{"a master of itself", map[string]string{"film": variant}, media.RungReply, "another master", ErrPlaylist},
		{"a master of masters", map[string]string{"film": lines("#EXTM3U", "#EXT-X-STREAM-INF:BANDWIDTH=1", "b"), "b": variant}, media.RungReply, "another master", ErrPlaylist},
		{"a variant that is not there", map[string]string{"film": lines("#EXTM3U", "#EXT-X-STREAM-INF:BANDWIDTH=1", "b")}, media.RungReply, "404", nil},
		{"a variant that is a web page", map[string]string{"film": lines("#EXTM3U", "#EXT-X-STREAM-INF:BANDWIDTH=1", "b"), "b": "<html>"}, media.RungReply, "something else", ErrPlaylist},
		{"a gigabyte line", map[string]string{"film": lines("#EXTM3U", "#EXT-X-STREAM-INF:BANDWIDTH=1", "b"), "b": "#EXTM3U\n" + strings.Repeat("x", maxPlaylist+9)}, media.RungReply, "longer than", ErrPlaylist},
		{"100,000 segments", map[string]string{"film": lines("#EXTM3U") + strings.Repeat("#EXTINF:1,\nx\n", 100_000)}, media.RungReply, "more than 65536 segments", ErrPlaylist},
		{"no segments", map[string]string{"film": lines("#EXTM3U", "#EXT-X-ENDLIST")}, media.RungReply, "no segments", ErrPlaylist},
		{"live without segments", map[string]string{"film": lines("#EXTM3U", "#EXT-X-TARGETDURATION:2")}, media.RungReply, "no segments", ErrPlaylist},
		{"a segment of nothing", map[string]string{"film": one("a"), "a": ""}, media.RungContainer, "it is nothing", nil},
		{"a segment of noise", map[string]string{"film": one("a"), "a": strings.Repeat("noise", 1000)}, media.RungContainer, "no MPEG-TS", nil},
		{"a segment without a picture", map[string]string{"film": one("a"), "a": "FAKE va 1\n"}, media.RungContainer, "ended before anything", nil},
		{"a key of 15 bytes", map[string]string{"film": one("a", key), "a": segment, "key": "fifteen bytes !"}, media.RungContainer, "15 bytes long, not 16", nil},
		{"a key without end", map[string]string{"film": one("a", key), "a": segment, "key": strings.Repeat("k", 1<<20)}, media.RungContainer, "longer than 16", nil},
		{"a key that is not there", map[string]string{"film": one("a", key), "a": segment}, media.RungReply, "the key: http: 404", nil},
		{"half a block", map[string]string{"film": one("a", key), "a": segment + "x", "key": "sixteen bytes ok"}, media.RungContainer, "no MPEG-TS", nil},
		{"Widevine", map[string]string{"film": one("a", `#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="x",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"`), "a": segment}, media.RungCodec, "Widevine", ErrProtected},
		{"FairPlay, in the master", map[string]string{"film": lines("#EXTM3U", `#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="x",KEYFORMAT="com.apple.streamingkeydelivery"`, "#EXT-X-STREAM-INF:BANDWIDTH=1", "b")}, media.RungCodec, "FairPlay", ErrProtected},
		{"a local file", map[string]string{"film": one("ftp://host/x")}, media.RungContainer, "no web address", ErrPlaylist},
		{"no host", map[string]string{"film": one("http:///x")}, media.RungContainer, "names no host", nil},
		{"an init segment of noise", map[string]string{"film": one("a", `#EXT-X-MAP:URI="i"`), "a": segment, "i": strings.Repeat("noise", 1000)}, media.RungContainer, "the init segment", nil},
		{"a short range", map[string]string{"film": one("a", "#EXT-X-BYTERANGE:999999@0"), "a": segment}, media.RungTransport, "less than the playlist says", nil},
		{"times of nothing", map[string]string{"film": lines("#EXTM3U", "#EXT-X-TARGETDURATION:0") + strings.Repeat("#EXTINF:0,\na\n", 60_000) + "#EXT-X-ENDLIST\n", "a": "FAKE va 1\n"}, media.RungContainer, "ended before anything", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := fakeServer{files: c.films}
				begun := time.Now()
				s, err := f.open(t, "film", nil)
				if err == nil {
					var got seen
					err = got.take(t.Context(), s, nil)
				}
				if d := time.Since(begun); d > time.Minute {
					t.Errorf("it took %v", d)
				}
				var rung *media.RungError
				if errors.As(err, &rung); c.rung != "" && (rung == nil || rung.Rung != c.rung) || !strings.Contains(fmt.Sprint(err), c.want) {
					t.Errorf("%v at %+v", err, rung)
				}
				if c.is != nil && !errors.Is(err, c.is) {
					t.Errorf("%v is not %v", err, c.is)
				}
			})
		})
	}
}

// TestOutsideStaysOutside: what a list from the public network names is asked for
// there, although the master playlist is somebody's own.
func TestOutsideStaysOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		f.set("film", lines("#EXTM3U", "#EXT-X-STREAM-INF:BANDWIDTH=1", "http://outside/list"))
		f.set("list", lines("#EXTM3U", "#EXT-X-TARGETDURATION:6", `#EXT-X-MAP:URI="init"`, `#EXT-X-KEY:METHOD=AES-128,URI="key"`, "#EXTINF:6,", "http://server/a", "#EXT-X-ENDLIST"))
		var held []string
		fetch := func(ctx context.Context, r Request) (*Response, error) {
			if r.OnlyPublic {
				held = append(held, r.Link.Path)
			}
			resp, err := f.fetch(ctx, r)
			if err == nil {
				resp.Public = r.Link.Host == "outside"
			}
			return resp, err
		}
		f.set("init", "FAKE va 1\n")
		f.set("key", "sixteen bytes ok")
		f.set("a", "x")
		a, err := address.Parse("http://server/film")
		if err != nil {
			t.Fatal(err)
		}
		_, err = Open(t.Context(), Source{Link: a, Body: []byte(f.files["film"])}, Config{Fetch: fetch, Status: fakeStatus, sniff: fakeSniff})
		if got := strings.Join(held, " "); got != "/init /key /a" {
			t.Errorf("held outside: %s; %v", got, err)
		}
	})
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := copy(p, "FAKE va 1\n"); i < len(p)-1; i++ {
		p[i] = ' '
	}
	p[len(p)-1] = '\n'
	return len(p), nil
}
func (endless) Close() error { return nil }

// TestEndlessSegment: a segment that never ends is bounded.
func TestEndlessSegment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		f.set("film", lines("#EXTM3U", "#EXT-X-TARGETDURATION:6", "#EXTINF:6,", "a", "#EXT-X-ENDLIST"))
		f.bodies = map[string]io.ReadCloser{"a": endless{}}
		_, err := f.open(t, "film", nil)
		var rung *media.RungError
		if !errors.As(err, &rung) || rung.Rung != media.RungContainer || !errors.Is(err, errHuge) {
			t.Error(err)
		}
	})
}

// TestDribble: a segment that comes byte for byte ends as well.
func TestDribble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f fakeServer
		f.film("film", "va", "1", 3, 6*time.Second, 0)
		f.rate = 1
		begun := time.Now()
		_, err := f.openBody(t, "film", f.files["film"], nil)
		if !errors.Is(err, errSlow) || time.Since(begun) > 5*time.Minute {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// TestVariablesBounded: a playlist of half a megabyte does not become one of a
// gigabyte by what its variables stand for.
func TestVariablesBounded(t *testing.T) {
	body := lines("#EXTM3U", `#EXT-X-DEFINE:NAME="v",VALUE="`+strings.Repeat("x", maxURI)+`"`) + strings.Repeat("{$v}\n", 50_000)
	p, err := parsePlaylist([]byte(body), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for i := range p.segments {
		sum += len(p.segments[i].uri)
	}
	if len(p.segments[0].uri) != maxURI || sum > 2*maxPlaylist {
		t.Errorf("%d bytes of addresses", sum)
	}
}

// TestPacketsBounded: what a segment of many small packets takes is bounded as
// that of its bytes is.
func TestPacketsBounded(t *testing.T) {
	s := &Session{ready: make(chan struct{}, 1), seeking: &seek{}}
	r := &reel{s: s, settled: unset, clock: clock{line: make(timeline)}, dx: newFake()}
	s.reels = []*reel{r}
	s.lanes[audioLane].clear()
	s.target = time.Hour
	if err := r.write([]byte("FAKE a 1\n")); err != nil {
		t.Fatal(err)
	}
	const some = 10_000
	s.lanes[audioLane].bytes = maxWaiting - some*itemSize // of what waits already
	if err := r.write([]byte(strings.Repeat("a 0\n", some))); !errors.Is(err, errHuge) {
		t.Errorf("%v with %d bytes more", err, some*itemSize)
	}
}
