package mmstest

import (
	"encoding/binary"
	"time"

	"tapedeck/client/mms/wire"
)

// Chaos is how bytes are put into TCP segments; the bits may be combined.
type Chaos uint8

const (
	ChaosBytes  Chaos = 1 << iota // messages are written byte by byte
	ChaosSplit                    // data packets are cut in the middle of their heads
	ChaosTwo                      // a message comes with a Ping in one write
	ChaosJoined                   // a message comes with a Ping in one packet
)

// outMost is how many bytes of data wait for others before they are written.
const outMost = 64 << 10

// send writes a message, after the data that waits. All of send, data and flush
// report false when the connection is of no use anymore.
func (f *funnel) send(m wire.Appender) bool {
	if !f.flush() {
		return false
	}
	elapsed := time.Since(f.began)
	var b []byte
	switch {
	case f.o.Chaos&ChaosJoined != 0:
		b = wire.AppendControl(nil, f.seq, elapsed, m, wire.Ping{})
	case f.o.Chaos&ChaosTwo != 0:
		b = wire.AppendControl(nil, f.seq, elapsed, wire.Ping{})
		f.seq++
		b = append(b, f.mangle(wire.AppendControl(nil, f.seq, elapsed, m))...)
	default:
		b = wire.AppendControl(nil, f.seq, elapsed, m)
	}
	f.seq++
	if f.o.Chaos&ChaosTwo == 0 {
		b = f.mangle(b)
	}
	if f.o.Chaos&ChaosBytes == 0 {
		return f.write(b)
	}
	for i := range b {
		if !f.write(b[i : i+1]) {
			return false
		}
	}
	return true
}

// mangle lets a test change a packet.
func (f *funnel) mangle(b []byte) []byte {
	const id = 36 // of the first message
	if f.o.Mangle == nil {
		return b
	}
	if kind, _, _ := wire.Split(b); kind == wire.Control {
		return f.o.Mangle(wire.MID(binary.LittleEndian.Uint32(b[id:])), b)
	}
	return f.o.Mangle(0, b)
}

// data sends a data packet by the funnel there is.
func (f *funnel) data(b []byte) bool {
	if f.udp.IsValid() {
		f.datagram(f.mangle(b))
		return true
	}
	b = f.mangle(b)
	if f.o.Chaos&ChaosSplit != 0 && len(b) > 8 {
		const cut = 5 // between incarnation and flags
		return f.flush() && f.write(b[:cut]) && f.write(b[cut:])
	}
	f.out = append(f.out, b...)
	return len(f.out) < outMost || f.flush()
}

// flush writes the data that waits.
func (f *funnel) flush() bool {
	if len(f.out) == 0 {
		return true
	}
	ok := f.write(f.out)
	f.out = f.out[:0]
	return ok
}

func (f *funnel) write(b []byte) bool {
	_ = f.c.SetWriteDeadline(time.Now().Add(f.s.o.Idle)) // a closed connection says so when it is written
	_, err := f.c.Write(b)
	return err == nil
}
