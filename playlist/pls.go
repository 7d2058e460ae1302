package playlist

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxNumber bounds the number of a PLS entry, before any offset.
const maxNumber = 10 * MaxEntries

// readPLS reads a list as Winamp wrote it, an INI file in which the numbers
// and not the order of lines say what belongs together:
//
//	[playlist]
//	File1=http://host/radio
//	Title1=Radio
//	Length1=-1
//	NumberOfEntries=1
//
// Since a title may come before or long after its file, entries go out at the
// end. Lists that were joined, each with its own header and numbers, are read
// one after the other.
func readPLS(b *reading) error {
	entries := map[int]*plsEntry{}
	base, highest, text := 0, 0, 0
	inside := true
	for {
		line, err := b.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		t := trim(line)
		if len(t) == 0 || t[0] == ';' || t[0] == '#' {
			continue
		}
		if t[0] == '[' {
			inside = hasTag(t, "[playlist]")
			base = highest
			continue
		}
		if !inside {
			continue
		}
		key, value, ok := strings.Cut(string(t), "=")
		field, digits := splitKey(key)
		if !ok || field == plsNone {
			continue
		}
		n, err := strconv.Atoi(digits)
		if err != nil || n < 0 || n > maxNumber {
			b.problems.add(b.in.no, "its number is out of range")
			continue
		}
		n += base
		e := entries[n]
		if e == nil {
			if len(entries) >= MaxEntries || text > MaxText {
				b.problems.add(b.in.no, "the list is too long: the rest was left out")
				break
			}
			e = new(plsEntry)
			entries[n] = e
		}
		highest = max(highest, n)
		text += len(value)
		e.set(field, value)
	}
	for _, n := range slices.Sorted(maps.Keys(entries)) {
		e := entries[n]
		if e.file == "" {
			continue
		}
		entry := parseEntry(nil, e.file)
		if entry.URL == "" || entry.URL[0] == '#' {
			b.problems.add(b.in.no, "an entry's file is not a link")
			continue
		}
		entry.Name, entry.Duration = clean(e.title), parseSeconds(e.length)
		if err := b.add(entry, len(e.file)+len(e.title)); err != nil {
			if errors.Is(err, errFull) {
				return nil
			}
			return err
		}
	}
	return nil
}

type plsEntry struct{ file, title, length string }

func (e *plsEntry) set(field plsField, value string) {
	value = trim(value)
	switch field {
	case plsFile:
		e.file = value
	case plsTitle:
		e.title = value
	case plsLength:
		e.length = value
	case plsNone:
	}
}

type plsField uint8

const (
	plsNone plsField = iota
	plsFile
	plsTitle
	plsLength
)

// splitKey takes "File12" apart.
func splitKey(key string) (plsField, string) {
	key = strings.TrimRight(key, " \t")
	switch {
	case hasTag(key, "file"):
		return plsFile, key[len("file"):]
	case hasTag(key, "title"):
		return plsTitle, key[len("title"):]
	case hasTag(key, "length"):
		return plsLength, key[len("length"):]
	}
	return plsNone, ""
}
