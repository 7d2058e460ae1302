package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"tapedeck/client/http1"
	"tapedeck/client/media"
)

// beginning is the first bytes of a body and what they are.
type beginning struct {
	data  []byte // titles taken out
	found container
	end   error // io.EOF where this was all
}

// peek reads the first bytes of the body, as few as will do, and names the
// container.
func (c *client) peek(ctx context.Context, r *reply, titles *icy) (*beginning, error) {
	stop := context.AfterFunc(ctx, func() { r.body.SetReadDeadline(past) })
	defer stop()
	start := time.Now()
	r.body.SetReadDeadline(start.Add(c.cfg.Timeouts.FirstByte))
	announced := r.announced()

	head := &beginning{}
	var wrong error
	buf := make([]byte, maxChunk)
	for certain := false; !certain && len(head.data) < sniffLimit; {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		n, err := r.body.Read(buf[len(head.data):])
		n = titles.filter(buf[len(head.data):][:n])
		if n > 0 && len(head.data) == 0 {
			c.trace.Step(media.RungTransport, "first bytes", start, fmt.Sprintf("%d bytes", n), nil)
		}
		head.data = buf[:len(head.data)+n]
		if n > 0 {
			head.found, certain, wrong = sniff(head.data, announced)
		}
		if err != nil && len(head.data) == 0 {
			return nil, c.trace.Step(media.RungTransport, "first bytes", start, "", c.noBytes(ctx, err))
		}
		if err != nil {
			if head.end = err; isTimeout(err) {
				head.end = nil // a slow start; the stall is the reader's to judge
			}
			break
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	name := head.found.name
	if name == "" {
		name = "not recognised, announced as " + announced
		if announced == "" {
			name = "not recognised, nothing announced"
		}
	}
	if list, ok := wrong.(*ListError); ok {
		return nil, c.list(ctx, r, list.Format, head.data, head.end == io.EOF, start)
	}
	if wrong == errFramed {
		c.trace.Step(media.RungContainer, "container", start, "Windows Media's chunks", nil)
		return nil, c.toWindowsMedia(r)
	}
	return head, c.trace.Step(media.RungContainer, "container", start, name, wrong)
}

// noBytes words why not a single byte of media came.
func (c *client) noBytes(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case isTimeout(err):
		return &TimeoutError{What: "the server sent headers but no media", After: c.cfg.Timeouts.FirstByte}
	case errors.Is(err, io.EOF):
		return errors.New("http: the server sent headers but no media")
	}
	return wireError(err)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// wireError cleans what reading a body may return; our own words stay.
func wireError(err error) error {
	var short *ShortError
	switch {
	case err == io.EOF, errors.As(err, &short), errors.Is(err, http1.ErrChunk), errors.Is(err, errClosed):
		return err
	case errors.Is(err, net.ErrClosed):
		return errClosed
	}
	return clean(err)
}

// describe is what is known of the stream before it is played.
func describe(r *reply, found container, titles *icy) media.Info {
	h := r.Header
	info := media.Info{
		Protocol:    "http",
		Transport:   r.Proto,
		Server:      text(h.Get("Server"), maxErrorText),
		ContentType: found.contentType,
		BitRate:     icyBitRate(h.Get("Icy-Br")),
		Can:         media.Capabilities{NoScale: media.NormalSpeed},
	}
	if titles.radio {
		info.Protocol = "icy"
	}
	if r.Proto == "icy" {
		info.Transport = "http/1.0"
	}
	if info.ContentType == "" {
		info.ContentType = text(h.Get("Content-Type"), maxErrorText)
	}
	for _, name := range []string{"Icy-Name", "Icy-Description", "Icy-Genre"} {
		if info.Title == "" {
			info.Title = titles.letters.words(h.Get(name))
		}
	}
	if found.track.Kind != 0 {
		info.Tracks = []media.Track{found.track}
		// What the frames say is what is there; a station's word may be old.
		if found.track.BitRate > 0 {
			info.BitRate = found.track.BitRate
		}
	}
	return info
}
