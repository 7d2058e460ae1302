package rtsp

import (
	"fmt"
	"io"
	"strings"
)

// webRequest is the head of a request for the link's path. HTTP/1.0 keeps
// proxies from cutting the reply into chunks; what they need of 1.1 is in it.
func (o *opener) webRequest(method, authorization string, more ...field) []byte {
	h := append(header{{"Host", o.a.Authority()}}, more...)
	h.add("Pragma", "no-cache")
	h.add("Cache-Control", "no-cache")
	if authorization != "" {
		h.add("Authorization", authorization)
	}
	h.add("User-Agent", o.cfg.UserAgent)
	return appendHead([]byte(method+" "+webPath(o.a)+" HTTP/1.0\r\n"), h, nil)
}

// readWebHead reads the head of an HTTP reply (RFC 9112 section 4), bounded as
// RTSP's is, and returns with it the bytes that came behind.
//
//	HTTP/1.0 200 OK
//	Content-Type: application/x-rtsp-tunnelled
//	(empty line)
func readWebHead(r io.Reader) (reply *response, rest []byte, err error) {
	var buf []byte
	scanned, continues := 0, 0
	for {
		if len(buf) > 0 {
			reply, rest, scanned, err = cutWebHead(buf, scanned)
			switch {
			case err != nil:
				return nil, nil, err
			case reply != nil && reply.status >= 200:
				return reply, rest, nil
			case reply != nil: // 1xx
				if continues++; continues > maxContinues {
					return nil, nil, fmt.Errorf("%w: it is preceded by too many others", errTooLong)
				}
				buf, scanned = rest, 0
				continue
			}
		}
		if len(buf) > maxHead {
			return nil, nil, errTooLong
		}
		buf = append(buf, make([]byte, 4<<10)...)
		n, err := r.Read(buf[len(buf)-4<<10:])
		buf = buf[:len(buf)-4<<10+n]
		if n == 0 && err == nil {
			err = io.ErrNoProgress
		}
		if err != nil {
			return nil, nil, closedBy(err)
		}
	}
}

// cutWebHead takes a whole head off b. Without one there is no reply, and
// resume is where to look on.
func cutWebHead(b []byte, from int) (reply *response, rest []byte, resume int, err error) {
	const http, rtsp = "HTTP/", "RTSP/"
	switch begin := string(b[:min(len(b), len(http))]); {
	case strings.HasPrefix(http, begin):
	case begin == rtsp:
		return nil, nil, 0, errNotHTTP
	case strings.HasPrefix(rtsp, begin):
		return nil, nil, 0, nil
	default:
		return nil, nil, 0, fmt.Errorf("%w: the server does not speak HTTP at this port", errMalformed)
	}
	end, resume, err := headEnd(b, from)
	if err != nil || end == 0 {
		return nil, nil, resume, err
	}
	reply, err = parseReply(b[:end], http)
	return reply, b[end:], 0, err
}
