package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"tapedeck/client"
	"tapedeck/client/media"
	"tapedeck/player"
	"tapedeck/player/playback"
	"tapedeck/playlist"
)

// engine is what every deck of the program is made of: the client, the feed and
// the way to a player.
type engine struct {
	once   bool // a stream that is lost is not opened again
	config config
	client client.Client
	feed   *player.Feed // nil where nothing is decoded
	vlc    string       // as named by flag, environment or config; may be empty
	sound  string       // a WAV file that gets the sound, in tests; may be empty
}

// newEngine reads the config and opens the feed, unless nothing is to be
// decoded.
func newEngine(o options, dry bool) (*engine, error) {
	cfg, err := loadConfig()
	if err != nil {
		return nil, err
	}
	e := &engine{config: cfg, vlc: o.vlc}
	if e.vlc == "" {
		e.vlc = os.Getenv("TAPEDECK_VLC")
	}
	if e.vlc == "" {
		e.vlc = cfg.VLC
	}
	e.client.CacheDir = cacheDir()
	e.client.Pins, e.client.OldTLS = cfg.TLS.Pins, cfg.TLS.Old
	if err := os.MkdirAll(e.client.CacheDir, 0o700); err != nil {
		e.client.CacheDir = "" // the system's place for temporary files will do
	}
	if dry {
		return e, nil
	}
	if e.feed, err = player.NewFeed(); err != nil {
		return nil, fmt.Errorf("no loopback address for the player: %w", err)
	}
	return e, nil
}

func (e *engine) close() {
	if e.feed != nil {
		e.feed.Close()
	}
}

// deck completes c with the engine's parts.
func (e *engine) deck(c playback.Config) playback.Config {
	c.Open = e.open
	c.Hint = hint
	c.Volume = e.config.Volume
	c.RecordDir = e.config.recordings()
	if e.feed != nil && !c.Unplayed {
		c.Feed = e.feed
		c.Player = e.startPlayer
	}
	return c
}

func (e *engine) open(ctx context.Context, entry playlist.Entry, trace func(media.Event)) (client.Session, error) {
	return e.client.Open(ctx, entry.URL, client.Options{
		Trace: trace, UserAgent: entry.UserAgent, Referer: entry.Referer, Charset: entry.Charset, ComeBack: !e.once,
	})
}

func (e *engine) startPlayer(ctx context.Context) (playback.Player, error) {
	path, err := player.Find(e.vlc)
	if err != nil {
		return nil, err
	}
	vlc, err := player.Start(ctx, player.Config{Path: path, LogFile: vlcLog(), AudioFile: e.sound})
	if err != nil {
		return nil, err
	}
	return vlc, nil
}

// hint adds the player's own errors to what the client can advise on.
func hint(err error) string {
	if errors.Is(err, player.ErrNotFound) {
		return "lists, favourites and recording work without it"
	}
	return client.Hint(err)
}
