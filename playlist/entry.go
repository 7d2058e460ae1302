// Package playlist reads and writes lists of streams, as values: M3U and PLS
// come in, M3U goes out. Read hands a list over in batches, so that a screen
// can walk it while it loads; Index filters it as a person types; Store keeps
// favourites and what was played, in ordinary M3U files.
//
// A list is written by anybody: lines are bounded, names are stripped of what
// would steer a terminal, and a bad line costs that line alone. What the list
// said of an entry is kept byte for byte beside what was understood of it.
//
// It does not dial: an HLS playlist is a stream and not a list (ErrStream),
// and a relative link stays as it is until Resolve is asked.
//
//	err := playlist.Read(f, "news.m3u", func(batch []playlist.Entry, read int64) bool {
//		index.Add(batch)
//		return true
//	})
package playlist

import (
	"slices"
	"strings"
	"time"

	"tapedeck/client/address"
)

// Entry is one line of a list: something that can be played.
type Entry struct {
	Name  string // as the list gives it, control bytes stripped; may be empty
	URL   string // byte for byte as the list gives it
	Group string // group-title, or #EXTGRP; empty where the list gives none

	ID       string        // tvg-id
	Logo     string        // tvg-logo
	Duration time.Duration // as announced; 0 unknown, -1 endless

	UserAgent string // #EXTVLCOPT:http-user-agent or |User-Agent=
	Referer   string // #EXTVLCOPT:http-referrer or |Referer=

	// Charset is how the station writes its titles, as the list says: a label of
	// the WHATWG's table such as "windows-1251"; empty where it is found out.
	// WithCharset changes it.
	Charset string

	// Raw holds the lines of the list that belong to this entry, byte for byte
	// and without its URL's line, so that a copy of the entry loses nothing.
	// It is nil for an entry that was typed, and for one of a PLS list. Whoever
	// changes a field that came from Raw sets Raw to nil.
	Raw []string

	// Line is the URL's line, byte for byte, where it holds more than the URL:
	// blanks, or "|User-Agent=..." after it. Empty otherwise.
	Line string
}

// NewEntry is the entry for one line that a person typed or pasted.
func NewEntry(line string) Entry { return parseEntry(nil, line) }

// Title is what a person sees for the entry: its name, or its address without
// secrets where it has none.
func (e Entry) Title() string {
	if e.Name != "" {
		return e.Name
	}
	return address.Redact(e.URL)
}

// Address is the entry's URL without secrets.
func (e Entry) Address() string { return address.Redact(e.URL) }

// Reserved reports whether the entry is a link for Flash players, which is
// listed but never dialled.
func (e Entry) Reserved() bool { return address.Reserved(e.URL) }

// Protocol is a short word for the list's column: the link's scheme, "http"
// for one without a scheme, "rtmp-raw" for a reserved one.
func (e Entry) Protocol() string {
	if e.Reserved() {
		return "rtmp-raw"
	}
	scheme, _, ok := strings.Cut(e.URL, "://")
	if !ok || len(scheme) > 10 {
		return "http"
	}
	return strings.ToLower(strings.TrimSpace(scheme))
}

// Groups are the groups that the entry is in: "News;Kids" names two.
func (e Entry) Groups() []string {
	if e.Group == "" {
		return nil
	}
	if !strings.Contains(e.Group, ";") {
		return []string{e.Group}
	}
	var groups []string
	for g := range strings.SplitSeq(e.Group, ";") {
		if g = strings.TrimSpace(g); g != "" && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	return groups
}
