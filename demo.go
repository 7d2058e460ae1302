package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"tapedeck/client/hls/hlstest"
	"tapedeck/client/media/clip"
	"tapedeck/client/mms/mmstest"
	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/client/web/webtest"
	"tapedeck/player/playback"
	"tapedeck/playlist"
)

const (
	// demoLook is how long each channel plays where there is no screen, demoWait
	// how long its first picture is awaited.
	demoLook = 4 * time.Second
	demoWait = 25 * time.Second
)

// demoCommand opens the deck on built-in servers, one channel for each
// protocol. Nothing leaves the machine.
func demoCommand(ctx context.Context, c console, args []string) int {
	var o options
	flags := newFlags(c, &o)
	if status := parse(c, flags, &o, args); status >= 0 {
		return status
	}
	if flags.NArg() > 0 {
		fmt.Fprintln(c.stderr, "tapedeck: demo takes no links")
		return exitUsage
	}
	d, err := newDemo()
	if err != nil {
		fmt.Fprintln(c.stderr, "tapedeck:", err)
		return exitUsage
	}
	defer d.close()
	if c.screen {
		// Its links are of no use later: they are not put among the user's own.
		kept, err := os.MkdirTemp("", "tapedeck-demo-")
		if err != nil {
			fmt.Fprintln(c.stderr, "tapedeck:", err)
			return exitUsage
		}
		defer os.RemoveAll(kept)
		return runDeck(ctx, c, o, shelf{name: "demo", entries: d.entries, kept: kept})
	}
	return d.look(ctx, c, o)
}

// demo is the servers and their channels.
type demo struct {
	rtsp    *rtsptest.Server
	radio   *webtest.Radio
	film    *webtest.FileServer
	camera  *webtest.Camera
	hls     *hlstest.Film
	mms     *mmstest.Server
	entries []playlist.Entry
}

func newDemo() (*demo, error) {
	windows, err := serveWindowsMedia()
	if err != nil {
		return nil, err
	}
	d := &demo{
		mms:  windows,
		rtsp: rtsptest.NewServer(rtsptest.Config{}),
		radio: webtest.NewRadio(clip.MP3(), []string{
			"The Tones - Climbing Ten Hertz", "The Tones - A Second Higher", "The Tones - Sine of the Times",
		}, webtest.RadioOptions{Name: "Demo Radio"}),
		film:   webtest.NewFile("clip.mp4", "video/mp4", clip.MP4(), webtest.FileOptions{}),
		camera: webtest.NewCamera(clockHand(), webtest.CameraOptions{}),
		hls:    hlstest.NewFilm(),
	}
	channel := func(group, name, link string) {
		d.entries = append(d.entries, playlist.Entry{Group: group, Name: name, URL: link})
	}
	channel("RTSP", "Film on demand", d.rtsp.URL("/vod"))
	channel("RTSP", "Live camera", d.rtsp.URL("/live"))
	channel("RTSP", "Live camera over TCP", strings.Replace(d.rtsp.URL("/live"), "rtsp:", "rtspt:", 1))
	channel("HTTP", "Radio with titles", d.radio.URL)
	channel("HTTP", "Film file", d.film.URL)
	channel("HTTP", "Pushed pictures", d.camera.URL)
	channel("HLS", "Film in segments", d.hls.VOD)
	channel("HLS", "Live in segments", d.hls.Live)
	channel("MMS", "Film of several bit rates", d.mms.URL("mms", "film.asf"))
	channel("MMS", "Live over TCP", d.mms.URL("mmst", "live"))
	channel("MMS", "Live over HTTP", d.mms.URL("mmsh", "live"))
	return d, nil
}

// serveWindowsMedia serves the clip as ASF.
func serveWindowsMedia() (*mmstest.Server, error) {
	film, err := mmstest.Film(mmstest.Sample())
	if err != nil {
		return nil, err
	}
	live, err := mmstest.Live(mmstest.Sample())
	if err != nil {
		return nil, err
	}
	return mmstest.Start(mmstest.Options{Programmes: map[string]*mmstest.Programme{"film.asf": film, "live": live}})
}

func (d *demo) close() {
	d.rtsp.Close()
	d.radio.Close()
	d.film.Close()
	d.camera.Close()
	d.hls.Close()
	d.mms.Close()
}

// look plays each channel for a few seconds and says what was seen of it.
func (d *demo) look(ctx context.Context, c console, o options) int {
	e, err := newEngine(o, false)
	if err != nil {
		fmt.Fprintln(c.stderr, "tapedeck:", err)
		return exitUsage
	}
	defer e.close()
	fmt.Fprintf(c.stdout, "No terminal: each demo channel plays for %v.\n", demoLook)

	events := make(chan playback.Event, 64)
	ctx, cancel := context.WithCancel(ctx)
	deck := playback.New(e.deck(playback.Config{OnEvent: func(ev playback.Event) {
		select {
		case events <- ev:
		case <-ctx.Done():
		}
	}}))
	done := make(chan struct{})
	go func() {
		defer close(done)
		deck.Run(ctx)
	}()
	status := exitDone
	for _, entry := range d.entries {
		deck.Do(playback.Play{Entry: entry})
		saw, s := watch(ctx, events)
		fmt.Fprintf(c.stdout, "%-5s %-22s %s\n", entry.Group, entry.Name, saw)
		if s != exitDone {
			status = s
		}
		if ctx.Err() != nil || s == exitPlayer {
			break
		}
	}
	cancel()
	<-done
	return status
}

// watch follows one channel until it has played for demoLook or failed.
func watch(ctx context.Context, events <-chan playback.Event) (saw string, status int) {
	began, end := time.Now(), time.NewTimer(demoWait)
	defer end.Stop()
	var opened playback.OpenedEvent
	var stats playback.StatsEvent
	var first time.Duration
	var title string
	for {
		select {
		case <-ctx.Done():
			return "interrupted", exitFailed
		case <-end.C:
			if first == 0 {
				return "nothing was seen", exitFailed
			}
			saw = fmt.Sprintf("%s; first after %.1f s; %d pictures shown, %d sounds decoded",
				openedWords(opened), first.Seconds(), stats.Displayed, stats.DecodedAudio)
			if title != "" {
				saw += fmt.Sprintf("; title %q", title)
			}
			return saw, exitDone
		case ev := <-events:
			switch ev := ev.(type) {
			case playback.OpenedEvent:
				opened = ev
			case playback.StatsEvent:
				stats = ev
			case playback.TitleEvent:
				title = ev.Title
			case playback.PlayingEvent:
				if first == 0 {
					first = time.Since(began)
					end.Reset(demoLook)
				}
			case playback.ErrorEvent:
				return withHint("failed at "+ev.Rung+": "+ev.Message, ev.Hint), statusOf(ev)
			}
		}
	}
}
