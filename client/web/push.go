package web

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mux"
	"tapedeck/client/web/cut"
)

// isPush reports whether b is the beginning of pictures that a camera pushes.
// Some announce them as something else.
func isPush(b []byte, announced string) bool {
	if strings.HasPrefix(announced, "multipart/x-mixed-replace") {
		return true
	}
	b = bytes.ToLower(bytes.TrimLeft(b[:min(len(b), 256)], "\r\n"))
	return bytes.HasPrefix(b, []byte("--")) && bytes.Contains(b, []byte("\ncontent-type: image/jp"))
}

// pushedName is how pictures in parts are called; such a stream has no end. One
// of bare pictures, one behind the other, may have.
const pushedName = "pushed pictures"

// pushedPictures is the container, with the size of the first picture where
// that is in b.
func pushedPictures(b []byte) container {
	c := container{name: pushedName, contentType: "video/x-matroska", pushed: true,
		track: media.Track{Kind: media.Video, Codec: media.JPEG}}
	if i := bytes.Index(b, []byte("\xff\xd8\xff")); i >= 0 {
		c.track.Width, c.track.Height, _ = cut.PictureSize(b[i:])
	}
	return c
}

// Push makes a Matroska stream of the pictures that a camera pushes. Each has
// the time at which it has come, as nothing else tells it.
type Push struct {
	*Stream
	pictures *cut.Pictures
	mux      *mux.Writer
	opened   time.Time
	last     time.Duration
	out      []byte
	told     bool // the header
	end      error
}

// apart is the least time between two pictures: Matroska counts milliseconds.
const apart = time.Millisecond

func newPush(c *client, r *reply, info media.Info, titles *icy, head *beginning) *Push {
	w, err := mux.New(info.Tracks)
	if err != nil {
		panic(err) // a track of JPEG is always taken
	}
	p := &Push{
		Stream:   newStream(c, r, info, titles, head),
		pictures: cut.NewPictures(r.Header.Get("Content-Type")),
		mux:      w,
		opened:   time.Now(),
		last:     -apart,
	}
	for rest := head.data; len(rest) > 0; {
		n := copy(p.pictures.Room(), rest)
		p.pictures.Filled(n)
		rest = rest[n:]
	}
	return p
}

// Next is the next picture.
func (p *Push) Next(ctx context.Context) (media.Chunk, error) {
	if err := p.unpaused(ctx); err != nil {
		return media.Chunk{}, err
	}
	for {
		if picture, ok := p.pictures.Next(); ok {
			return p.chunk(picture), nil
		}
		if p.end != nil {
			return media.Chunk{}, p.end
		}
		n, err := p.fill(ctx, p.pictures.Room())
		p.pictures.Filled(n)
		if err != nil && ctx.Err() != nil && !errors.Is(err, errClosed) {
			return media.Chunk{}, err // the caller's end, not the stream's
		}
		p.end = err
	}
}

func (p *Push) chunk(picture []byte) media.Chunk {
	p.last = max(time.Since(p.opened), p.last+apart)
	at := p.c.cfg.Start + p.last
	var mark mux.Mark
	p.out, mark = p.mux.Append(p.out[:0], media.Packet{Time: at, Key: true, Data: picture})
	c := media.Chunk{Time: mark.Time, Key: mark.Key, Data: p.out}
	if !p.told {
		c.Init, p.told = p.mux.Init(), true
	}
	return c
}
