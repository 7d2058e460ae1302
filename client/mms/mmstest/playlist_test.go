package mmstest

import (
	"bytes"
	"testing"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/mms/wire"
)

// change reads the end of an entry and what is said of the next one.
func (c *caller) change(hr, incarnation uint32) (packets int) {
	c.t.Helper()
	for {
		m, _ := c.next()
		if m.ID == 0 {
			packets++
			continue
		}
		if e := must(c.t, m, wire.ParseEndOfStream); e.HResult != hr || e.Incarnation != incarnation {
			c.t.Errorf("%+v", e)
		}
		if s := must(c.t, c.expect(wire.MIDStreamChange), wire.ParseStreamChange); s.PacketSize != samplePacket || s.HeaderSize == 0 {
			c.t.Errorf("%+v", s)
		}
		return packets
	}
}

// TestPlaylist: over TCP the next entry comes unasked.
func TestPlaylist(t *testing.T) {
	for version, more := range map[string]uint32{"9.1.1.3814": wire.MoreFollows, "4.1.0.3934": 0} {
		p := filmOf(t, short(t, 1), short(t, 2))
		second, _ := p.Entry(1)
		s := start(t, one(p, Options{Version: version}))
		c := call(t, s)
		if r := c.open(false); r.Attributes != wire.Playlist {
			t.Errorf("attributes %x", r.Attributes)
		}
		c.choose(SamplePicture, SampleSound)
		c.send(wire.StartPlaying{OpenFileID: c.file, Incarnation: 10})
		c.expect(wire.MIDStartedPlaying)
		if c.change(more, 10) == 0 {
			t.Error("no packets of the first")
		}
		c.collect(wire.NextEntry)
		if !bytes.Equal(c.header, second.Header) {
			t.Error("another header")
		}
		got := c.toEnd(10)
		if got[0].Incarnation != wire.NextEntry || got[0].Location != 0 {
			t.Errorf("%+v", got[0])
		}
		if n := int(got[len(got)-1].Location); n != len(p.films[1].packets)-1 {
			t.Errorf("the last packet is %d", n)
		}
	}
}

// TestPlaylistUDP: over UDP the client asks for the next entry's header.
func TestPlaylistUDP(t *testing.T) {
	p := filmOf(t, short(t, 1), short(t, 2))
	second, _ := p.Entry(1)
	s := start(t, one(p, Options{Speed: 10}))
	c := call(t, s)
	c.open(true)
	c.choose(SamplePicture, SampleSound)
	c.send(wire.StartPlaying{OpenFileID: c.file, Incarnation: 10})
	c.expect(wire.MIDStartedPlaying)
	c.change(wire.MoreFollows, 10)
	c.send(wire.ReadBlock{OpenFileID: c.file, Incarnation: 2})
	c.expect(wire.MIDReportReadBlock)
	for len(c.header) == 0 || c.pieces[0].Incarnation != 2 {
		if d := c.datagram(); d.Incarnation == 2 {
			c.header, c.pieces = d.Payload, []wire.DataPacket{d}
		}
	}
	if !bytes.Equal(c.header, second.Header) {
		t.Error("another header")
	}
	c.choose(SampleSound)
	c.send(wire.StartPlaying{OpenFileID: c.file, Incarnation: 11})
	c.expect(wire.MIDStartedPlaying)
	if d := c.datagram(); d.Incarnation != 11 {
		t.Errorf("%+v", d)
	}
	c.toEnd(11)
}

// TestLive: what runs since the server was started, over the wrap of its clock.
func TestLive(t *testing.T) {
	p := liveOf(t, short(t, 2))
	p.Clock = 1<<32 - 5000
	s := start(t, one(p, Options{Speed: 20}))
	c := call(t, s)
	r := c.open(false)
	h, err := asf.Parse(c.header)
	if err != nil || !h.Broadcast || h.Seekable || h.Duration != 0 || r.Attributes != wire.Broadcast|wire.Live || r.Duration != 0 || r.Packets != 0 {
		t.Errorf("%+v %v %x", h, err, r.Attributes)
	}
	c.choose(SamplePicture, SampleSound)
	c.send(wire.StartPlaying{OpenFileID: c.file, Incarnation: 10})
	c.expect(wire.MIDStartedPlaying)
	var clock asf.Clock
	var packet asf.Packet
	var last uint32
	var first, now time.Duration
	objects := map[int]uint32{}
	for n := 0; now-first < 9*time.Second; n++ {
		_, d := c.next()
		if err := packet.Parse(d.Payload, samplePacket); err != nil {
			t.Fatal(err)
		}
		was := now
		now = clock.Unwrap(packet.Send())
		if n == 0 {
			first, was, last = now, now, d.Location-1
			if d.Location < firstLive {
				t.Errorf("it begins with packet %d", d.Location)
			}
		}
		if now < was || now-was > 200*time.Millisecond || d.Location != last+1 {
			t.Fatalf("packet %d at %v after %d at %v", d.Location, now, last, was)
		}
		last = d.Location
		for pl := (asf.Payload{}); packet.Next(&pl); {
			object, seen := objects[pl.Stream]
			if next := pl.Offset == 0; seen && (pl.Object != object && !next || next && pl.Object != (object+1)&0xFF) {
				t.Fatalf("object %d of stream %d after %d", pl.Object, pl.Stream, object)
			}
			objects[pl.Stream] = pl.Object
			if ahead := int32(pl.Time - packet.Send()); seen && (ahead < 1000 || ahead > 2000) {
				t.Fatalf("an object %d ms ahead", ahead)
			}
		}
	}
	if first < 1<<32*time.Millisecond-5*time.Second || now <= 1<<32*time.Millisecond {
		t.Errorf("from %v to %v: no wrap", first, now)
	}
}

// TestLiveChange: the header changes while it is on the air.
func TestLiveChange(t *testing.T) {
	s := start(t, one(liveOf(t, short(t, 1), short(t, 2)), Options{Speed: 10}))
	c := call(t, s)
	c.open(false)
	c.choose(SamplePicture, SampleSound)
	c.send(wire.StartPlaying{OpenFileID: c.file, Incarnation: 10})
	c.expect(wire.MIDStartedPlaying)
	for range 3 {
		c.change(wire.MoreFollows, 10)
		c.collect(wire.NextEntry)
	}
}

// TestLateStart: who comes when the entry that it knows is over is told so.
func TestLateStart(t *testing.T) {
	p := liveOf(t, short(t, 1), short(t, 2))
	began := time.Now()
	pace := Pace{Began: began, Now: began.Add(5 * time.Second), Speed: 1, Burst: time.Second}
	r := p.Read(0, Place{}, PaddingCut, pace)
	if item := r.Next(); item.Kind != EntryEnd || r.Entry() != 3 {
		t.Errorf("%+v, entry %d", item, r.Entry())
	}
	r.Select([]wire.StreamEntry{{From: wire.NoStream, To: SamplePicture}})
	round := len(p.films[0].packets) + len(p.films[1].packets)
	if item := r.Next(); item.Kind != Media || item.Number != firstLive+uint32(round+len(p.films[0].packets)) {
		t.Errorf("%+v", item)
	}
}

// TestEndBroadcasts: an encoder that is switched off ends its programme, over
// all protocols, and not the films.
func TestEndBroadcasts(t *testing.T) {
	s := start(t, Options{Speed: 10, Programmes: map[string]*Programme{"film": liveOf(t, Sample()), "other": filmOf(t, short(t, 3))}})
	c := call(t, s)
	c.open(false)
	c.choose(SampleSound)
	c.send(wire.StartPlaying{OpenFileID: c.file, Incarnation: 10})
	c.expect(wire.MIDStartedPlaying)
	web := connect(t, s).ask("GET /film HTTP/1.0", "xPlayStrm=1", all)
	other := connect(t, s).ask("GET /other HTTP/1.0", "xPlayStrm=1", all)
	web.until(wire.ChunkData)
	s.EndBroadcasts()
	s.EndBroadcasts()
	c.toEnd(10)
	if end := web.until(wire.ChunkEnd); end.Reason != 0 {
		t.Errorf("reason %x", end.Reason)
	}
	last := uint32(0)
	for chunk, ok := other.next(); ok; chunk, ok = other.next() {
		if chunk.Kind == wire.ChunkData {
			last = chunk.Location
		}
	}
	if p, _ := s.programme("other"); last != uint32(len(p.films[0].packets)-1) {
		t.Errorf("the film ends with packet %d", last)
	}
	c.send(wire.StartPlaying{OpenFileID: c.file, Incarnation: 11})
	c.expect(wire.MIDStartedPlaying)
	c.toEnd(11)
}
