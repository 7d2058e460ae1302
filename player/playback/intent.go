package playback

import (
	"time"

	"tapedeck/playlist"
)

// Intent is something a person or a script wants of the deck. The set is
// closed. Where two of the same kind wait, the latest wins.
type Intent interface{ intent() }

type (
	// Play puts Entry into the deck and starts it. Start is where to begin on a
	// stream that can seek; 0 is the beginning.
	Play struct {
		Entry playlist.Entry
		Start time.Duration
	}
	// Stop takes the stream out of the deck. The player stays warm.
	Stop struct{}
	// Pause and Resume are idempotent; TogglePause does whichever applies, and
	// plays again what has ended, failed or been stopped.
	Pause       struct{}
	Resume      struct{}
	TogglePause struct{}
	// SeekTo jumps to a time, SeekBy moves by one, SeekPercent jumps to a part
	// of the whole, 0 to 100. GoLive returns to the newest point of a live tape.
	SeekTo      struct{ To time.Duration }
	SeekBy      struct{ By time.Duration }
	SeekPercent struct{ Percent float64 }
	GoLive      struct{}
	// SetRate plays at another speed, negative backwards, where server or player
	// can; ShiftRate takes the speed that many steps faster.
	SetRate   struct{ Rate float64 }
	ShiftRate struct{ Steps int }
	// Volume adds Delta percent; Mute switches the sound off and on.
	Volume struct{ Delta int }
	Mute   struct{}
	// Record starts keeping the stream in the file Path, or in a file of the
	// deck's choosing where Path is empty; StopRecord ends that.
	Record     struct{ Path string }
	StopRecord struct{}
)

func (Play) intent()        {}
func (Stop) intent()        {}
func (Pause) intent()       {}
func (Resume) intent()      {}
func (TogglePause) intent() {}
func (SeekTo) intent()      {}
func (SeekBy) intent()      {}
func (SeekPercent) intent() {}
func (GoLive) intent()      {}
func (SetRate) intent()     {}
func (ShiftRate) intent()   {}
func (Volume) intent()      {}
func (Mute) intent()        {}
func (Record) intent()      {}
func (StopRecord) intent()  {}
