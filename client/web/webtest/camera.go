package webtest

import (
	"fmt"
	"net"
	"time"
)

// CameraOptions change how a Camera pushes its pictures. The zero value is what
// most cameras do.
type CameraOptions struct {
	Every    time.Duration // from one picture to the next; 200 ms
	NoLength bool          // parts do not say how long they are
	Bare     bool          // no parts: image/jpeg, one picture behind the other
	Fast     bool          // as fast as they are taken
}

// Camera pushes pictures without an end, the same over and over.
type Camera struct {
	Server
	pictures [][]byte
	o        CameraOptions
}

// NewCamera pushes JPEG pictures.
func NewCamera(pictures [][]byte, o CameraOptions) *Camera {
	if o.Every <= 0 {
		o.Every = 200 * time.Millisecond
	}
	c := &Camera{pictures: pictures, o: o}
	c.start("/video.cgi", c.serve)
	return c
}

func (c *Camera) serve(conn net.Conn) {
	if _, err := c.request(conn); err != nil {
		return
	}
	kind := "multipart/x-mixed-replace; boundary=myboundary"
	if c.o.Bare {
		kind = "image/jpeg"
	}
	if _, err := fmt.Fprintf(conn, "HTTP/1.0 200 OK\r\nServer: webtest\r\nContent-Type: %s\r\n\r\n", kind); err != nil {
		return
	}
	pace := time.NewTicker(c.o.Every)
	defer pace.Stop()
	for n := 0; ; n++ {
		picture := c.pictures[n%len(c.pictures)]
		head := "--myboundary\r\nContent-Type: image/jpeg\r\n"
		if !c.o.NoLength {
			head += fmt.Sprintf("Content-Length: %d\r\n", len(picture))
		}
		part := append([]byte(head+"\r\n"), picture...)
		if c.o.Bare {
			part = picture
		} else {
			part = append(part, "\r\n"...)
		}
		if _, err := conn.Write(part); err != nil {
			return
		}
		if c.o.Fast {
			continue
		}
		select {
		case <-pace.C:
		case <-c.done:
			return
		}
	}
}
