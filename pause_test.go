package main

import (
	"testing"
	"time"

	"tapedeck/client/hls/hlstest"
	"tapedeck/client/media/clip"
	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/client/web/webtest"
	"tapedeck/player"
	"tapedeck/player/playback"
)

// TestPauseWithASeek: whichever comes first, VLC stands still at the new place.
func TestPauseWithASeek(t *testing.T) {
	urls := map[string]string{
		"MP4 over HTTP": serveFile(t, "clip.mp4", "video/mp4", clip.MP4(), webtest.FileOptions{}),
		"TS over HTTP":  serveFile(t, "clip.ts", "video/mp2t", clipAs(t, "ts"), webtest.FileOptions{}),
		"RTSP":          serveRTSP(t, rtsptest.Config{}).URL("/vod"),
		"HLS":           serveHLS(t, hlstest.Make(t, "-hls_time", "2")).URL("film.m3u8"),
	}
	tests := map[string]func(*testing.T){}
	for name, url := range urls {
		tests[name] = func(t *testing.T) {
			r := newRig(t)
			r.play(t, url)
			await[playback.PlayingEvent](t, r, nil)
			for _, to := range []time.Duration{6 * time.Second, 3 * time.Second} { // playing, and in a pause
				r.deck.Do(playback.SeekTo{To: to})
				r.deck.Do(playback.Pause{})
				await[playback.SeekingEvent](t, r, nil)
				paused := await[playback.PausedEvent](t, r, nil)
				if off := paused.Position - to.Seconds(); off < -2 || off > 2 {
					t.Errorf("sought %v, paused at %v s", to, paused.Position)
				}
				standsStill(t, r, to)
			}
			r.deck.Do(playback.Resume{})
			playing := await[playback.PlayingEvent](t, r, nil)
			if playing.Position < 1 || playing.Position > 6 {
				t.Errorf("after the pause it plays at %v s", playing.Position)
			}
		}
	}
	concurrently(t, tests)
}

// standsStill wants VLC paused at a place near to, and nothing new of it.
func standsStill(t *testing.T, r *rig, to time.Duration) {
	t.Helper()
	var first playback.StatsEvent
	for i := range 3 { // what was decoded already is counted in the first of them
		s := await[playback.StatsEvent](t, r, nil)
		if i == 1 {
			first = s
		} else if i > 1 && (s.Displayed != first.Displayed || s.DecodedAudio != first.DecodedAudio) {
			t.Errorf("sought %v, paused: from %d pictures it went on to %d", to, first.Displayed, s.Displayed)
		}
	}
	st, err := r.player().Status(t.Context())
	if err != nil || st.State != player.Paused || r.look().Phase != playback.Paused {
		t.Errorf("sought %v: the deck is %v, VLC %v at %v (%v)", to, r.look().Phase, st.State, st.Time, err)
	}
}
