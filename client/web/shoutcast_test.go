package web

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/web/webtest"
)

// shoutcast answers each request with what answer makes of it.
func shoutcast(t *testing.T, answer func(r *http.Request) string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				fmt.Fprint(conn, answer(r))
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-done
	})
	return "http://" + ln.Addr().String()
}

// TestShoutcastShowsBrowsersAPage: and plays to all who ask for "/;".
func TestShoutcastShowsBrowsersAPage(t *testing.T) {
	sound := string(webtest.SilentMP3(time.Second))
	url := shoutcast(t, func(r *http.Request) string {
		if strings.HasPrefix(r.UserAgent(), "Mozilla") && r.URL.Path != "/;" {
			return "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<HTML><HEAD><TITLE>SHOUTcast Administrator</TITLE></HEAD>"
		}
		return "ICY 200 OK\r\nicy-notice1:<BR>\r\nicy-name:\xcf\xf0\xe8\xe2\xe5\xf2\r\nICY-BR:128,128\r\nIcy-MetaInt: 0\r\n\r\n" + sound
	})
	var j journal
	for _, agent := range []string{"Mozilla/5.0", ""} {
		s := open(t, url+"/", Config{UserAgent: agent, Trace: j.add})
		info := s.Info()
		if info.Protocol != "icy" || info.Title != "Привет" || info.BitRate != 128000 || info.ContentType != "audio/mpeg" {
			t.Errorf("%q: %+v", agent, info)
		}
	}
	if notes := slices.DeleteFunc(j.lines(), func(l string) bool { return !strings.HasPrefix(l, "note SHOUTcast") }); len(notes) != 1 {
		t.Errorf("%q", notes)
	}
	if _, err := tryOpen(t, url+"/index.html", Config{UserAgent: "Mozilla/5.0"}); !errors.Is(err, ErrNotMedia) {
		t.Errorf("a page elsewhere: %v", err)
	}
}

// TestShoutcastRefuses in its own words.
func TestShoutcastRefuses(t *testing.T) {
	for line, want := range map[string]int{"ICY 401 Service Unavailable": 401, "ICY 404 Resource Not Found": 404, "ICY 400 Server Full": 400, "icy 503": 503} {
		url := shoutcast(t, func(*http.Request) string { return line + "\r\nicy-notice2:SHOUTcast\r\n\r\n" })
		_, err := tryOpen(t, url, Config{})
		var status *StatusError
		if !errors.As(err, &status) || status.Code != want || rungOf(err) != media.RungReply {
			t.Errorf("%s: %v", line, err)
		}
	}
}
