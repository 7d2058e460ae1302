package mms

import (
	"net"
	"testing"
	"time"

	"tapedeck/client/mms/wire"
)

// nowhere is a connection that takes all that is written.
type nowhere struct{ net.Conn }

func (nowhere) Write(b []byte) (int, error)      { return len(b), nil }
func (nowhere) SetWriteDeadline(time.Time) error { return nil }
func (nowhere) Close() error                     { return nil }

// FuzzFunnel: whatever a server sends in the middle of a play, in whatever
// segments, nothing of what is kept grows without bounds.
func FuzzFunnel(f *testing.F) {
	packet := wire.DataPacket{Location: 3, Incarnation: 9, Payload: []byte("packet")}
	change := wire.AppendControl(nil, 0, 0, wire.EndOfStream{HResult: 1, Incarnation: 9}, wire.StreamChange{PacketSize: 100})
	next := wire.DataPacket{Incarnation: 0xFF, Flags: 12, Payload: []byte("header")}
	end := wire.AppendControl(nil, 0, 0, wire.Ping{}, wire.EndOfStream{Incarnation: 9})
	f.Add(end, uint8(7))
	f.Add(packet.Append(end), uint8(255))
	f.Add(packet.Append(next.Append(change)), uint8(40))
	f.Add(wire.AppendControl(packet.Append(nil), 0, 0, wire.StreamChange{HResult: 0x80004005}), uint8(3))
	f.Fuzz(func(t *testing.T, in []byte, piece uint8) {
		l := &funnel{c: newControl(nowhere{}), state: streaming, ready: make(chan struct{}, 1), room: make(chan struct{}, 1), whole: make(chan []byte, 1)}
		l.inc, l.incs.play = 9, 9
		var b *block
		off, packets := 0, 0
		for len(in) > 0 {
			n := min(len(in), 1+int(piece))
			rest := 0
			if b != nil {
				rest = b.end - off
			}
			if to := l.q.space(b, leastRead, rest); to != b {
				b, off = to, 0
			}
			copy(b.buf[b.end:], in[:n])
			in = in[n:]
			var err error
			if off, _, _, err = l.cut(b, off, n, nil); err != nil {
				return
			}
			for it, ok := l.q.pop(); ok; it, ok = l.q.pop() {
				if it.header == nil && (len(it.packet) == 0 || len(it.packet) > maxPacket) || it.header != nil && len(it.header.header) == 0 {
					t.Fatalf("%+v", it)
				}
				packets++
			}
		}
		if l.changes > maxChange || len(l.q.free) > 2 {
			t.Fatalf("%d changes, %d blocks for %d packets", l.changes, len(l.q.free), packets)
		}
	})
}
