// Package keys is the key map: which key asks for which action, in which mode.
// The map is data: it can be changed by name (Rebind), is shown as it is
// (Rows), and does nothing by itself.
//
//	m := keys.Default()
//	err := m.Rebind("pause", []string{"p"})
//	action := m.Match(press)
package keys

import (
	"fmt"
	"slices"

	"charm.land/bubbles/v2/key"
)

// Action is something that a key asks for.
type Action uint8

const (
	None Action = iota
	Up
	Down
	HalfUp
	HalfDown
	PageUp
	PageDown
	Top
	Bottom
	Switch
	SwitchBack
	GroupPrevious
	GroupNext
	Filter
	Clear
	Play
	Pause
	Stop
	Next
	Previous
	Last
	Open
	Edit
	Back
	Forward
	BackLong
	ForwardLong
	Jump
	Live
	Faster
	Slower
	Record
	Mute
	Louder
	Softer
	Favourite
	Details
	Charset
	Titles
	Copy
	Help
	Quit
	Interrupt

	count
)

// Mode is what the keys mean now.
type Mode uint8

const (
	Browse    Mode = iota // the list and the deck
	Filtering             // a filter is being typed; the list can still be walked
	Typing                // a time or an address is being typed
	Reading               // a page is open: the keys, the details, the titles
)

type definition struct {
	action  Action
	name    string // for Rebind; empty for a key that stays
	section string
	help    string
	keys    []string
}

func definitions() []definition {
	const list, deck, tape, sound, other = "List", "Deck", "Tape", "Sound", "Program"
	return []definition{
		{Up, "up", list, "up", []string{"up", "k"}},
		{Down, "down", list, "down", []string{"down", "j"}},
		{HalfUp, "half-up", list, "half a page up", []string{"ctrl+u"}},
		{HalfDown, "half-down", list, "half a page down", []string{"ctrl+d"}},
		{PageUp, "page-up", list, "a page up", []string{"pgup"}},
		{PageDown, "page-down", list, "a page down", []string{"pgdown"}},
		{Top, "top", list, "first", []string{"g", "home"}},
		{Bottom, "bottom", list, "last", []string{"G", "end"}},
		{Switch, "switch", list, "between groups and channels", []string{"tab"}},
		{SwitchBack, "switch-back", list, "the same, backwards", []string{"shift+tab"}},
		{GroupPrevious, "previous-group", list, "the group before", []string{"["}},
		{GroupNext, "next-group", list, "the group after", []string{"]"}},
		{Filter, "filter", list, "filter as you type", []string{"/"}},
		{Clear, "clear", list, "clear filter, close page", []string{"esc"}},
		{Favourite, "favourite", list, "on the favourites, or off", []string{"f"}},
		{Details, "details", list, "details of the channel", []string{"i"}},
		{Charset, "charset", list, "charset of a favourite", []string{"c"}},

		{Play, "play", deck, "play what is chosen", []string{"enter"}},
		{Pause, "pause", deck, "pause, go on, or play again", []string{"space"}},
		{Stop, "stop", deck, "stop", []string{"s"}},
		{Next, "next", deck, "next channel of the list shown", []string{"n"}},
		{Previous, "previous", deck, "previous channel", []string{"p"}},
		{Last, "last", deck, "the channel played before", []string{"b"}},
		{Open, "open", deck, "open a typed or pasted address", []string{"o"}},
		{Edit, "edit", deck, "change the address and open it", []string{"e"}},

		{Back, "back", tape, "10 seconds back", []string{"left", "h"}},
		{Forward, "forward", tape, "10 seconds on", []string{"right", "l"}},
		{BackLong, "back-long", tape, "60 seconds back", []string{"shift+left", "H"}},
		{ForwardLong, "forward-long", tape, "60 seconds on", []string{"shift+right", "L"}},
		{Jump, "jump", tape, "jump to 1:02:03, 90, 50%, -30", []string{":", "t"}},
		{Live, "live", tape, "back to live", []string{"0"}},
		{Faster, "faster", tape, "faster: 2×, 4×, where it can", []string{">", "."}},
		{Slower, "slower", tape, "slower, then backwards", []string{"<", ","}},
		{Titles, "titles", tape, "what was on, and back to it", []string{"T"}},
		{Record, "record", tape, "start and stop recording", []string{"r"}},

		{Mute, "mute", sound, "sound off and on", []string{"m"}},
		{Louder, "louder", sound, "louder", []string{"+", "="}},
		{Softer, "softer", sound, "softer", []string{"-"}},

		{Copy, "copy", other, "copy the title that is on", []string{"y"}},
		{Help, "help", other, "all keys", []string{"?"}},
		{Quit, "quit", other, "quit", []string{"q"}},
		{Interrupt, "", other, "quit, from anywhere", []string{"ctrl+c"}},
	}
}

// Map is the key map. The zero value has no keys: start with Default.
type Map struct {
	bindings [count]key.Binding
}

// Default is the map that the program comes with.
func Default() Map {
	var m Map
	for _, d := range definitions() {
		m.bindings[d.action] = key.NewBinding(key.WithKeys(d.keys...), key.WithHelp(Show(d.keys), d.help))
	}
	return m
}

// Binding is the binding of one action.
func (m Map) Binding(a Action) key.Binding { return m.bindings[a] }

// Match is the action that the key press k asks for, None where it asks for
// nothing in the map's mode.
func (m Map) Match(k fmt.Stringer) Action {
	for a, b := range m.bindings {
		if key.Matches(k, b) {
			return Action(a)
		}
	}
	return None
}

// For returns the map with only the bindings of mode enabled.
func (m Map) For(mode Mode) Map {
	for a := range m.bindings {
		m.bindings[a].SetEnabled(in(mode, Action(a)))
	}
	return m
}

func in(mode Mode, a Action) bool {
	switch mode {
	case Filtering:
		return slices.Contains([]Action{Up, Down, PageUp, PageDown, Switch, Play, Clear, Interrupt}, a)
	case Typing:
		return slices.Contains([]Action{Play, Clear, Interrupt}, a)
	case Reading:
		return slices.Contains([]Action{Up, Down, HalfUp, HalfDown, PageUp, PageDown, Top, Bottom,
			Clear, Help, Details, Titles, Play, Charset, Pause, Copy, Mute, Louder, Softer, Quit, Interrupt}, a)
	case Browse:
	}
	return true
}

// Row is one line of the table of keys.
type Row struct {
	Section string
	Name    string // what a config file calls it; empty for a key that stays
	Keys    string // as they are shown: "←/h"
	Help    string
}

// Rows is the table of keys, in the order in which it is shown: the help page
// and the README are made from it.
func (m Map) Rows() []Row {
	var rows []Row
	for _, d := range definitions() {
		b := m.bindings[d.action]
		rows = append(rows, Row{Section: d.section, Name: d.name, Keys: b.Help().Key, Help: b.Help().Desc})
	}
	return rows
}
