package mmstest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/mms/wire"
)

// TestOpen: what a server says of a film, in all the ways that it may say it.
func TestOpen(t *testing.T) {
	p := filmOf(t, short(t, 2))
	want, _ := p.Entry(0)
	for name, o := range map[string]FunnelOptions{
		"plain":        {},
		"legacy":       {Legacy: true},
		"two pieces":   {HeaderPieces: 2},
		"seven pieces": {HeaderPieces: 7, MiddlePieces: true},
		"report after": {ReadBlock: ReportAfter},
		"no report":    {ReadBlock: ReportNever},
		"bytes":        {Chaos: ChaosBytes},
		"split":        {Chaos: ChaosSplit},
		"two a write":  {Chaos: ChaosTwo},
		"joined":       {Chaos: ChaosJoined | ChaosSplit},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, one(p, Options{Funnel: o}))
			c := call(t, s)
			r := c.open(false)
			if (r.OpenFileID == 1) != o.Legacy {
				t.Errorf("openFileId %d", r.OpenFileID)
			}
			if r.Attributes != wire.CanSeek || r.Duration != 2*time.Second || r.PacketSize != samplePacket ||
				r.Packets != want.Packets || int(r.HeaderSize) != len(want.Header) {
				t.Errorf("%+v", r)
			}
			if !bytes.Equal(c.header, want.Header) {
				t.Errorf("a header of %d bytes, not of %d", len(c.header), len(want.Header))
			}
			if n := max(1, o.HeaderPieces); len(c.pieces) != n {
				t.Fatalf("%d pieces", len(c.pieces))
			}
			if o.MiddlePieces {
				if a, b, z := c.pieces[0].Flags, c.pieces[1].Flags, c.pieces[6].Flags; a != 4 || b != 0 || z != 8 {
					t.Errorf("flags %02X %02X ... %02X", a, b, z)
				}
			} else if z := c.pieces[len(c.pieces)-1].Flags; z != 0x0C {
				t.Errorf("flags %02X", z)
			}
			c.choose(SamplePicture, SampleSound)
			got := c.play(wire.StartPlaying{Incarnation: 10})
			complete(t, p, got, SamplePicture, SampleSound)
		})
	}
}

// complete holds the packets of a play against those of the file.
func complete(t *testing.T, p *Programme, got []wire.DataPacket, streams ...int) {
	t.Helper()
	f := p.films[0]
	on := func(n int) bool { return has(streams, uint16(n)) }
	i := 0
	for n, b := range f.packets {
		want, ok := asf.Filter(nil, b, f.size, on)
		if !ok {
			continue
		}
		if i == len(got) {
			t.Fatalf("%d packets; number %d is missing", len(got), n)
		}
		d := got[i]
		if int(d.Location) != n || d.Flags != byte(i) || d.Incarnation != got[0].Incarnation {
			t.Fatalf("packet %d has number %d, flags %d, incarnation %d", n, d.Location, d.Flags, d.Incarnation)
		}
		back, err := asf.Restore(nil, d.Payload, f.size)
		if err != nil || !bytes.Equal(back, want) {
			t.Fatalf("packet %d differs: %v", n, err)
		}
		i++
	}
	if i != len(got) {
		t.Errorf("%d packets, want %d", len(got), i)
	}
}

func TestFunnelInfo(t *testing.T) {
	s := start(t, one(filmOf(t, short(t, 1)), Options{}))
	for _, c := range []struct {
		pair  uint32
		sizes []int // of the packets
	}{{wire.NoPair, []int{80}}, {wire.PairUDP, []int{80}}, {0x00F0F0F0, []int{80}}, {wire.PairTCP, []int{512, 512, 1056}}} {
		client := call(t, s)
		client.send(wire.FunnelInfo{Pair: c.pair})
		for _, size := range c.sizes {
			m := client.expect(wire.MIDReportFunnelInfo)
			r := must(t, m, wire.ParseReportFunnelInfo)
			if r.Client == 0 || r.Pair != c.pair || 32+len(m.B) != size {
				t.Errorf("%x: %+v in %d bytes", c.pair, r, 32+len(m.B))
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	s := start(t, one(filmOf(t, short(t, 1)), Options{Funnel: FunnelOptions{RefuseUDP: true}, Redirect: map[string]string{"old": "mmst://other/new"}}))
	c := call(t, s)
	c.send(wire.OpenFile{Incarnation: 9, Name: "film"})
	if r := must(t, c.expect(wire.MIDReportOpenFile), wire.ParseReportOpenFile); r.HResult != hrNoFunnel {
		t.Errorf("without a funnel: %x", r.HResult)
	}
	c.send(wire.ConnectFunnel{Address: "127.0.0.1", UDP: true, Port: 9})
	if r := must(t, c.expect(wire.MIDDisconnectedFunnel), wire.ParseDisconnectedFunnel); r.HResult == 0 {
		t.Error("no reason")
	}
	c.funnel(false)
	c.send(wire.OpenFile{Incarnation: 9, Name: "other"})
	if r := must(t, c.expect(wire.MIDReportOpenFile), wire.ParseReportOpenFile); r.HResult != hrNotFound {
		t.Errorf("another film: %x", r.HResult)
	}
	c.send(wire.OpenFile{Incarnation: 9, Name: "film?auth=x"})
	c.file = must(t, c.expect(wire.MIDReportOpenFile), wire.ParseReportOpenFile).OpenFileID
	c.send(wire.ReadBlock{OpenFileID: c.file + 1})
	if r := must(t, c.expect(wire.MIDReportReadBlock), wire.ParseReportReadBlock); r.HResult != hrInvalid {
		t.Errorf("another file: %x", r.HResult)
	}
	c.send(wire.StreamSwitch{Entries: []wire.StreamEntry{{From: wire.NoStream, To: 99}}})
	if r := must(t, c.expect(wire.MIDReportStreamSwitch), wire.ParseReportStreamSwitch); r.HResult != hrInvalid {
		t.Errorf("another stream: %x", r.HResult)
	}
	c.send(wire.StartStriding{StartPlaying: wire.StartPlaying{OpenFileID: c.file, Incarnation: 10}, Rate: 2})
	if r := must(t, c.expect(wire.MIDReportStartStriding), wire.ParseReportStartStriding); r.HResult != hrNoTrickPlay {
		t.Errorf("another speed: %x", r.HResult)
	}
	c.send(wire.OpenFile{Incarnation: 9, Name: "old"})
	if r := must(t, c.expect(wire.MIDRedirect), wire.ParseRedirect); r.Kind != wire.RedirectURL || r.Location != "mmst://other/new" {
		t.Errorf("%+v", r)
	}
	if _, _, err := c.read(); !errors.Is(err, io.EOF) {
		t.Errorf("after a redirect: %v", err)
	}
}

// TestNothingChosen: who names no stream gets none.
func TestNothingChosen(t *testing.T) {
	s := start(t, one(filmOf(t, short(t, 1)), Options{}))
	c := call(t, s)
	c.open(false)
	if got := c.play(wire.StartPlaying{Incarnation: 10}); len(got) != 0 {
		t.Errorf("%d packets", len(got))
	}
}

func TestSeek(t *testing.T) {
	p := filmOf(t, short(t, 6))
	key := func(second int) uint32 { return uint32(p.films[0].pictures[SamplePicture][second].packet) }
	s := start(t, one(p, Options{}))
	c := call(t, s)
	c.open(false)
	c.choose(SamplePicture, SampleSound)
	last := uint32(len(p.films[0].packets) - 1)
	for i, w := range []struct {
		from wire.StartPlaying
		want uint32
	}{
		{wire.StartPlaying{Position: 3500 * time.Millisecond}, key(3)},
		{wire.StartPlaying{Position: 3 * time.Second}, key(3)},
		{wire.StartPlaying{Position: time.Hour}, key(5)},
		{wire.StartPlaying{Position: wire.Unset, Packet: 17}, 17},
		{wire.StartPlaying{Position: wire.Unset, Offset: uint32(len(c.header) + 20*samplePacket)}, 20},
		{wire.StartPlaying{Position: 2 * time.Second, Stop: 0}, key(2)},
	} {
		w.from.Incarnation = uint32(20 + i)
		got := c.play(w.from)
		if got[0].Location != w.want || got[len(got)-1].Location != last || int(got[0].Incarnation) != 20+i {
			t.Errorf("%+v: from %d to %d", w.from, got[0].Location, got[len(got)-1].Location)
		}
	}
}

// TestStop: the end of what was stopped, and packets that are late.
func TestStop(t *testing.T) {
	s := start(t, one(filmOf(t, Sample()), Options{Speed: 1, Funnel: FunnelOptions{LateData: 3}}))
	c := call(t, s)
	c.open(false)
	c.choose(SamplePicture)
	c.send(wire.StartPlaying{OpenFileID: c.file, Incarnation: 10})
	c.expect(wire.MIDStartedPlaying)
	_, d := c.next()
	c.send(wire.StopPlaying{OpenFileID: c.file, Incarnation: 10})
	for {
		m, next := c.next()
		if m.ID == wire.MIDEndOfStream {
			if e := must(t, m, wire.ParseEndOfStream); e.Incarnation != 10 {
				t.Errorf("%+v", e)
			}
			break
		}
		d = next
	}
	late := func() {
		t.Helper()
		for range 3 {
			if m, l := c.next(); m.ID != 0 || l.Incarnation != 10 || l.Location <= d.Location {
				t.Errorf("%v, late packet %d of %d after %d", m.ID, l.Location, l.Incarnation, d.Location)
			}
		}
	}
	late()
	c.send(wire.StartPlaying{OpenFileID: c.file, Position: 5 * time.Second, Incarnation: 11})
	c.expect(wire.MIDStartedPlaying)
	late()
	if _, d := c.next(); d.Incarnation != 11 {
		t.Errorf("incarnation %d", d.Incarnation)
	}
	c.send(wire.Logging{URL: "mms://a/film", Packets: 7})
	c.send(wire.CloseFile{OpenFileID: c.file})
	for {
		if _, _, err := c.read(); err != nil {
			break
		}
	}
	if logs := s.Stats().Logs; len(logs) != 1 || !strings.Contains(logs[0], "packets=7") {
		t.Errorf("%q", logs)
	}
}

func TestStopTime(t *testing.T) {
	s := start(t, one(filmOf(t, short(t, 10)), Options{Speed: 20}))
	c := call(t, s)
	c.open(false)
	c.choose(SampleSound)
	all := len(c.play(wire.StartPlaying{Incarnation: 10}))
	part := len(c.play(wire.StartPlaying{Incarnation: 11, Position: time.Second, Stop: 1<<31 | 4000}))
	if old := len(c.play(wire.StartPlaying{Incarnation: 12, Stop: 0x00FFFFFF})); old != all {
		t.Errorf("%d packets to the end of an old client, of %d", old, all)
	}
	if part*4 > 3*all || part*5 < all {
		t.Errorf("%d packets in 4 s, %d in 10 s", part, all)
	}
}

// TestPing: a server asks whether the client is there, and a client that is
// idle is sent away.
func TestPing(t *testing.T) {
	s := start(t, one(filmOf(t, short(t, 1)), Options{Ping: 10 * time.Millisecond, Idle: 300 * time.Millisecond}))
	c := call(t, s)
	c.funnel(false)
	c.rest = nil
	pings := 0
	b := make([]byte, 4096)
	for {
		n, err := c.c.Read(b)
		if err != nil {
			break
		}
		pings += bytes.Count(b[:n], []byte{0x1B, 0, 4, 0})
	}
	if pings < 3 {
		t.Errorf("%d pings", pings)
	}
}

// TestManners: connections that are refused, and servers that say nothing.
func TestManners(t *testing.T) {
	s := start(t, one(filmOf(t, short(t, 1)), Options{MMS: Refuse, HTTP: Silent}))
	c := call(t, s)
	c.send(wire.Connect{})
	if _, _, err := c.read(); err == nil {
		t.Error("an answer")
	}
	quiet := call(t, s)
	if _, err := quiet.c.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := quiet.c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if _, err := quiet.c.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("a server that is silent: %v", err)
	}
}

// TestGarbage: a server ends a session that it cannot understand, and goes on.
func TestGarbage(t *testing.T) {
	s := start(t, one(filmOf(t, short(t, 1)), Options{}))
	for _, b := range [][]byte{
		{1, 2, 3, 4, 5, 6, 7, 8},
		wire.DataPacket{Payload: []byte("media")}.Append(nil),
		wire.AppendControl(nil, 0, 0, wire.Connect{})[:40],
		append(wire.AppendControl(nil, 0, 0, wire.Ping{})[:32], make([]byte, 16)...),
		wire.AppendControl(nil, 0, 0, wire.SecurityResponse{}, wire.StopPlaying{}, wire.StartPlaying{}, wire.StreamSwitch{}),
	} {
		c := call(t, s)
		if _, err := c.c.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := c.c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		for {
			if _, _, err := c.read(); err != nil {
				break
			}
		}
	}
	call(t, s).open(false)
}

// TestMangle: a test can have the server say anything.
func TestMangle(t *testing.T) {
	s := start(t, one(filmOf(t, short(t, 1)), Options{Funnel: FunnelOptions{Mangle: func(id wire.MID, b []byte) []byte {
		switch id {
		case wire.MIDConnected:
			return append(b, wire.AppendControl(nil, 7, 0, wire.StreamChange{})...)
		case 0:
			return nil
		}
		return b
	}}}))
	c := call(t, s)
	c.send(wire.Connect{})
	c.expect(wire.MIDConnected)
	c.expect(wire.MIDStreamChange)
	c.send(wire.ConnectFunnel{Address: "a", Port: 1})
	c.expect(wire.MIDConnectedFunnel)
	c.send(wire.OpenFile{Name: "film"})
	file := must(t, c.expect(wire.MIDReportOpenFile), wire.ParseReportOpenFile).OpenFileID
	c.send(wire.ReadBlock{OpenFileID: file})
	c.expect(wire.MIDReportReadBlock)
	c.send(wire.StartPlaying{OpenFileID: file})
	c.expect(wire.MIDStartedPlaying) // and no header before
}
