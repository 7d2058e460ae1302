package metafile

import (
	"slices"
	"strconv"
	"strings"
)

// maxNumber bounds the number of an entry.
const maxNumber = 1 << 20

// parseINI reads Winamp's PLS, and Microsoft's older form of ASX in which the
// key is "ref". The numbers and not the order of the lines say which comes first
// and which title belongs to which link; some writers leave them out.
//
//	[playlist]
//	File1=http://host/radio
//	Title1=Radio
//	Length1=-1
func parseINI(s, key string) []Link {
	found := map[int]*Link{}
	at := func(n int) *Link {
		if found[n] == nil {
			found[n] = &Link{}
		}
		return found[n]
	}
	last := 0
	for line := range lines(s) {
		name, value, ok := strings.Cut(line, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		word := strings.TrimRight(name, "0123456789")
		n, err := strconv.Atoi(name[len(word):])
		if err != nil {
			n = last
		}
		if !ok || n > maxNumber || len(found) >= maxLinks {
			continue
		}
		switch word {
		case key:
			if err != nil {
				last++
				n = last
			}
			at(n).URL = strings.TrimSpace(value)
		case "title":
			at(n).Title = strings.TrimSpace(value)
		}
	}
	var numbers []int
	for n := range found {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var links []Link
	for _, n := range numbers {
		links = add(links, *found[n])
	}
	return links
}
