package playback

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client"
	"tapedeck/client/asf"
	"tapedeck/client/media"
	"tapedeck/client/mms/mmstest"
	"tapedeck/client/peers"
	"tapedeck/playlist"
)

// asfSession gives a programme as it comes from Windows Media servers: both
// tracks, then the sound alone with a header of its own, then the sound with
// timestamps that jump.
type asfSession struct {
	*fakeSession
	chunks []media.Chunk
}

func newASF(t *testing.T, parts ...asfPart) *asfSession {
	t.Helper()
	file := mmstest.Sample()
	h, err := asf.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &asfSession{fakeSession: newSession(media.Info{Live: true, ContentType: "video/x-ms-asf"})}
	for _, part := range parts {
		c := media.Chunk{Init: h.Keep(part.streams, h.Preroll), Key: true, Origin: part.origin}
		for n := uint64(0); n < h.Packets; n++ {
			var p asf.Packet
			raw := file[h.Size+int(n)*h.PacketSize:][:h.PacketSize]
			if err := p.Parse(raw, h.PacketSize); err != nil {
				t.Fatal(err)
			}
			at := time.Duration(p.Send()) * time.Millisecond
			if at < part.from || at >= part.to {
				continue
			}
			var ok bool
			c.Time = at - part.origin
			c.Data, ok = asf.Filter(nil, raw, h.PacketSize, func(n int) bool { return slices.Contains(part.streams, n) })
			if ok {
				s.chunks = append(s.chunks, c)
				c.Init, c.Key = nil, false
			}
		}
	}
	return s
}

type asfPart struct {
	streams          []int
	from, to, origin time.Duration
}

func (s *asfSession) Next(ctx context.Context) (media.Chunk, error) {
	select {
	case <-time.After(chunkTime / 10):
	case <-ctx.Done():
		return media.Chunk{}, context.Cause(ctx)
	}
	if len(s.chunks) == 0 {
		return media.Chunk{}, io.EOF
	}
	c := s.chunks[0]
	s.chunks = s.chunks[1:]
	return c, nil
}

// TestRecordedASFIsValid: each header of a stream has a file of its own, and each
// file the lengths that a stream does not have.
func TestRecordedASFIsValid(t *testing.T) {
	ffprobe := peers.Find(t, "ffprobe")
	second := time.Second
	s := newASF(t,
		asfPart{streams: []int{mmstest.SamplePicture, mmstest.SampleSound}, to: 5 * second},
		asfPart{streams: []int{mmstest.SampleSound}, from: 5 * second, to: 8 * second},
		asfPart{streams: []int{mmstest.SampleSound}, from: 20 * second, to: 24 * second, origin: 12 * second})
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(path("kept 2.asf"), []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s.enter()
		b := &bench{feed: newFeed(), done: make(chan struct{})}
		b.open = func(context.Context, playlist.Entry) (client.Session, error) { return s, nil }
		cfg := b.config()
		cfg.Unplayed, cfg.Player, cfg.Feed = true, nil, nil
		b.deck = New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(b.done); b.deck.Run(ctx) }()
		b.deck.Do(Play{Entry: entry})
		b.deck.Do(Record{Path: path("kept.asf")})
		after(time.Minute)
		if got, want := b.log(), "[opened playing recording recorded note recording recorded note recording recorded ended]"; got != want {
			t.Errorf("events %s, want %s", got, want)
		}
		for i, e := range all[RecordedEvent](b) {
			want := RecordedEvent{Path: path([]string{"kept.asf", "kept 3.asf", "kept 4.asf"}[i]), Duration: []float64{5, 3, 4}[i]}
			if d := e.Duration - want.Duration; e.Path != want.Path || d < -0.5 || d > 0.5 {
				t.Errorf("kept: %+v, want about %+v", e, want)
			}
		}
		cancel()
		<-b.done
	})
	for name, want := range map[string]struct {
		streams int
		length  time.Duration
	}{"kept.asf": {2, 5 * second}, "kept 3.asf": {1, 3 * second}, "kept 4.asf": {1, 4 * second}} {
		file, err := os.ReadFile(path(name))
		if err != nil {
			t.Fatal(err)
		}
		h, err := asf.Parse(file)
		if err != nil {
			t.Fatal(err)
		}
		packets := uint64(len(file)-h.Size) / uint64(h.PacketSize)
		if d := h.Duration - want.length; h.Broadcast || h.Packets != packets || packets == 0 || d < -second/2 || d > second/2 || len(h.Streams) != want.streams {
			t.Errorf("%s: broadcast %v, %d of %d packets, %v, %d streams", name, h.Broadcast, h.Packets, packets, h.Duration, len(h.Streams))
		}
		var said bytes.Buffer
		probe := exec.Command(ffprobe, "-v", "error", "-show_packets", path(name))
		probe.Stderr = &said
		if err := probe.Run(); err != nil || said.Len() > 0 {
			t.Errorf("%s: ffprobe: %v\n%s", name, err, &said)
		}
	}
	if kept, _ := os.ReadFile(path("kept 2.asf")); string(kept) != "somebody's" {
		t.Errorf("the file that was there holds %q", kept)
	}
}

// TestHeadersWithoutEnd: a stream that begins anew with each packet fills no disk
// with files.
func TestHeadersWithoutEnd(t *testing.T) {
	var parts []asfPart
	for i := range 2 * maxParts {
		from, at := time.Duration(i%50)*time.Second, time.Duration(i)*time.Second
		parts = append(parts, asfPart{streams: [][]int{{mmstest.SamplePicture}, {mmstest.SampleSound}}[i%2], from: from, to: from + time.Second, origin: from - at})
	}
	s := newASF(t, parts...)
	dir := t.TempDir()
	deckTest(t, s, func(t *testing.T, b *bench) {
		b.deck.Do(Play{Entry: entry})
		b.deck.Do(Record{Path: filepath.Join(dir, "kept.asf")})
		after(time.Hour)
		if e := last[RecordedEvent](b); e.Path != filepath.Join(dir, "kept 100.asf") {
			t.Errorf("%+v", e)
		}
		if n := last[RefusedEvent](b); n.Message != "recording: the stream began anew 100 times" {
			t.Errorf("%q", n.Message)
		}
	})
	if files, err := os.ReadDir(dir); err != nil || len(files) != maxParts {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// TestFileNames: titles become names that a file system takes, and that a person
// reads as they are.
func TestFileNames(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const stamp = " 2026-01-02 03.04.05"
	for title, want := range map[string]string{
		"News":                   "News" + stamp,
		"../a:b\x1b[31m":         "_a_b_[31m" + stamp,
		"a\u202efsa.exe":         "a_fsa.exe" + stamp,
		strings.Repeat("語", 100): strings.Repeat("語", 53) + stamp,
		strings.Repeat("a", 100): strings.Repeat("a", 80) + stamp,
	} {
		if got := fileName(title, at); got != want {
			t.Errorf("%q: %q, want %q", title, got, want)
		}
	}
}
