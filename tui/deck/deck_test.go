package deck

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"tapedeck/player/playback"
	"tapedeck/playlist"
	"tapedeck/tui/theme"
)

var look = Look{Styles: theme.Default().Styles(true, colorprofile.TrueColor)}

var jumps = []struct {
	text string
	want playback.Intent // nil for no time
}{
	{"1:02:03", playback.SeekTo{To: time.Hour + 2*time.Minute + 3*time.Second}},
	{"2:03", playback.SeekTo{To: 2*time.Minute + 3*time.Second}},
	{" 90 ", playback.SeekTo{To: 90 * time.Second}},
	{"90.5", playback.SeekTo{To: 90500 * time.Millisecond}},
	{"0", playback.SeekTo{}},
	{"50%", playback.SeekPercent{Percent: 50}},
	{"12.5 %", playback.SeekPercent{Percent: 12.5}},
	{"+30", playback.SeekBy{By: 30 * time.Second}},
	{"-1:00", playback.SeekBy{By: -time.Minute}},
	{"−30", playback.SeekBy{By: -30 * time.Second}},
	{"Live", playback.GoLive{}},
	{"", nil}, {"abc", nil}, {":", nil}, {"1:", nil}, {"1:2:3:4", nil}, {"1:60", nil}, {"1.5:00", nil}, {"101%", nil},
	{"%", nil}, {"-", nil}, {"+-3", nil}, {"1e3", nil}, {"0x10", nil}, {"99999999", nil}, {"1..2", nil}, {"inf", nil},
}

func TestParseJump(t *testing.T) {
	for _, tt := range jumps {
		got, err := ParseJump(tt.text)
		if (tt.want == nil) != errors.Is(err, ErrJump) || tt.want != nil && got != tt.want {
			t.Errorf("%q: %#v, %v; want %#v", tt.text, got, err, tt.want)
		}
	}
}

func FuzzParseJump(f *testing.F) {
	for _, tt := range jumps {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseJump(text)
		switch to := got.(type) {
		case nil:
			if !errors.Is(err, ErrJump) {
				t.Errorf("%q: %v", text, err)
			}
		case playback.SeekTo:
			if to.To < 0 || to.To > maxJump*time.Second {
				t.Errorf("%q: %v", text, to.To)
			}
		case playback.SeekPercent:
			if !(to.Percent >= 0 && to.Percent <= 100) {
				t.Errorf("%q: %v", text, to.Percent)
			}
		}
	})
}

func TestLimits(t *testing.T) {
	entry := playlist.Entry{Name: "x", URL: "http://x"}
	tests := []struct {
		name  string
		state playback.State
		want  Limits // only whether a word is there is compared
	}{
		{"empty", playback.State{}, Limits{"x", "x", "x", "x", "x", "x"}},
		{"stopped", playback.State{Entry: entry}, Limits{"", "x", "x", "x", "x", "x"}},
		{"failed", playback.State{Entry: entry, Phase: playback.Failed}, Limits{"", "x", "x", "x", "x", "x"}},
		{"connecting", playback.State{Entry: entry, Phase: playback.Connecting}, Limits{"x", "x", "x", "x", "", ""}},
		{"a file", playback.State{Entry: entry, Phase: playback.Playing, Duration: 9}, Limits{"", "", "x", "", "", ""}},
		{"live", playback.State{Entry: entry, Phase: playback.Playing, Live: true, NoSeek: "x", NoPause: "x", NoRate: "x"}, Limits{"x", "x", "x", "x", "", ""}},
		{"live, paused", playback.State{Entry: entry, Phase: playback.Paused, Live: true, NoSeek: "x", NoPause: "x", NoRate: "x"}, Limits{"", "x", "", "x", "", ""}},
		{"live on tape", playback.State{Entry: entry, Phase: playback.Playing, Live: true, NoSeek: "x", TapeTo: 9, Behind: 3}, Limits{"", "", "", "", "", ""}},
	}
	for _, tt := range tests {
		got := reflect.ValueOf(Model{State: tt.state}.Limits())
		for i := range got.NumField() {
			if (got.Field(i).String() == "") != (reflect.ValueOf(tt.want).Field(i).String() == "") {
				t.Errorf("%s: %s is %q", tt.name, got.Type().Field(i).Name, got.Field(i))
			}
		}
	}
}

func lines(s playback.State, w, h int) []string {
	out := Model{State: s}.Lines(w, h, look)
	for i := range out {
		out[i] = strings.TrimRight(ansi.Strip(out[i]), " ")
	}
	return out
}

func TestLines(t *testing.T) {
	entry := playlist.Entry{Name: "Camera 7", URL: "rtsp://cam/7"}
	base := playback.State{Entry: entry, Volume: 80}
	with := func(change func(*playback.State)) playback.State {
		s := base
		change(&s)
		return s
	}
	tests := []struct {
		name  string
		state playback.State
		row   int
		want  string
	}{
		{"at live", with(func(s *playback.State) {
			s.Phase, s.Live, s.TapeTo = playback.Playing, true, time.Hour
			s.Position = time.Hour
		}), 2,
			"  01:00:00  ━━━━━━━━━━━━━━━━━●              ● live   vol 80"},
		{"live without a tape", with(func(s *playback.State) { s.Phase, s.Live, s.NoSeek = playback.Playing, true, "it is live" }), 2,
			"  00:00:00  ──────────────────              ● live   vol 80"},
		{"a length but no seek", with(func(s *playback.State) {
			s.Phase, s.NoSeek, s.Duration, s.Position = playback.Playing, "the server cannot", time.Minute, 30*time.Second
		}), 2, "  00:00:30  ━━━━━━━━━━━━━━━─────────────  00:01:00   vol 80"},
		{"muted", with(func(s *playback.State) { s.Phase, s.Muted, s.Duration = playback.Playing, true, time.Minute }), 2,
			"  00:00:00  ●───────────────────────────  00:01:00   muted"},
		{"no length", with(func(s *playback.State) { s.Phase = playback.Playing }), 2,
			"  00:00:00  ────────────────────────────  --:--:--   vol 80"},
		{"the whole tape is behind", with(func(s *playback.State) {
			s.Phase, s.Live, s.TapeFrom, s.TapeTo, s.Behind = playback.Paused, true, time.Minute, time.Hour, 59*time.Minute
		}), 2, "  00:00:00  ●─────────────────  −00:59:00   ○ live   vol 80"},
		{"buffering at first", with(func(s *playback.State) {
			s.Phase, s.Ladder = playback.Buffering, []playback.Step{{Name: "tcp", Took: 5 * time.Millisecond}}
		}), 2, "  tcp ✓ 5 ms · …"},
		{"buffering again", with(func(s *playback.State) {
			s.Phase, s.Ladder, s.Counts.Displayed = playback.Buffering, []playback.Step{{Name: "tcp"}}, 5
		}), 2, "  00:00:00  ────────────────────────────  --:--:--   vol 80"},
		{"ended", with(func(s *playback.State) { s.Phase, s.Duration, s.Position = playback.Ended, time.Minute, time.Minute }), 0, "■ Camera 7  ended"},
		{"what is missing, and what changed", with(func(s *playback.State) {
			s.Phase, s.Title, s.Note, s.Output = playback.Playing, "News", "went on over tcp", "no display: sound only"
		}), 1, "  News             went on over tcp · no display: sound only"},
		{"a long failure", with(func(s *playback.State) {
			s.Phase, s.Failure = playback.Failed, &playback.Failure{Message: strings.Repeat("word ", 60)}
		}), 3, "  word word word word word word word word word word word wo…"},
		{"a track that is not played", with(func(s *playback.State) {
			s.Phase, s.Protocol, s.Tracks = playback.Playing, "rtsp", []playback.Track{{Codec: "X-FOO", Problem: "payload"}, {Codec: "AAC"}}
		}), 0, "▶ Camera 7                                        rtsp · AAC"},
	}
	for _, tt := range tests {
		// The bar's line begins under the title; its own first blank is one more.
		want := tt.want
		if tt.row == 2 {
			want = strings.Replace(want, "  0", "  0", 1)
		}
		if got := lines(tt.state, 60, Rows)[tt.row]; got != want {
			t.Errorf("%s:\n%q, want\n%q", tt.name, got, want)
		}
	}
}

// Nothing moves from one second to the next.
func TestNothingJumps(t *testing.T) {
	s := playback.State{
		Phase: playback.Playing, Entry: playlist.Entry{Name: "x", URL: "http://x"}, Live: true, TapeTo: time.Second, Volume: 80,
		Tracks: []playback.Track{{Width: 2, Height: 2}}, Protocol: "rtsp", Transport: "udp",
	}
	s.Counts.Packets = 1
	column := func(s playback.State, row int, word string) int {
		line := lines(s, 100, Rows)[row]
		return ansi.StringWidth(line[:strings.Index(line, word)])
	}
	later := s
	later.Position, later.TapeTo, later.Behind, later.BitRate = 9*time.Hour, 10*time.Hour, time.Hour, 98_700_000
	later.Counts.Lost, later.Counts.Displayed, later.Volume = 123, 123_456, 100
	for _, at := range []struct {
		row  int
		word string
	}{{2, "live"}, {2, "vol"}, {3, "lost"}, {3, "reordered"}, {3, "shown"}, {3, "late"}, {3, "udp"}} {
		if a, b := column(s, at.row, at.word), column(later, at.row, at.word); a != b {
			t.Errorf("%s moves from column %d to %d", at.word, a, b)
		}
	}
	if a, b := (Model{State: s}).Bar(100, Rows), (Model{State: later}).Bar(100, Rows); a != b {
		t.Errorf("the bar moves from %+v to %+v", a, b)
	}
}
