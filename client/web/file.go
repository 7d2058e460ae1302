package web

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"tapedeck/client/filemap"
	"tapedeck/client/media"
)

// File is a resource of known size of which the server gives any part. What
// was fetched is kept, so that two readers cost one download and a jump back
// asks the server for nothing.
type File struct {
	c       *client
	info    media.Info
	size    int64
	version version // what must not change between requests
	got     atomic.Uint64

	mu      sync.Mutex // guards what follows
	cache   *cache
	fetch   fetch
	waiting []*waiter
	fatal   error // every later miss fails with it
	full    bool  // it was told that there is no disc for it
	closed  bool

	chunks *chunker // Next's
	at     int64    // where it reads

	stop  context.CancelCauseFunc
	ended sync.Once
	done  chan struct{} // the fetcher has ended
}

// waiter is a read that needs the byte at off.
type waiter struct {
	off   int64
	end   int64      // of what it wants; 0 where more will be read behind it
	ready chan error // buffered; nil: the byte has come
}

func newFile(ctx context.Context, c *client, r *reply, size int64, info media.Info, head *beginning) (*File, error) {
	kept := newCache(c.cfg.CacheDir, size, c.cfg.MaxCache)
	for rest := head.data; len(rest) > 0; {
		room, err := kept.room()
		if err != nil {
			kept.close()
			return nil, media.At(media.RungTransport, err)
		}
		if len(room) == 0 {
			break
		}
		n := copy(room, rest)
		rest = rest[n:]
		kept.filledBy(n)
	}
	f := &File{
		c: c, info: info, size: size, cache: kept, version: versionOf(r, size),
		done: make(chan struct{}),
	}
	f.got.Store(uint64(len(head.data)))
	f.sayFull()
	f.chunks = newChunker(head.found, nil, newClock(head.found, info.BitRate, 0))
	f.chunks.fill = f.fill
	life, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	f.stop = stop
	f.fetch = fetch{
		from:   r.from,
		body:   r.body,
		until:  min(size, rangeEnd(r.Header.Get("Content-Range"))),
		opened: time.Now(),
		change: make(chan struct{}, 1),
	}
	f.fetch.short = f.fetch.until < size
	go f.run(life)
	return f, nil
}

// Info says what was opened. The duration is known once the part of the file
// that tells it has been fetched.
func (f *File) Info() media.Info {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.info.Duration == 0 && !f.closed {
		f.info.Duration = filemap.Length(f.info.ContentType, filemap.File{Size: f.size, At: f.kept})
	}
	return f.info
}

// kept reads from the cache alone; f.mu is held.
func (f *File) kept(p []byte, off int64) int {
	n := 0
	for n < len(p) && off+int64(n) < f.size {
		k, err := f.cache.readAt(p[n:], off+int64(n))
		if k == 0 || err != nil {
			break
		}
		n += k
	}
	return n
}

// Size is the length of the whole file in bytes.
func (f *File) Size() int64 { return f.size }

// ReadAt fills p from off on, from what is kept or else from the server. It is
// as io.ReaderAt describes, and ends with ctx. Many calls may run at once.
func (f *File) ReadAt(ctx context.Context, p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		k, err := f.read(ctx, p[n:], off+int64(n), 0)
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// read copies at least one byte from off on, and waits for it where it has not
// come yet. With an end, nothing behind that is wanted: it is a look aside, and
// what is fetched ahead stays where it is.
func (f *File) read(ctx context.Context, p []byte, off, end int64) (int, error) {
	switch {
	case off < 0:
		return 0, errOffset
	case off >= f.size:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	for {
		f.mu.Lock()
		if f.closed {
			f.mu.Unlock()
			return 0, errClosed
		}
		n, err := f.cache.readAt(p, off)
		if n > 0 || err != nil {
			if end == 0 {
				f.fetch.reader, f.cache.reader = off+int64(n), off+int64(n)
			}
			f.mu.Unlock()
			f.fetch.wake()
			return n, err
		}
		if f.fatal != nil {
			defer f.mu.Unlock()
			return 0, f.fatal
		}
		w := &waiter{off: off, end: end, ready: make(chan error, 1)}
		f.waiting = append(f.waiting, w)
		f.interrupt(w)
		f.mu.Unlock()
		f.fetch.wake()

		select {
		case err := <-w.ready:
			if err != nil {
				return 0, err
			}
		case <-ctx.Done():
			f.forget(w)
			return 0, context.Cause(ctx)
		}
	}
}

// forget takes away a waiter that gave up.
func (f *File) forget(w *waiter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, other := range f.waiting {
		if other == w {
			f.waiting = append(f.waiting[:i], f.waiting[i+1:]...)
			return
		}
	}
}

// Next reads the file from its beginning to its end, for a recording.
func (f *File) Next(ctx context.Context) (media.Chunk, error) { return f.chunks.next(ctx) }

func (f *File) fill(ctx context.Context, p []byte) (int, error) {
	n, err := f.read(ctx, p, f.at, 0)
	f.at += int64(n)
	return n, err
}

// Pause and Resume have nothing to do: a file is not sent unless it is read.
func (f *File) Pause(context.Context) error { return nil }

// Resume is described at Pause.
func (f *File) Resume(context.Context) error { return nil }

// Seek by time is the player's, which knows the container and reads where it
// wants through ReadAt.
func (f *File) Seek(context.Context, time.Duration) (time.Duration, error) {
	return 0, cannot("seek", "a file is seeked by its player")
}

// Stats counts the bytes that came from the server.
func (f *File) Stats() media.Stats { return media.Stats{Bytes: f.got.Load()} }

// Close ends the connection and waits for the fetcher. Blocked calls return.
func (f *File) Close() error {
	f.ended.Do(func() {
		f.mu.Lock()
		f.closed = true
		f.settle(everybody, errClosed)
		if f.fetch.body != nil {
			f.fetch.body.SetReadDeadline(past)
		}
		f.mu.Unlock()
		f.stop(errClosed)
		<-f.done
		f.mu.Lock()
		f.cache.close()
		f.mu.Unlock()
		f.c.end()
	})
	<-f.done
	return nil
}
