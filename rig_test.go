package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
	"tapedeck/player"
	"tapedeck/player/playback"
	"tapedeck/playlist"
)

// patience bounds what a test waits for; only a failure takes so long.
const patience = 60 * time.Second

// look is how often a test looks at what no event tells of.
const look = 20 * time.Millisecond

// rig is the program without its screen: an engine and a deck with a real VLC,
// whose sound goes to a file.
type rig struct {
	deck *playback.Deck
	wav  string
	eye  *eye // nil: nobody looks at the pictures

	mu     sync.Mutex
	events []playback.Event
	seen   int // of events, by await
	state  playback.State
	vlc    *player.VLC
	news   chan struct{}
}

// newRig starts a deck that ends with the test.
func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOf(t, peers.Find(t, "vlc"))
}

// newSeeingRig is a rig whose pictures are looked at. It can play nothing but
// pictures of the clip's size.
func newSeeingRig(t *testing.T) *rig {
	t.Helper()
	e := newEye(t)
	r := newRigOf(t, e.program(t))
	r.eye = e
	return r
}

func newRigOf(t *testing.T, vlc string) *rig {
	t.Helper()
	e, err := newEngine(options{vlc: vlc}, false)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(workDir, "sound-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	r := &rig{wav: filepath.Join(dir, "sound.wav"), news: make(chan struct{}, 1)}
	e.sound = r.wav
	cfg := e.deck(playback.Config{OnEvent: r.event, OnState: r.publish})
	start := cfg.Player
	cfg.Player = func(ctx context.Context) (playback.Player, error) {
		p, err := start(ctx)
		if vlc, ok := p.(*player.VLC); ok {
			r.mu.Lock()
			r.vlc = vlc
			r.mu.Unlock()
		}
		return p, err
	}
	r.deck = playback.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.deck.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		e.close()
		os.RemoveAll(dir)
	})
	return r
}

func (r *rig) event(e playback.Event) {
	r.mu.Lock()
	r.events = append(r.events, e)
	r.mu.Unlock()
	r.wake()
}

func (r *rig) publish(s playback.State) {
	r.mu.Lock()
	r.state = s
	r.mu.Unlock()
	r.wake()
}

func (r *rig) wake() {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// next is the next event that was not looked at yet; nil when there is none.
func (r *rig) next() playback.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == len(r.events) {
		return nil
	}
	r.seen++
	return r.events[r.seen-1]
}

// story is the last events, for a person who looks into a failure.
func (r *rig) story() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for _, e := range r.events[max(0, len(r.events)-25):] {
		fmt.Fprintf(&b, "\n  %-10s %+v", e.Name(), e)
	}
	return b.String()
}

func (r *rig) look() playback.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

func (r *rig) player() *player.VLC {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.vlc
}

// until looks again and again until met, at every event and in between.
func (r *rig) until(t *testing.T, what string, met func() bool) {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for !met() {
		select {
		case <-r.news:
		case <-tick.C:
		case <-end.C:
			t.Fatalf("waited in vain for %s; the last events:%s", what, r.story())
		}
	}
}

// await takes events until one of type E is met, and returns it. An error that
// was not waited for ends the test.
func await[E playback.Event](t *testing.T, r *rig, met func(E) bool) E {
	t.Helper()
	var found E
	r.until(t, fmt.Sprintf("%T", found), func() bool {
		for e := r.next(); e != nil; e = r.next() {
			if wanted, ok := e.(E); ok && (met == nil || met(wanted)) {
				found = wanted
				return true
			}
			if failed, ok := e.(playback.ErrorEvent); ok {
				t.Fatalf("it failed at %s: %s; the last events:%s", failed.Rung, failed.Message, r.story())
			}
		}
		return false
	})
	return found
}

// play puts url into the deck and returns when it is being opened.
func (r *rig) play(t *testing.T, url string) {
	t.Helper()
	r.mu.Lock()
	r.seen = len(r.events)
	r.mu.Unlock()
	r.deck.Do(playback.Play{Entry: playlist.Entry{URL: url}})
	await[playback.ConnectingEvent](t, r, nil)
}

// ear is what is in the sound file.
type ear struct {
	samples []int16
	rate    int
}

// listen reads what VLC has written since it began with its present address.
func (r *rig) listen() ear {
	f, err := os.Open(r.wav)
	if err != nil {
		return ear{}
	}
	defer f.Close()
	samples, rate, err := clip.ReadWAV(f)
	if err != nil {
		return ear{} // it has not written the head yet
	}
	return ear{samples, rate}
}

// written is the size of the sound file.
func (r *rig) written() int64 {
	info, err := os.Stat(r.wav)
	if err != nil {
		return 0
	}
	return info.Size()
}

// toneLength is how much sound tells a tone.
const toneLength = 200 * time.Millisecond

// tone is the tone in the sound that begins at from; 0 when there is too little.
func (e ear) tone(from time.Duration) float64 {
	first := int(from.Seconds() * float64(e.rate))
	last := first + int(toneLength.Seconds()*float64(e.rate))
	if e.rate == 0 || first < 0 || last > len(e.samples) {
		return 0
	}
	hz, _ := clip.Tone(e.samples[first:last], e.rate)
	return hz
}

func (e ear) length() time.Duration {
	if e.rate == 0 {
		return 0
	}
	return time.Duration(float64(len(e.samples)) / float64(e.rate) * float64(time.Second))
}

// second is the second of the clip that was heard last. One window may lie
// across two seconds, but not the one before it as well.
func (e ear) second() (int, bool) {
	for back := toneLength; back <= 5*toneLength; back += toneLength / 2 {
		if second, ok := clip.SecondOfTone(e.tone(e.length() - back)); ok {
			return second, true
		}
	}
	return 0, false
}
