// Package shelf is the upper part of the screen: the groups at the left, the
// channels of the chosen group at the right, and the filter over them. It
// answers what is chosen; what to do with that is its caller's affair.
//
// The entries are kept once, whatever is shown of them: a group is a list of
// places, and so is what a filter found. Only visible rows are drawn.
package shelf

import (
	"slices"

	"tapedeck/playlist"
)

// Pane is the half that the arrow keys walk.
type Pane uint8

const (
	List Pane = iota
	Groups
)

// The groups that every list has, in their order.
const (
	favourites = iota
	recent
	all
	fixed // the first of the list's own
)

// Model is the state of the shelf. Its copies share the entries, which only
// grow: use the newest one.
type Model struct {
	lib  *library
	kept [all]kept // favourites and recent

	filter string
	found  []int32 // what the filter finds in the whole list, ascending
	counts []int   // how many of them are in each of the list's groups

	group  int     // the chosen group
	shown  []int32 // places shown of the group's entries; nil shows every one
	cursor int     // row of shown
	focus  Pane

	rows              int // height of the panes
	listTop, groupTop int
}

// library is the list as it was read.
type library struct {
	entries []playlist.Entry
	index   playlist.Index
	groups  []playlist.Group
}

// kept is a small list of entries that the program keeps itself.
type kept struct {
	entries []playlist.Entry
	index   *playlist.Index
	links   map[string]int // where each is in entries
	found   []int32
}

// New is an empty shelf that shows all channels.
func New() Model {
	m := Model{lib: &library{}, group: all}
	return m.SetFavourites(nil).SetRecent(nil)
}

// Append adds entries as they are read.
func (m Model) Append(entries []playlist.Entry) Model {
	from, at := len(m.lib.entries), m.ownGroup()
	m.lib.entries = append(m.lib.entries, entries...)
	m.lib.index.Add(entries)
	m.lib.groups = m.lib.index.Groups()
	if at != m.ownGroup() { // new groups come before the one for the rest
		m.group = fixed + slices.IndexFunc(m.lib.groups, func(g playlist.Group) bool { return g.Name == at })
	}
	if m.filter != "" {
		fresh := make([]int32, len(entries))
		for i := range fresh {
			fresh[i] = int32(from + i)
		}
		m.found = slices.Concat(m.found, m.lib.index.Filter(m.filter, fresh))
		m.tally()
	}
	m.show()
	return m
}

// ownGroup is the name of the chosen group where it is one of the list's own.
func (m Model) ownGroup() string {
	if m.group < fixed {
		return ""
	}
	return m.lib.groups[m.group-fixed].Name
}

// SetFavourites and SetRecent replace what those groups hold.
func (m Model) SetFavourites(entries []playlist.Entry) Model { return m.keep(favourites, entries) }
func (m Model) SetRecent(entries []playlist.Entry) Model     { return m.keep(recent, entries) }

func (m Model) keep(which int, entries []playlist.Entry) Model {
	k := kept{entries: entries, index: &playlist.Index{}, links: make(map[string]int, len(entries))}
	k.index.Add(entries)
	for i, e := range entries {
		k.links[e.URL] = i
	}
	k.found = k.index.Filter(m.filter, nil)
	m.kept[which] = k
	m.show()
	return m
}

// Settle shows the favourites, or else what was played before, where the list
// itself is empty and shown.
func (m Model) Settle() Model {
	if m.group != all || len(m.lib.entries) > 0 {
		return m
	}
	for _, g := range []int{favourites, recent} {
		if len(m.kept[g].entries) > 0 {
			return m.setGroup(g)
		}
	}
	return m
}

// Favourite reports whether e is on the favourites.
func (m Model) Favourite(e playlist.Entry) bool {
	_, ok := m.Kept(e)
	return ok
}

// Kept is the favourite with e's link, as the favourites have it.
func (m Model) Kept(e playlist.Entry) (kept playlist.Entry, ok bool) {
	k := m.kept[favourites]
	i, ok := k.links[e.URL]
	if !ok {
		return kept, false
	}
	return k.entries[i], true
}

// Recent is what was played before, the latest first.
func (m Model) Recent() []playlist.Entry { return m.kept[recent].entries }

// Filter is the filter in force.
func (m Model) Filter() string { return m.filter }

// SetFilter shows only what has all words of filter in its name or group. The
// first one found is chosen; where the filter is taken away the chosen entry
// stays chosen.
func (m Model) SetFilter(filter string) Model {
	place, had := m.place(), m.filter
	m.filter = filter
	if filter == "" {
		m.found, m.counts = nil, nil
	} else {
		within := m.found
		if had == "" || !playlist.Narrows(had, filter) {
			within = nil
		}
		m.found = m.lib.index.Filter(filter, within)
		m.tally()
	}
	for i := range m.kept {
		m.kept[i].found = m.kept[i].index.Filter(filter, nil)
	}
	m.cursor, m.listTop = 0, 0
	m.show()
	if filter == "" {
		m.choose(place)
	}
	return m
}

// tally counts what was found in each of the list's groups.
func (m *Model) tally() {
	found := m.foundSet()
	m.counts = make([]int, len(m.lib.groups))
	for g := range m.counts {
		for _, i := range m.members(g) {
			if found[i] {
				m.counts[g]++
			}
		}
	}
}

func (m *Model) foundSet() []bool {
	set := make([]bool, len(m.lib.entries))
	for _, i := range m.found {
		set[i] = true
	}
	return set
}

// members are the entries of one of the list's own groups.
func (m *Model) members(g int) []int32 { return m.lib.index.InGroup(m.lib.groups[g].Name) }

// show makes the rows of the chosen group.
func (m *Model) show() {
	filtered := m.filter != ""
	switch {
	case m.group < all && filtered:
		m.shown = m.kept[m.group].found
	case m.group == all && filtered:
		m.shown = m.found
	case m.group <= all:
		m.shown = nil
	case !filtered:
		m.shown = m.members(m.group - fixed)
	default:
		found := m.foundSet()
		m.shown = make([]int32, 0, m.counts[m.group-fixed])
		for _, i := range m.members(m.group - fixed) {
			if found[i] {
				m.shown = append(m.shown, i)
			}
		}
	}
	m.scroll()
}

// source is where the positions of the chosen group point to.
func (m Model) source() []playlist.Entry {
	if m.group < all {
		return m.kept[m.group].entries
	}
	return m.lib.entries
}

// Len is the number of rows shown, Total the number of entries in the list.
func (m Model) Len() int {
	if m.shown == nil {
		return len(m.source())
	}
	return len(m.shown)
}

func (m Model) Total() int { return len(m.lib.entries) }

// Row is the number of the chosen row, from 0.
func (m Model) Row() int { return m.cursor }

// At is the entry in row i of what is shown.
func (m Model) At(i int) playlist.Entry {
	if m.shown == nil {
		return m.source()[i]
	}
	return m.source()[m.shown[i]]
}

// place is where the chosen row is in its source; -1 where there is none.
func (m Model) place() int {
	switch {
	case m.cursor >= m.Len():
		return -1
	case m.shown == nil:
		return m.cursor
	}
	return int(m.shown[m.cursor])
}

// choose puts the cursor on a place of the source, if it is shown.
func (m *Model) choose(place int) {
	row, ok := place, place >= 0
	if ok && m.shown != nil {
		row, ok = slices.BinarySearch(m.shown, int32(place))
	}
	if ok {
		m.cursor = row
		m.scroll()
	}
}
