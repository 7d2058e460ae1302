package player

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	feedHeaderTime  = 10 * time.Second // given to a client to send its request
	feedHeaderBytes = 16 << 10         // of a request's header
	feedIdleTime    = 30 * time.Second // a connection may wait for its next request
	maxContentType  = 100              // bytes; a longer one is not passed on
	tokenBytes      = 16               // of chance in a path
)

// octets is the type of what has no usable type of its own.
const octets = "application/octet-stream"

// Feed offers media to VLC on a loopback port. Each resource has a path that
// cannot be guessed, is open to any number of connections at once, each with a
// reader of its own, and is there until it is dropped.
type Feed struct {
	listener net.Listener
	server   *http.Server
	served   chan struct{} // closed when the server has stopped

	mu        sync.Mutex
	closed    bool
	resources map[string]*resource // by path
	answers   sync.WaitGroup       // the responses under way; Add with mu held
}

// resource is one address of the feed.
type resource struct {
	contentType string
	serve       func(ctx context.Context, w http.ResponseWriter, r *http.Request)
	ends        map[*answer]struct{} // guarded by Feed.mu
}

// answer is one response under way.
type answer struct{ end context.CancelCauseFunc }

// errDropped ends the responses of a resource that is there no more.
var errDropped = errors.New("the resource was dropped")

// NewFeed listens on a free port of 127.0.0.1.
func NewFeed() (*Feed, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	f := &Feed{listener: l, served: make(chan struct{}), resources: make(map[string]*resource)}
	f.server = &http.Server{
		Handler:           f,
		ReadHeaderTimeout: feedHeaderTime,
		IdleTimeout:       feedIdleTime,
		MaxHeaderBytes:    feedHeaderBytes,
		ErrorLog:          log.New(io.Discard, "", 0), // the terminal belongs to the screen
	}
	go func() {
		defer close(f.served)
		_ = f.server.Serve(l) // always an error; Close is why
	}()
	return f, nil
}

// Stream offers an endless, or at least unseekable, response. open is called
// for each connection; its error is answered with 503, after which VLC asks once
// more. The response ends when Read returns io.EOF or any other error; to VLC
// both are the stream's end. Close must end a blocked Read, and may come at any
// time and more than once. A reader that is an io.WriterTo is asked to write
// itself, after its first Read, to the bare TCP connection.
func (f *Feed) Stream(contentType string, open func() (io.ReadCloser, error)) (url string) {
	res := &resource{contentType: safeType(contentType)}
	res.serve = func(ctx context.Context, w http.ResponseWriter, r *http.Request) {
		serveStream(ctx, w, r, open)
	}
	// What is played as a stream and called Matroska has been looked into, or comes
	// from our own muxer: Open may name the demuxer.
	if isMatroska(res.contentType) {
		return f.add(res, matroskaSuffix)
	}
	return f.add(res, "")
}

// File offers a resource of size bytes in which VLC finds its own way. readAt
// fills p from offset off, as io.ReaderAt does; its ctx ends when the client
// goes or the resource is dropped. Many calls may run at once.
func (f *Feed) File(contentType string, size int64, readAt func(ctx context.Context, p []byte, off int64) (int, error)) (url string) {
	res := &resource{contentType: safeType(contentType)}
	res.serve = func(ctx context.Context, w http.ResponseWriter, r *http.Request) {
		serveFile(ctx, w, r, size, readAt)
	}
	return f.add(res, "")
}

// matroskaSuffix ends the path of a stream that VLC need not guess at.
const matroskaSuffix = ".mkv"

// isMatroska reports whether VLC's Matroska demuxer is the one for a MIME type.
func isMatroska(contentType string) bool {
	return strings.HasSuffix(contentType, "/x-matroska") || strings.HasSuffix(contentType, "/webm")
}

func (f *Feed) add(res *resource, suffix string) string {
	token := make([]byte, tokenBytes)
	_, _ = rand.Read(token) // never fails
	path := fmt.Sprintf("/%x%s", token, suffix)
	res.ends = make(map[*answer]struct{})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.resources[path] = res
	return "http://" + f.listener.Addr().String() + path
}

// Drop takes the resource at url away: its responses end now, and a later
// request is answered with 404. It does not wait; Close does.
func (f *Feed) Drop(url string) {
	path, ok := strings.CutPrefix(url, "http://"+f.listener.Addr().String())
	if !ok {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if res := f.resources[path]; res != nil {
		delete(f.resources, path)
		res.endAll()
	}
}

// endAll is called with Feed.mu held.
func (res *resource) endAll() {
	for a := range res.ends {
		a.end(errDropped)
	}
}

// Close ends every response and waits for all of them. It may be called twice.
func (f *Feed) Close() error {
	f.mu.Lock()
	f.closed = true
	for path, res := range f.resources {
		delete(f.resources, path)
		res.endAll()
	}
	f.mu.Unlock()
	err := f.server.Close()
	<-f.served
	f.answers.Wait()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("feed: %w", err)
	}
	return nil
}

// ServeHTTP finds the resource and answers from it.
func (f *Feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().IsLoopback() {
		http.Error(w, "not from there", http.StatusForbidden)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	a := &answer{end: cancel}
	res := f.enter(r.URL.Path, a)
	if res == nil {
		http.NotFound(w, r)
		return
	}
	defer f.leave(res, a)
	w.Header().Set("Content-Type", res.contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	res.serve(ctx, w, r)
}

func (f *Feed) enter(path string, a *answer) *resource {
	f.mu.Lock()
	defer f.mu.Unlock()
	res := f.resources[path]
	if res == nil || f.closed {
		return nil
	}
	res.ends[a] = struct{}{}
	f.answers.Add(1)
	return res
}

func (f *Feed) leave(res *resource, a *answer) {
	f.mu.Lock()
	delete(res.ends, a)
	f.mu.Unlock()
	f.answers.Done()
}

// safeType is the type that a server gave, if it is well formed and none that
// makes VLC read the bytes as a list of other addresses.
func safeType(contentType string) string {
	if len(contentType) > maxContentType {
		return octets
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.Contains(kind, "/") || strings.HasPrefix(kind, "text/") {
		return octets
	}
	for _, list := range []string{"mpegurl", "scpls", "xspf", "asx", "xml", "json", "pls"} {
		if strings.Contains(kind, list) {
			return octets
		}
	}
	for _, c := range []byte(contentType) {
		if c < ' ' || c >= 0x7f {
			return octets
		}
	}
	return contentType
}
