package playlist

import (
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

	// Raw holds the lines of the list that belong to this entry, byte for byte
	// and without its URL's line, so that a copy of the entry loses nothing.
	// It is nil for an entry that was typed.
	Raw []string
}

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
