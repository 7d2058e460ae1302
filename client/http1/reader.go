package http1

import "io"

// Reader cuts heads off a connection and keeps what comes behind them.
type Reader struct {
	Conn io.Reader
	Rest []byte // what came and is not handed out yet
}

// Next is the next head, its empty line included.
func (r *Reader) Next() ([]byte, error) {
	searched := 0
	for {
		if end := headEnd(r.Rest, searched); end > 0 {
			head := r.Rest[:end]
			r.Rest = r.Rest[end:]
			return head, nil
		}
		searched = len(r.Rest)
		if searched >= MaxHead {
			return nil, ErrTooLong
		}
		// What cannot become a status line is not waited for: a server of
		// another protocol may keep silent for ever after its greeting.
		switch {
		case len(r.Rest) >= len(rtspStart) && equalFold(r.Rest[:len(rtspStart)], rtspStart):
			return nil, ErrRTSP
		case startsLikeTLS(r.Rest):
			return nil, ErrTLS
		case !startsLike(r.Rest):
			return nil, ErrNotHTTP
		}
		if cap(r.Rest)-len(r.Rest) < 4<<10 {
			r.Rest = append(make([]byte, 0, 2*cap(r.Rest)+8<<10), r.Rest...)
		}
		n, err := r.Conn.Read(r.Rest[len(r.Rest):cap(r.Rest)])
		r.Rest = r.Rest[:len(r.Rest)+n]
		if n == 0 && err != nil {
			return nil, err
		}
	}
}

// rtspStart is how an RTSP server answers a request that it does not know.
const rtspStart = "RTSP/"

// startsLike reports whether b may become a status line of HTTP, or of what is
// known not to be.
func startsLike(b []byte) bool {
	for _, start := range []string{"HTTP/1.", "ICY ", rtspStart} {
		k := min(len(start), len(b))
		if equalFold(b[:k], start[:k]) {
			return true
		}
	}
	return false
}

// startsLikeTLS reports a record of TLS: an alert, or a handshake of its own.
func startsLikeTLS(b []byte) bool {
	return len(b) >= 2 && (b[0] == 0x15 || b[0] == 0x16) && b[1] == 3
}

func equalFold(b []byte, s string) bool {
	for i := range b {
		if b[i]&^0x20 != s[i]&^0x20 {
			return false
		}
	}
	return true
}
