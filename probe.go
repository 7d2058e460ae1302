package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tapedeck/client/media"
	"tapedeck/player"
	"tapedeck/player/playback"
	"tapedeck/playlist"
	"tapedeck/tui/cells"
)

// stepColumn is as wide as the longest names of steps: "setup multicast video".
const stepColumn = 21

// probeTimeout is how long a probe may take without --timeout.
const probeTimeout = 30 * time.Second

// probeCommand is the doctor: it climbs the ladder and says where it breaks.
func probeCommand(ctx context.Context, c console, args []string) int {
	var o options
	flags := newFlags(c, &o)
	asJSON := flags.Bool("json", false, "print one JSON object per line")
	timeout := flags.Duration("timeout", probeTimeout, "give up after this long")
	if status := parse(c, flags, &o, args); status >= 0 {
		return status
	}
	link, ok := oneLink(c, flags)
	if !ok {
		return exitUsage
	}
	e, err := newEngine(o, false)
	if err != nil {
		fmt.Fprintln(c.stderr, "tapedeck:", err)
		return exitUsage
	}
	defer e.close()
	d := &doctor{show: newShow(newPrinter(c.stdout, *asJSON), 0), since: time.Now()}
	e.once = true
	cfg := e.deck(playback.Config{OnEvent: d.event})
	if _, err := player.Find(e.vlc); err != nil {
		// Without a player the ladder is climbed as far as it goes.
		d.noPlayer = err
		cfg.Player, cfg.Feed = nil, nil
	}
	cfg.Volume = 1 // a probe looks; it does not make a noise
	deck := playback.New(cfg)
	deck.Do(playback.Play{Entry: playlist.Entry{URL: link}})
	ctx, cancel := context.WithTimeoutCause(ctx, *timeout, fmt.Errorf("gave up after %v", *timeout))
	defer cancel()
	status := d.show.run(ctx, deck)
	if !d.spoken {
		d.status(ctx)
		return exitFailed
	}
	return status
}

// doctor turns a deck's events into rungs and a verdict.
type doctor struct {
	show     *show
	since    time.Time // when the last rung ended
	last     string    // the last rung that held
	opened   playback.OpenedEvent
	noPlayer error
	spoken   bool // the verdict was given
}

// rung is one line: a step of the ladder.
type rung struct {
	Rung   string  `json:"rung"`
	Step   string  `json:"step"`
	Took   float64 `json:"took"` // seconds
	OK     bool    `json:"ok"`
	Detail string  `json:"detail,omitempty"`
	Error  string  `json:"error,omitempty"`
}

// verdict is the last line.
type verdict struct {
	OK      bool   `json:"ok"`
	Rung    string `json:"rung"` // the one that failed, or the last that held
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (d *doctor) event(e playback.Event) {
	switch e := e.(type) {
	case playback.ConnectingEvent:
		d.since = time.Now()
		d.say("trying", e, fmt.Sprintf("trying %s over %s", e.URL, e.Transport))
	case playback.StepEvent:
		d.rung(rung{Rung: e.Rung, Step: e.Step, Took: e.Took, OK: e.OK, Detail: e.Detail, Error: e.Error})
	case playback.NoteEvent:
		d.say(e.Name(), e, "note: "+e.Message)
	case playback.OpenedEvent:
		d.opened = e
		if d.noPlayer == nil || len(e.Tracks) > 0 {
			d.step(media.RungCodec, "codec", tracksWords(e.Tracks))
		}
	case playback.PlayingEvent:
		if d.noPlayer != nil {
			d.verdict(verdict{OK: true, Rung: d.last, Message: "media comes; whether it decodes was not seen",
				Hint: d.noPlayer.Error()})
			d.show.status = exitPlayer
			return
		}
		d.step(media.RungFrame, "first frame", "")
		d.verdict(verdict{OK: true, Rung: string(media.RungFrame), Message: openedWords(d.opened)})
	case playback.ErrorEvent:
		d.show.status = statusOf(e)
		d.verdict(verdict{Rung: e.Rung, Message: e.Message, Hint: e.Hint})
	}
}

func tracksWords(tracks []playback.TrackInfo) string {
	words := make([]string, len(tracks))
	for i, t := range tracks {
		words[i] = trackWords(t)
	}
	return strings.Join(words, ", ")
}

// step is a rung whose time counts from the last one.
func (d *doctor) step(r media.Rung, name, detail string) {
	d.rung(rung{Rung: string(r), Step: name, Took: time.Since(d.since).Seconds(), OK: true, Detail: detail})
}

func (d *doctor) rung(r rung) {
	d.since = time.Now()
	mark, what := "ok  ", r.Detail
	if r.OK {
		d.last = r.Rung
	} else {
		mark, what = "FAIL", r.Error
	}
	d.say("rung", r, fmt.Sprintf("%s  %s %6d ms  %s", mark, cells.Ruler{}.Fit(r.Step, stepColumn), int(r.Took*1000), what))
}

func (d *doctor) verdict(v verdict) {
	if d.spoken {
		return
	}
	d.spoken = true
	words := "verdict: it plays: " + v.Message
	switch {
	case v.OK && d.noPlayer != nil:
		words = withHint("verdict: "+v.Message, v.Hint)
	case !v.OK:
		words = withHint(fmt.Sprintf("verdict: it fails at %s: %s", v.Rung, v.Message), v.Hint)
	}
	d.say("verdict", v, words)
	d.show.over()
}

// status gives the verdict where the deck was stopped before it had one.
func (d *doctor) status(ctx context.Context) {
	why := context.Cause(ctx)
	if why == nil {
		why = errors.New("it ended before anything was seen")
	}
	// What was being done is the rung after the last that held.
	last := media.Rung(d.last)
	if last == media.RungTLS {
		last = media.RungTCP
	}
	at := slices.Index(rungsUp, last) + 1
	d.verdict(verdict{Rung: string(rungsUp[min(at, len(rungsUp)-1)]), Message: "nothing more came after " + cmp.Or(d.last, "the link") + ": " + why.Error(),
		Hint: "the server does not answer; allow it more time with --timeout"})
}

// rungsUp is the ladder, for what comes next.
var rungsUp = []media.Rung{
	// A handshake has a shorter limit of its own: it is not what is waited for.
	media.RungAddress, media.RungName, media.RungTCP, media.RungReply, media.RungSession, media.RungTransport,
	media.RungContainer, media.RungCodec, media.RungFrame,
}

func (d *doctor) say(event string, fields any, words string) {
	if d.show.printer.json {
		d.show.printer.object(event, fields)
		return
	}
	fmt.Fprintln(d.show.printer.w, strings.TrimRight(words, " "))
}
