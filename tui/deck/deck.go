// Package deck is the lower part of the screen: what plays, where on the tape,
// and the figures. It is drawn from a playback.State alone, and knows from it
// what can be asked of the stream: a wish becomes an intent, or the reason why
// not.
package deck

import (
	"fmt"
	"time"

	"tapedeck/player/playback"
	"tapedeck/tui/figures"
)

// Model is the deck as it was last seen.
type Model struct {
	State playback.State
}

// Idle says that no stream is in the deck.
func (m Model) Idle() bool {
	switch m.State.Phase {
	case playback.Stopped, playback.Ended, playback.Failed:
		return true
	default:
		return false
	}
}

// empty says that nothing was ever put in.
func (m Model) empty() bool { return m.State.Entry.URL == "" }

// tape says that a live stream was kept, so that one can go back in it, even
// where the server cannot.
func (m Model) tape() bool { return m.State.Live && m.State.TapeTo > m.State.TapeFrom }

// Limits says what cannot be asked now; an empty word means that it can.
type Limits struct {
	Pause, Seek, Live, Rate, Record, Stop string
}

// Limits is what the stream in the deck, or its absence, does not allow.
func (m Model) Limits() Limits {
	const nothing = "nothing is playing"
	l := Limits{Pause: m.State.NoPause, Seek: m.State.NoSeek, Rate: m.State.NoRate}
	switch {
	case m.empty():
		return Limits{Pause: "nothing is in the deck", Seek: nothing, Live: nothing, Rate: nothing, Record: nothing, Stop: nothing}
	case m.State.Phase == playback.Ended && !m.State.Live && m.State.NoSeek == "":
		return Limits{Live: nothing, Rate: nothing, Record: nothing, Stop: nothing} // a seek plays it again
	case m.Idle():
		return Limits{Seek: nothing, Live: nothing, Rate: nothing, Record: nothing, Stop: nothing}
	case m.State.Phase == playback.Connecting:
		const soon = "the stream is not open yet"
		return Limits{Pause: soon, Seek: soon, Live: soon, Rate: soon} // a recording waits for it
	case m.State.Phase == playback.Paused:
		l.Pause = ""
	}
	if m.tape() {
		l.Seek = ""
	}
	switch {
	case !m.State.Live:
		l.Live = "the stream is not live"
	case m.atLive():
		l.Live = "it is live already"
	}
	return l
}

func refuse(what, why string) string {
	if why == "" {
		return ""
	}
	return what + ": " + why
}

// Pause asks for the pause, its end, or the stream again.
func (m Model) Pause() (playback.Intent, string) {
	if why := m.Limits().Pause; why != "" {
		return nil, refuse("cannot pause", why)
	}
	return playback.TogglePause{}, ""
}

// Stop asks for the end.
func (m Model) Stop() (playback.Intent, string) {
	if why := m.Limits().Stop; why != "" {
		return nil, why
	}
	return playback.Stop{}, ""
}

// Record starts a recording, or ends the one that runs or waits.
func (m Model) Record() (playback.Intent, string) {
	if m.State.Recording != nil || m.State.Armed {
		return playback.StopRecord{}, ""
	}
	if why := m.Limits().Record; why != "" {
		return nil, refuse("cannot record", why)
	}
	return playback.Record{}, ""
}

// Live asks for the newest point of a live stream.
func (m Model) Live() (playback.Intent, string) {
	if why := m.Limits().Live; why != "" {
		return nil, why
	}
	return playback.GoLive{}, ""
}

// Faster asks for the speed that many steps faster.
func (m Model) Faster(steps int) (playback.Intent, string) {
	if why := m.Limits().Rate; why != "" {
		return nil, refuse("cannot play at another speed", why)
	}
	return playback.ShiftRate{Steps: steps}, ""
}

// Title asks for the place where a title begins.
func (m Model) Title(t playback.Title) (playback.Intent, string) {
	if s := m.State; m.tape() && t.From < s.TapeFrom && m.Limits().Seek == "" {
		return nil, "its beginning is not on the tape any more, which goes back " + figures.Clock(s.TapeTo-s.TapeFrom)
	}
	return m.seek(playback.SeekTo{To: t.From})
}

// NextRate is the speed that Faster(1) asks for, in words: "2×".
func (m Model) NextRate() string {
	now := m.State.Rate
	if now == 0 {
		now = 1
	}
	return fmt.Sprintf("%g×", playback.FasterThan(now, 1))
}

// SeekBy moves by a time.
func (m Model) SeekBy(by time.Duration) (playback.Intent, string) {
	return m.seek(playback.SeekBy{By: by})
}

// Seek asks for a jump that Parse or Click made.
func (m Model) Seek(to playback.Intent) (playback.Intent, string) {
	if _, ok := to.(playback.GoLive); ok {
		return m.Live()
	}
	return m.seek(to)
}

func (m Model) seek(to playback.Intent) (playback.Intent, string) {
	if why := m.Limits().Seek; why != "" {
		return nil, refuse("cannot seek", why)
	}
	s := m.State
	p, percent := to.(playback.SeekPercent)
	switch {
	case !percent:
		return to, ""
	case m.tape():
		extent := float64(s.TapeTo - s.TapeFrom)
		return playback.SeekTo{To: s.TapeFrom + time.Duration(extent*p.Percent/100)}, ""
	case s.Duration <= 0:
		return nil, "cannot jump to a part: nobody knows how long the stream is"
	}
	return to, ""
}
