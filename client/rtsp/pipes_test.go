package rtsp

import (
	"net"
	"testing"
	"time"
)

// located is a pipe whose ends seem to have addresses.
type located struct {
	net.Conn
	remote net.Addr
}

func (l located) RemoteAddr() net.Addr { return l.remote }
func (l located) LocalAddr() net.Addr  { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000} }

// writer is a connection of which only the writes count.
type writer func([]byte)

func (w writer) Write(b []byte) (int, error)      { w(b); return len(b), nil }
func (w writer) Read([]byte) (int, error)         { return 0, net.ErrClosed }
func (w writer) Close() error                     { return nil }
func (w writer) LocalAddr() net.Addr              { return nil }
func (w writer) RemoteAddr() net.Addr             { return nil }
func (w writer) SetDeadline(time.Time) error      { return nil }
func (w writer) SetReadDeadline(time.Time) error  { return nil }
func (w writer) SetWriteDeadline(time.Time) error { return nil }

// tcpPair is the two ends of a connection over loopback.
func tcpPair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if ours, err = net.Dial("tcp", l.Addr().String()); err == nil {
		theirs, err = l.Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}
