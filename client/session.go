package client

import (
	"context"
	"time"

	"tapedeck/client/media"
)

// Session is an open stream, whatever its protocol: what every protocol offers
// and all that the rest of the program knows of it.
//
// One goroutine calls Next; the other methods may be called from another at
// the same time.
type Session interface {
	// Info says what was opened. It is complete when Open returns, but for
	// tracks that only the decoder will know. One that is no Scaler says why in
	// Can.NoScale.
	Info() media.Info

	// Next returns the next run of container bytes. It blocks until there is
	// one, ctx ends or the session does: io.EOF is the stream's own end, any
	// other error names its rung (media.RungError). Chunk.Data is valid until
	// the following call.
	Next(ctx context.Context) (media.Chunk, error)

	// Pause asks the server to stop sending, Resume to go on where it stopped.
	// The connection is kept alive meanwhile. Where Info().Can.NoPause is set
	// both return an error that wraps media.ErrCannot
	// and says why.
	Pause(ctx context.Context) error
	Resume(ctx context.Context) error

	// Seek moves to media time to and returns where the server really starts,
	// usually the key frame before. It also ends a pause. Chunks made after it
	// carry the next Chunk.Seek number, the first of them with Init set.
	Seek(ctx context.Context, to time.Duration) (time.Duration, error)

	// Stats may be called at any time, from any goroutine.
	Stats() media.Stats

	// Close ends the session politely within a second or two, waits for all
	// its goroutines, and may be called twice. A blocked Next returns.
	Close() error
}

// Scaler is a Session whose server may play at other speeds, as a video
// recorder does. Where Info().Can.NoScale is set it does not.
type Scaler interface {
	Session

	// Scale plays on from media time at: rate 2 is twice as fast, -1 backwards,
	// 1 normal again. It returns where the server really starts and the rate
	// that it agreed to, which is 1 where it knows no other. Otherwise it is as
	// Seek, which ends it. Chunk.Time then runs as the media are played, from
	// the time that was returned on: after a second of playing at rate 2 it is
	// one second later, and the media two.
	Scale(ctx context.Context, at time.Duration, rate float64) (from time.Duration, got float64, err error)
}

// File is a Session whose server gives any part of a resource of known size.
// A player that can find its way in the container reads it through ReadAt; the
// session keeps what it fetched, so that two readers cost one download.
type File interface {
	Session

	// Size is the length of the whole resource in bytes.
	Size() int64

	// ReadAt fills p from byte offset off on, as io.ReaderAt does: it returns
	// io.EOF when fewer than len(p) bytes remain. Many calls may run at once.
	ReadAt(ctx context.Context, p []byte, off int64) (int, error)

	// Length is how long the resource plays; 0 where it does not tell. It may
	// ask the server for the part that tells it, unlike Info.
	Length(ctx context.Context) (time.Duration, error)

	// Find is the byte from which a decoder plays on at media time to, and the
	// time that is there: to, or that of the key frame before it. In containers
	// in which a player finds its way over a network by itself the error wraps
	// media.ErrCannot.
	Find(ctx context.Context, to time.Duration) (off int64, at time.Duration, err error)
}
