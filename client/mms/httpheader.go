package mms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"tapedeck/client/asf"
	"tapedeck/client/http1"
	"tapedeck/client/metafile"
	"tapedeck/client/mms/wire"
	"tapedeck/client/words"
)

const (
	maxDescription = 4 << 20   // bytes of the reply to a Describe: a header, Metadata, and what else a server thinks of
	maxMetafile    = 256 << 10 // bytes of a list in place of the stream
	maxTitle       = 1024      // bytes
)

// errWebServer is under the error of a reply that has nothing to do with this
// protocol.
var errWebServer = fmt.Errorf("mms: %w: this is a web page's server, and no media server", ErrProtocol)

// errFile is a file of ASF as web servers send it: they have their own ways to
// seek.
var errFile = errors.New("mms: the server sends it as a web server does")

// asfStart is how a file of ASF begins: its header object's GUID.
var asfStart = []byte{0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11}

// headers puts together what comes before the packets of a programme.
type headers struct {
	header, metadata wire.Pieces
	meta             *wire.Metadata // that came last; nil: none, or it was used
}

// add takes a chunk H or M. It returns the header behind its last piece, valid
// until the next one.
func (h *headers) add(c *wire.Chunk) ([]byte, error) {
	switch c.Kind {
	case wire.ChunkHeader:
		whole, err := h.header.Add(c)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		return whole, nil
	case wire.ChunkMetadata:
		whole, err := h.metadata.Add(c)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		if whole != nil {
			m := wire.ParseMetadata(whole)
			h.meta = &m
		}
	case wire.ChunkData, wire.ChunkChange, wire.ChunkEnd, wire.ChunkPair, wire.ChunkTest:
	}
	return nil, nil
}

// readHeader reads the body of the reply to a Describe. Its connection is kept
// for the Play where nothing is left on it.
func (l *httpLink) readHeader(ctx context.Context, r *httpReply) (*programme, error) {
	release := r.conn.bound(ctx, l.cfg.Timeouts.Reply)
	p, err := l.readChunks(r)
	if err == nil && r.body.Length() >= 0 { // VLC sends its stream at once: that has no end
		n, drained := io.Copy(io.Discard, io.LimitReader(r.body, maxDiscard+1))
		if drained == nil && n <= maxDiscard && r.settled() {
			l.spare, l.pipelines = r.conn, r.offersPipeline()
		}
	}
	release()
	if l.spare != r.conn {
		r.conn.Close()
	}
	switch {
	case err == nil:
		return p, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case isTimeout(err):
		return nil, &TimeoutError{What: "the server did not send its header", After: l.cfg.Timeouts.Reply}
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("mms: %w: its reply ends before the header does", ErrProtocol)
	case isNetwork(err):
		return nil, plainly(err)
	case errors.Is(err, http1.ErrChunk):
		return nil, fmt.Errorf("mms: %w: %w", ErrProtocol, err)
	}
	return nil, err
}

// readChunks reads as far as the end of the header.
func (l *httpLink) readChunks(r *httpReply) (*programme, error) {
	var (
		in  wire.ChunkBuffer
		c   wire.Chunk
		all headers
	)
	for got := 0; got < maxDescription; {
		room := in.Room()
		n, err := r.body.Read(room)
		if err != nil && n == 0 {
			return nil, err
		}
		if got == 0 && n > 0 && !wire.IsChunk(room[0]) {
			return nil, l.foreign(r, slices.Clone(room[:n]))
		}
		got += n
		in.Filled(n)
		for more, err := in.Next(&c); more || err != nil; more, err = in.Next(&c) {
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
			}
			if c.Kind == wire.ChunkEnd && HResult(c.Reason).Failed() {
				return nil, &ServerError{Step: "describe", Code: HResult(c.Reason)}
			}
			header, err := all.add(&c)
			if err != nil {
				return nil, err
			}
			if header != nil {
				return l.programmeOf(header, r, all.meta), nil
			}
		}
	}
	return nil, fmt.Errorf("mms: %w: no header in %d bytes", ErrProtocol, maxDescription)
}

// programmeOf is what r, the Metadata and the header say. What the Metadata says
// holds before the reply's own head.
func (l *httpLink) programmeOf(header []byte, r *httpReply, meta *wire.Metadata) *programme {
	p := &programme{
		server: words.Line(r.Header.Get("Server"), maxErrorWords), way: overHTTP,
		public: l.public || r.conn.public,
		proto:  r.Proto, header: slices.Clone(header),
	}
	said, known := r.pragmas.Get("features")
	if meta != nil {
		if v, ok := meta.Tokens.Get("features"); ok {
			said, known = v, true
		}
		p.title = titleOf(meta)
	}
	features := wire.ParseFeatures(said)
	p.broadcast = features&(wire.FeatureBroadcast|wire.FeatureLive) != 0
	p.seekable = features&wire.FeatureSeekable != 0
	if h, err := asf.Parse(header); err == nil && !known { // an imitator
		p.broadcast, p.seekable = h.Broadcast, h.Seekable
	}
	return p
}

// titleOf is the title that the Metadata gives the entry; "" for none.
func titleOf(m *wire.Metadata) string {
	for _, name := range []string{"title", "Title"} {
		if v, ok := m.Get(name); ok {
			return words.Line(v, maxTitle)
		}
	}
	return ""
}

// foreign is what becomes of a reply that is no chunks and begins with b: a list
// that leads to the stream, a file of ASF, or a web page.
func (l *httpLink) foreign(r *httpReply, b []byte) error {
	public := l.public || r.conn.public
	for len(b) < len(asfStart) && bytes.HasPrefix(asfStart, b) {
		more := make([]byte, len(asfStart)-len(b))
		n, err := r.body.Read(more)
		if b = append(b, more[:n]...); err != nil {
			break
		}
	}
	l.webPublic = public // and not public, which the keeper reads meanwhile
	if bytes.HasPrefix(b, asfStart) {
		return errFile
	}
	rest, err := io.ReadAll(io.LimitReader(r.body, int64(max(0, maxMetafile+1-len(b)))))
	if b = append(b, rest...); err == nil && len(b) <= maxMetafile {
		kind := words.Line(r.Header.Get("Content-Type"), maxErrorWords)
		if _, ok := metafile.Sniff(b, kind); ok {
			return &MetafileError{ContentType: kind, Body: b, Public: public}
		}
	}
	return errWebServer
}
