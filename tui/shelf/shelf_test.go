package shelf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"tapedeck/playlist"
	"tapedeck/tui/theme"
)

func entries(names ...string) []playlist.Entry {
	list := make([]playlist.Entry, len(names))
	for i, n := range names {
		name, group, _ := strings.Cut(n, "/")
		list[i] = playlist.Entry{Name: name, Group: group, URL: "http://h/" + name}
	}
	return list
}

func names(m Model) string {
	var out []string
	for i := range m.Len() {
		out = append(out, m.At(i).Name)
	}
	return strings.Join(out, " ")
}

// groups are "name:count", the chosen one with a star.
func groups(m Model) string {
	var out []string
	for g := range m.groupCount() {
		mark := ""
		if g == m.group {
			mark = "*"
		}
		out = append(out, fmt.Sprintf("%s%s:%d", mark, m.groupName(g), m.groupSize(g)))
	}
	return strings.Join(out, " ")
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestGroups(t *testing.T) {
	m := New().Resize(10).Append(entries("a/X", "b/Y", "c", "d/X;Y"))
	want(t, "groups", groups(m), "Favourites:0 Recent:0 *All:4 X:2 Y:2 Uncategorized:1")
	m = m.MoveGroup(1)
	want(t, "X", names(m), "a d")
	m = m.MoveGroup(2)
	want(t, "the rest", names(m), "c")
	// More of the list comes: the chosen group stays chosen, though new ones
	// come before it.
	m = m.Append(entries("e/Z", "f"))
	want(t, "groups", groups(m), "Favourites:0 Recent:0 All:6 X:2 Y:2 Z:1 *Uncategorized:2")
	want(t, "the rest", names(m), "c f")
	m = m.MoveGroup(100).MoveGroup(-100)
	want(t, "the first", groups(m), "*Favourites:0 Recent:0 All:6 X:2 Y:2 Z:1 Uncategorized:2")
	m = m.SetFavourites(entries("b/Y"))
	want(t, "favourites", names(m), "b")
	if !m.Favourite(entries("b")[0]) || m.Favourite(entries("a")[0]) {
		t.Error("the favourite is another")
	}
	m = m.SetRecent(entries("a", "c")).MoveGroup(1)
	want(t, "recent", names(m), "a c")
}

func TestFilter(t *testing.T) {
	m := New().Resize(10).Append(entries("alpha/X", "beta/X", "gamma/Y", "alphabet/Y")).SetFavourites(entries("beta"))
	m = m.SetFilter("al")
	want(t, "al", names(m), "alpha alphabet")
	want(t, "groups", groups(m), "Favourites:0 Recent:0 *All:2 X:1 Y:1")
	want(t, "narrower", names(m.SetFilter("alphab")), "alphabet")
	want(t, "another", names(m.SetFilter("b")), "beta alphabet")
	want(t, "a group's name", names(m.SetFilter("y")), "gamma alphabet")
	m = m.MoveGroup(2)
	want(t, "in Y", names(m), "alphabet")
	m = m.Append(entries("almond/Y", "plum/Y"))
	want(t, "in Y, later", names(m), "alphabet almond")
	m = m.Move(1).SetFilter("")
	want(t, "without", names(m), "gamma alphabet almond plum")
	if e, _ := m.Chosen(); e.Name != "almond" {
		t.Errorf("%s is chosen", e.Name)
	}
	m = m.MoveGroup(-100).SetFilter("bet")
	want(t, "favourites", names(m), "beta")
	want(t, "nothing", names(m.SetFilter("zz")), "")
	if _, ok := m.SetFilter("zz").Chosen(); ok {
		t.Error("something is chosen of nothing")
	}
	want(t, "blanks find all", names(m.MoveGroup(2).SetFilter("  ")), "alpha beta gamma alphabet almond plum")
}

func TestStep(t *testing.T) {
	m := New().Resize(10).Append([]playlist.Entry{
		{Name: "a", URL: "u:a"}, {Name: "b", URL: "u:b"}, {Name: "r", URL: "rtmp://$OPT:rtmp-raw=x"},
		{Name: "a", URL: "u:a"}, {Name: "c", URL: "u:c"},
	})
	tests := []struct {
		cursor int
		from   string
		n      int
		want   int
	}{
		{0, "a", 1, 1}, {1, "b", 1, 3}, {3, "a", 1, 4}, {4, "c", 1, 0}, {0, "a", -1, 4}, {3, "a", -1, 1},
		{2, "b", 1, 3},  // the cursor went elsewhere: on from what plays
		{1, "zz", 1, 1}, // what plays is not shown: the chosen one
		{1, "zz", -1, 0},
	}
	for _, tt := range tests {
		at := m.Move(tt.cursor)
		next, ok := at.Step(playlist.Entry{Name: tt.from, URL: "u:" + tt.from}, tt.n)
		if !ok || next.cursor != tt.want {
			t.Errorf("%+v: row %d, %v", tt, next.cursor, ok)
		}
	}
	if _, ok := New().Step(playlist.Entry{}, 1); ok {
		t.Error("a step in an empty list")
	}
	only := New().Append([]playlist.Entry{{Name: "r", URL: "rtmp://$OPT:rtmp-raw=x"}})
	if _, ok := only.Step(playlist.Entry{}, 1); ok {
		t.Error("a reserved link was stepped on")
	}
}

func TestWindow(t *testing.T) {
	for _, tt := range []struct{ top, cursor, count, rows, want int }{
		{0, 0, 0, 10, 0}, {0, 9, 100, 10, 0}, {0, 10, 100, 10, 1}, {50, 10, 100, 10, 10}, {95, 99, 100, 10, 90},
		{0, 5, 6, 10, 0}, {3, 5, 6, 1, 5}, {0, 0, 5, 0, 1},
	} {
		if got := window(tt.top, tt.cursor, tt.count, tt.rows); got != tt.want && tt.rows > 0 {
			t.Errorf("%+v: %d", tt, got)
		}
	}
}

// The columns always fill the row, and no name is thinner than what is beside
// it.
func TestColumns(t *testing.T) {
	look := Look{Styles: theme.Default().Styles(true, colorprofile.TrueColor)}
	m := New().Resize(3).Append(entries("one/X", "two/Y")).Append([]playlist.Entry{{Name: "r", URL: "rtmp://$OPT:rtmp-raw=x"}})
	for w := 1; w < 200; w++ {
		for _, line := range append(m.ListLines(w, look), m.GroupLines(w, look)...) {
			if got := ansi.StringWidth(line); got != w {
				t.Fatalf("a row of %d is %d wide: %q", w, got, ansi.Strip(line))
			}
		}
		if c := arrange(w); c.group > 0 && c.name < c.group || c.protocol > 0 && c.name < c.protocol {
			t.Errorf("at %d: %+v", w, c)
		}
		if text := ansi.Strip(strings.Join(m.ListLines(w, look), "")); w >= 40 && !strings.Contains(text, reservedWord) {
			t.Errorf("at %d the reserved link is not marked: %q", w, text)
		}
	}
}

// TestSettle begins with the favourites, else with what was played, where there
// is no list.
func TestSettle(t *testing.T) {
	some := []playlist.Entry{{Name: "x", URL: "http://x"}}
	for _, c := range []struct {
		name string
		m    Model
		want string
	}{
		{"nothing", New(), "All"},
		{"recent", New().SetRecent(some), "Recent"},
		{"both", New().SetRecent(some).SetFavourites(some), "Favourites"},
		{"a list", New().Append(some).SetFavourites(some), "All"},
	} {
		if name, _ := c.m.Settle().Group(); name != c.want {
			t.Errorf("%s: %s", c.name, name)
		}
	}
}
