package mms

import (
	"net"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"tapedeck/client/mms/wire"
)

// TestFunnelEndOvertakes: an end that comes over TCP while more datagrams lie in
// the socket than one read brings, and than are guessed to be under way.
func TestFunnelEndOvertakes(t *testing.T) {
	sender := &net.UDPAddr{IP: serverAddr.IP.To4(), Port: 1755}
	f := &funnel{ready: make(chan struct{}, 1), room: make(chan struct{}, 1), ebb: make(chan struct{}, 1), state: streaming, inc: 9}
	f.order.give = f.deliverDatagram
	f.order.resends = true
	f.sock = &socket{conn: deaf{}, client: 1}
	f.peer = sender.AddrPort().Addr()
	seq := uint32(0)
	read := func(n int, all bool) {
		messages := make([]ipv4.Message, n)
		for i := range messages {
			b := wire.DataPacket{Location: seq, Incarnation: 9, Flags: byte(seq), Payload: []byte("packet")}.Append(nil)
			messages[i] = ipv4.Message{Buffers: [][]byte{b}, N: len(b), Addr: sender}
			seq++
		}
		if err := f.batch(messages, all); err != nil {
			t.Fatal(err)
		}
	}
	read(17, true)
	f.tail = &tail{}
	f.order.finish(time.Now(), 64, true)
	read(batchSize, false)
	read(16, true)
	for want := range seq {
		if it, ok := f.q.pop(); !ok || it.id != want {
			t.Fatalf("packet %d, %v, want %d of %d", it.id, ok, want, seq)
		}
	}
	if f.over == nil {
		t.Error("it does not end")
	}
}
