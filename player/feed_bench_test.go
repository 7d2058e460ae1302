package player

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// pieces gives its bytes from where they are, as the tape does.
type pieces struct{ left int }

var piece = make([]byte, 64<<10)

func (p *pieces) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, io.EOF
	}
	n := copy(b, piece)
	p.left -= n
	return n, nil
}

func (p *pieces) Close() error { return nil }

// inPlace is pieces that writes itself.
type inPlace struct{ pieces }

func (p *inPlace) WriteTo(w io.Writer) (int64, error) {
	var done int64
	batch := make(net.Buffers, 0, 8)
	for p.left > 0 {
		batch = batch[:0]
		for range 8 {
			batch = append(batch, piece)
		}
		turn := batch
		n, err := turn.WriteTo(w)
		done += n
		if p.left -= int(n); err != nil {
			return done, err
		}
	}
	return done, nil
}

func BenchmarkFeed(b *testing.B) {
	const size = 256 << 20
	f := newFeed(b)
	for name, url := range map[string]string{
		"stream":        f.Stream("video/mp2t", func() (io.ReadCloser, error) { return &pieces{left: size}, nil }),
		"stream/writev": f.Stream("video/mp2t", func() (io.ReadCloser, error) { return &inPlace{pieces{left: size}}, nil }),
		"file": f.File("video/mp4", size, func(_ context.Context, p []byte, _ int64) (int, error) {
			for n := 0; n < len(p); {
				n += copy(p[n:], piece)
			}
			return len(p), nil
		}),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			began := cpuTime()
			for b.Loop() {
				drain(b, url)
			}
			b.ReportMetric((cpuTime()-began).Seconds()/float64(b.N)*(1<<30)/size, "cpu-s/GB")
		})
	}
}

// drain reads the whole of url by bare reads, the cheapest client there is.
func drain(b *testing.B, url string) {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path)
	buf := make([]byte, 256<<10)
	for {
		if _, err := conn.Read(buf); err != nil {
			return
		}
	}
}
