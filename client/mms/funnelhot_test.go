package mms

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/net/ipv4"

	"tapedeck/client/datagram"
	"tapedeck/client/mms/wire"
)

// TestFunnelAllocations: from what was read to what next gives nothing is made,
// neither over TCP nor over UDP, with loss or without.
func TestFunnelAllocations(t *testing.T) {
	const batch = 20
	payload := make([]byte, 1400)
	ctx := context.Background()

	f := &funnel{c: newControl(nil), state: streaming, inc: 9, ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
	f.order = newReorder(f.deliverDatagram)
	f.order.resends = true
	var read []byte
	var b *block
	off, seq := 0, uint32(0)
	take := func(n int) {
		for range n {
			if it, err := f.next(ctx); err != nil || len(it.packet) != len(payload) {
				t.Fatal(it.id, err)
			}
		}
	}
	overTCP := func() {
		read = read[:0]
		for range batch {
			read = wire.DataPacket{Location: seq, Incarnation: 9, Flags: byte(seq), Payload: payload}.Append(read)
			seq++
		}
		for _, half := range [][]byte{read[:len(read)/2-3], read[len(read)/2-3:]} { // a packet is cut
			rest := 0
			if b != nil {
				rest = b.end - off
			}
			if to := f.q.space(b, len(half), rest); to != b {
				b, off = to, 0
			}
			n := copy(b.buf[b.end:], half)
			var err error
			if off, _, _, err = f.cut(b, off, n, nil); err != nil {
				t.Fatal(err)
			}
		}
		take(batch)
	}
	for range 1000 {
		overTCP()
	}
	if n := testing.AllocsPerRun(1000, overTCP); n > 0 {
		t.Errorf("over TCP: %v allocations for %d packets", n, batch)
	}

	f.sock = &socket{conn: deaf{}, client: 1}
	messages := make([]ipv4.Message, batch)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, 0, 2000)}
	}
	sender := &net.UDPAddr{IP: serverAddr.IP.To4(), Port: 1755}
	f.peer = sender.AddrPort().Addr()
	overUDP := func(lossy bool) {
		for i := range messages {
			at := seq
			if lossy && i%2 == 1 {
				at = seq - 2 // in the wrong order
			} else if lossy {
				at = seq + 2
			}
			b := wire.DataPacket{Location: at, Incarnation: 9, Flags: byte(at), Payload: payload}.Append(messages[i].Buffers[0][:0])
			messages[i].Buffers[0], messages[i].N, messages[i].Addr = b, len(b), sender
			seq++
		}
		if err := f.batch(messages, true); err != nil {
			t.Fatal(err)
		}
		for {
			if _, ok := f.q.pop(); !ok {
				return
			}
		}
	}
	for _, lossy := range []bool{false, true} {
		for range 1000 {
			overUDP(lossy)
		}
		if n := testing.AllocsPerRun(1000, func() { overUDP(lossy) }); n > 0 {
			t.Errorf("over UDP, lossy %v: %v allocations for %d packets", lossy, n, batch)
		}
	}
}

// deaf is a socket that takes requests and does nothing.
type deaf struct{ datagram.Conn }

func (deaf) WriteToUDPAddrPort(b []byte, _ netip.AddrPort) (int, error) { return len(b), nil }
