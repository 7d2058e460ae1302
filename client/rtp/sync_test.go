package rtp

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"tapedeck/client/media"
)

// studio is a session of two streams in virtual time, whose every packet is
// known to belong to a moment.
type studio struct {
	t       *testing.T
	clock   Clock
	streams [2]*studioStream // picture and sound
	now     time.Duration
}

// studioStream is one stream: what it sends, and what comes of it.
type studioStream struct {
	*Receiver
	t       *testing.T
	rate    int
	every   time.Duration // between packets
	latency time.Duration // from a moment to its packet
	fast    float64       // by what part its timestamps run fast

	ssrc, base uint32
	seq        uint16
	off        bool // sends nothing
	report     func(at time.Duration, ts uint32) (wall time.Time, _ uint32)

	sent    map[uint32]time.Duration // moments by timestamp
	last    time.Duration            // media time
	lead    time.Duration            // media time less the moment, of the last unit
	jumps   int                      // steps of the lead by more than 20 ms
	most    time.Duration            // the largest change of lead in a second, jumps left out
	second  time.Duration
	before  time.Duration
	started bool
}

// studioWall is what the senders' clocks say at the beginning.
var studioWall = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func newStudio(t *testing.T, opt Options) *studio {
	s := &studio{t: t}
	opt.Clock = &s.clock
	for i, f := range []*studioStream{{rate: 90000, every: 40 * ms}, {rate: 48000, every: 20 * ms}} {
		d, err := NewDepacketizer(Format{Encoding: "PCMU"})
		if err != nil {
			t.Fatal(err)
		}
		f.t, f.ssrc, f.base, f.sent = t, uint32(i+1), 1000*uint32(i), map[uint32]time.Duration{}
		f.Receiver = NewReceiver(i, Format{Encoding: "PCMU", ClockRate: f.rate}, d, opt)
		f.report = func(at time.Duration, ts uint32) (time.Time, uint32) { return studioWall.Add(at), ts }
		s.streams[i] = f
	}
	return s
}

// ts is the timestamp of a moment.
func (f *studioStream) ts(at time.Duration) uint32 {
	ticks := int64(at/ms) * int64(f.rate) / 1000
	return f.base + uint32(ticks+int64(f.fast*float64(ticks)))
}

func (f *studioStream) emitted(p media.Packet) {
	moment, ok := f.sent[binary.BigEndian.Uint32(p.Data)]
	if !ok {
		f.t.Fatalf("stream %d: a unit that was not sent", p.Track)
	}
	if p.Time < f.last {
		f.t.Fatalf("stream %d: time goes back from %v to %v", p.Track, f.last, p.Time)
	}
	lead := p.Time - moment
	if step := (lead - f.lead).Abs(); f.started && step > 20*ms {
		f.jumps++
		f.second, f.before = moment, lead
	}
	if f.second == 0 || moment-f.second >= time.Second {
		if f.second > 0 {
			f.most = max(f.most, (lead-f.before).Abs()*time.Second/(moment-f.second))
		}
		f.second, f.before = moment, lead
	}
	f.last, f.lead, f.started = p.Time, lead, true
}

// restart makes a stream go on as another source.
func (f *studioStream) restart() {
	f.ssrc += 100
	f.base += 1 << 30
	f.seq += 30000
}

// run lets the session go on until a moment, with reports every 5 s and at the
// moments that are named.
func (s *studio) run(until time.Duration, reports ...time.Duration) {
	s.t.Helper()
	for ; s.now < until; s.now += 10 * ms {
		for _, f := range s.streams {
			if f.off {
				continue
			}
			if at := s.now - f.latency; at >= 0 && at%f.every == 0 {
				p := packet{ssrc: f.ssrc, seq: f.seq, ts: f.ts(at)}
				p.payload = binary.BigEndian.AppendUint32(nil, uint32(at/ms))
				f.sent[uint32(at/ms)] = at
				f.seq++
				if err := f.RTP(p.raw(), epoch.Add(s.now), f.emitted); err != nil {
					s.t.Fatal(err)
				}
			}
			for _, d := range reports {
				if d == s.now {
					s.reportOf(f)
				}
			}
		}
	}
}

func (s *studio) reportOf(f *studioStream) {
	wall, ts := f.report(s.now, f.ts(s.now))
	sr := senderReport(wall, ts)
	binary.BigEndian.PutUint32(sr[4:], f.ssrc)
	if wall.IsZero() {
		copy(sr[8:16], make([]byte, 8))
	}
	if _, err := f.RTCP(sr, epoch.Add(s.now)); err != nil {
		s.t.Fatal(err)
	}
}

// apart is how far the picture is ahead of the sound.
func (s *studio) apart() time.Duration { return s.streams[0].lead - s.streams[1].lead }

// every makes the moments of a session's reports.
func every(first, step, last time.Duration) (list []time.Duration) {
	for d := first; d <= last; d += step {
		list = append(list, d)
	}
	return list
}

// TestSync: what the senders' reports make of two streams of which the picture
// takes longer to be coded than the sound.
func TestSync(t *testing.T) {
	const length = 200 * time.Second
	usual := every(time.Second, 5*time.Second, length)
	rnd := rand.New(rand.NewPCG(7, 8))
	plain := func(add time.Duration) func(time.Duration, uint32) (time.Time, uint32) {
		return func(at time.Duration, ts uint32) (time.Time, uint32) { return studioWall.Add(at + add), ts }
	}
	for _, c := range []struct {
		name    string
		latency time.Duration // of the picture
		reports []time.Duration
		set     func(picture, sound *studioStream)
		apart   time.Duration // in the end; 40 ms of tolerance
		jumps   int           // of both streams
		most    time.Duration // by which a second may be longer
	}{
		{"no reports: by arrival", 300 * ms, nil, nil, 300 * ms, 0, 0},
		{"reports in time: at once", 300 * ms, usual, nil, 0, 1, 0},
		{"what nobody notices stays", 30 * ms, usual, nil, 30 * ms, 0, 0},
		{"late reports: 5 ms a second", 300 * ms, every(3*time.Second, 5*time.Second, length), nil, 0, 0, 6 * ms},
		{"late reports, far apart: one discontinuity", 900 * ms, every(3*time.Second, 5*time.Second, length), nil, 0, 1, 0},
		{"the sound is the later one", -300 * ms, usual, nil, 0, 1, 0},
		{"time 0", 300 * ms, usual, func(p, s *studioStream) {
			zero := func(time.Duration, uint32) (time.Time, uint32) { return time.Time{}, 0 }
			p.report, s.report = zero, zero
		}, 300 * ms, 0, 0},
		{"time 0 on one", 300 * ms, usual, func(p, _ *studioStream) {
			p.report = func(time.Duration, uint32) (time.Time, uint32) { return time.Time{}, 0 }
		}, 300 * ms, 0, 0},
		{"time since the camera was switched on", 300 * ms, usual, func(p, s *studioStream) {
			boot := time.Date(1900, 1, 1, 0, 1, 40, 0, time.UTC)
			up := func(at time.Duration, ts uint32) (time.Time, uint32) { return boot.Add(at), ts }
			p.report, s.report = up, up
		}, 0, 1, 0},
		{"the end of time", 300 * ms, usual, func(p, s *studioStream) {
			end := time.Date(2036, 2, 7, 6, 27, 50, 0, time.UTC) // NTP's seconds turn over
			up := func(at time.Duration, ts uint32) (time.Time, uint32) { return end.Add(at), ts }
			p.report, s.report = up, up
		}, 0, 1, 0},
		{"the clock is set in mid-stream", 300 * ms, usual, func(p, s *studioStream) {
			set := func(at time.Duration, ts uint32) (time.Time, uint32) {
				if at > 20*time.Second {
					at += 50 * 365 * 24 * time.Hour
				}
				return studioWall.Add(at), ts
			}
			p.report, s.report = set, set
		}, 0, 1, 0},
		{"the clock is set by 3 s in mid-stream, the sound tells first", 300 * ms, usual, func(p, s *studioStream) {
			set := func(after time.Duration) func(time.Duration, uint32) (time.Time, uint32) {
				return func(at time.Duration, ts uint32) (time.Time, uint32) {
					if at > after {
						at += 3 * time.Second
					}
					return studioWall.Add(at), ts
				}
			}
			p.report, s.report = set(27*time.Second), set(22*time.Second)
		}, 0, 1, 0},
		{"the clock is set by 3 s in mid-stream, the picture tells twice less", 300 * ms, usual, func(p, s *studioStream) {
			set := func(mute time.Duration) func(time.Duration, uint32) (time.Time, uint32) {
				return func(at time.Duration, ts uint32) (time.Time, uint32) {
					switch {
					case at > 22*time.Second && at < mute:
						return time.Time{}, 0 // and that is no report
					case at > 22*time.Second:
						at += 3 * time.Second
					}
					return studioWall.Add(at), ts
				}
			}
			p.report, s.report = set(33*time.Second), set(0)
		}, 0, 1, 0},
		{"the clock is set between the first two reports", 300 * ms, usual, func(p, s *studioStream) {
			year := 365 * 24 * time.Hour
			s.report = func(at time.Duration, ts uint32) (time.Time, uint32) { return studioWall.Add(at + year), ts }
			p.report = func(at time.Duration, ts uint32) (time.Time, uint32) {
				if at > 2*time.Second {
					at += year
				}
				return studioWall.Add(at), ts
			}
		}, 0, 0, 6 * ms},
		{"a clock for each stream", 300 * ms, usual, func(p, _ *studioStream) { p.report = plain(time.Hour) }, 300 * ms, 0, 0},
		{"the timestamp of the last key picture", 0, usual, func(p, _ *studioStream) {
			p.report = func(at time.Duration, ts uint32) (time.Time, uint32) {
				return studioWall.Add(at), ts - uint32(rnd.IntN(2*90000)+90000/4)
			}
		}, 0, 0, 0},
		{"the timestamp of the last key picture, always as old", 0, usual, func(p, _ *studioStream) {
			p.report = func(at time.Duration, ts uint32) (time.Time, uint32) { return studioWall.Add(at), ts - 90000 }
		}, 0, 0, 0},
		{"the timestamp of the last picture", 300 * ms, usual, func(p, _ *studioStream) {
			p.report = func(at time.Duration, ts uint32) (time.Time, uint32) {
				at -= 300 * ms
				return studioWall.Add(at), p.ts(at - at%p.every)
			}
		}, 0, 1, 0},
		{"both send half a second ahead of the reports", 0, usual, func(p, s *studioStream) {
			p.latency, s.latency = 300*ms, 0
			old := func(f *studioStream) func(time.Duration, uint32) (time.Time, uint32) {
				return func(at time.Duration, _ uint32) (time.Time, uint32) {
					at -= time.Second
					return studioWall.Add(at), f.ts(at)
				}
			}
			p.report, s.report = old(p), old(s)
		}, 300 * ms, 0, 0}, // one of them is older still: that is not believed
		{"a timestamp of nowhere", 300 * ms, usual, func(p, _ *studioStream) {
			p.report = func(at time.Duration, ts uint32) (time.Time, uint32) { return studioWall.Add(at), ts + 1<<31 }
		}, 300 * ms, 0, 0},
		{"the sources drift apart", 0, usual, func(p, _ *studioStream) { p.fast = -0.001 }, 0, 0, 8 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStudio(t, Options{})
			p, a := s.streams[0], s.streams[1]
			p.latency, a.latency = max(0, c.latency), max(0, -c.latency)
			if c.set != nil {
				c.set(p, a)
			}
			s.run(length, c.reports...)
			if d := s.apart(); (d - c.apart).Abs() > alignMin+alignAgain*boolTo(p.fast != 0) {
				t.Errorf("%v apart in the end, want %v", d, c.apart)
			}
			if n := p.jumps + a.jumps; n != c.jumps {
				t.Errorf("%d jumps, want %d", n, c.jumps)
			}
			if most := max(p.most, a.most); most > c.most+ms {
				t.Errorf("a second is longer by %v", most)
			}
		})
	}
}

func boolTo(b bool) time.Duration {
	if b {
		return 1
	}
	return 0
}

// TestSyncOverRestarts: encoders that start again under another name, with
// timestamps of their own.
func TestSyncOverRestarts(t *testing.T) {
	for _, c := range []struct {
		name  string
		who   []int
		bye   bool
		info  bool          // RTP-Info aligned them in the beginning
		pause time.Duration // before they go on
		late  time.Duration // by which the picture comes later than before
	}{
		{"both", []int{0, 1}, false, false, time.Second, 0},
		{"the picture", []int{0}, false, false, time.Second, 0},
		{"the picture, at once", []int{0}, false, false, 0, 0},
		{"the picture, that now takes longer", []int{0}, false, false, time.Second, 600 * ms},
		{"the picture after RTP-Info, that now takes longer", []int{0}, false, true, time.Second, 600 * ms},
		{"both after BYE, at once", []int{0, 1}, true, false, 0, 0},
		{"both after BYE", []int{0, 1}, true, false, 1500 * ms, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStudio(t, Options{Reorder: true})
			p := s.streams[0]
			p.latency = 300 * ms
			if c.info {
				for _, f := range s.streams {
					ts := f.ts(0)
					f.Rebase(0, nil, &ts)
				}
			}
			s.run(20*time.Second, every(time.Second, 5*time.Second, 20*time.Second)...)
			for _, i := range c.who {
				f := s.streams[i]
				f.off = true
				if c.bye {
					raw := binary.BigEndian.AppendUint32(hx("81 cb 0001"), f.ssrc)
					if bye, err := f.RTCP(raw, epoch.Add(s.now)); !bye || err != nil {
						t.Errorf("BYE: %v, %v", bye, err)
					}
				}
			}
			s.run(20*time.Second + c.pause)
			packets := [2]uint64{}
			for i, f := range s.streams {
				packets[i] = f.Stats().Packets
				f.off = false
			}
			for _, i := range c.who {
				s.streams[i].restart()
			}
			p.latency += c.late
			s.run(s.now + 2*time.Second)
			if d := s.apart(); (d - c.late).Abs() > alignMin {
				t.Errorf("%v apart before there is a report", d)
			}
			for i, f := range s.streams {
				if n := f.Stats().Packets - packets[i]; n < uint64(2*time.Second/f.every)-1 {
					t.Errorf("stream %d: %d packets in 2 s", i, n)
				}
			}
			s.run(26*time.Second, 25*time.Second)
			if d := s.apart(); d.Abs() > alignMin {
				t.Errorf("%v apart after the first report", d)
			}
			s.run(60*time.Second, every(30*time.Second, 5*time.Second, time.Minute)...)
			if d := s.apart(); d.Abs() > alignMin {
				t.Errorf("%v apart", d)
			}
			for i, f := range s.streams {
				if f.lead.Abs() > 350*ms+c.late || f.Stats().Lost != 0 {
					t.Errorf("stream %d is %v ahead of its time, %+v", i, f.lead, f.Stats())
				}
			}
		})
	}
}

// TestWraps lets both clocks of a session wrap, 90 kHz at 13.25 h and 48 kHz at
// 24.86 h, and the sequence numbers many times, with packets out of order and
// some missing: every unit is where it belongs, and everything is counted.
func TestWraps(t *testing.T) {
	const (
		length = 26 * time.Hour
		step   = 500 * ms
	)
	rnd := rand.New(rand.NewPCG(9, 10))
	s := newStudio(t, Options{Reorder: true, MaxWait: 4 * step})
	for i, f := range s.streams {
		f.base = math.MaxUint32 - 5*uint32(f.rate) // and once more at the beginning
		f.seq = 65530
		var dropped, reordered uint64
		var held *packet
		send := func(p packet, at time.Duration) {
			if err := f.RTP(p.raw(), epoch.Add(at), f.emitted); err != nil {
				t.Fatal(err)
			}
			f.Poll(epoch.Add(at), f.emitted)
		}
		for at := time.Duration(0); at < length; at += step {
			p := packet{ssrc: f.ssrc, seq: f.seq, ts: f.ts(at), payload: binary.BigEndian.AppendUint32(nil, uint32(at/ms))}
			f.sent[uint32(at/ms)] = at
			f.seq++
			inside := at > 0 && at < length-4*step
			switch {
			case held != nil:
				send(p, at)
				send(*held, at)
				held = nil
				reordered++
			case inside && rnd.IntN(50) == 0:
				dropped++
			case inside && rnd.IntN(10) == 0:
				held = &p
			default:
				send(p, at)
			}
			if at%(5*time.Second) == 0 {
				sr := senderReport(studioWall.Add(at), f.ts(at))
				binary.BigEndian.PutUint32(sr[4:], f.ssrc)
				f.RTCP(sr, epoch.Add(at))
			}
		}
		f.Poll(epoch.Add(length+time.Hour), f.emitted)
		got, sent := f.Stats(), uint64(length/step)
		if got.Lost != dropped || got.Reordered != reordered || got.Packets != sent-dropped {
			t.Errorf("stream %d: %+v; dropped %d, reordered %d", i, got, dropped, reordered)
		}
		if f.last != length-step || f.lead != 0 || f.jumps != 0 {
			t.Errorf("stream %d ends at %v, %v ahead, after %d jumps", i, f.last, f.lead, f.jumps)
		}
		b := checkReport(t, f.AppendReport(nil, epoch.Add(length)))
		if n := binary.BigEndian.Uint32(b[8:]); n != uint32(65530+sent-1) {
			t.Errorf("stream %d: the highest number is %d", i, n)
		}
	}
	if d := s.apart(); d != 0 {
		t.Errorf("%v apart", d)
	}
}
