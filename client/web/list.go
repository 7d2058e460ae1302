package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

const (
	// maxList bounds a list, unpacked: a day of HLS with links of a kilobyte.
	maxList = 32 << 20

	// listTimeout is the time within which a list has to come as a whole,
	// however slowly it dribbles in.
	listTimeout = 30 * time.Second
)

var errListTooLong = fmt.Errorf("http: the list does not end within %d MiB", maxList>>20)

// ListError says that the link leads to a list and not to media.
type ListError struct {
	Format      string          // one of package metafile's
	Link        address.Address // who sent it, after redirects
	ContentType string          // as announced, or as the link's name says
	Body        []byte          // all of it
	Transport   string          // how it came: "http/1.1", "http/2"
	Public      bool            // a server of the public network sent it
}

func (e *ListError) Error() string { return "http: this is a list (" + e.Format + ")" }

func (e *ListError) Unwrap() error { return ErrNotMedia }

// listTypes are how the paths of lists end, and the types that servers announce
// who know them.
var listTypes = map[string]string{
	".m3u": "audio/x-mpegurl", ".m3u8": "application/vnd.apple.mpegurl", ".pls": "audio/x-scpls",
	".asx": "video/x-ms-asx", ".wax": "audio/x-ms-wax", ".wvx": "video/x-ms-wvx", ".xspf": "application/xspf+xml",
	".ram": "audio/x-pn-realaudio", ".smil": "application/smil", ".smi": "application/smil",
	".mpd": "application/dash+xml", ".nsc": "application/x-ms-nsc",
}

func listType(a address.Address) string {
	p, _, _ := strings.Cut(a.Path, "?")
	return listTypes[strings.ToLower(path.Ext(p))]
}

// namesList reports whether a's path has the name of a list. A list may come
// packed; media never should, and are packed in themselves.
func namesList(a address.Address) bool { return listType(a) != "" }

func isListType(kind string) bool {
	bare, _, _ := strings.Cut(kind, ";")
	for _, t := range listTypes {
		if t == strings.TrimSpace(bare) {
			return true
		}
	}
	return false
}

// announced is the type of the reply's body, in lower case: as the server says,
// or as the path does where the server knows no more than that it is text.
func (r *reply) announced() string {
	kind := strings.ToLower(text(r.Header.Get("Content-Type"), maxErrorText))
	switch bare, _, _ := strings.Cut(kind, ";"); strings.TrimSpace(bare) {
	case "", "text/plain", "application/octet-stream", "text/xml", "application/xml":
		if named := listType(r.from); named != "" {
			return named
		}
	}
	return kind
}

// zipped reports whether the body is packed. Some servers do it unasked.
func (r *reply) zipped() bool {
	coding := strings.ToLower(r.Header.Get("Content-Encoding"))
	return coding == "gzip" || coding == "x-gzip"
}

// list reads the rest of a list that begins with b, and is the error for it.
func (c *client) list(ctx context.Context, r *reply, format string, b []byte, whole bool, start time.Time) error {
	body, err := b, error(nil)
	if !whole {
		body, err = c.readList(ctx, r, io.MultiReader(bytes.NewReader(b), r.body))
	}
	// A list is no media, but where it leads is the next step.
	if err := c.trace.Step(media.RungContainer, "container", start, format+" list", err); err != nil {
		return err
	}
	return media.At(media.RungContainer, &ListError{
		Format: format, Link: r.from, ContentType: r.announced(),
		Body: bytes.Clone(body), Transport: r.Proto, Public: r.public || c.cfg.OnlyPublic,
	})
}

// unpack reads a packed body, which is taken where it is a list. It is always
// an error: packed media cannot be joined, paused or continued.
func (c *client) unpack(ctx context.Context, r *reply) error {
	start := time.Now()
	body, err := c.readList(ctx, r, &unzipper{from: r.body})
	if err != nil {
		return c.trace.Step(media.RungTransport, "first bytes", start, "", err)
	}
	wrong := textual(body[:min(len(body), sniffLimit)], r.announced())
	if list, ok := wrong.(*ListError); ok {
		return c.list(ctx, r, list.Format, body, true, start)
	}
	if wrong == nil {
		wrong = &notMedia{"compressed data (gzip)"}
	}
	return c.trace.Step(media.RungContainer, "container", start, "packed", wrong)
}

// readList reads from, which is r's body, to its end.
func (c *client) readList(ctx context.Context, r *reply, from io.Reader) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { r.body.SetReadDeadline(past) })
	defer stop()
	r.body.SetReadDeadline(time.Now().Add(listTimeout))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var rung *media.RungError
	body, err := io.ReadAll(io.LimitReader(from, maxList+1))
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case isTimeout(err):
		return nil, &TimeoutError{What: "the list did not end", After: listTimeout}
	case errors.As(err, &rung):
		return nil, err
	case err != nil:
		return nil, wireError(err)
	case len(body) > maxList:
		return nil, errListTooLong
	}
	return body, nil
}

// unzipper takes the gzip coding (RFC 9110, section 8.4.1.3) off a body. What it
// gives is bounded by its reader.
type unzipper struct {
	from io.Reader
	zip  *gzip.Reader
}

func (u *unzipper) Read(p []byte) (int, error) {
	if u.zip == nil {
		zip, err := gzip.NewReader(u.from)
		if err != nil {
			return 0, unzipError(err)
		}
		u.zip = zip
	}
	n, err := u.zip.Read(p)
	return n, unzipError(err)
}

func unzipError(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return media.At(media.RungTransport, wireError(err))
}
