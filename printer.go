package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"tapedeck/player/playback"
)

// printer writes events, one a line: words for a person, or JSON objects whose
// fields are documented in the README.
type printer struct {
	w     io.Writer
	json  bool
	start time.Time
}

func newPrinter(w io.Writer, asJSON bool) *printer {
	return &printer{w: w, json: asJSON, start: time.Now()}
}

// print writes e.
func (p *printer) print(e playback.Event) {
	if p.json {
		p.object(e.Name(), e)
		return
	}
	if words := words(e); words != "" {
		fmt.Fprintf(p.w, "%8.3f  %-10s %s\n", time.Since(p.start).Seconds(), e.Name(), words)
	}
}

// object writes the fields of v after the event's name and time.
func (p *printer) object(name string, v any) {
	fields, err := json.Marshal(v)
	if err != nil {
		return // only numbers, texts and slices of them: it cannot happen
	}
	line := fmt.Appendf(nil, `{"event":%q,"t":%.3f`, name, time.Since(p.start).Seconds())
	if len(fields) > len("{}") {
		line = append(line, ',')
	}
	line = append(line, fields[1:]...)
	p.w.Write(append(line, '\n'))
}

// words says an event in one line; empty for one that is not worth a line.
func words(e playback.Event) string {
	switch e := e.(type) {
	case playback.ConnectingEvent:
		return e.URL + " over " + e.Transport
	case playback.StepEvent:
		line := fmt.Sprintf("%s, %d ms", e.Step, int(e.Took*1000))
		if e.Detail != "" {
			line += ", " + e.Detail
		}
		if e.Error != "" {
			line += ": " + e.Error
		}
		return line
	case playback.OpenedEvent:
		return openedWords(e)
	case playback.PlayingEvent:
		return "at " + clock(e.Position)
	case playback.PositionEvent:
		return clock(e.Position)
	case playback.StatsEvent:
		return fmt.Sprintf("%d kb/s, %d bytes, %d packets, %d lost, %d reordered; %d pictures shown, %d lost, %d sounds",
			e.BitRate/1000, e.Bytes, e.Packets, e.Lost, e.Reordered, e.Displayed, e.LostPictures, e.DecodedAudio)
	case playback.RateEvent:
		return fmt.Sprintf("%g×", e.Rate)
	case playback.TitleEvent:
		return e.Title
	case playback.PausedEvent:
		return "at " + clock(e.Position)
	case playback.SeekingEvent:
		return "to " + clock(e.To)
	case playback.EndedEvent:
		return "the stream came to its end"
	case playback.ErrorEvent:
		return withHint(fmt.Sprintf("at %s: %s", e.Rung, e.Message), e.Hint)
	case playback.NoteEvent:
		return e.Message
	case playback.RefusedEvent:
		return e.Message
	case playback.GapEvent:
		return fmt.Sprintf("%s are missing at %s", clock(e.Missing), clock(e.Position))
	case playback.RecordingEvent:
		return "to " + e.Path
	case playback.RecordedEvent:
		return recordedWords(e)
	}
	return ""
}

func openedWords(e playback.OpenedEvent) string {
	parts := []string{e.Protocol + " over " + e.Transport}
	switch {
	case e.Live:
		parts = append(parts, "live")
	case e.Duration > 0:
		parts = append(parts, clock(e.Duration)+" long")
	}
	for _, t := range e.Tracks {
		parts = append(parts, trackWords(t))
	}
	switch {
	case e.NoSeek != "" && e.Live: // what is kept on the tape can be gone back to all the same
		parts = append(parts, "seeks only within what has come: "+e.NoSeek)
	case e.NoSeek != "":
		parts = append(parts, "cannot seek: "+e.NoSeek)
	}
	return strings.Join(parts, ", ")
}

func recordedWords(e playback.RecordedEvent) string {
	words := fmt.Sprintf("%s, %d bytes, %s", e.Path, e.Bytes, clock(e.Duration))
	if e.Gaps > 0 {
		words += fmt.Sprintf("; %s are missing (gaps: %d)", clock(e.Missing), e.Gaps)
	}
	return words
}

func trackWords(t playback.TrackInfo) string {
	words := t.Kind + " " + t.Codec
	switch {
	case t.Problem != "":
		words += " (" + t.Problem + ")"
	case t.Width > 0:
		words += fmt.Sprintf(" %dx%d", t.Width, t.Height)
	case t.SampleRate > 0:
		words += fmt.Sprintf(" %d Hz", t.SampleRate)
	}
	return words
}

func withHint(message, hint string) string {
	if hint == "" {
		return message
	}
	return message + " (" + hint + ")"
}

// clock prints seconds as a person reads them.
func clock(seconds float64) string {
	s := int(seconds)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}
