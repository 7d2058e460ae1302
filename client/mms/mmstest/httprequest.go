package mmstest

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"

	"tapedeck/client/mms/wire"
)

// maxWebBody bounds the body of a request: a log.
const maxWebBody = 64 << 10

// webKind is what a request wants ([MS-WMSP] 2.2.2).
type webKind uint8

const (
	askNothing webKind = iota
	askDescribe
	askPlay
	askNext
	askSelect
	askStop
	askAlive
	askLog
	askPipeline
	askInfo
	askEvent
)

func (k webKind) String() string {
	return [...]string{"?", "Describe", "Play", "PlayNextEntry", "SelectStream", "Stop", "KeepAlive", "Log", "Pipeline", "GetContentInfo", "SendEvent"}[k]
}

// webRequest is a request that was understood.
type webRequest struct {
	kind    webKind
	method  string
	path    string // without the first slash and the query
	target  string
	minor   int // of HTTP/1.x
	header  http.Header
	pragmas wire.Pragmas
	body    string

	switches []wire.StreamEntry
	version  int  // the major one of the client
	close    bool // the connection ends behind the reply
}

// readRequest reads the next one.
func readRequest(r *bufio.Reader) (*webRequest, error) {
	in, err := http.ReadRequest(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(in.Body, maxWebBody))
	if err != nil {
		return nil, err
	}
	req := &webRequest{
		method: in.Method, path: strings.TrimPrefix(in.URL.Path, "/"), target: in.RequestURI,
		minor: in.ProtoMinor, header: in.Header, body: string(body),
		pragmas: wire.ParsePragmas(in.Header.Values("Pragma")),
		version: majorOf(in.UserAgent()),
		close:   in.Close || in.ProtoMinor == 0 && !strings.EqualFold(in.Header.Get("Connection"), "keep-alive"),
	}
	req.switches = req.pragmas.Switches()
	req.kind = req.kindOf()
	return req, nil
}

func (r *webRequest) kindOf() webKind {
	p := r.pragmas
	_, switches := p.Get("stream-switch-entry")
	_, logged := p.Get("log-line")
	content := strings.ToLower(r.header.Get("Content-Type"))
	switch r.method {
	case "OPTIONS":
		return askAlive
	case "GET":
		switch {
		case p.Has("pipeline-request"):
			return askPipeline
		case p.Has("xPlayStrm"):
			return askPlay
		case p.Has("xPlayNextEntry"):
			return askNext
		case switches:
			return askSelect
		}
		return askDescribe
	case "POST":
		switch {
		case strings.HasPrefix(content, "application/x-wms-getcontentinfo"):
			return askInfo
		case strings.HasPrefix(content, "application/x-wms-sendevent"):
			return askEvent
		case logged, strings.HasPrefix(content, "application/x-wms-logstats"):
			return askLog
		case p.Has("xKeepAliveInPause"):
			return askAlive
		case p.Has("xStopStrm"):
			return askStop
		case switches:
			return askSelect
		}
	}
	return askNothing
}

// ours reports a client that says it knows the protocol. Servers of Windows
// Media give all others a list that leads to a player ([MS-WMSP] 3.2.5.1).
func (r *webRequest) ours() bool {
	agent := r.header.Get("User-Agent")
	for _, token := range []string{"NSPlayer/", "NSServer/", "WMCacheProxy/"} {
		if strings.HasPrefix(agent, token) {
			return true
		}
	}
	return false
}

// supports reports a feature that the client's header Supported has; those that
// do not send it know all ([MS-WMSP] 3.2.3).
func (r *webRequest) supports(feature string) bool {
	lines := r.header.Values("Supported")
	return len(lines) == 0 || strings.Contains(strings.Join(lines, ","), feature)
}

// place is where a Play is to begin: stream-time is stronger than packet-num,
// and that than stream-offset, but a stream-time of 0 is weaker than both
// ([MS-WMSP] 3.2.5.6).
func (r *webRequest) place() Place {
	if ms, ok := r.streamTime(); ok && ms != 0 && ms != wire.NoNumber {
		return Place{Time: milliseconds(ms)}
	}
	if n, ok := r.pragmas.Number("packet-num"); ok && n != wire.NoNumber {
		return Place{Packet: n}
	}
	if n, ok := r.pragmas.Offset("stream-offset"); ok && n < wire.NoNumber {
		return Place{Offset: uint32(n)}
	}
	return Place{}
}

// streamTime is where a Play is to begin, ms. ffmpeg forgets the end of the line
// behind it: "stream-time=5000Connection: Close".
func (r *webRequest) streamTime() (ms uint32, ok bool) {
	v, _ := r.pragmas.Get("stream-time")
	digits := len(v) - len(strings.TrimLeft(v, "0123456789"))
	n, err := strconv.ParseUint(v[:digits], 10, 32)
	return uint32(n), err == nil
}
