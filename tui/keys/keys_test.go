package keys

import (
	"errors"
	"slices"
	"testing"
)

type pressed string

func (p pressed) String() string { return string(p) }

// Every action has one definition, its own name and keys of its own.
func TestDefinitions(t *testing.T) {
	names, owners := map[string]bool{}, map[string]string{}
	actions := map[Action]bool{}
	for _, d := range definitions() {
		if d.help == "" || len(d.keys) == 0 || d.section == "" || actions[d.action] {
			t.Errorf("%+v is not whole, or there twice", d)
		}
		actions[d.action] = true
		if d.name != "" && names[d.name] {
			t.Errorf("two actions are called %q", d.name)
		}
		names[d.name] = true
		for _, k := range d.keys {
			if normal, ok := normalise(k); !ok || normal != k {
				t.Errorf("%s: %q is no key that a terminal reports", d.name, k)
			}
			if owners[k] != "" {
				t.Errorf("%q is %s and %s", k, owners[k], d.name)
			}
			owners[k] = d.name
			if got := Default().Match(pressed(k)); got != d.action {
				t.Errorf("%q asks for %d, want %d", k, got, d.action)
			}
		}
	}
	if len(actions) != int(count)-1 {
		t.Errorf("%d actions are defined of %d", len(actions), count-1)
	}
}

func TestRebind(t *testing.T) {
	m := Default()
	if err := m.Rebind("pause", []string{"P", " ", "ctrl+p"}); err != nil {
		t.Fatal(err)
	}
	for _, k := range []pressed{"P", "space", "ctrl+p"} {
		if m.Match(k) != Pause {
			t.Errorf("%q does not pause", k)
		}
	}
	if err := m.Rebind("stop", nil); err != nil || m.Match(pressed("s")) != None {
		t.Errorf("stop still has a key: %v", err)
	}
	rows := m.Rows()
	if i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == "pause" }); rows[i].Keys != "P/space/ctrl+p" {
		t.Errorf("the table says %q", rows[i].Keys)
	}
	if d := Default(); d.Match(pressed("P")) != None {
		t.Error("the default changed")
	}
}

func TestRebindErrors(t *testing.T) {
	var unknown *UnknownError
	var conflict *ConflictError
	tests := []struct {
		name   string
		keys   []string
		target any
		want   string
	}{
		{"dance", []string{"d"}, &unknown, `keys: no action is called "dance"`},
		{"", []string{"d"}, &unknown, `keys: no action is called ""`},
		{"pause", []string{"spacebar"}, &unknown, `keys: no key is called "spacebar"`},
		{"pause", []string{""}, &unknown, `keys: no key is called ""`},
		{"pause", []string{"ctrl+"}, &unknown, `keys: no key is called "ctrl+"`},
		{"pause", []string{"cmd+x"}, &unknown, `keys: no key is called "cmd+x"`},
		{"pause", []string{"space", "q"}, &conflict, `keys: "q" cannot be "pause": it is "quit" already`},
		{"up", []string{"ctrl+c"}, &conflict, `keys: "ctrl+c" cannot be "up": it is "quit, from anywhere" already`},
		{"quit", []string{"k"}, &conflict, `keys: "k" cannot be "quit": it is "up" already`},
	}
	for _, tt := range tests {
		m := Default()
		err := m.Rebind(tt.name, tt.keys)
		if err == nil || err.Error() != tt.want || !errors.As(err, tt.target) {
			t.Errorf("%s %v: %v, want %s", tt.name, tt.keys, err, tt.want)
		}
		if m.Match(pressed("space")) != Pause || m.Match(pressed("k")) != Up {
			t.Errorf("%s %v: the map changed", tt.name, tt.keys)
		}
	}
}

func TestRebindAllSwaps(t *testing.T) {
	m := Default()
	if err := m.RebindAll(map[string][]string{"next": {"p"}, "previous": {"n"}}); err != nil {
		t.Fatal(err)
	}
	if m.Match(pressed("p")) != Next || m.Match(pressed("n")) != Previous {
		t.Error("they did not change places")
	}
}

func TestNormalise(t *testing.T) {
	for in, want := range map[string]string{
		"+": "+", "-": "-", "ctrl++": "ctrl++", "alt+ctrl+x": "ctrl+alt+x", "shift+left": "shift+left", "shift+a": "A",
		"é": "é", "F5": "", "f5": "f5", "ab": "", "ctrl+ctrl+x": "", "\x1b": "",
	} {
		if got, ok := normalise(in); got != want || ok != (want != "") {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestModes(t *testing.T) {
	tests := []struct {
		mode Mode
		key  pressed
		want Action
	}{
		{Browse, "q", Quit}, {Browse, "enter", Play},
		{Filtering, "q", None}, {Filtering, "up", Up}, {Filtering, "esc", Clear}, {Filtering, "ctrl+c", Interrupt},
		{Typing, "up", None}, {Typing, "enter", Play}, {Typing, "ctrl+c", Interrupt},
		{Reading, "enter", Play}, {Reading, "f", None}, {Reading, "j", Down}, {Reading, "q", Quit}, {Reading, "space", Pause},
	}
	for _, tt := range tests {
		if got := Default().For(tt.mode).Match(tt.key); got != tt.want {
			t.Errorf("mode %d: %q asks for %d, want %d", tt.mode, tt.key, got, tt.want)
		}
	}
	if m := Default().For(Typing).For(Browse); m.Match(pressed("q")) != Quit {
		t.Error("a mode cannot be left")
	}
}
