package main

import (
	"strings"
	"testing"

	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/player/playback"
)

// TestComeBack has a server cut the connection again and again: the stream
// comes back by itself, on the same clock, and the tape goes on.
func TestComeBack(t *testing.T) {
	srv := rtsptest.NewServer(rtsptest.Config{CloseAfter: 250}) // three seconds of it
	defer srv.Close()
	r := newRig(t)
	r.play(t, over("rtspt", srv.URL("/live")))
	await[playback.PlayingEvent](t, r, nil)
	last := 0.0
	for range 2 {
		await(t, r, func(n playback.NoteEvent) bool { return strings.Contains(n.Message, "trying again") })
		if gap := await[playback.GapEvent](t, r, nil); gap.Missing < 0.5 || gap.Position <= last {
			t.Errorf("%+v after %v", gap, last)
		}
		await(t, r, func(n playback.NoteEvent) bool { return strings.Contains(n.Message, "is back after") })
		p := await[playback.PlayingEvent](t, r, nil)
		if p.Position <= last {
			t.Errorf("it goes on at %v after %v", p.Position, last)
		}
		at := await(t, r, func(at playback.PositionEvent) bool { return at.Position > p.Position })
		last = at.Position
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.state; s.TapeTo.Seconds() < 6 || s.TapeFrom.Seconds() > 1 {
		t.Errorf("the tape is from %v to %v", s.TapeFrom, s.TapeTo)
	}
}
