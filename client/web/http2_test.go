package web

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/web/webtest"
)

// secureServer is net/http's server with TLS, speaking HTTP/2 where h2 is set.
func secureServer(t *testing.T, h2 bool, handler http.HandlerFunc) (*httptest.Server, Config) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = h2
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server, Config{RootCAs: roots}
}

func TestTLS(t *testing.T) {
	data := movie(5 << 20)
	for _, h2 := range []bool{false, true} {
		var target string
		server, cfg := secureServer(t, h2, func(w http.ResponseWriter, r *http.Request) {
			target = r.RequestURI
			if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" {
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("ETag", `"1"`)
			http.ServeContent(w, r, "a.mp4", time.Time{}, bytes.NewReader(data))
		})
		var j journal
		cfg.Trace = j.add
		f := openFile(t, strings.Replace(server.URL, "//", "//me:secret@", 1)+"/a%20b//x[1].mp4?q=%2f|", cfg)
		want, agreed := "http/1.1", "TLS 1.3, http/1.1"
		if h2 {
			want, agreed = "http/2", "TLS 1.3, h2"
		}
		if f.Info().Transport != want || !strings.Contains(strings.Join(j.lines(), "\n"), "tls: tls ("+agreed+") <nil>") {
			t.Errorf("%+v\n%s", f.Info(), strings.Join(j.lines(), "\n"))
		}
		if target != "/a%20b//x[1].mp4?q=%2f|" {
			t.Errorf("asked for %s", target)
		}
		reads(t, f, data, 4<<20, 100_000)
		got, err := drain(t.Context(), f)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("h2 %v: %d of %d bytes, %v", h2, len(got), len(data), err)
		}
		f.Close()
	}
}

func TestUnknownCertificate(t *testing.T) {
	server, _ := secureServer(t, true, func(http.ResponseWriter, *http.Request) {})
	if _, err := tryOpen(t, server.URL, Config{}); rungOf(err) != media.RungTLS {
		t.Errorf("%v", err)
	}
}

// TestHTTP2Stream has what net/http's bodies do not: deadlines that do no harm.
func TestHTTP2Stream(t *testing.T) {
	mp3 := webtest.SilentMP3(time.Second)
	half := len(mp3) / 2
	more := make(chan struct{})
	server, cfg := secureServer(t, true, func(w http.ResponseWriter, r *http.Request) {
		w.Write(mp3[:half])
		http.NewResponseController(w).Flush()
		<-more
		w.Write(mp3[half:])
	})
	s := open(t, server.URL, cfg)
	var got []byte
	for len(got) < half {
		chunk, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, chunk.Data...)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without data: %v", err)
	}
	close(more)
	rest, err := drain(t.Context(), s)
	if got = append(got, rest...); err != nil || !bytes.Equal(got, mp3) {
		t.Errorf("%d of %d bytes, %v", len(got), len(mp3), err)
	}
}

func TestHTTP2Stalls(t *testing.T) {
	hold := make(chan struct{})
	server, cfg := secureServer(t, true, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/silent" {
			io.WriteString(w, "FLV\x01")
			http.NewResponseController(w).Flush()
		}
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})
	defer close(hold)
	cfg.Timeouts = Timeouts{Reply: 50 * time.Millisecond, Stall: 50 * time.Millisecond, FirstByte: 50 * time.Millisecond}
	if _, err := tryOpen(t, server.URL+"/silent", cfg); rungOf(err) != media.RungReply || !strings.Contains(err.Error(), "did not answer within 50ms") {
		t.Errorf("%v", err)
	}
	s := open(t, server.URL, cfg)
	if _, err := drain(t.Context(), s); rungOf(err) != media.RungTransport || !strings.Contains(err.Error(), "nothing came from the server within 50ms") {
		t.Errorf("%v", err)
	}
	done := make(chan error)
	cfg.Timeouts.Stall = 0
	s = open(t, server.URL, cfg)
	go func() {
		_, err := drain(t.Context(), s)
		done <- err
	}()
	s.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

// TestNoDowngradeUnnoticed: https to http is followed, and said.
func TestNoDowngradeUnnoticed(t *testing.T) {
	file := webtest.NewFile("a.mp3", "audio/mpeg", webtest.SilentMP3(time.Second), webtest.FileOptions{})
	defer file.Close()
	server, cfg := secureServer(t, false, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, file.URL, http.StatusFound) })
	var j journal
	cfg.Trace = j.add
	open(t, server.URL, cfg)
	if !strings.Contains(strings.Join(j.lines(), "\n"), "note the redirect leads from an encrypted address to one in the clear") {
		t.Errorf("%q", j.lines())
	}
}
