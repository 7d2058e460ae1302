package mmstest

import (
	"bytes"
	"net"
	"slices"
	"testing"
	"time"

	"tapedeck/client/mms/wire"
)

// ask asks for packets again, in the name of a client.
func (c *caller) ask(client, file uint32, seqs ...uint32) {
	c.t.Helper()
	to := c.c.RemoteAddr().(*net.TCPAddr)
	b := wire.Resend{Client: client, OpenFileID: uint16(file), Sequences: seqs}.Append(nil)
	if _, err := c.udp.WriteTo(b, &net.UDPAddr{IP: to.IP, Port: to.Port}); err != nil {
		c.t.Fatal(err)
	}
}

// TestResend: what got lost can be had again, byte by byte, by who has the right
// to it.
func TestResend(t *testing.T) {
	p := filmOf(t, Sample())
	s := start(t, one(p, Options{Speed: 1, Funnel: FunnelOptions{DropUDP: func(seq uint32) bool { return seq%3 == 1 }}}))
	c := call(t, s)
	c.open(true)
	c.choose(SamplePicture, SampleSound)
	c.send(wire.StartPlaying{OpenFileID: c.file, Incarnation: 10})
	c.expect(wire.MIDStartedPlaying)
	var got []wire.DataPacket
	for len(got) < 4 { // 0, 2, 3, 5
		got = append(got, c.datagram())
	}
	c.ask(c.info+1, c.file, 1) // somebody else's
	c.ask(c.info, c.file+1, 1) // another file's
	c.ask(c.info, c.file, 1, 4, 1<<20)
	for _, want := range []byte{1, 4} {
		for {
			d := c.datagram()
			if d.Flags == want {
				got = append(got, d)
				break
			}
			if d.Flags%3 == 1 {
				t.Fatalf("packet %d, which nobody asked for", d.Flags)
			}
			got = append(got, d)
		}
	}
	slices.SortFunc(got, func(a, b wire.DataPacket) int { return int(a.Flags) - int(b.Flags) })
	complete(t, &Programme{films: []*film{p.films[0].first(6)}}, got[:6], SamplePicture, SampleSound)
}

// TestDetours: packets that come twice, and later than others.
func TestDetours(t *testing.T) {
	s := start(t, one(filmOf(t, short(t, 2)), Options{Speed: 4, Funnel: FunnelOptions{
		DuplicateUDP: func(seq uint32) bool { return seq == 1 },
		DelayUDP: func(seq uint32) int {
			if seq == 3 {
				return 2
			}
			return 0
		},
	}}))
	c := call(t, s)
	c.open(true)
	c.choose(SamplePicture, SampleSound)
	c.send(wire.StartPlaying{OpenFileID: c.file, Incarnation: 10})
	var got []byte
	for range 8 {
		got = append(got, c.datagram().Flags)
	}
	if want := []byte{0, 1, 1, 2, 4, 5, 3, 6}; !bytes.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestSequence: no start begins with 0xFF.
func TestSequence(t *testing.T) {
	p := filmOf(t, short(t, 1))
	s := start(t, one(p, Options{}))
	c := call(t, s)
	c.open(false)
	c.choose(SamplePicture, SampleSound)
	next := 0
	for i := range 600 { // one packet each, until all numbers were there
		got := c.play(wire.StartPlaying{Position: wire.Unset, Packet: uint32(len(p.films[0].packets) - 1), Incarnation: uint32(10 + i%200)})
		if len(got) != 1 {
			t.Fatalf("%d packets", len(got))
		}
		if next == 0xFF {
			next = 0
		}
		if int(got[0].Flags) != next {
			t.Fatalf("start %d begins with %02X, want %02X", i, got[0].Flags, next)
		}
		next = (next + 1) & 0xFF
	}
}

// TestPacketPair: two datagrams before the header.
func TestPacketPair(t *testing.T) {
	s := start(t, one(filmOf(t, short(t, 1)), Options{}))
	c := call(t, s)
	c.funnel(true)
	c.send(wire.FunnelInfo{Pair: wire.PairUDP})
	c.expect(wire.MIDReportFunnelInfo)
	c.send(wire.OpenFile{Incarnation: 9, Name: "film"})
	c.file = must(t, c.expect(wire.MIDReportOpenFile), wire.ParseReportOpenFile).OpenFileID
	c.send(wire.ReadBlock{OpenFileID: c.file, Incarnation: 1})
	for _, want := range []uint32{wire.PairFirst, wire.PairSecond, 0} {
		if d := c.datagram(); d.Location != want {
			t.Errorf("%08X, want %08X", d.Location, want)
		}
	}
}

// TestRate: nobody is flooded by resends.
func TestRate(t *testing.T) {
	r := new(ring)
	now := time.Now()
	n := 0
	for range 3 * resendRate {
		if r.allow(now) {
			n++
		}
	}
	if n != resendRate {
		t.Errorf("%d at once", n)
	}
	n = 0
	for range resendRate {
		if r.allow(now.Add(100 * time.Millisecond)) {
			n++
		}
	}
	if n < resendRate/10-1 || n > resendRate/10+1 {
		t.Errorf("%d after 100 ms", n)
	}
}
