package mmstest

import (
	"bytes"
	"net"
	"testing"
	"time"

	"tapedeck/client/mms/wire"
)

// atOnce is a speed at which nothing waits.
const atOnce = 10_000

// start starts a server that ends with the test.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// short is some seconds of the clip's picture and sound.
func short(t testing.TB, seconds int) []byte {
	t.Helper()
	picture, keys, sound := sampleTracks()
	length := time.Duration(seconds) * time.Second
	for _, track := range []*asfTrack{picture, keys, sound} {
		for i, u := range track.units {
			if u.time >= length {
				track.units = track.units[:i]
				break
			}
		}
	}
	f := asfFile{packetSize: samplePacket, preroll: samplePreroll, duration: length, tracks: []*asfTrack{picture, keys, sound}}
	return exclude(f.write(), []int{SamplePicture, SampleKeys})
}

func filmOf(t testing.TB, files ...[]byte) *Programme {
	t.Helper()
	p, err := Film(files...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func liveOf(t testing.TB, files ...[]byte) *Programme {
	t.Helper()
	p, err := Live(files...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// one serves one programme as "film".
func one(p *Programme, o Options) Options {
	o.Programmes = map[string]*Programme{"film": p}
	if o.Speed == 0 {
		o.Speed = atOnce
	}
	return o
}

// caller is a client that does as it is told.
type caller struct {
	t    *testing.T
	c    net.Conn
	udp  *net.UDPConn // nil: TCP
	buf  []byte
	rest []byte // messages of the packet at hand
	seq  uint16
	file uint32
	info uint32 // the number for resends

	header []byte
	pieces []wire.DataPacket
}

func call(t *testing.T, s *Server) *caller {
	t.Helper()
	c, err := net.Dial("tcp", s.tcp.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &caller{t: t, c: c}
}

func (c *caller) send(m wire.Appender) {
	c.t.Helper()
	b := wire.AppendControl(nil, c.seq, 0, m)
	c.seq++
	if _, err := c.c.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// next is the next message, or a data packet with an ID of 0. Pings are passed
// over.
func (c *caller) next() (m wire.Message, d wire.DataPacket) {
	c.t.Helper()
	m, d, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return m, d
}

func (c *caller) read() (m wire.Message, d wire.DataPacket, err error) {
	for {
		for len(c.rest) > 0 {
			if m, c.rest, err = wire.Next(c.rest); err != nil || m.ID != wire.MIDPing {
				return m, d, err
			}
		}
		kind, n, err := wire.Split(c.buf)
		if err != nil {
			return m, d, err
		}
		if n == 0 || n > len(c.buf) {
			b := make([]byte, 64<<10)
			got, err := c.c.Read(b)
			if err != nil {
				return m, d, err
			}
			c.buf = append(c.buf, b[:got]...)
			continue
		}
		packet := bytes.Clone(c.buf[:n])
		c.buf = c.buf[n:]
		if kind == wire.Data {
			d, err = wire.ParseData(packet)
			return wire.Message{}, d, err
		}
		c.rest = wire.Messages(packet)
	}
}

// expect is the next message, which must be of a kind.
func (c *caller) expect(id wire.MID) wire.Message {
	c.t.Helper()
	m, d := c.next()
	if m.ID != id {
		c.t.Fatalf("%v (data %d) where %v is expected", m.ID, d.Location, id)
	}
	return m
}

func must[T any](t *testing.T, m wire.Message, parse func(wire.Message) (T, error)) T {
	t.Helper()
	v, err := parse(m)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// funnel goes as far as the funnel; with udp the media comes to c.udp.
func (c *caller) funnel(udp bool) {
	c.t.Helper()
	c.send(wire.Connect{Pair: wire.NoPair, Subscriber: "NSPlayer/10.0.0.3802; {GUID}"})
	c.expect(wire.MIDConnected)
	c.send(wire.FunnelInfo{Pair: wire.NoPair})
	c.info = must(c.t, c.expect(wire.MIDReportFunnelInfo), wire.ParseReportFunnelInfo).Client
	f := wire.ConnectFunnel{Address: "127.0.0.1", Port: 1}
	if udp {
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			c.t.Fatal(err)
		}
		c.t.Cleanup(func() { conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			c.t.Fatal(err)
		}
		c.udp, f.UDP, f.Port = conn, true, uint16(conn.LocalAddr().(*net.UDPAddr).Port)
	}
	c.send(f)
	c.expect(wire.MIDConnectedFunnel)
}

func (c *caller) datagram() wire.DataPacket {
	c.t.Helper()
	b := make([]byte, 64<<10)
	n, err := c.udp.Read(b)
	if err != nil {
		c.t.Fatal(err)
	}
	d, err := wire.ParseData(b[:n])
	if err != nil {
		c.t.Fatal(err)
	}
	return d
}

// open goes as far as the header.
func (c *caller) open(udp bool) wire.ReportOpenFile {
	c.t.Helper()
	c.funnel(udp)
	c.send(wire.OpenFile{Incarnation: 9, Name: "film"})
	r := must(c.t, c.expect(wire.MIDReportOpenFile), wire.ParseReportOpenFile)
	if r.HResult != 0 || r.Incarnation != 9 {
		c.t.Fatalf("%+v", r)
	}
	c.file = r.OpenFileID
	c.readHeader(1)
	return r
}

func (c *caller) readHeader(incarnation uint32) {
	c.t.Helper()
	c.send(wire.ReadBlock{OpenFileID: c.file, Incarnation: incarnation})
	c.collect(uint8(incarnation))
}

// collect puts the header together, and passes over ReportReadBlock.
func (c *caller) collect(incarnation uint8) {
	c.t.Helper()
	c.header, c.pieces = nil, nil
	for {
		var d wire.DataPacket
		if c.udp == nil {
			var m wire.Message
			if m, d = c.next(); m.ID == wire.MIDReportReadBlock {
				continue
			}
		} else {
			d = c.datagram()
		}
		if d.Incarnation != incarnation || int(d.Location) != len(c.pieces) {
			c.t.Fatalf("piece %d of incarnation %d", d.Location, d.Incarnation)
		}
		c.pieces = append(c.pieces, d)
		c.header = append(c.header, d.Payload...)
		if d.Flags&wire.HeaderLast != 0 {
			return
		}
	}
}

// choose turns on these streams of Sample and no other.
func (c *caller) choose(on ...uint16) {
	c.t.Helper()
	var s wire.StreamSwitch
	for n := range uint16(3) {
		e := wire.StreamEntry{From: wire.NoStream, To: n + 1, Thin: wire.ThinAll}
		if has([]int{1, 2, 3}, n+1) {
			for _, want := range on {
				if want == n+1 {
					e.Thin = wire.ThinNone
				}
			}
		}
		s.Entries = append(s.Entries, e)
	}
	c.send(s)
	for {
		if m, _ := c.next(); m.ID == wire.MIDReportStreamSwitch {
			return
		}
	}
}

// play starts from a place, and reads to the end over TCP.
func (c *caller) play(r wire.StartPlaying) []wire.DataPacket {
	c.t.Helper()
	r.OpenFileID = c.file
	c.send(r)
	c.expect(wire.MIDStartedPlaying)
	return c.toEnd(r.Incarnation)
}

func (c *caller) toEnd(incarnation uint32) (all []wire.DataPacket) {
	c.t.Helper()
	for {
		m, d := c.next()
		switch m.ID {
		case 0:
			all = append(all, d)
			continue
		case wire.MIDEndOfStream:
			if e := must(c.t, m, wire.ParseEndOfStream); e.Incarnation != incarnation || e.HResult != 0 {
				c.t.Errorf("%+v", e)
			}
			return all
		}
		c.t.Fatalf("%v while it plays", m.ID)
	}
}

// first is a film of so many packets.
func (f *film) first(packets int) *film {
	cut := *f
	cut.packets = f.packets[:packets]
	return &cut
}
