package web

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/web/webtest"
)

// TestEndInGoodOrder has bodies whose end is marked: a station's is no end.
func TestEndInGoodOrder(t *testing.T) {
	const second = 16000 // bytes, at 128 kbit/s
	mp3 := webtest.SilentMP3(3 * time.Minute)
	for _, c := range []struct {
		name    string
		head    string
		seconds int
		pace    time.Duration // for each second of media
		dropped bool
	}{
		{"a station", "Content-Type: audio/mpeg\r\n", 40, time.Second, true},
		{"a station, a little fast", "Content-Type: audio/mpeg\r\n", 60, 900 * time.Millisecond, true},
		{"a station that fell at once", "Content-Type: audio/mpeg\r\n", 20, time.Second, false},
		{"a file", "Content-Type: audio/mpeg\r\n", 120, 0, false},
		{"a file over a slow line", "Content-Type: audio/mpeg\r\n", 120, 500 * time.Millisecond, false},
		{"a file at the pace of its sound", "Content-Type: audio/mpeg\r\nETag: \"1\"\r\n", 40, time.Second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg, wait := piped(func(conn net.Conn) {
					webtest.Says("", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"+c.head+"\r\n").Serve(conn)
					for i := range c.seconds {
						fmt.Fprintf(conn, "%x\r\n%s\r\n", second, mp3[i*second:][:second])
						time.Sleep(c.pace)
					}
					fmt.Fprint(conn, "0\r\n\r\n")
				})
				s, err := Open(t.Context(), mustParse(t, "http://10.0.0.1/"), cfg)
				if err != nil {
					t.Fatal(err)
				}
				got, err := drain(t.Context(), s)
				if len(got) != c.seconds*second || errors.Is(err, ErrDropped) != c.dropped || !c.dropped && err != nil {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				s.Close()
				wait()
			})
		})
	}
}
