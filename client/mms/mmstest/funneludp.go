package mmstest

import (
	"sync"
	"time"

	"tapedeck/client/mms/wire"
)

const (
	ringSize    = 1024 // packets that can be sent again
	resendQueue = 64   // requests that wait for a session; more are dropped
	resendRate  = 2000 // datagrams a second that one session is sent again
)

// funnels finds sessions by the number for resends.
type funnels struct {
	mu  sync.Mutex
	all map[uint32]*funnel
}

// add registers a session under a number that nobody can guess.
func (fs *funnels) add(f *funnel) uint32 {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.all == nil {
		fs.all = make(map[uint32]*funnel)
	}
	for {
		if n := random32(); n != 0 && fs.all[n] == nil {
			fs.all[n] = f
			return n
		}
	}
}

func (fs *funnels) remove(client uint32) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	delete(fs.all, client)
}

func (fs *funnels) get(client uint32) *funnel {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return fs.all[client]
}

// resendRequest is what a session is to send again.
type resendRequest struct {
	file uint16
	seqs []uint32
}

// datagrams hands requests for resends to the sessions that they name, if they
// come from the host of the session.
func (s *Server) datagrams() {
	buf := make([]byte, 2048)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			return // it is closed
		}
		r, err := wire.ParseResend(buf[:n], nil)
		if err != nil {
			continue
		}
		f := s.funnels.get(r.Client)
		if f == nil || f.peer != from.Addr().Unmap() {
			s.said("foreign resend")
			continue
		}
		select {
		case f.resends <- resendRequest{file: r.OpenFileID, seqs: r.Sequences}:
		default:
		}
	}
}

// ring keeps the last packets as they were sent, and those that are on a detour.
type ring struct {
	packets [ringSize]sent
	delayed []delayed
	// budget is how many datagrams may still be sent again, as of the time.
	budget float64
	asOf   time.Time
}

type sent struct {
	seq uint32
	b   []byte
}

type delayed struct {
	left int // packets that go before
	b    []byte
}

// media sends a packet of the play by the funnel there is.
func (f *funnel) media(seq uint32, b []byte) bool {
	if !f.udp.IsValid() {
		return f.data(b)
	}
	r := f.ring
	r.packets[seq%ringSize] = sent{seq: seq, b: b}
	for i := 0; i < len(r.delayed); {
		if r.delayed[i].left--; r.delayed[i].left > 0 {
			i++
			continue
		}
		defer f.data(r.delayed[i].b)
		r.delayed = append(r.delayed[:i], r.delayed[i+1:]...)
	}
	if f.o.DropUDP != nil && f.o.DropUDP(seq) {
		f.s.count(func(st *Stats) { st.Dropped++ })
		return true
	}
	if f.o.DelayUDP != nil {
		if n := f.o.DelayUDP(seq); n > 0 {
			r.delayed = append(r.delayed, delayed{left: n, b: b})
			return true
		}
	}
	if f.o.DuplicateUDP != nil && f.o.DuplicateUDP(seq) {
		f.data(b)
	}
	return f.data(b)
}

// undelay sends what is on a detour, before the play ends.
func (f *funnel) undelay() {
	for _, d := range f.ring.delayed {
		f.data(d.b)
	}
	f.ring.delayed = nil
}

// datagram sends to the client. What the network does not take is lost, as
// datagrams are.
func (f *funnel) datagram(b []byte) {
	_, _ = f.s.udp.WriteToUDPAddrPort(b, f.udp)
}

// resend sends packets again, as they were, if there are not too many of them.
func (f *funnel) resend(r resendRequest) {
	f.s.count(func(st *Stats) { st.Requests++ })
	if !f.play.on || !f.udp.IsValid() || !f.o.Legacy && r.file != uint16(f.file) {
		return
	}
	now := time.Now()
	for _, seq := range r.seqs {
		p := f.ring.packets[seq%ringSize]
		if p.b == nil || p.seq != seq || !f.ring.allow(now) {
			continue
		}
		f.s.count(func(st *Stats) { st.Resends++ })
		f.datagram(p.b)
	}
}

// allow takes one from the budget of what may be sent again.
func (r *ring) allow(now time.Time) bool {
	if r.asOf.IsZero() {
		r.budget = resendRate
	} else {
		r.budget = min(resendRate, r.budget+now.Sub(r.asOf).Seconds()*resendRate)
	}
	r.asOf = now
	if r.budget < 1 {
		return false
	}
	r.budget--
	return true
}
