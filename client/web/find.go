package web

import (
	"context"
	"errors"
	"io"
	"time"

	"tapedeck/client/filemap"
	"tapedeck/client/media"
)

// errNowhere is why a place was not found in a container that has places.
var errNowhere = errors.New("http: no such place was found in the file")

// Length is how long the file plays; 0 where it does not tell. Unlike Info it
// asks the server for what tells it, which may be the file's end.
func (f *File) Length(ctx context.Context) (time.Duration, error) {
	if d := f.Info().Duration; d > 0 {
		return d, nil
	}
	aside := f.aside(ctx)
	defer aside.end()
	d := filemap.Length(f.info.ContentType, aside.file)
	if d > 0 {
		f.mu.Lock()
		f.info.Duration = d
		f.mu.Unlock()
	}
	return d, aside.err
}

// Find is where a decoder starts to play from media time to on: the byte, and
// the time that is there, which is to or somewhat before it. In containers in
// which a player finds its way by itself it returns media.ErrCannot.
func (f *File) Find(ctx context.Context, to time.Duration) (off int64, at time.Duration, err error) {
	if !filemap.Finds(f.info.ContentType) {
		return 0, 0, cannot("find", "the player finds its way in the file by itself")
	}
	aside := f.aside(ctx)
	defer aside.end()
	place, ok := filemap.Find(f.info.ContentType, aside.file, to)
	switch {
	case aside.err != nil:
		return 0, 0, aside.err
	case !ok:
		return 0, 0, media.At(media.RungContainer, errNowhere)
	}
	return place.Offset, place.Time, nil
}

// glance reads parts of the file and remembers what went wrong.
type glance struct {
	file filemap.File
	err  error
	end  func()
}

func (f *File) aside(ctx context.Context) *glance {
	g := &glance{file: filemap.File{Size: f.size}}
	f.look(1)
	g.end = func() {
		f.look(-1)
		f.fetch.wake()
	}
	g.file.At = func(p []byte, off int64) int {
		n := 0
		for n < len(p) && g.err == nil {
			k, err := f.read(ctx, p[n:], off+int64(n), min(off+int64(len(p)), f.size))
			n += k
			if errors.Is(err, io.EOF) {
				break
			}
			g.err = err
		}
		return n
	}
	return g
}

// look counts the looks aside that are under way: nothing is fetched ahead until
// they are over.
func (f *File) look(n int) {
	f.mu.Lock()
	f.fetch.looking += n
	f.mu.Unlock()
}
