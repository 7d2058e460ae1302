package mmstest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/mux/muxtest"
)

const (
	peerLength = 6  // seconds of the film that real clients fetch
	peerSpeed  = 15 // at which they are sent it
)

// funnelSavers are the schemes that each client knows.
var funnelSavers = map[string][]string{
	"ffmpeg": {"mmst"}, "MPlayer": {"mms", "mmst"}, "libmms": {"mmst"}, "VLC": {"mmst", "mmsu"},
}

// until waits for what no event tells of.
func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), peerPatience)
	defer cancel()
	tick := time.NewTicker(peerLook)
	defer tick.Stop()
	for !met() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Errorf("no %s after %v", what, peerPatience)
			return
		}
	}
}

// letGo ends the connection of a client that waits for more after the end.
func letGo(t *testing.T, s *Server, client string) {
	t.Helper()
	if client == "MPlayer" {
		until(t, "end", func() bool { return s.Stats().Ended > 0 })
		s.Disconnect()
	}
}

// eachFunnelPeer runs a test for each client and scheme.
func eachFunnelPeer(t *testing.T, test func(t *testing.T, client, scheme string)) {
	for client, schemes := range funnelSavers {
		for _, scheme := range schemes {
			t.Run(client+" "+scheme, func(t *testing.T) {
				t.Parallel()
				test(t, client, scheme)
			})
		}
	}
}

// TestPeersSaveFunnel: what real clients save over TCP and UDP is all there is.
func TestPeersSaveFunnel(t *testing.T) {
	t.Parallel()
	original := Make(t, MakeOptions{Length: peerLength * time.Second})
	name := filepath.Join(t.TempDir(), "original.asf")
	if err := os.WriteFile(name, original, 0o600); err != nil {
		t.Fatal(err)
	}
	want := muxtest.Decoded(t, name)
	eachFunnelPeer(t, func(t *testing.T, client, scheme string) {
		// VLC asks for no datagram again, and a loaded machine may lose some.
		tries := 1
		if scheme == "mmsu" {
			tries = 3
		}
		var file string
		var got []string
		missing := 1
		for ; tries > 0 && (len(got) != len(want) || missing > 0); tries-- {
			s := start(t, one(filmOf(t, original), Options{Speed: peerSpeed, Funnel: FunnelOptions{Legacy: true}}))
			file = save(t, savers[client], s.URL(scheme, "film"), func() { letGo(t, s, client) })
			got, missing = muxtest.Decoded(t, file), 0
			for _, sum := range want {
				if !slices.Contains(got, sum) {
					missing++
				}
			}
			if client == "MPlayer" {
				missing-- // it leaves out the last bytes, which are less than 2048
			}
		}
		if len(got) != len(want) || missing > 0 {
			t.Errorf("%d pictures and pieces of sound of %d, and %d differ", len(got), len(want), missing)
		}
		watch(t, file).begins(t, 0, peerLength-2)
	})
}

// TestPeersSaveFunnelLive: they join a broadcast, and see its loop begin again
// and its end.
func TestPeersSaveFunnelLive(t *testing.T) {
	t.Parallel()
	original := Make(t, MakeOptions{Length: peerLength * time.Second})
	eachFunnelPeer(t, func(t *testing.T, client, scheme string) {
		p := liveOf(t, original)
		s := start(t, one(p, Options{Speed: peerSpeed, Funnel: FunnelOptions{Legacy: true}}))
		by := savers[client]
		if client == "ffmpeg" { // it goes on asking after the end
			by = leaving("8")
		}
		file := save(t, by, s.URL(scheme, "film"), func() {
			if client == "ffmpeg" {
				return
			}
			until(t, "packets", func() bool { return s.Stats().Packets > 2*len(p.films[0].packets) })
			s.EndBroadcasts()
			letGo(t, s, client)
		})
		pictures, sounds := watch(t, file).seconds()
		if len(pictures) <= peerLength || !running(pictures, peerLength) || len(sounds) <= peerLength || !running(sounds, peerLength) {
			t.Errorf("pictures tell %v, the sound %v", pictures, sounds)
		}
	})
}

// TestPeersSaveSample: the film of the demo, which no ffmpeg made, in all manners
// of padding, and in segments as bad as they come.
func TestPeersSaveSample(t *testing.T) {
	t.Parallel()
	asf := short(t, peerLength)
	for _, row := range []struct {
		client, scheme string
		padding        Padding
		chaos          Chaos
	}{
		{"ffmpeg", "mmst", PaddingCut, ChaosBytes | ChaosSplit},
		{"ffmpeg", "mmst", PaddingForgot, 0},
		{"libmms", "mmst", PaddingCut, ChaosBytes | ChaosSplit},
		{"libmms", "mmst", PaddingKept, 0},
		{"MPlayer", "mmst", PaddingForgot, 0},
		{"VLC", "mmst", PaddingForgot, 0},
		{"VLC", "mmsu", PaddingCut, 0},
	} {
		t.Run(row.client+" "+row.scheme, func(t *testing.T) {
			t.Parallel()
			s := start(t, one(filmOf(t, asf), Options{Speed: peerSpeed, Padding: row.padding, Funnel: FunnelOptions{Legacy: true, Chaos: row.chaos}}))
			by := savers[row.client]
			if row.client == "ffmpeg" {
				// Its reader of ASF reads beyond the end, and waits for ever, where it
				// has to cut a stream into pictures itself.
				by = leaving("5.5")
			}
			file := save(t, by, s.URL(row.scheme, "film"), func() { letGo(t, s, row.client) })
			pictures, sounds := watch(t, file).seconds()
			if len(pictures) != peerLength || !running(pictures, peerLength) || len(sounds) != peerLength || !running(sounds, peerLength) {
				t.Errorf("pictures tell %v, the sound %v", pictures, sounds)
			}
		})
	}
}

// leaving is ffmpeg that leaves after some seconds of picture and sound.
func leaving(seconds string) saver {
	return func(t *testing.T, url, file string) *exec.Cmd {
		cmd := byFFmpeg(t, url, file)
		cmd.Args = slices.DeleteFunc(cmd.Args, func(s string) bool { return s == "-copyts" })
		at := slices.Index(cmd.Args, "-map")
		cmd.Args = slices.Replace(cmd.Args, at, at+2, "-map", "0:v:0", "-map", "0:a:0", "-t", seconds)
		return cmd
	}
}

// seconds are those that the picture and the sound tell, each run of one once.
func (w watched) seconds() (pictures, sounds []int) {
	const window = clip.SampleRate / 8
	for gray := w.gray; len(gray) >= pictureSize; gray = gray[pictureSize:] {
		if s, ok := clip.SecondOfPicture(gray[:pictureSize], clip.Width, clip.Height); ok {
			pictures = append(pictures, s)
		}
	}
	for sound := w.sound; len(sound) >= window; sound = sound[window:] {
		hz, _ := clip.Tone(sound[:window], clip.SampleRate)
		if s, ok := clip.SecondOfTone(hz); ok {
			sounds = append(sounds, s)
		}
	}
	return slices.Compact(pictures), slices.Compact(sounds)
}

// running says whether seconds follow each other, in a loop of so many.
func running(list []int, loop int) bool {
	for i := range list {
		if i > 0 && list[i] != (list[i-1]+1)%loop {
			return false
		}
	}
	return true
}
