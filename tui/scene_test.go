package tui

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"tapedeck/player/playback"
	"tapedeck/playlist"
)

// recorder is a deck that only writes down what it was asked for.
type recorder struct {
	mu    sync.Mutex
	asked []playback.Intent
}

func (r *recorder) Do(in playback.Intent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, in)
}

// drawer is a store in memory.
type drawer struct {
	favourites, recent []playlist.Entry
	err                error
}

func (d *drawer) Favourites() ([]playlist.Entry, error) { return slices.Clone(d.favourites), nil }
func (d *drawer) Recent() ([]playlist.Entry, error)     { return slices.Clone(d.recent), nil }

func (d *drawer) Toggle(e playlist.Entry) (bool, error) {
	if d.err != nil {
		return false, d.err
	}
	for i, f := range d.favourites {
		if f.URL == e.URL {
			d.favourites = slices.Delete(d.favourites, i, i+1)
			return false, nil
		}
	}
	d.favourites = append(d.favourites, e)
	return true, nil
}

func (d *drawer) SetCharset(url, label string) error {
	for i, f := range d.favourites {
		if f.URL == url {
			d.favourites[i] = f.WithCharset(label)
		}
	}
	return d.err
}

func (d *drawer) Played(e playlist.Entry, _ time.Time) error {
	d.recent = append([]playlist.Entry{e}, d.recent...)
	return nil
}

// stage is a screen that is driven by messages, as Bubble Tea does it, one
// after the other and with every command run to its end.
type stage struct {
	t     testing.TB
	m     Model
	deck  *recorder
	store *drawer
	out   []tea.Msg // what commands returned and is not ours: quit, clipboard
}

func newStage(t testing.TB, w, h int) *stage {
	s := &stage{t: t, deck: &recorder{}, store: &drawer{}}
	s.store.favourites = []playlist.Entry{smallList()[1], smallList()[5]}
	s.store.recent = []playlist.Entry{smallList()[2]}
	s.m = New(Config{Deck: s.deck, Store: s.store, Name: "news.m3u", Reading: true})
	s.send(tea.WindowSizeMsg{Width: w, Height: h})
	return s
}

func (s *stage) send(msgs ...tea.Msg) *stage {
	for _, msg := range msgs {
		next, cmd := s.m.Update(msg)
		s.m = next.(Model)
		s.run(cmd)
	}
	return s
}

func (s *stage) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			s.run(c)
		}
	case doneMsg:
		s.send(msg)
	default:
		s.out = append(s.out, msg)
	}
}

// keys presses keys by their names: "j", "enter", "ctrl+d", "shift+left".
func (s *stage) keys(names ...string) *stage {
	for _, n := range names {
		s.send(press(n))
	}
	return s
}

// text types the characters of a text.
func (s *stage) text(text string) *stage {
	for _, r := range text {
		s.send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return s
}

func press(name string) tea.KeyPressMsg {
	special := map[string]rune{
		"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "enter": tea.KeyEnter,
		"esc": tea.KeyEscape, "tab": tea.KeyTab, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome,
		"end": tea.KeyEnd, "backspace": tea.KeyBackspace, "delete": tea.KeyDelete,
	}
	var k tea.KeyPressMsg
	base := name
	for {
		mod, rest, ok := strings.Cut(base, "+")
		if !ok || rest == "" || mod == "" {
			break
		}
		k.Mod |= map[string]tea.KeyMod{"ctrl": tea.ModCtrl, "shift": tea.ModShift, "alt": tea.ModAlt}[mod]
		base = rest
	}
	switch code, ok := special[base]; {
	case ok:
		k.Code = code
	case base == "space":
		k.Code, k.Text = ' ', " "
	default:
		k.Code = []rune(base)[0]
		if k.Mod == 0 {
			k.Text = base
		}
	}
	return k
}

// asked is what the deck was asked for since the last call.
func (s *stage) asked() []playback.Intent {
	asked := s.deck.asked
	s.deck.asked = nil
	return asked
}

func (s *stage) wantAsked(want ...playback.Intent) {
	s.t.Helper()
	if got := s.asked(); !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
		s.t.Errorf("the deck was asked for %#v, want %#v", got, want)
	}
}

func (s *stage) wantNotice(part string) {
	s.t.Helper()
	if !strings.Contains(s.m.notice, part) || part == "" && s.m.notice != "" {
		s.t.Errorf("the notice is %q, want %q in it", s.m.notice, part)
	}
}

// smallList has what lists have: groups, accents, wide letters, a reserved
// link, an entry without a name, one without a group.
func smallList() []playlist.Entry {
	return []playlist.Entry{
		{Name: "BBC One HD", URL: "rtsp://tv.example/one", Group: "UK | News"},
		{Name: "BBC World Service", URL: "http://radio.example:8000/world", Group: "Radio"},
		{Name: "BBC Radio 4", URL: "http://radio.example/four", Group: "Radio"},
		{Name: "BBC Arabic بي بي سي", URL: "mms://wm.example/arabic", Group: "News"},
		{Name: "Old BBC clip", URL: "rtmp://$OPT:rtmp-raw=rtmp://cdn.example/app playpath=x", Group: "Flash"},
		{Name: "NHK ワールド 日本", URL: "https://nhk.example/live.ts", Group: "Asia"},
		{Name: "Zürich Hauptbahnhof Kamera 3, Gleis 7 und das ganze Vorfeld dahinter", URL: "rtsp://admin:secret@10.0.0.7/cam", Group: "Cameras"},
		{URL: "http://user:hunter2@10.0.0.9/stream.mp3?token=abc"},
		{Name: "Kids 👨‍👩‍👧 ❤️ TV", URL: "http://kids.example/1.ts", Group: "Kids"},
	}
}

func longList(n int) []playlist.Entry {
	groups := []string{"UK | News", "UK | Sports", "Radio", "Cameras", "Kids", "Movies", "Deutschland", "日本"}
	list := make([]playlist.Entry, n)
	for i := range list {
		list[i] = playlist.Entry{
			Name: fmt.Sprintf("Channel %d %s", i+1, []string{"BBC", "Nova", "Télé", "Arena"}[i%4]), Group: groups[i%len(groups)],
			URL: fmt.Sprintf("http://host%d.example:8080/live/user/pass/%d.ts", i%50, i),
		}
	}
	return list
}

func withList(s *stage) *stage {
	return s.send(BatchMsg{Entries: smallList(), Read: 900, Total: 900}, LoadedMsg{})
}

// The states of a deck.

func connecting() playback.State {
	s := playback.State{Phase: playback.Connecting, Entry: smallList()[0], Volume: 80}
	s.Attempt.URL, s.Attempt.Transport = "rtsp://tv.example/one", "udp"
	s.Ladder = []playback.Step{
		{Rung: "name", Name: "name", Took: 3 * time.Millisecond},
		{Rung: "tcp", Name: "tcp", Took: 12 * time.Millisecond},
		{Rung: "reply", Name: "describe", Took: 30 * time.Microsecond},
		{Rung: "session", Name: "setup udp", Took: 800 * time.Millisecond, Err: context.DeadlineExceeded},
		{Rung: "session", Name: "setup tcp", Took: 9 * time.Millisecond},
	}
	return s
}

func onDemand() playback.State {
	s := playback.State{
		Phase: playback.Playing, Entry: smallList()[0], Volume: 80, Protocol: "rtsp", Transport: "tcp",
		Duration: 40 * time.Minute, Position: 12*time.Minute + 41*time.Second, BitRate: 2_437_000,
		Tracks: []playback.Track{
			{Kind: 1, Codec: "H.264", Width: 1920, Height: 1080},
			{ID: 1, Kind: 2, Codec: "AAC", SampleRate: 44100, Channels: 2},
		},
		Ladder: connecting().Ladder,
	}
	s.Counts.Packets, s.Counts.Lost, s.Counts.Reordered = 120_000, 3, 1
	s.Counts.Displayed, s.Counts.LostPictures, s.Counts.DecodedAudio = 19_025, 2, 32_000
	s.Attempt.URL, s.Attempt.Transport = "rtsp://tv.example/one", "tcp"
	return s
}

func liveRadio() playback.State {
	s := playback.State{
		Phase: playback.Playing, Entry: smallList()[1], Volume: 80, Protocol: "http", Transport: "http/1.1",
		Live: true, NoSeek: "the stream is live", Title: "The Newsroom: headlines at the hour",
		Position: 12*time.Minute + 41*time.Second, TapeFrom: 2 * time.Minute, TapeTo: 16*time.Minute + time.Second,
		Behind: 3*time.Minute + 20*time.Second, BitRate: 128_000,
		Tracks:    []playback.Track{{Kind: 2, Codec: "MP3", SampleRate: 44100, BitRate: 128_000}},
		Recording: &playback.Recording{Path: "/home/me/x.mp3", Bytes: 12_400_000, For: 13 * time.Minute},
	}
	s.Counts.DecodedAudio = 32_000
	return s
}

// radioTitles are heard behind live: the newest is still to come, the oldest
// fell off the tape.
func radioTitles() playback.State {
	s := liveRadio()
	at := time.Date(2026, 11, 3, 18, 40, 0, 0, time.UTC)
	for _, t := range []struct {
		text string
		from time.Duration
	}{
		{"Concert in the evening", 0}, {"Traffic", 4 * time.Minute}, {"", 6 * time.Minute},
		{"The Newsroom: headlines at the hour", 7 * time.Minute}, {"日本の音楽 – さくら", 13 * time.Minute},
		{"A title so long that no screen of eighty columns and hardly one of a hundred has room for it", 15 * time.Minute},
	} {
		s.Titles = append(s.Titles, playback.Title{Text: t.text, Came: at.Add(t.from), From: t.from})
	}
	return s
}

func failed() playback.State {
	s := playback.State{Phase: playback.Failed, Entry: smallList()[6], Volume: 80}
	s.Ladder = append(slices.Clone(connecting().Ladder[:2]), playback.Step{
		Rung: "reply", Name: "describe", Took: 4 * time.Millisecond, Err: errors.New("rtsp: describe: 401 Unauthorized"),
	})
	s.Failure = &playback.Failure{
		Rung: "reply", Message: "rtsp: 401 at describe: the camera wants a password", Hint: "press e to add one",
	}
	return s
}
