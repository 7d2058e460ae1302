package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tapedeck/player/playback"
	"tapedeck/playlist"
)

// recordCommand keeps a stream in a file, without playing it.
func recordCommand(ctx context.Context, c console, args []string) int {
	var o options
	flags := newFlags(c, &o)
	asJSON := flags.Bool("json", false, "print one JSON object per line")
	output := flags.StringP("output", "o", "", "the file to write; it must not exist yet")
	length := flags.Duration("for", 0, "end after this long, such as 1h30m; without it, at the end of the stream or with Ctrl-C")
	charset := charsetFlag(flags)
	if status := parse(c, flags, &o, args); status >= 0 {
		return status
	}
	link, ok := oneLink(c, flags)
	if !ok {
		return exitUsage
	}
	if *output == "" {
		fmt.Fprintln(c.stderr, "tapedeck: record wants a file: -o FILE")
		return exitUsage
	}
	path, err := newFile(*output)
	if err == nil {
		err = knownCharset(*charset)
	}
	if err != nil {
		fmt.Fprintln(c.stderr, "tapedeck: record:", err)
		return exitUsage
	}
	e, err := newEngine(o, true)
	if err != nil {
		fmt.Fprintln(c.stderr, "tapedeck:", err)
		return exitUsage
	}
	defer e.close()

	s := newShow(newPrinter(c.stdout, *asJSON), *length)
	kept := false
	titles := newTitleLog(titlesFile(), func(err error) { fmt.Fprintln(c.stderr, "tapedeck:", err) })
	defer titles.close()
	deck := playback.New(e.deck(playback.Config{Unplayed: true, OnTitle: titles.put, OnEvent: func(ev playback.Event) {
		s.event(ev)
		switch ev.(type) {
		case playback.RecordedEvent:
			kept = true
		case playback.RefusedEvent: // the file could not be written
			s.status = exitFailed
			s.over()
		}
	}}))
	deck.Do(playback.Play{Entry: playlist.Entry{URL: link, Charset: *charset}})
	deck.Do(playback.Record{Path: path})
	status := s.run(ctx, deck)
	if status == exitDone && !kept {
		return exitFailed
	}
	return status
}

// newFile is the path of a file that does not exist yet, in a folder that does:
// what cannot be written is said before the server is troubled.
func newFile(name string) (string, error) {
	if name == "-" {
		return "", errors.New("-o - would write to standard output, where the events go: name a file")
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("%s is there already, and nothing is overwritten", name)
	}
	folder, err := os.Stat(filepath.Dir(path))
	switch {
	case err != nil:
		return "", fmt.Errorf("there is no folder %s", filepath.Dir(path))
	case !folder.IsDir():
		return "", fmt.Errorf("%s is no folder", filepath.Dir(path))
	}
	return path, nil
}
