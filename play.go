package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/player/playback"
	"tapedeck/playlist"
)

// maxCommandLine bounds a line of standard input.
const maxCommandLine = 4096

// playCommand plays one link without a screen: events go to standard output,
// commands come from standard input.
func playCommand(ctx context.Context, c console, args []string) int {
	var o options
	flags := newFlags(c, &o)
	asJSON := flags.Bool("json", false, "print one JSON object per line")
	length := flags.Duration("for", 0, "end after playing this long, such as 30s")
	seek := flags.Duration("seek", 0, "begin there, such as 1m30s")
	charset := charsetFlag(flags)
	noVLC := flags.Bool("no-vlc", false, "decode nothing: read the stream at its pace and drop it")
	if status := parse(c, flags, &o, args); status >= 0 {
		return status
	}
	link, ok := oneLink(c, flags)
	if !ok {
		return exitUsage
	}
	if *seek < 0 || *length < 0 {
		fmt.Fprintln(c.stderr, "tapedeck: --seek and --for take times from 0 on")
		return exitUsage
	}
	if err := knownCharset(*charset); err != nil {
		fmt.Fprintln(c.stderr, "tapedeck:", err)
		return exitUsage
	}
	e, err := newEngine(o, *noVLC)
	if err != nil {
		fmt.Fprintln(c.stderr, "tapedeck:", err)
		return exitUsage
	}
	defer e.close()

	s := newShow(newPrinter(c.stdout, *asJSON), *length)
	titles := newTitleLog(titlesFile(), func(err error) { fmt.Fprintln(c.stderr, "tapedeck:", err) })
	defer titles.close()
	deck := playback.New(e.deck(playback.Config{OnEvent: s.event, OnTitle: titles.put}))
	deck.Do(playback.Play{Entry: playlist.Entry{URL: link, Charset: *charset}, Start: *seek})
	go obey(c.stdin, deck.Do, s.over, func(line string) {
		fmt.Fprintf(c.stderr, "tapedeck: %q is no command: pause, play, seek N, rate N, stop\n", line)
	})
	return s.run(ctx, deck)
}

// show runs a deck until its one stream is over, and knows the exit status.
type show struct {
	printer *printer
	length  time.Duration // to play; 0 is to the end
	status  int
	over    func() // ends the show; set by run
	done    chan struct{}
	timer   *time.Timer
}

func newShow(p *printer, length time.Duration) *show {
	s := &show{printer: p, length: length, done: make(chan struct{}, 1)}
	s.over = func() {
		select {
		case s.done <- struct{}{}:
		default:
		}
	}
	return s
}

var errOver = errors.New("the show is over")

func (s *show) run(ctx context.Context, deck *playback.Deck) int {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-s.done:
			cancel(errOver)
		case <-ctx.Done():
		}
	}()
	deck.Run(ctx)
	if s.timer != nil {
		s.timer.Stop()
	}
	return s.status
}

// event is the deck's OnEvent.
func (s *show) event(e playback.Event) {
	s.printer.print(e)
	switch e := e.(type) {
	case playback.PlayingEvent:
		s.countDown()
	case playback.ErrorEvent:
		s.status = statusOf(e)
		s.over()
	case playback.EndedEvent:
		s.over()
	}
}

// countDown starts the time that the show may last, once.
func (s *show) countDown() {
	if s.length > 0 && s.timer == nil {
		s.timer = time.AfterFunc(s.length, s.over)
	}
}

func statusOf(e playback.ErrorEvent) int {
	switch {
	case e.Rung == playback.RungPlayer:
		return exitPlayer
	case errors.Is(e.Err, address.ErrReserved):
		return exitReserved
	}
	return exitFailed
}

// obey carries out commands, one a line, until the input ends. strange is told
// of those that are none.
func obey(in io.Reader, do func(playback.Intent), over func(), strange func(line string)) {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 256), maxCommandLine)
	for lines.Scan() {
		word, rest, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		switch word {
		case "pause":
			do(playback.Pause{})
		case "play":
			do(playback.Resume{})
		case "seek":
			if in, ok := parseSeek(strings.TrimSpace(rest)); ok {
				do(in)
			} else {
				strange(lines.Text())
			}
		case "rate":
			if rate, err := strconv.ParseFloat(strings.TrimSpace(rest), 64); err == nil && rate >= -64 && rate <= 64 && rate != 0 {
				do(playback.SetRate{Rate: rate})
			} else {
				strange(lines.Text())
			}
		case "":
		case "stop":
			over()
			return
		default:
			strange(lines.Text())
		}
	}
}

// parseSeek reads the argument of "seek": seconds, +seconds, -seconds or a
// percentage.
func parseSeek(s string) (playback.Intent, bool) {
	if p, ok := strings.CutSuffix(s, "%"); ok {
		percent, err := strconv.ParseFloat(p, 64)
		return playback.SeekPercent{Percent: percent}, err == nil && percent >= 0 && percent <= 100
	}
	n, err := strconv.ParseFloat(s, 64)
	const farthest = 1e6 // seconds; also keeps NaN and infinities out
	if err != nil || !(n >= -farthest && n <= farthest) {
		return nil, false
	}
	d := time.Duration(n * float64(time.Second))
	if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "-") {
		return playback.SeekBy{By: d}, true
	}
	return playback.SeekTo{To: d}, true
}
