package playback

import (
	"time"

	"tapedeck/client/media"
	"tapedeck/playlist"
)

// Track and Step are the session's own; the screen knows them by these names.
type (
	Track = media.Track
	Step  = media.Step
)

// Phase is what the deck is doing.
type Phase uint8

const (
	Stopped    Phase = iota
	Connecting       // the ladder is being climbed
	Buffering        // media comes in, nothing was seen or heard yet
	Playing          // the decoder was seen to work
	Paused
	Seeking
	Ended  // the stream came to its own end
	Failed // State.Failure says why
)

// String is the phase's name in lower case.
func (p Phase) String() string {
	switch p {
	case Stopped:
		return "stopped"
	case Connecting:
		return "connecting"
	case Buffering:
		return "buffering"
	case Playing:
		return "playing"
	case Paused:
		return "paused"
	case Seeking:
		return "seeking"
	case Ended:
		return "ended"
	case Failed:
		return "failed"
	}
	return "unknown"
}

// Failure is why a stream does not play: one sentence and one suggestion.
type Failure struct {
	Rung    string // the rung of the ladder that failed
	Message string // redacted
	Hint    string // what to do; may be empty
}

// State is everything that can be seen of the deck: a value, published whole
// each time it changes and once a second while it plays.
type State struct {
	Phase   Phase
	Entry   playlist.Entry // zero while nothing was ever put in
	Failure *Failure       // set when Phase is Failed
	Notice  string         // the answer to the last request that could not be met
	Note    string         // what changed by itself last: a fallback, a restart
	Away    bool           // the stream was lost and is being opened again

	// While Connecting: the address and the transport being tried, and the
	// steps of the ladder that have ended, oldest first.
	Attempt media.Attempt
	Ladder  []Step
	Waited  time.Duration // since Play, in whole seconds

	// Of the open stream.
	Protocol  string
	Transport string
	Live      bool
	NoSeek    string // why it cannot seek; empty when it can
	NoPause   string
	NoRate    string        // why it plays at normal speed only, as far as is known
	HasRates  bool          // it was seen to play at others, or the player does that by itself
	Duration  time.Duration // 0 unknown
	Tracks    []Track
	Title     string // of what is at Position

	// Titles is what the server said is on since the stream was opened, oldest
	// first; the last may be heard later only.
	Titles []Title

	// Aired is when what is at Position was sent, as the broadcaster says; zero
	// where it does not.
	Aired time.Time

	Position time.Duration // media time that is seen and heard, as the player reports it
	Rate     float64       // media time a second: 1 normal, 2 twice as fast, -1 backwards

	// The part of a live stream that is kept, in the clock of Position. To-From
	// is how far one can go back; both are 0 when nothing is kept.
	TapeFrom, TapeTo time.Duration
	Behind           time.Duration // how far Position is behind live; 0 when at live

	BitRate int // bits a second over the last seconds, measured
	Counts  Counts

	Volume int // percent, 0 to 200
	Muted  bool
	Output string // what is missing here: "no display: sound only"; empty when nothing is

	Recording *Recording // nil when nothing is recorded
	Armed     bool       // a recording begins with the first bytes
}

// Counts are the figures of the deck's stats line; all only grow while one
// stream plays.
type Counts struct {
	media.Stats
	DecodedVideo uint64 // pictures decoded by the player
	Displayed    uint64 // pictures shown
	LostPictures uint64 // pictures decoded too late to show
	DecodedAudio uint64 // blocks of sound decoded
}

// Recording is a file being written.
type Recording struct {
	Path  string
	Bytes int64
	For   time.Duration // media time in it

	Missing time.Duration // what gaps left out
}
