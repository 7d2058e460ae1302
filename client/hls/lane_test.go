package hls

import (
	"bytes"
	"testing"
	"time"

	"tapedeck/client/media"
)

func TestLane(t *testing.T) {
	var l lane
	l.clear()
	g := &setting{known: true}
	// I P B B, as they are decoded: never earlier than what came before.
	for _, at := range []int{0, 120, 40, 80, 240, 160, 200, 360, 280, 320} {
		l.push(media.Packet{Time: time.Duration(at) * ms, Data: []byte{byte(at)}}, g)
	}
	var orders []time.Duration
	for !l.empty() {
		orders = append(orders, l.first().order/ms)
		l.take()
	}
	for i, want := range []time.Duration{0, 120, 120, 120, 160, 160, 160, 280, 280, 280} {
		if orders[i] != want {
			t.Fatalf("%v", orders)
		}
	}
	// Another variant brings some of it again.
	l.skip, l.waitKey = true, true
	for _, p := range []media.Packet{{Time: 320 * ms, Key: true}, {Time: 400 * ms}, {Time: 440 * ms, Key: true}, {Time: 480 * ms}} {
		p.Data = []byte("x")
		l.push(p, g)
	}
	if l.first().time != 440*ms || len(l.items)-l.head != 2 || l.bytes != 2*(1+itemSize) {
		t.Errorf("%+v", l.items)
	}
}

// TestPacketsAllocate nothing on the way from a demuxer to a chunk, once there is
// memory for those that wait.
func TestPacketsAllocate(t *testing.T) {
	s := &Session{landed: true, ready: make(chan struct{}, 1)}
	r := &reel{s: s, settled: time.Hour, space: make(chan struct{}, 1), clock: clock{line: make(timeline)}}
	picture := &setting{known: true, track: media.Track{Kind: media.Video, Codec: media.H264, Private: fakeConfig("1")}}
	sound := &setting{known: true, track: media.Track{Kind: media.Audio, Codec: media.AAC, Private: []byte{1, 2}, SampleRate: 48000, Channels: 1}}
	for i := range s.lanes {
		s.lanes[i].clear()
		s.lanes[i].reel = r
	}
	r.settings = [laneCount]*setting{picture, sound}
	r.clock.place(0, 0)
	r.clock.enter(0)
	if err := s.newWriter(); err != nil {
		t.Fatal(err)
	}
	data := bytes.Repeat([]byte("x"), 4000)
	at := time.Duration(0)
	round := func() {
		for range 25 {
			s.lanes[videoLane].push(r.clock.stamp(videoLane, media.Packet{Time: at, Key: at%time.Second == 0, Data: data}), picture)
			s.lanes[audioLane].push(r.clock.stamp(audioLane, media.Packet{Time: at, Key: true, Data: data[:200]}), sound)
			at += 40 * ms
		}
		for {
			if _, _, ok := s.assemble(time.Time{}); !ok {
				return
			}
		}
	}
	for range 20 {
		round()
	}
	if n := testing.AllocsPerRun(50, round); n > 0 {
		t.Errorf("%v allocations in a second of media", n)
	}
}

func BenchmarkPacketToChunk(b *testing.B) {
	s := &Session{landed: true}
	r := &reel{s: s, settled: 1 << 62, space: make(chan struct{}, 1)}
	picture := &setting{known: true, track: media.Track{Kind: media.Video, Codec: media.H264, Private: fakeConfig("1")}}
	s.lanes[videoLane].clear()
	s.lanes[videoLane].reel = r
	r.settings[videoLane] = picture
	if err := s.newWriter(); err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 10<<10)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for i := range b.N {
		at := time.Duration(i) * 40 * ms
		s.lanes[videoLane].push(media.Packet{Time: at, Key: i%25 == 0, Data: data}, picture)
		for ok := true; ok; {
			_, _, ok = s.assemble(time.Time{})
		}
	}
}
