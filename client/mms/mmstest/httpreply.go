package mmstest

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tapedeck/client/mms/wire"
)

// webWriter writes replies, perhaps in small pieces.
type webWriter struct {
	c   net.Conn
	cut int
	buf []byte // of chunk
}

// put writes; false means that the connection is lost.
func (w *webWriter) put(b []byte) bool {
	for len(b) > 0 {
		n := len(b)
		if w.cut > 0 {
			n = min(n, w.cut)
		}
		if err := w.c.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return false
		}
		if _, err := w.c.Write(b[:n]); err != nil {
			return false
		}
		b = b[n:]
	}
	return true
}

// chunk writes a chunk of HTTP/1.1 (RFC 9112 section 7.1).
func (w *webWriter) chunk(b []byte) bool {
	w.buf = fmt.Appendf(w.buf[:0], "%x\r\n", len(b))
	w.buf = append(append(w.buf, b...), "\r\n"...)
	return w.put(w.buf)
}

func (w *webWriter) lastChunk() bool { return w.put([]byte("0\r\n\r\n")) }

// webHead is the head of a reply that is put together.
type webHead struct {
	b       bytes.Buffer
	pragmas []string
	sloppy  bool
}

// head begins a reply. Its version is that of the request.
func (w *webConn) head(req *webRequest, code int) *webHead {
	h := &webHead{sloppy: w.o.Sloppy, pragmas: []string{"no-cache"}}
	fmt.Fprintf(&h.b, "HTTP/1.%d %d %s%s", min(req.minor, 1), code, http.StatusText(code), h.eol())
	h.line("Server", w.o.Server)
	h.line("Cache-Control", "no-cache")
	if w.o.modern() {
		h.line("Supported", w.supported())
	}
	if req.close {
		h.line("Connection", "close")
	} else if req.minor == 0 {
		h.line("Connection", "Keep-Alive")
	}
	return h
}

func (w *webConn) supported() string {
	s := "com.microsoft.wm.srvppair, com.microsoft.wm.sswitch"
	if !w.o.NoPredict {
		s += ", " + predictFeature
	}
	return s
}

const predictFeature = "com.microsoft.wm.predstrm"

func (h *webHead) eol() string {
	if h.sloppy {
		return "\n"
	}
	return "\r\n"
}

func (h *webHead) line(name, value string) {
	if h.sloppy {
		name = strings.ToLower(name)
	}
	h.b.WriteString(name + ": " + value + h.eol())
}

func (h *webHead) pragma(token string) { h.pragmas = append(h.pragmas, token) }

// session says whose the reply is.
func (h *webHead) session(ses *webSession, idle time.Duration) {
	if ses == nil {
		return
	}
	h.pragma(fmt.Sprintf("client-id=%d", ses.id))
	h.pragma(fmt.Sprintf("timeout=%d", (idle - idle/12).Milliseconds())) // a little less than it is
	if entry := ses.entry.Load(); entry > 0 {
		h.pragma(fmt.Sprintf("playlist-gen-id=%d", entry+1))
	}
}

func (h *webHead) bytes() []byte {
	if h.sloppy {
		for _, token := range h.pragmas {
			name, value, has := strings.Cut(token, "=")
			if token = strings.ToUpper(name); has {
				token += " = " + value
			}
			h.line("Pragma", token)
		}
	} else {
		h.line("Pragma", strings.Join(h.pragmas, ", "))
	}
	h.b.WriteString(h.eol())
	return h.b.Bytes()
}

// refuse answers with a status; the connection stays if the client wants it.
func (w *webConn) refuse(req *webRequest, code int) bool {
	h := w.head(req, code)
	h.line("Content-Length", "0")
	return w.out.put(h.bytes()) && !req.close
}

// acknowledge answers with nothing.
func (w *webConn) acknowledge(req *webRequest, ses *webSession) bool {
	h := w.head(req, 200)
	h.session(ses, w.o.Idle)
	h.line("Content-Length", "0")
	return w.out.put(h.bytes()) && !req.close
}

// redirect ends the connection, as [MS-WMSP] 3.2.5.4 has it.
func (w *webConn) redirect(req *webRequest, to string) bool {
	if w.o.ScriptRedirect {
		return w.sendElsewhere(req, to)
	}
	h := w.head(req, w.o.RedirectCode)
	h.line("Location", to)
	h.line("Content-Length", "0")
	w.out.put(h.bytes())
	return false
}

// sendReference is for clients that are no players of Windows Media: a list that
// leads one here.
func (w *webConn) sendReference(req *webRequest) bool {
	at := "://" + w.c.LocalAddr().String() + (&url.URL{Path: "/" + req.path}).EscapedPath()
	body := `<ASX version="3.0"><ENTRY><REF HREF="mms` + at + `"/></ENTRY></ASX>` + "\r\n"
	if w.o.Reference {
		body = "[Reference]\r\nRef1=http" + at + "?MSWMExt=.asf\r\nRef2=http" + at + "?MSWMExt=.asf\r\n"
	}
	h := w.head(req, 200)
	h.line("Content-Type", "video/x-ms-asf")
	h.line("Content-Length", fmt.Sprint(len(body)))
	return w.out.put(append(h.bytes(), body...)) && !req.close
}

// describe sends the header ([MS-WMSP] 3.2.5.4).
func (w *webConn) describe(req *webRequest) bool {
	p, ok := w.s.programme(req.path)
	if !ok {
		return w.refuse(req, 404)
	}
	ses, reset := w.s.web.open(req, w.o.Idle)
	if !ses.idle() {
		return w.refuse(req, 400)
	}
	entry := p.NowEntry(w.s.began, time.Now(), w.s.o.Speed)
	ses.entry.Store(int64(entry))
	h := w.head(req, 200)
	h.session(ses, w.o.Idle)
	h.pragma(`features="` + w.features(req, p, entry) + `"`)
	if reset {
		h.pragma("xResetStrm=1")
	}
	if req.pragmas.Has("pipeline-experiment") && req.minor > 0 && !w.o.NoPipeline {
		h.pragma("pipeline-experiment=1")
	}
	pair := req.pragmas.Has("packet-pair-experiment")
	if pair {
		h.pragma("packet-pair-experiment=1")
	}
	h.line("Content-Type", w.contentType("application/vnd.ms.wms-hdr.asfv1"))
	body := w.appendHeader(nil, req, p, entry)
	if w.o.Describe != NoFault {
		return w.fault(w.o.Describe, h, body)
	}
	const pairSize = 2080
	size := len(body)
	if pair {
		size += pairSize
	}
	h.line("Content-Length", fmt.Sprint(size))
	head := h.bytes()
	if pair {
		n := len(head)
		head = wire.AppendPair(head, n)
	}
	return w.out.put(append(head, body...)) && !req.close
}

func (w *webConn) contentType(modern string) string {
	if !w.o.modern() {
		return "application/octet-stream"
	}
	return modern
}

// features are what a client of its version is told of an entry: older ones know
// no lists and take them for a broadcast.
func (w *webConn) features(req *webRequest, p *Programme, n int) string {
	if w.o.Features != nil {
		return *w.o.Features
	}
	return entryFeatures(p, n, w.o.metadata(req), strings.HasPrefix(w.o.Server, "Rex")).String()
}

func entryFeatures(p *Programme, n int, lists, encoder bool) wire.Features {
	e, ok := p.Entry(n)
	switch {
	case !ok:
		return 0
	case e.Live && e.Playlist:
		return wire.FeatureBroadcast | wire.FeaturePlaylist
	case e.Live && encoder:
		return wire.FeatureBroadcast
	case e.Live:
		return wire.FeatureBroadcast | wire.FeatureLive
	case e.Playlist && !lists:
		return wire.FeatureBroadcast
	case e.Playlist:
		f := wire.FeaturePlaylist | wire.FeatureSeekable
		if n > 0 {
			f |= wire.FeatureSkipBackward
		}
		if _, more := p.Entry(n + 1); more {
			return f | wire.FeatureSkipForward
		}
		return f | wire.FeatureLast
	case e.Seekable:
		return wire.FeatureSeekable
	}
	return 0
}

// appendHeader appends the Metadata, to those who know it, and the header.
func (w *webConn) appendHeader(dst []byte, req *webRequest, p *Programme, n int) []byte {
	e, ok := p.Entry(n)
	if !ok {
		return dst
	}
	if w.o.metadata(req) {
		m := wire.Metadata{
			Tokens: wire.Pragmas{
				{Name: "playlist-gen-id", Value: fmt.Sprint(n + 1)},
				{Name: "broadcast-id", Value: "0"},
				{Name: "features", Value: w.features(req, p, n)},
			},
			Description: []wire.Described{
				{Name: "title", Type: wire.CDLString, Value: req.path + ", entry " + fmt.Sprint(n+1)},
				{Name: "WMS_CONTENT_DESCRIPTION_SERVER_BRANDING_INFO", Type: wire.CDLString, Value: "WMServer/9.1"},
			},
		}
		dst = wire.AppendPieces(dst, wire.ChunkMetadata, wire.AppendMetadata(nil, &m), w.o.HeaderPiece)
	}
	return wire.AppendPieces(dst, wire.ChunkHeader, e.Header, w.o.HeaderPiece)
}
