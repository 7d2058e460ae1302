package hls

import (
	"errors"
	"fmt"
	"net"

	"tapedeck/client/media"
)

// Errors that callers branch on.
var (
	// ErrProtected is wrapped by a *ProtectedError.
	ErrProtected = errors.New("protected by DRM")

	// ErrPlaylist is under what is wrong with a playlist, not with the way to it.
	ErrPlaylist = errors.New("a bad playlist")

	// ErrStuck: a live playlist has not changed for a long time.
	ErrStuck = errors.New("hls: the playlist does not go on: the station sends nothing new")

	// ErrNoPlayable: none of the variants can be played here.
	ErrNoPlayable = errors.New("no variant can be played")
)

// ProtectedError says what protects the media from being played.
type ProtectedError struct{ System string } // "Widevine", "FairPlay", "SAMPLE-AES"

func (e *ProtectedError) Error() string {
	return "hls: the media are protected (" + e.System + "), which only licensed players can open"
}
func (e *ProtectedError) Unwrap() error { return ErrProtected }

func protected(system string) error {
	return media.At(media.RungCodec, &ProtectedError{system})
}

// playlistError is ErrPlaylist in the words of what is wrong.
type playlistError struct{ words string }

func (e *playlistError) Error() string { return "hls: " + e.words }
func (e *playlistError) Unwrap() error { return ErrPlaylist }

var (
	errNotPlaylist = &playlistError{"the server sent something else than a playlist"}
	errTooLong     = &playlistError{fmt.Sprintf("the playlist is longer than %d MB", maxPlaylist>>20)}
	errLongURI     = &playlistError{fmt.Sprintf("the playlist has an address longer than %d bytes", maxURI)}
	errBadRange    = &playlistError{"the playlist has a byte range beyond all files"}
	errNoVariants  = &playlistError{"the master playlist names no variant"}
	errNested      = &playlistError{"a master playlist leads to another master playlist"}
	errNoSegments  = &playlistError{"the playlist has no segments"}
)

// errClosed is what a blocked call returns when the session is closed.
var errClosed = fmt.Errorf("hls: the stream was closed: %w", net.ErrClosed)

// cannot is media.ErrCannot with its reason.
func cannot(what, why string) error { return fmt.Errorf("%s: %w: %s", what, media.ErrCannot, why) }
