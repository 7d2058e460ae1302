package datagram

import (
	"bytes"
	"errors"
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

// TestBatchReader: datagrams come in order, whole, with the address of their
// sender, several with one read, and nothing is made for them.
func TestBatchReader(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(host)})
		if err != nil {
			t.Logf("%s: %v", host, err) // IPv6 may be switched off
			continue
		}
		c, err := Take(socket)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		from, err := net.DialUDP("udp", nil, c.LocalAddr().(*net.UDPAddr))
		if err != nil {
			t.Fatal(err)
		}
		defer from.Close()
		messages := Messages(4)
		r := NewReader(c, messages)
		var sent [][]byte
		for i, size := range []int{1, 0, 1400, 10_000, 12} { // more than one read may bring
			sent = append(sent, bytes.Repeat([]byte{byte(i)}, size))
		}
		send := func() {
			for _, b := range sent {
				if _, err := from.Write(b); err != nil {
					t.Fatal(err)
				}
			}
		}
		send()
		seen, reads := 0, 0
		for ; seen < len(sent); reads++ {
			n, err := r.ReadBatch(messages, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range messages[:n] {
				at, ok := Sender(&m)
				if !ok || at != Unmapped(from.LocalAddr().(*net.UDPAddr).AddrPort()) || !bytes.Equal(m.Buffers[0][:m.N], sent[seen]) {
					t.Errorf("%s: datagram %d: %d bytes from %v", host, seen, m.N, m.Addr)
				}
				seen++
			}
		}
		if runtime.GOOS == "linux" {
			if reads != 2 {
				t.Errorf("%s: %d reads", host, reads)
			}
			if n := testing.AllocsPerRun(20, func() {
				send()
				for range 2 {
					_, _ = r.ReadBatch(messages, 0)
				}
			}); n > 0 {
				t.Errorf("%s: %v allocations for %d datagrams", host, n, len(sent))
			}
		}
		if err := c.SetReadDeadline(time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := r.ReadBatch(messages, 0); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", host, err)
		}
		c.Close()
		if _, err := r.ReadBatch(messages, 0); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v", host, err)
		}
	}
}
