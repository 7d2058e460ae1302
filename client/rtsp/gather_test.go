package rtsp

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestManyRecords has servers that give each packet a TLS record of its own, as
// OpenSSL's users do. The reader's patience must not make it fall behind.
func TestManyRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cert, pool := selfSigned(t)
		c := &camera{t: t, sdp: soundSDP, tls: &tls.Config{Certificates: []tls.Certificate{cert}}}
		s, _ := c.mustOpen("rtsps://10.0.0.1/live", Config{RootCAs: pool})
		const packets = 5000 // 100 s of sound
		begin := time.Now()
		for range packets {
			c.line(1).sound(1)
		}
		readUntil(t, s, packets*20*time.Millisecond)
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%d records took %v", packets, took)
		}
	})
}

func TestGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		g := gather(ours)
		sent := bytes.Repeat([]byte("0123456789"), wireBuffer/10+100) // more than there is room for
		go func() {
			for b := sent; len(b) > 0; b = b[min(len(b), 1000):] {
				_, _ = theirs.Write(b[:min(len(b), 1000)])
			}
			theirs.Close()
		}()
		synctest.Wait()
		p := make([]byte, wireBuffer)
		n, err := g.Read(p)
		if err != nil || n < wireBuffer-1000 {
			t.Errorf("one read brings %d bytes, %v", n, err)
		}
		rest, err := io.ReadAll(g)
		if err != nil || !bytes.Equal(append(p[:n:n], rest...), sent) {
			t.Errorf("%d bytes, %v", n+len(rest), err)
		}
		g.Close()
		g.Close()
	})
	synctest.Test(t, func(t *testing.T) { // full, and nobody reads
		ours, theirs := net.Pipe()
		g := gather(ours)
		go func() {
			_, err := io.Copy(theirs, strings.NewReader(strings.Repeat("x", 2*wireBuffer)))
			if !errors.Is(err, io.ErrClosedPipe) {
				t.Error(err)
			}
		}()
		synctest.Wait()
		g.Close()
	})
	synctest.Test(t, func(t *testing.T) { // Close ends a read
		ours, theirs := net.Pipe()
		defer theirs.Close()
		g := gather(ours)
		go func() {
			time.Sleep(time.Second)
			g.Close()
		}()
		if _, err := g.Read(make([]byte, 10)); !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	})
}

func TestGatherAllocates(t *testing.T) {
	g := &gathered{buf: make([]byte, wireBuffer)}
	g.some.L, g.room.L = &g.mu, &g.mu
	piece, p := make([]byte, 1400), make([]byte, 1000)
	if n := testing.AllocsPerRun(1000, func() {
		g.put(piece)
		_, _ = g.Read(p)
		_, _ = g.Read(p)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
