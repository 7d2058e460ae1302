package asf

import "strings"

// Limits of the lists in a header.
const (
	maxExclusions = 256
	maxLanguages  = 256
	maxCodecs     = 256
)

// exclusion reads which streams exclude one another (sections 3.8, 4.3 and
// 4.4). Of groups, any stream of one excludes all of the others, which is told
// pair by pair.
//
//	24 type(16) | 40 streams(2) | numbers(2 each)
//	24 type(16) | 40 groups(2) | { streams(2) numbers(2 each) } ...
func (r *reading) exclusion(id guid, o []byte) {
	if len(o) < exclusionHead {
		return
	}
	var by ExclusionKind
	switch guid(o[24:40]) {
	case byBitrate:
		by = Bitrate
	case byLanguage:
		by = Language
	}
	add := func(streams []int) {
		if streams = distinct(streams); len(streams) > 1 && len(r.Exclusions) < maxExclusions {
			r.Exclusions = append(r.Exclusions, Exclusion{by, streams})
		}
	}
	f := fields(o, 40)
	n := f.u16()
	if id != groupExclusion {
		add(f.streams(n))
		return
	}
	var before []int
	for range n {
		group := distinct(f.streams(f.u16()))
		for _, a := range before {
			for _, b := range group {
				add([]int{a, b})
			}
		}
		before = distinct(append(before, group...))
		if f.broken || len(r.Exclusions) == maxExclusions {
			return
		}
	}
}

const exclusionHead = 42

// distinct leaves out what was there before.
func distinct(list []int) []int {
	var seen [MaxStream + 1]bool
	kept := list[:0]
	for _, n := range list {
		if !seen[n] {
			seen[n] = true
			kept = append(kept, n)
		}
	}
	return kept
}

// prioritization reads the order of the streams, the most important first
// (section 4.9).
//
//	24 streams(2) | { number(2) flags(2) } ...
func (r *reading) prioritization(o []byte) {
	f := fields(o, objectHead)
	for range f.u16() {
		number := f.u16()
		if f.u16(); f.broken || len(r.ranks) > MaxStream {
			return
		}
		r.ranks = append(r.ranks, number)
	}
}

// streamBitrates reads the rates of the streams (section 3.12).
//
//	24 streams(2) | { flags(2): number(7 bits) | bit rate(4) } ...
func (r *reading) streamBitrates(o []byte) {
	f := fields(o, objectHead)
	for range f.u16() {
		number, v := f.u16()&0x7f, f.number(4)
		if f.broken {
			return
		}
		r.rates[number] = rate(v)
	}
}

// languageList reads the names of the languages that others refer to by their
// places (section 4.6).
//
//	24 languages(2) | { length(1) text } ...
func (r *reading) languageList(o []byte) {
	f := fields(o, objectHead)
	for range f.u16() {
		name := f.bytes(uint64(f.number(1)))
		if f.broken || len(r.languages) == maxLanguages {
			return
		}
		r.languages = append(r.languages, strings.ToLower(text(name)))
	}
}

// contentDescription reads what it is (section 3.10).
//
//	24 lengths(2 each): title author copyright description rating | texts
func (r *reading) contentDescription(o []byte) {
	f := fields(o, objectHead)
	var lengths [5]uint64
	for i := range lengths {
		lengths[i] = uint64(f.u16())
	}
	for i, s := range []*string{&r.Title, &r.Author, &r.Copyright, &r.Description} {
		if b := f.bytes(lengths[i]); *s == "" {
			*s = text(b)
		}
	}
}

// scriptCommand looks for a command that names another file (section 3.6). The
// others open pages in browsers and are left alone.
//
//	24 id(16) | 40 commands(2) | 42 types(2) | types: characters(2) text
//	commands: time(4, ms) type(2) characters(2) text
func (r *reading) scriptCommand(o []byte) {
	f := fields(o, 40)
	commands, types := f.u16(), f.u16()
	filename := -1
	for i := range types {
		name := f.bytes(2 * uint64(f.u16()))
		if f.broken {
			return
		}
		if filename < 0 && strings.EqualFold(text(name), "FILENAME") {
			filename = i
		}
	}
	for range commands {
		f.number(4)
		kind := f.u16()
		link := f.bytes(2 * uint64(f.u16()))
		if f.broken {
			return
		}
		if kind == filename && r.elsewhere == "" {
			r.elsewhere = wide(link, maxLink)
		}
	}
}
