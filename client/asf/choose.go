package asf

import (
	"slices"
	"strings"

	"tapedeck/client/media"
)

// headroom is the part of a limit that is used, in percent: packets have heads,
// and rates are averages.
const headroom = 85

// Choose is which streams to play: one picture, one sound, and the commands and
// images with them, of those that can be played. limit bounds the sum of their
// bit rates, with some room to spare; 0 is none. If nothing fits, the lowest
// rates are chosen. language is preferred where streams differ in it: "de" or
// "de-ch".
//
// Streams of one kind are taken to exclude each other whether the header says
// so or not: old files of several bit rates do not.
func Choose(h *Header, limit int, language string) []int {
	var videos, audios []*Stream
	apart := h.apart()
	var others []int
	room := limit * headroom / 100
	for i := range h.Streams {
		switch s := &h.Streams[i]; {
		case s.Problem != "":
		case s.Kind == media.Video:
			videos = append(videos, s)
		case s.Kind == media.Audio:
			audios = append(audios, s)
		case !apart.any(s.Number, others):
			others = append(others, s.Number)
			room -= s.BitRate
		}
	}
	first, second := inLanguage(videos, language), inLanguage(audios, language)
	if ranksAbove(second, first) {
		first, second = second, first
	}
	var best couple
	for _, a := range append(first, nil) {
		for _, b := range append(second, nil) {
			c := couple{a, b}
			if a != nil && b != nil && apart[a.Number][b.Number] {
				continue
			}
			if c.betterThan(best, room, limit > 0) {
				best = c
			}
		}
	}
	var chosen []int
	for _, s := range best {
		if s != nil {
			chosen = append(chosen, s.Number)
		}
	}
	for _, n := range others {
		if !apart.any(n, chosen) {
			chosen = append(chosen, n)
		}
	}
	slices.Sort(chosen)
	return chosen
}

// exclusive tells which streams exclude each other.
type exclusive [MaxStream + 1][MaxStream + 1]bool

func (h *Header) apart() *exclusive {
	x := new(exclusive)
	for _, e := range h.Exclusions {
		for _, a := range e.Streams {
			for _, b := range e.Streams {
				x[a][b] = a != b
			}
		}
	}
	return x
}

// any reports whether n excludes one of list.
func (x *exclusive) any(n int, list []int) bool {
	return slices.ContainsFunc(list, func(m int) bool { return x[n][m] })
}

// couple is a picture and a sound, that which counts more first. Either may be
// missing.
type couple [2]*Stream

// betterThan compares two couples: one that is complete is better, then one that
// fits, then the higher rates, or the lower ones where nothing fits.
func (c couple) betterThan(o couple, room int, limited bool) bool {
	if n, m := c.size(), o.size(); n != m {
		return n > m
	}
	fits, ofits := !limited || c.rate() <= room, !limited || o.rate() <= room
	if fits != ofits {
		return fits
	}
	if !fits {
		return c.rate() < o.rate()
	}
	for i := range c {
		a, b := c[i], o[i]
		switch {
		case a == b:
		case a == nil || b == nil:
			return b == nil
		case a.BitRate != b.BitRate:
			return a.BitRate > b.BitRate
		case a.Priority != b.Priority:
			return a.above(b)
		}
	}
	return false
}

func (c couple) size() (n int) {
	for _, s := range c {
		if s != nil {
			n++
		}
	}
	return n
}

func (c couple) rate() (sum int) {
	for _, s := range c {
		if s != nil {
			sum += s.BitRate
		}
	}
	return sum
}

// above reports whether a stream is ranked higher than another; those that are
// not ranked come last.
func (s *Stream) above(o *Stream) bool {
	return s.Priority != 0 && (o.Priority == 0 || s.Priority < o.Priority)
}

// ranksAbove reports whether the header ranks one of a above all of b.
func ranksAbove(a, b []*Stream) bool {
	return slices.ContainsFunc(a, func(s *Stream) bool {
		return !slices.ContainsFunc(b, func(o *Stream) bool { return !s.above(o) })
	}) && len(b) > 0
}

// inLanguage is the streams in one language: the preferred one, else that of the
// stream that is ranked highest, else that of the first.
func inLanguage(streams []*Stream, preferred string) []*Stream {
	if len(streams) < 2 {
		return streams
	}
	lead := streams[0]
	closest := near(lead.Language, preferred)
	for _, s := range streams[1:] {
		if n := near(s.Language, preferred); n > closest || n == closest && s.above(lead) {
			lead, closest = s, n
		}
	}
	return slices.DeleteFunc(streams, func(s *Stream) bool { return s.Language != lead.Language })
}

// near is how near two names of languages are: the same, the same but for the
// country, or others.
func near(a, b string) int {
	if a == "" || b == "" {
		return 0
	}
	if strings.EqualFold(a, b) {
		return 2
	}
	a, _, _ = strings.Cut(strings.ReplaceAll(a, "_", "-"), "-")
	b, _, _ = strings.Cut(strings.ReplaceAll(b, "_", "-"), "-")
	if strings.EqualFold(a, b) {
		return 1
	}
	return 0
}
