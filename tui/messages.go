package tui

import (
	"tapedeck/player/playback"
	"tapedeck/playlist"
)

// What is sent in from outside, through Program.Send.
type (
	// StateMsg is what the deck is doing now. Only what is new in it changes
	// the screen.
	StateMsg playback.State

	// BatchMsg brings the next entries of the list while it is read; Entries
	// may be empty. Read and Total are bytes; Total is 0 where nobody knows it.
	BatchMsg struct {
		Entries     []playlist.Entry
		Read, Total int64
	}

	// LoadedMsg ends the reading. A *playlist.Problems in Err tells of lines
	// that were left out; any other error, that the list ends there.
	LoadedMsg struct{ Err error }

	// NoticeMsg is a sentence that is shown until the next key.
	NoticeMsg string
)

// What comes back from the commands in cmd.go.
type (
	// doneMsg ends one job of a lane; result may be nil.
	doneMsg struct {
		lane       laneName
		generation int
		result     any
	}

	favouritesMsg struct {
		entries []playlist.Entry
		err     error
		notice  string
	}

	recentMsg struct {
		entries []playlist.Entry
		err     error
	}
)
