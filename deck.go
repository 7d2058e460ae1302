package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tapedeck/client/address"
	"tapedeck/player/playback"
	"tapedeck/playlist"
	"tapedeck/tui"
)

// deckCommand is tapedeck itself: the screen, on the lists and links given.
func deckCommand(ctx context.Context, c console, args []string) int {
	var o options
	flags := newFlags(c, &o)
	if status := parse(c, flags, &o, args); status >= 0 {
		return status
	}
	for _, arg := range flags.Args() {
		if problem := openable(arg); problem != "" {
			fmt.Fprintln(c.stderr, "tapedeck:", problem)
			return exitUsage
		}
	}
	return runDeck(ctx, c, o, shelf{args: flags.Args()})
}

// openable says why arg is neither a list that can be read nor a link; empty
// when it is one.
func openable(arg string) string {
	if isLink(arg) {
		return ""
	}
	info, err := os.Stat(arg)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Sprintf("%s: no such file; a link begins with rtsp://, http:// or the like", address.Redact(arg))
	case err != nil:
		return err.Error()
	case info.IsDir():
		return arg + " is a folder; a list is a file such as my.m3u"
	}
	return ""
}

// isLink tells a link from a file's name.
func isLink(arg string) bool {
	scheme, _, ok := strings.Cut(arg, "://")
	return ok && len(scheme) > 1 && !strings.ContainsAny(scheme, "/\\")
}

// shelf is what the screen shows at the start: lists and links, or entries that
// are known already.
type shelf struct {
	name    string
	args    []string
	entries []playlist.Entry
	kept    string // the folder of the favourites; empty for the usual one
}

func (s shelf) title() string {
	switch {
	case s.name != "":
		return s.name
	case len(s.args) == 1 && !isLink(s.args[0]):
		return filepath.Base(s.args[0])
	}
	return "tapedeck"
}

// runDeck opens the screen and closes everything behind it.
func runDeck(ctx context.Context, c console, o options, s shelf) int {
	if !c.screen {
		fmt.Fprintln(c.stderr, "tapedeck: the deck needs a terminal; without one there is tapedeck play")
		return exitUsage
	}
	e, err := newEngine(o, false)
	if err != nil {
		fmt.Fprintln(c.stderr, "tapedeck:", err)
		return exitUsage
	}
	defer e.close()
	keys := tui.DefaultKeyMap()
	if err := keys.RebindAll(e.config.Keys); err != nil {
		fmt.Fprintf(c.stderr, "tapedeck: %s: %v\n", configFile, err)
		return exitUsage
	}
	store, err := playlist.OpenStore(cmp.Or(s.kept, favouritesDir()))
	if err != nil {
		fmt.Fprintln(c.stderr, "tapedeck: favourites:", err)
		return exitUsage
	}

	states := newRelay[playback.State]()
	var program *tea.Program
	cfg := playback.Config{OnState: states.put}
	if s.kept == "" {
		titles := newTitleLog(titlesFile(), func(err error) { program.Send(tui.NoticeMsg(err.Error())) })
		defer titles.close()
		cfg.OnTitle = titles.put
	}
	deck := playback.New(e.deck(cfg))
	program = tea.NewProgram(
		tui.New(tui.Config{Deck: deck, Store: store, Name: s.title(), Keys: keys, Reading: len(s.args)+len(s.entries) > 0}),
		// Signals end ctx. Bubble Tea's own handler beside it would wait for ever
		// for a program that is ending already.
		tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithFPS(30),
		tea.WithInput(c.stdin), tea.WithOutput(c.stdout),
	)
	return showDeck(ctx, c, program, deck, states, s)
}

// showDeck runs the screen beside the deck and the reading of the lists, and
// ends all three.
func showDeck(ctx context.Context, c console, program *tea.Program, deck *playback.Deck, states *relay[playback.State], s shelf) int {
	ctx, cancel := context.WithCancel(ctx)
	deckDone, listsDone, relayDone := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(deckDone)
		deck.Run(ctx)
	}()
	go func() {
		defer close(relayDone)
		states.run(ctx, func(st playback.State) { program.Send(tui.StateMsg(st)) })
	}()
	go func() {
		defer close(listsDone)
		s.read(ctx, program.Send)
	}()
	if len(s.args) == 1 && isLink(s.args[0]) {
		deck.Do(playback.Play{Entry: playlist.NewEntry(s.args[0])})
	}
	_, err := program.Run()
	cancel()
	<-deckDone
	<-relayDone
	<-listsDone
	if err != nil && !errors.Is(err, tea.ErrProgramKilled) {
		fmt.Fprintln(c.stderr, "tapedeck:", err)
		return exitFailed
	}
	return exitDone
}

// read sends the entries to the screen as they are read.
func (s shelf) read(ctx context.Context, send func(tea.Msg)) {
	send(tui.BatchMsg{Entries: s.entries})
	var problem error
	for _, arg := range s.args {
		if isLink(arg) {
			send(tui.BatchMsg{Entries: []playlist.Entry{playlist.NewEntry(arg)}})
			continue
		}
		if err := readList(ctx, arg, send); err != nil {
			problem = err
		}
	}
	send(tui.LoadedMsg{Err: problem})
}

func readList(ctx context.Context, path string, send func(tea.Msg)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var size int64
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	return playlist.Read(readerOf(ctx, f), filepath.Base(path), func(batch []playlist.Entry, read int64) bool {
		for i := range batch {
			batch[i] = batch[i].Resolve(path)
		}
		send(tui.BatchMsg{Entries: batch, Read: read, Total: size})
		return ctx.Err() == nil
	})
}

// readerOf ends the reading of a slow file (a pipe, a network folder) with ctx.
func readerOf(ctx context.Context, r io.Reader) io.Reader {
	return readFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }
