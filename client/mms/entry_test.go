package mms

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/media"
)

// entryOf is another programme of a server's playlist.
func entryOf(sh shape) *programme {
	return &programme{way: overTCP, proto: "tcp", header: headerOf(sh), broadcast: sh.live, seekable: !sh.live, duration: sh.length}
}

func packetsOf(play, from, n int, on ...int) []item {
	var set [128]bool
	for _, s := range on {
		set[s] = true
	}
	var items []item
	for i := from; i < from+n; i++ {
		items = append(items, item{play: play, id: uint32(i), packet: filmPacket(i, time.Duration(i)*testStep, &set)})
	}
	return items
}

func TestNextEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var titles []media.Title
		l := newFake(shape{title: "One", length: 2 * time.Second})
		l.count = 0
		s := over(t, l, Config{Trace: func(e media.Event) {
			if e, ok := e.(media.Title); ok {
				titles = append(titles, e)
			}
		}})
		c := &checker{t: t, s: s}
		c.until(1900 * time.Millisecond)
		l.stop(t.Context())
		l.send(item{play: 1, header: entryOf(shape{title: "Two", length: 8 * time.Second}), chose: true})
		m := c.until(2 * time.Second) // once it was asked for
		if m.Init == nil || m.Seek != 0 || m.Time > 2100*time.Millisecond || len(l.plays) != 2 || l.plays[1].from != 0 || l.plays[1].packet != 0 {
			t.Errorf("at %v, seek %d, plays %+v", m.Time, m.Seek, l.plays)
		}
		base := m.Time
		if at, _ := first(t, m); at != m.Time+m.Origin {
			t.Errorf("at %v, time %v, origin %v", at, m.Time, m.Origin)
		}
		if len(titles) != 1 || titles[0] != (media.Title{Text: "Two", Time: base}) || s.Info().Title != "One" {
			t.Errorf("%+v, %q", titles, s.Info().Title)
		}
		if got := s.Info().Duration; got != base+8*time.Second {
			t.Errorf("%v long", got)
		}
		// Places are those of the session.
		at, err := s.Seek(t.Context(), base+3*time.Second)
		if err != nil || at != base+3*time.Second || l.plays[2].from != 3*time.Second {
			t.Errorf("%v, %v: %+v", at, err, l.plays)
		}
		m = c.until(0)
		if at, _ := first(t, m); at != m.Time+m.Origin || m.Seek != 1 {
			t.Errorf("at %v, time %v, origin %v", at, m.Time, m.Origin)
		}
	})
}

// Over TCP the server sends on at once, the streams of its own choice.
func TestStrangeChoice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{live: true})
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		c.until(time.Second)
		l.stop(t.Context())
		l.send(append([]item{{play: 1, header: entryOf(shape{live: true, videos: []int{800_000, 300_000}})}},
			packetsOf(1, 0, 100, audioStream, lowStream)...)...)
		m := c.until(1100 * time.Millisecond)
		if m.Init == nil || !m.Key || video(t, m) != lowStream {
			t.Errorf("stream %d, header %v", video(t, m), m.Init != nil)
		}
		synctest.Wait()
		if len(l.changes) != 0 {
			t.Errorf("told %+v", l.changes)
		}
	})
}

func TestChangesWithoutMedia(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{live: true})
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		c.until(time.Second)
		l.stop(t.Context())
		for range maxChange + 1 {
			l.send(item{play: 1, header: entryOf(shape{live: true})})
		}
		var err error
		for err == nil {
			_, err = c.next(t.Context())
		}
		if !errors.Is(err, ErrProtocol) {
			t.Error(err)
		}
	})
}

func TestEntryRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{live: true})
		l.refuse = func(n int, _ request) error {
			if n > 1 {
				return &ServerError{"play", 0xC00D145E}
			}
			return nil
		}
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		c.until(time.Second)
		l.stop(t.Context())
		l.send(item{play: 1, header: entryOf(shape{live: true}), chose: true})
		var err error
		for err == nil {
			_, err = c.next(t.Context())
		}
		if err.Error() != "mms: the next entry: mms: play: the stream is stopped on the server" || ClassOf(err) != Missing {
			t.Error(err)
		}
	})
}

func TestEncoderRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{live: true})
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		c.until(10 * time.Second)
		l.stop(t.Context())
		l.send(packetsOf(1, 5, 100, audioStream, highStream)...) // its times count anew
		m := c.until(10*time.Second + 50*time.Millisecond)
		if at, _ := first(t, m); m.Init == nil || !m.Key || m.Time > 10200*time.Millisecond || at != m.Time+m.Origin {
			t.Errorf("at %v, time %v, origin %v", at, m.Time, m.Origin)
		}
	})
}

func TestElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{filename: "mms://other.example/b", silent: true, videos: []int{}})
		l.prog.public = true
		_, err := openFake(t, "mmst://host/film", Config{}, func(route) (link, error) { return l, nil })
		if r, ok := errors.AsType[*RedirectError](err); !ok || r.Link != "mms://other.example/b" || !r.Public {
			t.Errorf("%v", err)
		}
	})
}

func TestNoMedia(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(l *fakeLink)
		rung  media.Rung
		under error
	}{
		{"no ASF", func(l *fakeLink) { l.prog.header = []byte("<html>") }, media.RungContainer, asf.ErrFormat},
		{"no header", func(l *fakeLink) { l.prog.header = nil }, media.RungContainer, asf.ErrFormat},
		{"packets of no size", func(l *fakeLink) {
			size := u32(testSize)
			l.prog.header = bytes.Replace(l.prog.header, append(size, size...), make([]byte, 8), 1)
		}, media.RungContainer, nil},
		{"an end at once", func(l *fakeLink) {
			l.count = 1
			l.pos = 1
			l.refuse = func(int, request) error { l.fails = io.EOF; return nil }
		}, media.RungTransport, ErrNoStream},
		{"nothing", func(l *fakeLink) { l.delay = time.Hour }, media.RungTransport, ErrSilent},
		{"nonsense", func(l *fakeLink) {
			l.packet = func(int, time.Duration, *[128]bool) []byte { return []byte{0xff, 0xff, 0xff} }
		}, media.RungTransport, nil},
		{"a refusal", func(l *fakeLink) { l.refuse = func(int, request) error { return &ServerError{"play", 0xC00D0BBD} } }, media.RungSession, ErrProtected},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newFake(shape{length: time.Minute})
				c.spoil(l)
				_, err := openFake(t, "mmst://host/film", Config{}, func(route) (link, error) { return l, nil })
				at, ok := errors.AsType[*media.RungError](err)
				if !ok || at.Rung != c.rung || c.under != nil && !errors.Is(err, c.under) {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// Pictures that the header names and nobody sends are not waited for forever,
// nor is a key picture that does not come.
func TestKeyless(t *testing.T) {
	for _, c := range []struct {
		name string
		on   []int
		took time.Duration
	}{
		{"no picture", []int{audioStream}, pictureWait},
		{"no key picture", []int{audioStream, highStream}, keyWait},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newFake(shape{live: true})
			l.packet = func(i int, send time.Duration, _ *[128]bool) []byte {
				on := [128]bool{}
				for _, n := range c.on {
					on[n] = true
				}
				return filmPacket(i*testGOP+1, send, &on)
			}
			began := time.Now()
			s := over(t, l, Config{Timeouts: Timeouts{Attempt: time.Minute}})
			if took := time.Since(began); took < c.took || took > c.took+time.Second {
				t.Errorf("%s: open after %v", c.name, took)
			}
			k := &checker{t: t, s: s}
			if m, err := k.next(t.Context()); err != nil || m.Time != 0 {
				t.Errorf("%s: %v at %v", c.name, err, m.Time)
			}
			k.until(5 * time.Second)
		})
	}
}

func TestSoundAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{live: true, videos: []int{}})
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		c.until(10 * time.Second)
		keys := 0
		for _, m := range c.all {
			if m.Key {
				keys++
			}
		}
		if want := int(10 * time.Second / keyGap); keys < want-1 || keys > want+2 {
			t.Errorf("%d points in 10 s", keys)
		}
	})
}
