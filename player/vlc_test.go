package player

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/peers"
)

// offerStream offers the sample in this container as an endless source: at real
// time, after half a second at once.
func offerStream(t testing.TB, f *Feed, contentType, ext string) string {
	t.Helper()
	data, err := os.ReadFile(sample(t, ext))
	if err != nil {
		t.Fatal(err)
	}
	return f.Stream(contentType, func() (io.ReadCloser, error) {
		return newPacedReader(data, len(data)/20, len(data)/40), nil
	})
}

// holds polls VLC for a while and fails if what must hold does not.
func holds(t *testing.T, v *VLC, while time.Duration, what string, must func(Status) bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(while); time.Now().Before(end); <-tick.C {
		st, err := v.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !must(st) {
			t.Fatalf("%s does not hold: %+v", what, st)
		}
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFilePlays(t *testing.T) {
	t.Parallel()
	v, f := startVLC(t, Config{}), newFeed(t)
	ctx := t.Context()
	if st, err := v.Status(ctx); err != nil || st.State != Idle {
		t.Fatalf("%+v, %v", st, err)
	}
	ok(t, v.Open(ctx, offerFile(t, f, "video/mp4", sample(t, "mp4"))))
	st := await(t, v, "the first picture", playing)
	if st.Length != 20*time.Second {
		t.Errorf("the length is %v", st.Length)
	}
	st = await(t, v, "the streams", func(st Status) bool { return len(st.Streams) == 2 && settled(st.Streams) })
	if s := st.Streams[0]; s.Width != 320 || s.Height != 240 || s.FrameRate != 25 || !strings.HasPrefix(s.Codec, "H264") {
		t.Errorf("%+v", s)
	}
	if s := st.Streams[1]; s.SampleRate != 48000 || s.FourCC != "mp4a" {
		t.Errorf("%+v", s)
	}

	ok(t, v.Seek(ctx, 12*time.Second+900*time.Millisecond))
	before := await(t, v, "the place", func(st Status) bool { return st.Time >= 12*time.Second && st.Time < 15*time.Second })
	await(t, v, "pictures after the seek", func(st Status) bool { return st.Displayed > before.Displayed+5 })

	for range 2 {
		ok(t, v.Pause(ctx))
	}
	held := await(t, v, "the pause", func(st Status) bool { return st.State == Paused })
	// VLC's figures are a quarter of a second behind.
	held = await(t, v, "still figures", stillFor(300*time.Millisecond))
	holds(t, v, 400*time.Millisecond, "a pause", func(st Status) bool { return st.State == Paused && st.Displayed == held.Displayed })
	for range 2 {
		ok(t, v.Resume(ctx))
	}
	await(t, v, "pictures after the pause", func(st Status) bool { return st.State == Playing && st.Displayed > held.Displayed+5 })

	// A seek ends a pause.
	ok(t, v.Pause(ctx))
	ok(t, v.Seek(ctx, 3*time.Second))
	await(t, v, "the place", func(st Status) bool {
		return st.State == Playing && st.Time >= 3*time.Second && st.Time < 6*time.Second
	})
	ok(t, v.Seek(ctx, 19*time.Second))
	await(t, v, "the end", func(st Status) bool { return st.State == Ended })
	ok(t, v.Pause(ctx))
	ok(t, v.Resume(ctx))
	await(t, v, "the end to stay", func(st Status) bool { return st.State == Ended })
}

// stillFor is met when the picture counter has not moved for this long.
func stillFor(d time.Duration) func(Status) bool {
	var last uint64
	since := time.Now()
	return func(st Status) bool {
		if st.Displayed != last {
			last, since = st.Displayed, time.Now()
		}
		return time.Since(since) > d
	}
}

func TestStreamPlays(t *testing.T) {
	t.Parallel()
	v, f := startVLC(t, Config{}), newFeed(t)
	for _, c := range []struct {
		contentType, ext string
		met              func(Status) bool
	}{
		{"video/mp2t", "ts", func(st Status) bool { return playing(st) && st.Displayed > 10 && st.PlayedAudio > 10 }},
		{"video/x-matroska", "mkv", func(st Status) bool { return playing(st) && st.Displayed > 10 && st.PlayedAudio > 10 }},
		{"audio/mpeg", "mp3", func(st Status) bool { return st.State == Playing && st.PlayedAudio > 20 && st.Displayed == 0 }},
	} {
		t.Run(c.ext, func(t *testing.T) {
			url := offerStream(t, f, c.contentType, c.ext)
			ok(t, v.Open(t.Context(), url))
			await(t, v, "it to play", c.met)
			await(t, v, "the clock", func(st Status) bool { return st.Time >= time.Second && st.Time < 5*time.Second })
			ok(t, v.Stop(t.Context()))
			if st, err := v.Status(t.Context()); err != nil || st.State != Stopped || st.Time != 0 {
				t.Errorf("after Stop: %+v, %v", st, err)
			}
		})
	}
}

// The tone of the sample comes out of VLC.
func TestSound(t *testing.T) {
	t.Parallel()
	wav := filepath.Join(publicDir(t), "out.wav")
	v, f := startVLC(t, Config{AudioFile: wav}), newFeed(t)
	ok(t, v.Open(t.Context(), offerStream(t, f, "audio/mpeg", "mp3")))
	await(t, v, "two seconds", func(st Status) bool { return st.Time >= 2*time.Second })
	ok(t, v.Close())
	data, err := os.ReadFile(wav)
	ok(t, err)
	samples, rate := leftChannel(t, data)
	if len(samples) < rate {
		t.Fatalf("%d samples", len(samples))
	}
	tone, other := power(samples, rate, 440), power(samples, rate, 660)
	if tone < 100*other {
		t.Errorf("the power at 440 Hz is %g, at 660 Hz %g", tone, other)
	}
}

// leftChannel is the left channel of a WAV of 16-bit samples with a header of
// 44 bytes, and its rate.
func leftChannel(t *testing.T, wav []byte) ([]int16, int) {
	t.Helper()
	if len(wav) < 44 || string(wav[:4]) != "RIFF" || string(wav[36:40]) != "data" {
		t.Fatalf("no WAV: %.44q", wav)
	}
	step := int(binary.LittleEndian.Uint16(wav[32:]))
	var s []int16
	for i := 44; i+step <= len(wav); i += step {
		s = append(s, int16(binary.LittleEndian.Uint16(wav[i:])))
	}
	return s, int(binary.LittleEndian.Uint32(wav[24:]))
}

// power is the power of samples at a frequency.
func power(samples []int16, rate int, hertz float64) float64 {
	var re, im float64
	for i, s := range samples {
		phase := 2 * math.Pi * hertz * float64(i) / float64(rate)
		re += float64(s) * math.Cos(phase)
		im += float64(s) * math.Sin(phase)
	}
	return (re*re + im*im) / float64(len(samples))
}

// A volume is taken at any time and reaches VLC when something plays. The
// sound goes to ALSA's null device, since the dummy has no volume.
func TestVolume(t *testing.T) {
	t.Parallel()
	vlc := peers.Find(t, "vlc")
	path := script(t, fmt.Sprintf("exec %s \"$@\" --aout=alsa --alsa-audio-device=null", vlc))
	v, err := Start(t.Context(), Config{Path: path, Audio: Dummy, Video: Dummy})
	ok(t, err)
	defer v.Close()
	f := newFeed(t)
	ctx := t.Context()
	loudness := func(want string) {
		t.Helper()
		await(t, v, "the volume", func(Status) bool {
			replies, err := v.do(ctx, "status")
			ok(t, err)
			return strings.Contains(strings.Join(replies[0], "|"), "( audio volume: "+want+" )")
		})
	}
	ok(t, v.SetVolume(ctx, 50))
	ok(t, v.Open(ctx, offerStream(t, f, "audio/mpeg", "mp3")))
	await(t, v, "it to play", func(st Status) bool { return st.PlayedAudio > 0 })
	loudness("128")
	ok(t, v.SetVolume(ctx, 1000))
	loudness("512")
	ok(t, v.Pause(ctx))
	ok(t, v.SetVolume(ctx, 10)) // refused while paused, and kept
	ok(t, v.Resume(ctx))
	loudness("26")
}

// What a user's settings say about repeating, other interfaces and proxies does
// not reach the deck.
func TestHostileSettings(t *testing.T) {
	t.Parallel()
	vlc := peers.Find(t, "vlc")
	home := publicDir(t)
	dir := filepath.Join(home, ".config", "vlc")
	ok(t, os.MkdirAll(dir, 0o755))
	const settings = `[core]
intf=dummy
extraintf=http
repeat=1
loop=1
random=1
play-and-exit=1
play-and-pause=1
start-paused=1
start-time=15.0
run-time=1.0
sout=#file{dst=/dev/null}
one-instance=1
rate=4.0
audio=0
video=0
network-caching=20000
verbose=2
stats=0
`
	ok(t, os.WriteFile(filepath.Join(dir, "vlcrc"), []byte(settings), 0o644))
	path := script(t, fmt.Sprintf("HOME=%s exec %s \"$@\"", home, vlc))
	v, err := Start(t.Context(), Config{Path: path, Audio: Dummy, Video: Dummy})
	ok(t, err)
	defer v.Close()
	f := newFeed(t)
	ok(t, v.Open(t.Context(), offerFile(t, f, "video/mp4", sample(t, "mp4"))))
	st := await(t, v, "it to play", playing)
	if st.Time > 5*time.Second {
		t.Errorf("it begins at %v", st.Time)
	}
	ok(t, v.Seek(t.Context(), 19*time.Second))
	await(t, v, "the end", func(st Status) bool { return st.State == Ended })
	holds(t, v, 200*time.Millisecond, "the end", func(st Status) bool { return st.State == Ended })
}

// A VLC that dies says so and how, and another goes on with the same address.
func TestKilled(t *testing.T) {
	t.Parallel()
	v, f := startVLC(t, Config{}), newFeed(t)
	url := offerStream(t, f, "video/mp2t", "ts")
	ok(t, v.Open(t.Context(), url))
	await(t, v, "the first picture", playing)
	if err := v.Err(); err != nil {
		t.Errorf("it runs, and Err is %v", err)
	}
	ok(t, syscall.Kill(v.PID(), syscall.SIGKILL))
	<-v.Done()
	var exit *ExitError
	if !errors.As(v.Err(), &exit) || exit.Signal != syscall.SIGKILL {
		t.Errorf("Err is %v", v.Err())
	}
	if _, err := v.Status(t.Context()); !errors.As(err, &exit) {
		t.Errorf("Status says %v", err)
	}
	again := startVLC(t, Config{})
	ok(t, again.Open(t.Context(), url))
	await(t, again, "the first picture of another VLC", playing)
}

// Nothing is left of a VLC that is closed: no process, no directory, no reader.
func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "vlc.log")
	v, f := startVLC(t, Config{LogFile: log}), newFeed(t)
	reader := newEndless()
	ok(t, v.Open(t.Context(), f.Stream("video/mp2t", func() (io.ReadCloser, error) { return reader, nil })))
	holds(t, v, 100*time.Millisecond, "waiting", func(st Status) bool { return st.State == Opening })
	for range 2 {
		ok(t, v.Close())
	}
	<-v.Done()
	<-reader.closed
	if alive(v.PID()) || isDir(v.dir) || v.Err() != nil {
		t.Errorf("alive %v, directory %v, %v", alive(v.PID()), isDir(v.dir), v.Err())
	}
	data, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(data), "VLC is started") || !strings.Contains(string(data), "VLC has ended") {
		t.Errorf("the log is %q, %v", data, err)
	}
}

// Everybody may ask at once.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	v, f := startVLC(t, Config{}), newFeed(t)
	url := offerStream(t, f, "video/mp2t", "ts")
	ok(t, v.Open(t.Context(), url))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, act := range []func() error{
		func() error { return v.Pause(ctx) },
		func() error { return v.Resume(ctx) },
		func() error { return v.SetVolume(ctx, 80) },
		func() error { _, err := v.Status(ctx); return err },
		func() error { _, err := v.Status(ctx); return err },
		func() error { return v.Seek(ctx, 0) },
	} {
		wg.Go(func() {
			for range 10 {
				if err := act(); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	cancel()
	ok(t, v.Resume(t.Context()))
	await(t, v, "it to play", playing)
}

// TestRate plays a file faster: its own clock runs so many times as fast as ours.
func TestRate(t *testing.T) {
	t.Parallel()
	v, f := startVLC(t, Config{}), newFeed(t)
	ctx := t.Context()
	if err := v.SetRate(ctx, 3); !errors.Is(err, ErrRate) {
		t.Errorf("3×: %v", err)
	}
	ok(t, v.Open(ctx, offerFile(t, f, "video/mp4", sample(t, "mp4"))))
	for _, rate := range []float64{1, 2, 4} {
		await(t, v, "pictures", playing)
		ok(t, v.Seek(ctx, time.Second))
		ok(t, v.SetRate(ctx, rate))
		await(t, v, "the place", func(st Status) bool { return st.Time >= 2*time.Second && st.Time < 6*time.Second })
		from := await(t, v, "a second", func(st Status) bool { return st.Time >= 6*time.Second }).Time
		start := time.Now()
		to := await(t, v, "the rest", func(st Status) bool { return st.Time >= from+8*time.Second }).Time
		if got := (to - from).Seconds() / time.Since(start).Seconds(); rate == 1 && got > 3 || rate == 2 && got < 1.5 || rate == 4 && got < 2.5 {
			t.Errorf("at %g× its clock runs %.1f times as fast", rate, got)
		}
	}
}
