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
	if a.Scheme == "mmsu" || a.Scheme == "mms" {
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
	if _, told, err := dialTest(t, s.URL("mmsu", "film.asf"), Config{}); !errors.Is(err, ErrForced) || len(told.notes) != 0 {
		t.Errorf("where the link forces UDP: %v, %q", err, told.notes)
	}
	f, told, err := dialTest(t, s.URL("mms", "film.asf"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if f.programme().way != overTCP || f.programme().proto != "tcp" || len(told.notes) != 1 || s.Stats().Connections != 2 {
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
