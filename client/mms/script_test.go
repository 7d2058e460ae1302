package mms

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"tapedeck/client/address"
	"tapedeck/client/datagram"
	"tapedeck/client/mms/wire"
	"tapedeck/client/trace"
)

// scripted is the other end of a funnel, which says what a test has it say. It
// needs no network, so that its tests can run in a bubble of their own time.
type scripted struct {
	t   *testing.T
	c   net.Conn
	seq uint16
	udp *fakeSocket

	in   chan wire.Message // what the client says; closed at the end
	said []wire.MID

	hr         uint32 // of ReportOpenFile
	version    string
	attributes uint32
	size       uint32 // of the header, as it is announced
}

var (
	clientAddr = &net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 4000}
	serverAddr = &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1755}
	otherAddr  = &net.UDPAddr{IP: net.IPv4(10, 0, 0, 66), Port: 1755}
)

// addressed is a pipe that says where its ends are.
type addressed struct{ net.Conn }

func (addressed) LocalAddr() net.Addr  { return clientAddr }
func (addressed) RemoteAddr() net.Addr { return serverAddr }

// dialScript opens a funnel to a server that runs serve, which ends the
// connection when it returns.
func dialScript(t *testing.T, ctx context.Context, w way, cfg Config, serve func(*scripted)) (*funnel, *tried, error) {
	t.Helper()
	near, far := net.Pipe()
	s := &scripted{t: t, c: far, version: "9.1.1.3814", attributes: wire.CanSeek, udp: newFakeSocket(), in: make(chan wire.Message, 1000), size: uint32(len(scriptHeader))}
	var both sync.WaitGroup
	both.Go(s.read)
	both.Go(func() {
		defer far.Close()
		serve(s)
	})
	a, err := address.Parse("mms://me:secret@media.test/film.asf")
	if err != nil {
		t.Fatal(err)
	}
	told := &tried{}
	listen := func(net.Conn) (*socket, error) {
		return &socket{conn: s.udp, reader: s.udp, messages: datagram.Messages(2), to: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), 1755)}, nil
	}
	f, err := openFunnel(ctx, addressed{near}, listen, a, w, &cfg, trace.New(told.tell))
	t.Cleanup(func() {
		if f != nil {
			f.close()
		}
		near.Close()
		both.Wait()
	})
	return f, told, err
}

func (s *scripted) read() {
	defer close(s.in)
	buf := make([]byte, 0, wire.MaxControl)
	for {
		_, n, err := wire.Split(buf)
		if err != nil {
			return
		}
		if n == 0 || n > len(buf) {
			got, err := s.c.Read(buf[len(buf):cap(buf)])
			if err != nil {
				return
			}
			buf = buf[:len(buf)+got]
			continue
		}
		m, _, err := wire.Next(wire.Messages(append([]byte{}, buf[:n]...)))
		if err != nil {
			return
		}
		s.in <- m
		buf = buf[:copy(buf, buf[n:])]
	}
}

// want waits for a message of the client and passes over others; false: there is
// none anymore.
func (s *scripted) want(id wire.MID) (wire.Message, bool) {
	for m := range s.in {
		s.said = append(s.said, m.ID)
		if m.ID == id {
			return m, true
		}
	}
	return wire.Message{}, false
}

// drain waits for the client to hang up.
func (s *scripted) drain() {
	for m := range s.in {
		s.said = append(s.said, m.ID)
	}
}

func (s *scripted) send(m ...wire.Appender) {
	s.raw(wire.AppendControl(nil, s.seq, 0, m...))
	s.seq++
}

func (s *scripted) raw(b []byte) { _, _ = s.c.Write(b) } // the client may have hung up

func (s *scripted) data(p wire.DataPacket) { s.raw(p.Append(nil)) }

// scriptHeader is no ASF: the funnel does not look into it.
var scriptHeader = []byte("header of a film")

// greet is the dialogue as far as the file.
func (s *scripted) greet() bool {
	if _, ok := s.want(wire.MIDConnect); !ok {
		return false
	}
	s.send(wire.Connected{Version: s.version})
	return s.funnel()
}

func (s *scripted) funnel() bool {
	for m := range s.in {
		switch m.ID {
		case wire.MIDFunnelInfo:
			s.send(wire.ReportFunnelInfo{Client: 0x1234})
		case wire.MIDConnectFunnel:
			s.send(wire.ConnectedFunnel{Text: "Funnel Of The Gods"})
			return true
		}
	}
	return false
}

// upTo is all up to the header.
func (s *scripted) upTo() bool {
	if !s.greet() {
		return false
	}
	if _, ok := s.want(wire.MIDOpenFile); !ok {
		return false
	}
	s.send(wire.ReportOpenFile{HResult: s.hr, OpenFileID: 7, Attributes: s.attributes, PacketSize: 100, BitRate: 1000, HeaderSize: s.size})
	return true
}

// open is all up to ready.
func (s *scripted) open(udp bool) bool {
	if !s.upTo() {
		return false
	}
	m, ok := s.want(wire.MIDReadBlock)
	if !ok {
		return false
	}
	s.header(m, udp)
	return true
}

func (s *scripted) header(m wire.Message, udp bool) {
	r, _ := wire.ParseReadBlock(m)
	p := wire.DataPacket{Incarnation: uint8(r.Incarnation), Flags: wire.HeaderPiece | wire.HeaderLast, Payload: scriptHeader}
	if udp {
		s.udp.put(p.Append(nil), nil)
	} else {
		s.data(p)
	}
}

// start waits for a play and agrees; it returns its incarnation.
func (s *scripted) start() (inc uint8, ok bool) {
	m, ok := s.want(wire.MIDStartPlaying)
	if !ok {
		return 0, false
	}
	r, err := wire.ParseStartPlaying(m)
	if err != nil {
		s.t.Error(err)
	}
	s.send(wire.StartedPlaying{Incarnation: r.Incarnation})
	return uint8(r.Incarnation), true
}

// fakeSocket is a UDP socket without a network.
type fakeSocket struct {
	in     chan fakeDatagram
	poke   chan struct{}
	closed chan struct{}
	once   sync.Once

	mu       sync.Mutex
	deadline time.Time
	out      [][]byte
}

type fakeDatagram struct {
	b    []byte
	from net.Addr
}

func newFakeSocket() *fakeSocket {
	return &fakeSocket{in: make(chan fakeDatagram, 5000), poke: make(chan struct{}, 1), closed: make(chan struct{})}
}

// put has a datagram come from the server, or from elsewhere.
func (s *fakeSocket) put(b []byte, from net.Addr) {
	if from == nil {
		from = &net.UDPAddr{IP: serverAddr.IP, Port: 5555}
	}
	s.in <- fakeDatagram{b, from}
}

func (s *fakeSocket) ReadBatch(ms []ipv4.Message, _ int) (int, error) {
	for {
		s.mu.Lock()
		deadline := s.deadline
		s.mu.Unlock()
		var expired <-chan time.Time
		if !deadline.IsZero() {
			expired = time.After(time.Until(deadline))
		}
		select {
		case <-s.closed:
			return 0, net.ErrClosed
		case <-s.poke:
		case d := <-s.in:
			ms[0].N, ms[0].Addr = copy(ms[0].Buffers[0], d.b), d.from
			return 1, nil
		case <-expired:
			return 0, os.ErrDeadlineExceeded
		}
	}
}

func (s *fakeSocket) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	s.deadline = t
	s.mu.Unlock()
	wake(s.poke)
	return nil
}

func (s *fakeSocket) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if to.String() != "10.0.0.1:1755" {
		return 0, errors.New("to whom?")
	}
	s.out = append(s.out, append([]byte{}, b...))
	return len(b), nil
}

func (s *fakeSocket) sent() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([][]byte{}, s.out...)
}

func (s *fakeSocket) LocalAddr() net.Addr { return &net.UDPAddr{IP: clientAddr.IP, Port: 4001} }

func (s *fakeSocket) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// nextErr passes over packets up to an error.
func nextErr(f *funnel, ctx context.Context) error {
	for {
		if _, err := f.next(ctx); err != nil {
			return err
		}
	}
}
