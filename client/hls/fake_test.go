package hls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

// fakeDemuxer reads segments of text, so that tests see what becomes of each
// packet:
//
//	FAKE va 1      pictures and sound; the configuration is "1"
//	v 1000 k       a key picture at 1000 ms
//	a 1010         sound
//	t 2000 Title   a timed title
type fakeDemuxer struct {
	rest   []byte
	tracks []media.Track
}

func newFake() demuxer { return &fakeDemuxer{} }

func (d *fakeDemuxer) Write(p []byte, yield func(media.Packet)) error {
	d.rest = append(d.rest, p...)
	for {
		line, rest, ok := bytes.Cut(d.rest, []byte{'\n'})
		if !ok {
			return nil
		}
		if err := d.line(strings.Fields(string(line)), yield); err != nil {
			return err
		}
		d.rest = rest
	}
}

func (d *fakeDemuxer) line(f []string, yield func(media.Packet)) error {
	if len(f) == 0 {
		return nil
	}
	if f[0] == "FAKE" {
		if d.tracks != nil {
			return nil
		}
		for _, k := range f[1] {
			track := media.Track{ID: len(d.tracks), Kind: media.Video, Codec: media.H264, Private: fakeConfig(f[2]), Width: 16, Height: 16}
			if k == 'a' {
				track = media.Track{ID: len(d.tracks), Kind: media.Audio, Codec: media.AAC, Private: []byte(f[2]), SampleRate: 48000, Channels: 1}
			}
			d.tracks = append(d.tracks, track)
		}
		d.tracks = append(d.tracks, media.Track{ID: len(d.tracks), Kind: media.Data, Codec: media.ID3})
		return nil
	}
	ms, err := strconv.Atoi(f[1])
	if err != nil {
		return errors.New("no time")
	}
	for _, t := range d.tracks {
		if t.Kind.String()[0] != f[0][0] && (f[0] != "t" || t.Codec != media.ID3) {
			continue
		}
		data := "<" + f[0] + " " + f[1] + ">"
		if f[0] == "t" {
			data = strings.Join(f[2:], " ")
		}
		yield(media.Packet{Track: t.ID, Time: time.Duration(ms) * time.Millisecond, Key: f[0] == "a" || len(f) > 2, Data: []byte(data)})
	}
	return nil
}

func (d *fakeDemuxer) Flush(func(media.Packet)) error { return nil }
func (d *fakeDemuxer) Tracks() []media.Track          { return d.tracks }
func (d *fakeDemuxer) Known() bool                    { return d.tracks != nil }

// fakeConfig is an avcC with one SPS, "S" and a name, and one PPS.
func fakeConfig(name string) []byte {
	b := []byte{1, 66, 0, 30, 0xff, 0xe1, 0, byte(1 + len(name)), 'S'}
	return append(append(b, name...), 1, 0, 1, 'P')
}

func fakeSniff(b []byte) (container, error) {
	if bytes.HasPrefix(b, []byte("FAKE")) {
		return container{"fake", newFake}, nil
	}
	_, err := sniff(b)
	if err == nil {
		err = &formatError{"no fake", false}
	}
	return container{}, err
}

// fakeSegment has pictures each 200 ms, a key picture each second, and sound
// each 100 ms, from a time on.
func fakeSegment(tracks, config string, from, length time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "FAKE %s %s\n", tracks, config)
	for t := time.Duration(0); t < length; t += 100 * time.Millisecond {
		ms := (from + t).Milliseconds()
		if strings.Contains(tracks, "v") && t%(200*time.Millisecond) == 0 {
			key := ""
			if t%time.Second == 0 {
				key = " k"
			}
			fmt.Fprintf(&b, "v %d%s\n", ms, key)
		}
		if strings.Contains(tracks, "a") {
			fmt.Fprintf(&b, "a %d\n", ms)
		}
	}
	return b.String()
}

// statusError is an answer other than success.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("http: %d", int(e)) }

func fakeStatus(err error) int {
	var code statusError
	if errors.As(err, &code) {
		return int(code)
	}
	return 0
}

// fakeServer answers from memory. Paths are without the slash at the front.
type fakeServer struct {
	mu     sync.Mutex
	files  map[string]string
	answer func(path string) (string, error) // before files; "" for them
	rate   int                               // bytes a second; 0: at once
	asked  []string                          // "path" or "path from+size"
	times  []time.Time
	bodies map[string]io.ReadCloser
	closed int
	place  *Place
}

func (f *fakeServer) set(path, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.files == nil {
		f.files = make(map[string]string)
	}
	f.files[path] = body
}

func (f *fakeServer) fetch(ctx context.Context, r Request) (*Response, error) {
	path := strings.TrimPrefix(r.Link.Path, "/")
	name := path
	if r.From > 0 || r.Size > 0 {
		name += fmt.Sprintf(" %d+%d", r.From, r.Size)
	}
	f.mu.Lock()
	f.asked, f.times = append(f.asked, name), append(f.times, time.Now())
	if b := f.bodies[path]; b != nil {
		f.mu.Unlock()
		return &Response{ReadCloser: b, Link: r.Link, Length: -1}, nil
	}
	body, ok := f.files[path]
	answer, rate := f.answer, f.rate
	f.mu.Unlock()
	if answer != nil {
		if s, err := answer(path); err != nil {
			return nil, media.At(media.RungReply, err)
		} else if s != "" {
			body, ok = s, true
		}
	}
	if !ok {
		return nil, media.At(media.RungReply, statusError(404))
	}
	body = body[min(r.From, int64(len(body))):]
	if r.Size > 0 {
		body = body[:min(r.Size, int64(len(body)))]
	}
	return &Response{ReadCloser: &fakeBody{ctx, strings.NewReader(body), rate}, Link: r.Link, Length: -1}, nil
}

// fakeBody comes at a rate.
type fakeBody struct {
	ctx  context.Context
	r    io.Reader
	rate int
}

func (b *fakeBody) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	if b.rate > 0 {
		p = p[:min(len(p), max(1, b.rate/10))]
		n, err := b.r.Read(p)
		if wait := wait(b.ctx, time.Duration(n)*time.Second/time.Duration(b.rate)); wait != nil {
			return n, wait
		}
		return n, err
	}
	return b.r.Read(p)
}

func (b *fakeBody) Close() error { return nil }

// told gathers events.
type told struct {
	mu     sync.Mutex
	events []media.Event
}

func (t *told) event(e media.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, e)
}

func (t *told) notes() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var notes []string
	for _, e := range t.events {
		if n, ok := e.(media.Note); ok {
			notes = append(notes, n.Text)
		}
	}
	return strings.Join(notes, "; ")
}

// open opens a playlist of f.
func (f *fakeServer) open(t *testing.T, path string, events *told) (*Session, error) {
	t.Helper()
	a, err := address.Parse("http://server/" + path)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := f.fetch(t.Context(), Request{Link: a})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp)
	if err != nil {
		t.Fatal(err)
	}
	return f.openBody(t, path, string(body), events)
}

func (f *fakeServer) openBody(t *testing.T, path, body string, events *told) (*Session, error) {
	t.Helper()
	a, err := address.Parse("http://server/" + path)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Fetch: f.fetch, Status: fakeStatus, Place: f.place, sniff: fakeSniff, titleOf: func(b []byte) (string, bool) { return string(b), true }, Close: func() error { f.closed++; return nil }}
	if events != nil {
		cfg.Trace = events.event
	}
	s, err := Open(t.Context(), Source{Link: a, Body: []byte(body)}, cfg)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

func (f *fakeServer) mustOpen(t *testing.T, path string, events *told) *Session {
	t.Helper()
	s, err := f.open(t, path, events)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// seen is what came out of a session.
type seen struct {
	chunks  []media.Chunk
	packets []string // "v 1000", by the container's time
	inits   int
	at      []time.Time
}

var packetText = regexp.MustCompile(`<([va] \d+)>`)

// take reads n chunks, or until the end.
func (g *seen) take(ctx context.Context, s *Session, until func() bool) error {
	for until == nil || !until() {
		c, err := s.Next(ctx)
		if err != nil {
			return err
		}
		if c.Init != nil {
			g.inits++
		}
		for _, m := range packetText.FindAllSubmatch(c.Data, -1) {
			g.packets = append(g.packets, string(m[1]))
		}
		c.Data = bytes.Clone(c.Data)
		g.chunks = append(g.chunks, c)
		g.at = append(g.at, time.Now())
	}
	return nil
}

// track is the times of one track's packets, in ms.
func (g *seen) track(kind string) []int {
	var times []int
	for _, p := range g.packets {
		if rest, ok := strings.CutPrefix(p, kind+" "); ok {
			n, _ := strconv.Atoi(rest)
			times = append(times, n)
		}
	}
	return times
}

// last is the time of the newest chunk.
func (g *seen) last() time.Duration {
	if len(g.chunks) == 0 {
		return 0
	}
	return g.chunks[len(g.chunks)-1].Time
}
