package mms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/asf"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/mms/mmstest"
	"tapedeck/client/mms/wire"
	"tapedeck/client/trace"
)

// everything chooses all streams of a header.
func everything(t testing.TB, header []byte) []decision {
	t.Helper()
	h, err := asf.Parse(header)
	if err != nil {
		t.Fatal(err)
	}
	var all []decision
	for _, s := range h.Streams {
		all = append(all, decision{stream: s.Number})
	}
	return all
}

// onDemand is the sample on a server that sends it faster than it plays, whole,
// with its padding, so that packets can be compared with those of the file.
func onDemand(t testing.TB, o mmstest.Options) *mmstest.Server {
	t.Helper()
	film, err := mmstest.Film(mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	if o.Programmes == nil {
		o.Programmes = map[string]*mmstest.Programme{"film.asf": film}
	}
	if o.Speed == 0 {
		o.Speed = 30
	}
	o.Padding = mmstest.PaddingKept
	s, err := mmstest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// filePackets are the packets of the sample.
func filePackets(t testing.TB) [][]byte {
	t.Helper()
	file := mmstest.Sample()
	h, err := asf.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	film, err := mmstest.Film(file)
	if err != nil {
		t.Fatal(err)
	}
	e, _ := film.Entry(0)
	rest := file[len(e.Header):]
	var all [][]byte
	for range e.Packets {
		all = append(all, rest[:h.PacketSize])
		rest = rest[h.PacketSize:]
	}
	return all
}

// tried is what a session told of.
type tried struct{ steps, notes []string }

func (e *tried) tell(ev media.Event) {
	switch ev := ev.(type) {
	case media.Step:
		name := ev.Name
		if ev.Err != nil {
			name += " failed"
		}
		e.steps = append(e.steps, name)
	case media.Note:
		e.notes = append(e.notes, ev.Text)
	}
}

func dialTest(t testing.TB, link string, cfg Config) (*funnel, *tried, error) {
	t.Helper()
	a, err := address.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	w := overTCP
	if a.Scheme == "mmsu" {
		w = overUDP
	}
	told := &tried{}
	f, err := dialFunnel(t.Context(), a, w, &cfg, trace.New(told.tell))
	if err == nil {
		t.Cleanup(func() { f.close() })
	}
	return f, told, err
}

func mustDial(t testing.TB, link string) *funnel {
	t.Helper()
	f, _, err := dialTest(t, link, Config{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func mustPlay(t testing.TB, f *funnel, r request) {
	t.Helper()
	if r.streams == nil {
		r.streams = everything(t, f.programme().header)
	}
	if err := f.play(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func mustNext(t testing.TB, f *funnel) item {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	it, err := f.next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// toEnd takes packets until the programme's end.
func toEnd(t testing.TB, f *funnel) (got [][]byte, ids []uint32) {
	t.Helper()
	for {
		it, err := f.next(t.Context())
		if err == io.EOF {
			return got, ids
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, bytes.Clone(it.packet))
		ids = append(ids, it.id)
	}
}

func samePackets(t *testing.T, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d packets, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("packet %d is another one", i)
		}
	}
}

var bothWays = []string{"mmst", "mmsu"}

func TestFunnelFilm(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Speed: 40})
			f, told, err := dialTest(t, s.URL(scheme, "film.asf"), Config{})
			if err != nil {
				t.Fatal(err)
			}
			p := f.programme()
			if p.way.String() != scheme || p.server != "9.1.1.3814" || p.broadcast || !p.seekable || p.duration == 0 || p.bitRate == 0 {
				t.Errorf("%+v", p)
			}
			mustPlay(t, f, request{})
			got, _ := toEnd(t, f)
			samePackets(t, got, filePackets(t))
			if err := f.close(); err != nil {
				t.Error(err)
			}
			st := f.stats()
			if st.Packets != uint64(len(got)) || st.Lost > 0 || st.Bytes < uint64(len(got)*1000) {
				t.Errorf("%+v", st)
			}
			if _, err := f.next(t.Context()); !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
			want := "connect open header play"
			if scheme == "mmsu" {
				want = "connect funnel udp open header play"
			}
			if !strings.HasSuffix(strings.Join(told.steps, " "), want) {
				t.Error(told.steps)
			}
		})
	}
}

// TestFunnelLoss: with one datagram in twenty lost, others twice and others
// late, no packet is missing, and none comes twice.
func TestFunnelLoss(t *testing.T) {
	t.Parallel()
	want := filePackets(t)
	last := uint32(len(want) - 1)
	chance := rand.New(rand.NewPCG(1, 2))
	s := onDemand(t, mmstest.Options{Speed: 15, Funnel: mmstest.FunnelOptions{
		// What is lost at the very end cannot be had again: the server has stopped.
		DropUDP:      func(seq uint32) bool { return chance.IntN(20) == 0 && seq < last-8 },
		DuplicateUDP: func(uint32) bool { return chance.IntN(50) == 0 },
		DelayUDP: func(uint32) int {
			if chance.IntN(50) == 0 {
				return 1 + chance.IntN(5)
			}
			return 0
		},
	}})
	f := mustDial(t, s.URL("mmsu", "film.asf"))
	mustPlay(t, f, request{})
	got, _ := toEnd(t, f)
	samePackets(t, got, want)
	st, sent := f.stats(), s.Stats()
	if st.Lost > 0 || st.Duplicates == 0 || st.Reordered < uint64(sent.Dropped) || sent.Dropped < len(want)/40 {
		t.Errorf("%+v of %+v", st, sent)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.order.recovered < uint32(sent.Dropped) || sent.Resends > 2*sent.Dropped {
		t.Errorf("%d recovered, %d sent again, %d lost", f.order.recovered, sent.Resends, sent.Dropped)
	}
}

// TestFunnelSeek: nothing of an earlier play comes after a seek, a stop or both,
// and the server begins where it was asked to.
func TestFunnelSeek(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Speed: 4, Funnel: mmstest.FunnelOptions{LateData: 3}})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			all := filePackets(t)
			mustPlay(t, f, request{})
			for range 20 {
				mustNext(t, f)
			}
			for play, at := range []time.Duration{20 * time.Second, 5 * time.Second, 40 * time.Second} {
				if play == 1 {
					if err := f.stop(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				mustPlay(t, f, request{from: at})
				it := mustNext(t, f)
				if it.play != play+2 || !bytes.Equal(it.packet, all[it.id]) {
					t.Errorf("play %d, packet %d", it.play, it.id)
				}
				var p asf.Packet
				if err := p.Parse(it.packet, len(it.packet)); err != nil {
					t.Fatal(err)
				}
				if send := time.Duration(p.Send()) * time.Millisecond; send > at+time.Second || send < at-3*time.Second {
					t.Errorf("at %v for %v", send, at)
				}
				for next := it.id + 1; next < it.id+10; next++ {
					if n := mustNext(t, f); n.id != next || n.play != play+2 {
						t.Errorf("packet %d of play %d, want %d", n.id, n.play, next)
					}
				}
			}
			mustPlay(t, f, request{packet: 77})
			if it := mustNext(t, f); it.id != 77 {
				t.Errorf("packet %d, want 77", it.id)
			}
		})
	}
}

// TestFunnelPause: pings are answered while it is paused and while nobody takes
// what comes, and what is stopped says nothing more.
func TestFunnelPause(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Ping: 300 * time.Millisecond})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			mustPlay(t, f, request{})
			it := mustNext(t, f)
			if err := f.stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
			defer cancel()
			if late, err := f.next(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("packet %d after a stop: %v", late.id, err)
			}
			if n := count(s.Stats().Said, "Pong"); n < 2 {
				t.Errorf("%d pings were answered", n)
			}
			mustPlay(t, f, request{packet: it.id + 1})
			if got := mustNext(t, f); got.id != it.id+1 {
				t.Errorf("packet %d after %d", got.id, it.id)
			}
			if err := f.stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := f.stop(t.Context()); err != nil {
				t.Error("a second stop:", err)
			}
		})
	}
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// TestFunnelAfterEnd: who goes back after the end plays again.
func TestFunnelAfterEnd(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Speed: 100})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			mustPlay(t, f, request{from: 55 * time.Second})
			_, ids := toEnd(t, f)
			if _, err := f.next(t.Context()); err != io.EOF {
				t.Error(err)
			}
			mustPlay(t, f, request{from: 55 * time.Second})
			if _, again := toEnd(t, f); !slices.Equal(again, ids) {
				t.Errorf("%v, at first %v", again, ids)
			}
			if n := count(s.Stats().Said, "StopPlaying"); n > 0 {
				t.Errorf("stopped %d times, and it had ended", n)
			}
		})
	}
}

// TestFunnelIncarnations: more plays than there are incarnations, over UDP.
func TestFunnelIncarnations(t *testing.T) {
	t.Parallel()
	s := onDemand(t, mmstest.Options{Speed: 1, Funnel: mmstest.FunnelOptions{LateData: 2}})
	f := mustDial(t, s.URL("mmsu", "film.asf"))
	for n := range 300 {
		first := uint32(1 + n%50)
		mustPlay(t, f, request{packet: first})
		for i := range uint32(n % 4) {
			if it := mustNext(t, f); it.id != first+i || it.play != n+1 {
				t.Fatalf("play %d: packet %d of play %d, want %d", n+1, it.id, it.play, first+i)
			}
		}
	}
	if st := f.stats(); st.Lost > 0 {
		t.Errorf("%+v", st)
	}
}

// TestFunnelVariants: servers that do it otherwise, and do it.
func TestFunnelVariants(t *testing.T) {
	for _, c := range []struct {
		name string
		o    mmstest.Options
	}{
		{"file 1", mmstest.Options{Funnel: mmstest.FunnelOptions{Legacy: true}}},
		{"version 4", mmstest.Options{Version: "4.1.0.3934"}},
		{"three FunnelInfos", mmstest.Options{Funnel: mmstest.FunnelOptions{FunnelInfo: 3}}},
		{"7 pieces", mmstest.Options{Funnel: mmstest.FunnelOptions{HeaderPieces: 7}}},
		{"pieces 4 0 0 8", mmstest.Options{Funnel: mmstest.FunnelOptions{HeaderPieces: 4, MiddlePieces: true}}},
		{"report after the header", mmstest.Options{Funnel: mmstest.FunnelOptions{ReadBlock: mmstest.ReportAfter}}},
		{"no report", mmstest.Options{Funnel: mmstest.FunnelOptions{ReadBlock: mmstest.ReportNever}}},
		{"byte by byte", mmstest.Options{Funnel: mmstest.FunnelOptions{Chaos: mmstest.ChaosBytes | mmstest.ChaosSplit}}},
		{"two in one segment", mmstest.Options{Funnel: mmstest.FunnelOptions{Chaos: mmstest.ChaosTwo | mmstest.ChaosSplit}}},
		{"two in one packet", mmstest.Options{Funnel: mmstest.FunnelOptions{Chaos: mmstest.ChaosJoined}}},
	} {
		for _, scheme := range bothWays {
			t.Run(c.name+" "+scheme, func(t *testing.T) {
				t.Parallel()
				o := c.o
				o.Speed = 20
				s := onDemand(t, o)
				f := mustDial(t, s.URL(scheme, "film.asf"))
				mustPlay(t, f, request{from: 50 * time.Second})
				got, ids := toEnd(t, f)
				samePackets(t, got, filePackets(t)[ids[0]:])
			})
		}
	}
}

// TestFunnelRefusedUDP: the same connection goes on over TCP.
func TestFunnelRefusedUDP(t *testing.T) {
	t.Parallel()
	s := onDemand(t, mmstest.Options{Funnel: mmstest.FunnelOptions{RefuseUDP: true}})
	f, told, err := dialTest(t, s.URL("mmsu", "film.asf"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if f.programme().way != overTCP || f.programme().proto != "tcp" || len(told.notes) != 1 || s.Stats().Connections != 1 {
		t.Errorf("%+v, %q, %+v", f.programme(), told.notes, s.Stats())
	}
	mustPlay(t, f, request{})
	mustNext(t, f)
}

func TestFunnelLogin(t *testing.T) {
	for _, c := range []struct {
		name   string
		scheme mmstest.Scheme
		user   string
		ok     bool
	}{
		{"basic", mmstest.Basic, "me:secret@", true},
		{"basic, wrong", mmstest.Basic, "me:wrong!!@", false},
		{"basic, none", mmstest.Basic, "", false},
		{"ntlm", mmstest.NTLM, "me:secret@", true},
		{"ntlm, wrong", mmstest.NTLM, "me:wrong!!@", false},
		{"ntlm, none", mmstest.NTLM, "", false},
	} {
		for _, scheme := range bothWays {
			t.Run(c.name+" "+scheme, func(t *testing.T) {
				t.Parallel()
				s := onDemand(t, mmstest.Options{Login: mmstest.Login{Scheme: c.scheme, User: "me", Password: "secret"}})
				link := strings.Replace(s.URL(scheme, "film.asf"), "://", "://"+c.user, 1)
				f, told, err := dialTest(t, link, Config{})
				if c.ok {
					if err != nil {
						t.Fatal(err)
					}
					mustPlay(t, f, request{})
					mustNext(t, f)
					return
				}
				var why *login.Error
				if !errors.Is(err, login.ErrWanted) || !errors.As(err, &why) || why.Refused != (c.user != "") {
					t.Errorf("%v", err)
				}
				if rungOf(err) != media.RungSession || strings.Contains(fmt.Sprint(err, told.steps, s.Stats().Logs), "wrong!!") {
					t.Errorf("%v at %v, %v", err, rungOf(err), s.Stats())
				}
			})
		}
	}
}

func rungOf(err error) media.Rung {
	if at, ok := errors.AsType[*media.RungError](err); ok {
		return at.Rung
	}
	return ""
}

func TestFunnelRefusals(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Redirect: map[string]string{"old.asf": "mmst://10.0.0.7/new film.asf?a=b"}})
			_, told, err := dialTest(t, s.URL(scheme, "none.asf"), Config{})
			refusal, ok := errors.AsType[*ServerError](err)
			if !ok || refusal.Step != "open" || refusal.Code != 0x80070002 || rungOf(err) != media.RungSession {
				t.Errorf("%v", err)
			}
			if last := told.steps[len(told.steps)-1]; last != "open failed" {
				t.Error(told.steps)
			}
			_, _, err = dialTest(t, s.URL(scheme, "old.asf"), Config{})
			away, ok := errors.AsType[*RedirectError](err)
			if !ok || away.Link != "mmst://10.0.0.7/new film.asf?a=b" || away.Public {
				t.Errorf("%+v, %v", away, err)
			}
			_, _, err = dialTest(t, s.URL(scheme, "film.asf"), Config{OnlyPublic: true})
			if rungOf(err) != media.RungTCP {
				t.Errorf("a private address: %v", err)
			}
		})
	}
}

// TestFunnelName: what the server is asked for has no escapes, and its query.
func TestFunnelName(t *testing.T) {
	t.Parallel()
	film, err := mmstest.Film(mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	s := onDemand(t, mmstest.Options{Programmes: map[string]*mmstest.Programme{"ein film/é%25.asf": film}})
	mustDial(t, s.URL("mmst", "ein%20film/%C3%A9%2525.asf?auth=a%3Db&x"))
	if said := s.Stats().Said; !slices.Contains(said, "open ein film/é%25.asf?auth=a=b&x") {
		t.Errorf("%q", said)
	}
}

// TestFunnelList: the next entry of a server's list comes with its header, over
// TCP by itself, over UDP when it is played.
func TestFunnelList(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			list, err := mmstest.Film(mmstest.Sample(), mmstest.Sample())
			if err != nil {
				t.Fatal(err)
			}
			s := onDemand(t, mmstest.Options{Speed: 40, Programmes: map[string]*mmstest.Programme{"list": list}})
			f := mustDial(t, s.URL(scheme, "list"))
			mustPlay(t, f, request{})
			var packets, headers int
			for {
				it, err := f.next(t.Context())
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if it.header == nil {
					packets++
					continue
				}
				headers++
				if !bytes.Equal(it.header.header, f.programme().header) || it.chose != (scheme == "mmsu") {
					t.Errorf("%+v", it.header)
				}
				if it.chose {
					mustPlay(t, f, request{})
				}
			}
			if n := len(filePackets(t)); headers != 1 || packets != 2*n {
				t.Errorf("%d headers and %d packets, want 1 and %d", headers, packets, 2*n)
			}
		})
	}
}

// TestFunnelLiveList: broadcasts go on, also those of servers that say 0 at every
// end.
func TestFunnelLiveList(t *testing.T) {
	for _, version := range []string{"9.1.1.3814", "4.1.0.3934"} {
		for _, scheme := range bothWays {
			t.Run(version+" "+scheme, func(t *testing.T) {
				t.Parallel()
				list, err := mmstest.Live(mmstest.Sample(), mmstest.Sample())
				if err != nil {
					t.Fatal(err)
				}
				s := onDemand(t, mmstest.Options{Version: version, Speed: 60, Programmes: map[string]*mmstest.Programme{"live": list}})
				f := mustDial(t, s.URL(scheme, "live"))
				if p := f.programme(); !p.broadcast || p.seekable || p.duration != 0 {
					t.Errorf("%+v", p)
				}
				mustPlay(t, f, request{})
				packets := 0
				for headers := 0; headers < 2; {
					it := mustNext(t, f)
					if it.header == nil {
						packets++
						continue
					}
					headers++
					if it.chose {
						mustPlay(t, f, request{})
					}
				}
				if packets < len(filePackets(t))/2 {
					t.Errorf("%d packets", packets)
				}
			})
		}
	}
}

// TestFunnelStopInList: a list is stopped at any moment, and played on.
func TestFunnelStopInList(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			list, err := mmstest.Live(mmstest.Sample(), mmstest.Sample())
			if err != nil {
				t.Fatal(err)
			}
			s := onDemand(t, mmstest.Options{Speed: 300, Programmes: map[string]*mmstest.Programme{"live": list}})
			f := mustDial(t, s.URL(scheme, "live"))
			for n := range 40 {
				mustPlay(t, f, request{})
				for range n % 7 {
					if it := mustNext(t, f); it.chose {
						mustPlay(t, f, request{})
					}
				}
				if n%2 == 0 {
					if err := f.stop(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

// TestFunnelChange: another stream comes in place of one, while it plays.
func TestFunnelChange(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Speed: 5})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			streams := []decision{{stream: mmstest.SamplePicture}, {stream: mmstest.SampleKeys, thin: sendNone}, {stream: mmstest.SampleSound}}
			mustPlay(t, f, request{streams: streams})
			if has := streamsOf(t, f, 30); has[mmstest.SampleKeys] || !has[mmstest.SamplePicture] || !has[mmstest.SampleSound] {
				t.Errorf("%v", has)
			}
			if err := f.change(t.Context(), []decision{{stream: mmstest.SampleKeys, instead: mmstest.SamplePicture}}); err != nil {
				t.Fatal(err)
			}
			for range 500 {
				if streamsOf(t, f, 1)[mmstest.SampleKeys] {
					break
				}
			}
			if has := streamsOf(t, f, 30); has[mmstest.SamplePicture] || !has[mmstest.SampleKeys] {
				t.Errorf("%v", has)
			}
			var refusal *ServerError
			if err := f.change(t.Context(), []decision{{stream: 99}}); !errors.As(err, &refusal) || refusal.Step != "streams" {
				t.Error(err)
			}
			mustNext(t, f)
		})
	}
}

func streamsOf(t *testing.T, f *funnel, packets int) map[int]bool {
	t.Helper()
	has := make(map[int]bool)
	for range packets {
		it := mustNext(t, f)
		var p asf.Packet
		if err := p.Parse(it.packet, len(it.packet)); err != nil {
			t.Fatal(err)
		}
		for pl := (asf.Payload{}); p.Next(&pl); {
			has[pl.Stream] = true
		}
	}
	return has
}

// TestFunnelFull: who takes nothing stops the server, by and by, and neither the
// answers nor the stop.
func TestFunnelFull(t *testing.T) {
	t.Parallel()
	list, err := mmstest.Live(mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	s := onDemand(t, mmstest.Options{Speed: 2000, Programmes: map[string]*mmstest.Programme{"live": list}})
	f := mustDial(t, s.URL("mmst", "live"))
	mustPlay(t, f, request{})
	for full := false; !full; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		full = f.full
		f.mu.Unlock()
	}
	if err := f.change(t.Context(), everything(t, f.programme().header)); err != nil {
		t.Error(err)
	}
	if err := f.stop(t.Context()); err != nil {
		t.Error(err)
	}
	mustPlay(t, f, request{})
	mustNext(t, f)
}

// TestFunnelFarewell: the server learns how it went, and that it is over.
func TestFunnelFarewell(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			mustPlay(t, f, request{})
			mustNext(t, f)
			begun := time.Now()
			f.close()
			if took := time.Since(begun); took > 500*time.Millisecond {
				t.Errorf("it took %v", took)
			}
			for count(s.Stats().Said, "CloseFile") == 0 {
				time.Sleep(time.Millisecond)
			}
			st := s.Stats()
			if n := len(st.Said); !slices.Equal(st.Said[n-3:], []string{"StopPlaying", "Logging", "CloseFile"}) || len(st.Logs) != 1 ||
				!strings.HasPrefix(st.Logs[0], "mms://127.0.0.1:") || !strings.Contains(st.Logs[0], "film.asf NSPlayer/9") {
				t.Errorf("%q, %q", st.Said, st.Logs)
			}
		})
	}
}

// TestFunnelCut: a connection that breaks is an error of whoever waits.
func TestFunnelCut(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Speed: 1})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			mustPlay(t, f, request{})
			mustNext(t, f)
			s.Disconnect()
			var err error
			for err == nil {
				_, err = f.next(t.Context())
			}
			if rungOf(err) != media.RungTransport {
				t.Errorf("%v at %q", err, rungOf(err))
			}
			if err := f.play(t.Context(), request{}); err == nil {
				t.Error("it plays")
			}
			if err := f.stop(t.Context()); err == nil {
				t.Error("it stops")
			}
			if _, again := f.next(t.Context()); again != err {
				t.Errorf("%v, then %v", err, again)
			}
		})
	}
}

// TestFunnelEndsInError: a server that gives up says why.
func TestFunnelEndsInError(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, mmstest.Options{Speed: 100, Funnel: mmstest.FunnelOptions{
				Mangle: func(id wire.MID, b []byte) []byte {
					if id == wire.MIDEndOfStream {
						b[32+8], b[32+9], b[32+10], b[32+11] = 0x0C, 0, 0x0D, 0xC0
					}
					return b
				},
			}})
			f := mustDial(t, s.URL(scheme, "film.asf"))
			mustPlay(t, f, request{from: 55 * time.Second})
			var err error
			for err == nil {
				_, err = f.next(t.Context())
			}
			var refusal *ServerError
			if !errors.As(err, &refusal) || refusal.Code != 0xC00D000C || refusal.Step != "play" {
				t.Error(err)
			}
		})
	}
}
