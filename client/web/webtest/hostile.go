package webtest

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// Behaviour is a way to treat one connection. Serve returns when it is done
// with it, or when the client has gone.
type Behaviour struct {
	Name  string
	Serve func(net.Conn)
}

// NewHostile serves every connection with one behaviour.
func NewHostile(b Behaviour) *Server {
	s := &Server{}
	s.start("/"+strings.ReplaceAll(b.Name, " ", "-"), b.Serve)
	return s
}

// Redirects answers every request with a redirect to location. In location,
// "HOST" stands for the host and port that the request named.
func Redirects(status int, location string) Behaviour {
	return Behaviour{fmt.Sprintf("redirect %d", status), afterRequest(func(c net.Conn, r *http.Request) {
		fmt.Fprintf(c, "HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
			status, strings.ReplaceAll(location, "HOST", r.Host))
	})}
}

// Says sends text after the request and closes the connection.
func Says(name, text string) Behaviour {
	return Behaviour{name, afterRequest(func(c net.Conn, _ *http.Request) { c.Write([]byte(text)) })}
}

// Answers lets answer deal with the request, and closes the connection.
func Answers(name string, answer func(net.Conn, *http.Request)) Behaviour {
	return Behaviour{name, afterRequest(answer)}
}

// Holds sends text after the request and then nothing.
func Holds(name, text string) Behaviour {
	return Behaviour{name, afterRequest(func(c net.Conn, _ *http.Request) {
		c.Write([]byte(text))
		untilGone(c)
	})}
}

// Repeats sends text after the request, then more again and again, waiting
// pause before each.
func Repeats(name, text, more string, pause time.Duration) Behaviour {
	return Behaviour{name, afterRequest(func(c net.Conn, _ *http.Request) {
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			untilGone(c)
		}()
		_, err := c.Write([]byte(text))
		for err == nil {
			if pause > 0 {
				select {
				case <-time.After(pause):
				case <-gone:
				}
			}
			_, err = c.Write([]byte(more))
		}
		c.Close()
		<-gone
	})}
}

const okHead = "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n"

// Hostile are the servers that nobody should be hurt by.
func Hostile() []Behaviour {
	media := string(SilentMP3(time.Second))
	return []Behaviour{
		{"hangs up", func(net.Conn) {}},
		{"silence", untilGone},
		Says("no answer", ""),
		Says("half a status line", "HTTP/1."),
		Says("half a reply", okHead),
		Holds("half a reply, then silence", okHead),
		Says("headers only", okHead+"\r\n"),
		Says("empty body", okHead+"Content-Length: 0\r\n\r\n"),
		Holds("headers, then silence", okHead+"\r\n"),
		Repeats("endless headers", okHead, "X-Filler: "+strings.Repeat("x", 1000)+"\r\n", 0),
		Repeats("endless header line", okHead+"X-Filler: ", strings.Repeat("x", 1000), 0),
		Repeats("many small headers", okHead, "a:b\r\n", 0),
		Repeats("dribbled headers", okHead, "X: y\r\n", time.Second),
		Repeats("endless interim replies", "", "HTTP/1.1 100 Continue\r\n\r\n", 0),
		Says("garbage", "\x00\x01\x02\x03garbage\xff\xfe\r\n\r\n"),
		Repeats("endless garbage", "", "garbage", 0),
		Holds("an RTSP server", "RTSP/1.0 400 Bad Request\r\nServer: x\r\n\r\n"),
		Says("GStreamer's RTSP server", "HTTP/1.1 503 Service Unavailable\r\nServer: GStreamer RTSP Server\r\nConnection: close\r\n\r\n"),
		Holds("another protocol", "220 mail.example ESMTP\r\n"),
		Says("a status that is none", "HTTP/1.1 abc OK\r\n\r\n"),
		Says("a length too long", okHead+"Content-Length: 999999\r\n\r\n"+media),
		Says("two lengths", okHead+"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdefgh"),
		Says("a negative length", okHead+"Content-Length: -5\r\n\r\n"+media),
		Says("broken chunks", okHead+"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
		Says("chunks cut off", okHead+"Transfer-Encoding: chunked\r\n\r\nffff\r\n"+media),
		Says("a chunk of enormous size", okHead+"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"+media),
		Says("an unknown coding", okHead+"Transfer-Encoding: br\r\n\r\n"+media),
		Says("a bad metaint", "ICY 200 OK\r\nicy-metaint:-1\r\n\r\n"+media),
		Says("an enormous metaint", "ICY 200 OK\r\nicy-metaint:99999999999999\r\n\r\n"+media),
		Says("a web page", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!DOCTYPE html><title>Log in</title>"),
		Says("not found", "HTTP/1.1 404 Not\x1b[31m Found\r\nContent-Length: 0\r\n\r\n"),
		Redirects(302, "http://HOST/again"),
		Says("a redirect to nowhere", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
		Says("a redirect to rubbish", "HTTP/1.1 302 Found\r\nLocation: http://a b/\x01\r\n\r\n"),
		Repeats("dribbled media", okHead+"\r\n", "\xff", time.Second),
		Holds("media, then silence", okHead+"\r\n"+media),
	}
}

// afterRequest reads a request's head before it goes on.
func afterRequest(serve func(net.Conn, *http.Request)) func(net.Conn) {
	return func(c net.Conn) {
		if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			serve(c, r)
		}
	}
}

// untilGone waits for the client to close the connection.
func untilGone(c net.Conn) {
	buf := make([]byte, 512)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}
