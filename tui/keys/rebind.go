package keys

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// UnknownError says that there is no such action or no such key.
type UnknownError struct {
	What string // "action" or "key"
	Name string
}

func (e *UnknownError) Error() string { return fmt.Sprintf("keys: no %s is called %q", e.What, e.Name) }

// ConflictError says that a key is taken.
type ConflictError struct {
	Key   string
	Name  string // the action that was to get it
	Owner string // the action that has it
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("keys: %q cannot be %q: it is %q already", e.Key, e.Name, e.Owner)
}

// Rebind gives the action called name the given keys and takes its old ones
// away; with no keys it has none. Nothing changes when there is an error: an
// *UnknownError or a *ConflictError.
//
// A key is written as the terminal reports it: "p", "P", "space", "ctrl+d",
// "shift+left", "f5".
func (m *Map) Rebind(name string, keys []string) error {
	return m.RebindAll(map[string][]string{name: keys})
}

// RebindAll changes several actions at once, so that two of them can change
// places. Nothing changes when there is an error.
func (m *Map) RebindAll(changes map[string][]string) error {
	next := *m
	names := make(map[string]Action)
	for _, d := range definitions() {
		if d.name != "" {
			names[d.name] = d.action
		}
	}
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		list := changes[name]
		a, ok := names[name]
		if !ok {
			return &UnknownError{What: "action", Name: name}
		}
		normal := make([]string, len(list))
		for i, k := range list {
			if normal[i], ok = normalise(k); !ok {
				return &UnknownError{What: "key", Name: k}
			}
		}
		next.bindings[a].SetKeys(normal...)
		next.bindings[a].SetHelp(Show(normal), next.bindings[a].Help().Desc)
	}
	if err := next.conflict(changes); err != nil {
		return err
	}
	*m = next
	return nil
}

// conflict finds a key that two actions have; it blames the one that changed.
func (m *Map) conflict(changed map[string][]string) error {
	owner := make(map[string]string)
	for _, d := range definitions() {
		name := d.name
		if name == "" {
			name = d.help
		}
		for _, k := range m.bindings[d.action].Keys() {
			first, taken := owner[k]
			if !taken {
				owner[k] = name
				continue
			}
			if _, ok := changed[name]; !ok {
				first, name = name, first
			}
			return &ConflictError{Key: k, Name: name, Owner: first}
		}
	}
	return nil
}

var special = []string{"up", "down", "left", "right", "enter", "esc", "tab", "space", "backspace", "delete",
	"insert", "home", "end", "pgup", "pgdown",
	"f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12"}

// normalise writes a key as the terminal reports it; ok is false for what is
// no key.
func normalise(k string) (normal string, ok bool) {
	switch k {
	case " ":
		return "space", true
	case "+", "-":
		return k, true
	}
	parts := strings.Split(k, "+")
	if strings.HasSuffix(k, "++") { // ctrl and plus
		parts = append(strings.Split(strings.TrimSuffix(k, "++"), "+"), "+")
	}
	base, mods := parts[len(parts)-1], parts[:len(parts)-1]
	r, size := utf8.DecodeRuneInString(base)
	printing := base != "" && size == len(base) && r != utf8.RuneError && unicode.IsPrint(r) && r != ' '
	if !printing && !slices.Contains(special, base) {
		return "", false
	}
	if printing && len(mods) == 1 && mods[0] == "shift" { // reported as the character it types
		return string(unicode.ToUpper(r)), true
	}
	var ordered []string
	for _, mod := range []string{"ctrl", "alt", "shift"} { // the order in which they are reported
		if i := slices.Index(mods, mod); i >= 0 {
			ordered, mods = append(ordered, mod), slices.Delete(slices.Clone(mods), i, i+1)
		}
	}
	if len(mods) > 0 {
		return "", false
	}
	return strings.Join(append(ordered, base), "+"), true
}

// Show is how keys are shown: "←/h".
func Show(keys []string) string {
	shown := make([]string, len(keys))
	for i, k := range keys {
		mods, base := "", k
		if at := strings.LastIndexByte(k[:max(len(k)-1, 0)], '+'); at >= 0 {
			mods, base = k[:at+1], k[at+1:]
		}
		if arrow, ok := map[string]string{"up": "↑", "down": "↓", "left": "←", "right": "→"}[base]; ok {
			base = arrow
		}
		shown[i] = mods + base
	}
	return strings.Join(shown, "/")
}
