package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/web/webtest"
)

// breaking gives the first so many bytes of data and hangs up, with a strong or
// a weak tag and a date; every later request is answered by then.
func breaking(data []byte, first int, headers string, then func(c net.Conn, r *http.Request)) webtest.Behaviour {
	var once sync.Once
	return webtest.Behaviour{Name: "breaks", Serve: func(c net.Conn) {
		begin := false
		once.Do(func() { begin = true })
		if begin {
			webtest.Says("", fmt.Sprintf("HTTP/1.1 206 Partial Content\r\nContent-Type: video/mp4\r\nContent-Range: bytes 0-%d/%d\r\nContent-Length: %d\r\n%s\r\n%s",
				len(data)-1, len(data), len(data), headers, data[:first])).Serve(c)
			return
		}
		webtest.Answers("", then).Serve(c)
	}}
}

// TestResume: a file goes on at the byte where it broke, with the same file or
// not at all.
func TestResume(t *testing.T) {
	data := movie(1 << 20)
	other := bytes.Repeat([]byte("other"), len(data)/5+1)[:len(data)]
	const broke = 300_000
	const tag, date = "ETag: \"1\"\r\n", "Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT\r\n"
	// rest is a 206 from byte at on.
	rest := func(headers string, data []byte, from, to, size int) string {
		return fmt.Sprintf("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n%s\r\n%s",
			from, to-1, size, to-from, headers, data[from:to])
	}
	end := len(data)
	for _, c := range []struct {
		name, headers string
		then          string
		ifRange       string
		want          error // nil: it comes whole
	}{
		{"the same", tag + date, rest(tag, data, broke, end, end), `"1"`, nil},
		{"another tag, although asked not to", tag, rest("ETag: \"2\"\r\n", other, broke, end, end), `"1"`, ErrChanged},
		{"another tag, the same date", tag + date, rest("ETag: \"2\"\r\n"+date, other, broke, end, end), `"1"`, ErrChanged},
		{"the same tag from a machine with another date", tag + date, rest(tag+"Last-Modified: Sat, 21 Nov 2026 11:00:00 GMT\r\n", data, broke, end, end), `"1"`, nil},
		{"a weak tag", "ETag: W/\"1\"\r\n", rest("ETag: W/\"1\"\r\n", data, broke, end, end), "", nil},
		{"a weak tag and a date", "ETag: W/\"1\"\r\n" + date, rest(date, data, broke, end, end), "Sat, 21 Nov 2026 10:00:00 GMT", nil},
		{"another weak tag", "ETag: W/\"1\"\r\n", rest("ETag: W/\"2\"\r\n", other, broke, end, end), "", ErrChanged},
		{"another date", date, rest("Last-Modified: Sat, 21 Nov 2026 11:00:00 GMT\r\n", other, broke, end, end), "Sat, 21 Nov 2026 10:00:00 GMT", ErrChanged},
		{"another size", "", rest("", append(other[:end:end], 1), broke, end+1, end+1), "", ErrChanged},
		{"all of another", tag, "HTTP/1.1 200 OK\r\nETag: \"2\"\r\nContent-Length: 1048576\r\n\r\n" + string(other), `"1"`, ErrChanged},
		{"all of the same", tag, "HTTP/1.1 200 OK\r\n" + tag + "Content-Length: 1048576\r\n\r\n" + string(data), `"1"`, errNoRanges},
		{"412", tag, "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n", `"1"`, ErrChanged},
		{"416", tag, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */5\r\nContent-Length: 0\r\n\r\n", `"1"`, ErrChanged},
		{"another place", tag, rest(tag, data, 0, end, end), `"1"`, errNoRanges},
		{"a place beyond all", tag, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 300000-99999999/1048576\r\n" + tag + "\r\n", `"1"`, errNoRanges},
		{"no place", tag, "HTTP/1.1 206 Partial Content\r\n" + tag + "\r\n" + string(data[broke:]), `"1"`, errNoRanges},
		{"parts", tag, "HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=x\r\n" + tag + "\r\n--x\r\nContent-Range: bytes 300000-300001/1048576\r\n\r\nab\r\n--x--\r\n", `"1"`, errNoRanges},
	} {
		t.Run(c.name, func(t *testing.T) {
			var mu sync.Mutex
			var asked http.Header
			server := webtest.NewHostile(breaking(data, broke, c.headers, func(conn net.Conn, r *http.Request) {
				mu.Lock()
				asked = r.Header
				mu.Unlock()
				conn.Write([]byte(c.then))
			}))
			defer server.Close()
			f := openFile(t, server.URL, Config{})
			got, err := drain(t.Context(), f)
			if !errors.Is(err, c.want) || !bytes.Equal(got, data[:len(got)]) || len(got) < broke || c.want == nil && len(got) < end {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			mu.Lock()
			defer mu.Unlock()
			if asked.Get("Range") != "bytes=300000-" || asked.Get("If-Range") != c.ifRange {
				t.Errorf("asked with %v", asked)
			}
			reads(t, f, data, 0, broke) // what is kept stays good
		})
	}
}

// TestPartsOfTheRange: a server that gives less than it is asked for.
func TestPartsOfTheRange(t *testing.T) {
	data := movie(1 << 20)
	const part = 100_000
	server := webtest.NewHostile(webtest.Answers("parts", func(c net.Conn, r *http.Request) {
		var from int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		to := min(from+part, len(data))
		fmt.Fprintf(c, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n%s", from, to-1, len(data), to-from, data[from:to])
	}))
	defer server.Close()
	var j journal
	f := openFile(t, server.URL, Config{Trace: j.add})
	if got, err := drain(t.Context(), f); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if lines := strings.Join(j.lines(), "\n"); strings.Contains(lines, "broke") {
		t.Errorf("it counts as a break:\n%s", lines)
	}
}

// TestServerAway: nobody answers for a while; the reader gets its bytes when the
// server is back, and the user is told both. For too long is too long.
func TestServerAway(t *testing.T) {
	data := movie(1 << 20)
	for _, c := range []struct {
		name   string
		away   time.Duration
		refuse bool
	}{{"back soon", 5 * time.Second, false}, {"not back", time.Hour, false}, {"it says no", time.Hour, true}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var broke time.Time
				cfg, wait := piped(breaking(data, 300_000, "", func(conn net.Conn, r *http.Request) {
					fmt.Fprintf(conn, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 300000-%d/%d\r\n\r\n%s", len(data)-1, len(data), data[300_000:])
				}).Serve)
				defer wait()
				dial := cfg.Dial
				cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
					switch {
					case broke.IsZero():
						broke = time.Now()
					case c.refuse:
						near, far := net.Pipe()
						go func() {
							webtest.Says("", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").Serve(far)
							far.Close()
						}()
						return near, nil
					case time.Since(broke) < c.away:
						return nil, syscall.ECONNREFUSED
					}
					return dial(ctx, network, addr)
				}
				var j journal
				cfg.Trace, cfg.CacheDir = j.add, t.TempDir()
				s, err := Open(t.Context(), mustParse(t, "http://10.0.0.1/a.mp4"), cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				start := time.Now()
				got, err := drain(t.Context(), s)
				took := time.Since(start)
				if !bytes.Equal(got, data[:len(got)]) {
					t.Error("other bytes")
				}
				var lost, back int
				j.mu.Lock()
				for _, e := range j.events {
					switch e.(type) {
					case media.Interrupted:
						lost++
					case media.Returned:
						back++
					}
				}
				j.mu.Unlock()
				switch {
				case c.refuse:
					if took > time.Second || statusOf(err) != 403 || lost != 0 {
						t.Errorf("%v after %v, lost %d times", err, took, lost)
					}
				case c.away > patience:
					if took < patience || took > patience+longestWait+time.Second || !errors.Is(err, syscall.ECONNREFUSED) || lost < 4 || back != 0 {
						t.Errorf("%v after %v, lost %d times, back %d times", err, took, lost, back)
					}
				default:
					if took > 8*time.Second || err != nil || len(got) != len(data) || lost != 3 || back != 1 {
						t.Errorf("%d bytes, %v after %v, lost %d times, back %d times", len(got), err, took, lost, back)
					}
				}
			})
		})
	}
}

// TestHostileLater: a server that was good when the file was opened, and is not
// when more of it is wanted. Every read ends, and what is kept can be read.
func TestHostileLater(t *testing.T) {
	data := movie(4 << 20)
	const broke = 300_000
	const most = patience + 2*(ReplyTimeout+StallTimeout) + longestWait
	for _, b := range webtest.Hostile() {
		t.Run(b.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := true
				good := breaking(data, broke, "", nil).Serve
				cfg, wait := piped(func(c net.Conn) {
					if begin {
						begin = false
						good(c)
						return
					}
					b.Serve(c)
				})
				defer wait()
				cfg.CacheDir = t.TempDir()
				s, err := Open(t.Context(), mustParse(t, "http://10.0.0.1/a.mp4"), cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				f := s.(*File)
				reads(t, f, data, 0, broke)
				var all sync.WaitGroup
				for _, off := range []int64{broke, 3 << 20, 2 << 20} {
					all.Go(func() {
						start := time.Now()
						n, err := f.ReadAt(t.Context(), make([]byte, 1000), off)
						if took := time.Since(start); err == nil || took > 3*most {
							t.Errorf("at %d: %d bytes, %v after %v", off, n, err, took)
						}
					})
				}
				all.Wait()
				reads(t, f, data, 0, broke)
			})
		})
	}
}

// TestNobodyStarves: who waits at a place that the server gives does not wait
// for one at a place that it does not give, or only drop by drop.
func TestNobodyStarves(t *testing.T) {
	data := movie(4 << 20)
	for name, pause := range map[string]time.Duration{"drops": time.Second, "silence": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg, wait := piped(webtest.Answers("", func(c net.Conn, r *http.Request) {
					var from int
					fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
					head := fmt.Sprintf("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\n\r\n", from, len(data)-1, len(data))
					if from > 2<<20 {
						c.Write(append([]byte(head), data[from:]...))
						return
					}
					_, err := c.Write(append([]byte(head), data[from:from+5000]...))
					for at := from + 5000; err == nil; at++ {
						c.SetReadDeadline(time.Now().Add(pause))
						if _, err = c.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
							_, err = c.Write(data[at : at+1])
						}
					}
				}).Serve)
				defer wait()
				cfg.CacheDir = t.TempDir()
				s, err := Open(t.Context(), mustParse(t, "http://10.0.0.1/a.mp4"), cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				f := s.(*File)
				ctx, cancel := context.WithCancel(t.Context())
				var all sync.WaitGroup
				defer all.Wait()
				defer cancel()
				all.Go(func() { f.ReadAt(ctx, make([]byte, 1000), 60_000) })
				synctest.Wait()
				start := time.Now()
				reads(t, f, data, 3<<20, 10_000)
				if took := time.Since(start); took > atLongest+time.Second {
					t.Errorf("it waited %v", took)
				}
			})
		})
	}
}

func statusOf(err error) int {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Code
	}
	return 0
}
