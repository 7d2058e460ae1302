package playlist

import (
	"bytes"
	"slices"
	"strings"
)

const (
	// Uncategorized is the group of entries without one, in a list with groups.
	Uncategorized = "Uncategorized"
	// maxQuery bounds what a filter looks for, in bytes.
	maxQuery = 256
	// maxFolded is how much of a name can be found, in bytes.
	maxFolded = 1 << 10
)

// Group is a group of a list and how many entries are in it.
type Group struct {
	Name  string
	Count int
}

// Index is a list made ready to be filtered as a person types, and its groups.
// It grows by Add while the list loads. It is not safe for concurrent use. The
// zero value is an empty index.
//
// Entries are known by their place, from 0, in the order in which they were
// added. Lists of places are ascending.
type Index struct {
	text []byte   // folded names, a line feed after each
	ends []uint32 // where in text the line feed of each entry is

	value   []uint32          // which of values each entry's Group is
	values  []groupValue      // the different Entry.Group
	byValue map[string]uint32 // places in values

	groups    []group
	byGroup   map[string]int // places in groups
	ungrouped []int32        // entries without a group
}

// groupValue is an Entry.Group, which may name several groups: "News;Kids".
type groupValue struct {
	folded []byte
	groups []int // places in Index.groups
}

type group struct {
	name    string
	members []int32
}

// Len is how many entries were added.
func (x *Index) Len() int { return len(x.ends) }

// Add adds the next entries of the list.
func (x *Index) Add(batch []Entry) {
	if x.byValue == nil {
		x.byValue, x.byGroup = map[string]uint32{}, map[string]int{}
	}
	for i := range batch {
		e := &batch[i]
		name := e.Name
		if name == "" {
			name = e.Title()
		}
		place := int32(len(x.ends))
		from := len(x.text)
		x.text = appendFolded(x.text, name)
		x.text = x.text[:min(len(x.text), from+maxFolded)]
		x.ends = append(x.ends, uint32(len(x.text)))
		x.text = append(x.text, '\n')

		value, ok := x.byValue[e.Group]
		if !ok {
			value = x.addValue(e)
		}
		x.value = append(x.value, value)
		groups := x.values[value].groups
		for _, g := range groups {
			x.groups[g].members = append(x.groups[g].members, place)
		}
		if len(groups) == 0 {
			x.ungrouped = append(x.ungrouped, place)
		}
	}
}

func (x *Index) addValue(e *Entry) uint32 {
	v := groupValue{folded: appendFolded(nil, e.Group)}
	for _, name := range e.Groups() {
		g, ok := x.byGroup[name]
		if !ok {
			g = len(x.groups)
			x.groups = append(x.groups, group{name: name})
			x.byGroup[name] = g
		}
		v.groups = append(v.groups, g)
	}
	place := uint32(len(x.values))
	x.values = append(x.values, v)
	x.byValue[e.Group] = place
	return place
}

// Groups are the list's groups in the order in which they were first seen, and
// Uncategorized last for what has none. A list without any group has none. An
// entry in several groups counts in each.
func (x *Index) Groups() []Group {
	if len(x.groups) == 0 {
		return nil
	}
	groups := make([]Group, 0, len(x.groups)+1)
	for _, g := range x.groups {
		groups = append(groups, Group{g.name, len(g.members)})
	}
	if len(x.ungrouped) > 0 {
		if i, ok := x.byGroup[Uncategorized]; ok {
			groups[i].Count += len(x.ungrouped)
		} else {
			groups = append(groups, Group{Uncategorized, len(x.ungrouped)})
		}
	}
	return groups
}

// InGroup are the entries of a group: something for Filter to look within. It
// is never nil, empty for a group that the list does not have, and must not be
// changed.
func (x *Index) InGroup(name string) []int32 {
	i, ok := x.byGroup[name]
	switch {
	case name != Uncategorized && ok:
		return x.groups[i].members
	case name == Uncategorized && ok:
		return merge(x.groups[i].members, x.ungrouped)
	case name == Uncategorized && len(x.groups) > 0:
		return x.ungrouped
	}
	return []int32{}
}

// Filter returns the entries that have every word of query in their name or
// group, in any order and case, accents or not. Where within is not nil, only
// its entries are looked at: a group's, or the last answer where the query only
// grew (Narrows). An empty query matches all. The answer is never nil.
func (x *Index) Filter(query string, within []int32) []int32 {
	words := words(query)
	if within == nil && len(words) > 0 {
		within = x.having(words[0])
		words = words[1:]
	} else if within == nil {
		within = make([]int32, x.Len())
		for i := range within {
			within[i] = int32(i)
		}
		return within
	}
	if len(words) == 0 {
		return append(make([]int32, 0, len(within)), within...)
	}
	looks := make([]look, len(words))
	for i, w := range words {
		looks[i] = look{[]byte(w), x.valuesHaving(w)}
	}
	matches := make([]int32, 0, len(within)/8+16)
	for _, i := range within {
		if x.matches(i, looks) {
			matches = append(matches, i)
		}
	}
	return matches
}

// look is a word and the group values that have it, nil where none has.
type look struct {
	word   []byte
	values []bool
}

func (x *Index) matches(i int32, looks []look) bool {
	from := uint32(0)
	if i > 0 {
		from = x.ends[i-1] + 1
	}
	name := x.text[from:x.ends[i]]
	for _, l := range looks {
		if !(l.values != nil && l.values[x.value[i]]) && !bytes.Contains(name, l.word) {
			return false
		}
	}
	return true
}

// having returns the entries that have word, by one search through the text of
// all names, which is several times faster than one search a name.
func (x *Index) having(word string) []int32 {
	values := x.valuesHaving(word)
	found := make([]int32, 0, 1024)
	w := []byte(word)
	next := 0 // first entry not looked at
	for next < len(x.ends) {
		from := 0
		if next > 0 {
			from = int(x.ends[next-1]) + 1
		}
		at := bytes.Index(x.text[from:], w)
		hit := len(x.ends)
		if at >= 0 {
			hit = next + entryAt(x.ends[next:], uint32(from+at))
		}
		if values != nil {
			for i := next; i < hit; i++ {
				if values[x.value[i]] {
					found = append(found, int32(i))
				}
			}
		}
		if hit < len(x.ends) {
			found = append(found, int32(hit))
		}
		next = hit + 1
	}
	return found
}

// entryAt is the first of ends that is not before pos. The next few are looked
// at first: hits of a short word are close together.
func entryAt(ends []uint32, pos uint32) int {
	for i := range min(8, len(ends)) {
		if ends[i] >= pos {
			return i
		}
	}
	i, _ := slices.BinarySearch(ends, pos)
	return i
}

func (x *Index) valuesHaving(word string) []bool {
	var having []bool
	w := []byte(word)
	for i := range x.values {
		if bytes.Contains(x.values[i].folded, w) {
			if having == nil {
				having = make([]bool, len(x.values))
			}
			having[i] = true
		}
	}
	return having
}

// Narrows reports whether whatever matches query also matched old, so that the
// answer to old is enough to look within.
func Narrows(old, query string) bool {
	now := words(query)
	for _, w := range words(old) {
		if !slices.ContainsFunc(now, func(n string) bool { return strings.Contains(n, w) }) {
			return false
		}
	}
	return true
}

// merge joins two ascending lists.
func merge(a, b []int32) []int32 {
	all := append(append(make([]int32, 0, len(a)+len(b)), a...), b...)
	slices.Sort(all)
	return all
}
