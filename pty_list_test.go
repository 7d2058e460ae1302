package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/client/web/webtest"
)

// ptyServers are the real servers behind the channels of the list.
type ptyServers struct {
	rtsp, locked *rtsptest.Server
	radio        *webtest.Radio
	film         *webtest.FileServer
}

const (
	ptyUser, ptyPassword = "keeper", "open-sesame"
	ptyTitle             = "Climbing Ten Hertz"
	ptyNews              = 30 // channels of the list that nobody plays
)

func startServers(t testing.TB) *ptyServers {
	srv := &ptyServers{
		rtsp:   rtsptest.NewServer(rtsptest.Config{}),
		locked: rtsptest.NewServer(rtsptest.Config{User: ptyUser, Password: ptyPassword, Digest: true}),
		radio:  webtest.NewRadio(clip.MP3(), []string{ptyTitle}, webtest.RadioOptions{Name: "Demo Radio"}),
		film:   webtest.NewFile("clip.mp4", "video/mp4", clip.MP4(), webtest.FileOptions{}),
	}
	t.Cleanup(func() {
		srv.rtsp.Close()
		srv.locked.Close()
		srv.radio.Close()
		srv.film.Close()
	})
	return srv
}

// overTCP makes a link one that is taken over TCP alone.
func overTCP(link string) string { return strings.Replace(link, "rtsp:", "rtspt:", 1) }

// with is a link with a name and a password in it.
func with(link, user, password string) string {
	return strings.Replace(link, "://", "://"+user+":"+password+"@", 1)
}

// list writes the channels to a file at home.
func (srv *ptyServers) list(t testing.TB, home string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("#EXTM3U\n")
	channel := func(group, name, link string) {
		fmt.Fprintf(&b, "#EXTINF:-1 group-title=%q,%s\n%s\n", group, name, link)
	}
	channel("Films", "Film on demand", overTCP(srv.rtsp.URL("/vod")))
	channel("Films", "Film file", srv.film.URL)
	channel("Cameras", "Front door", overTCP(srv.rtsp.URL("/live")))
	channel("Cameras", "Garden", srv.rtsp.URL("/live"))
	channel("Cameras", "Vault", overTCP(srv.locked.URL("/live")))
	channel("Radio", "The Tones", srv.radio.URL)
	channel("Radio", "NHK ワールド 日本", "http://nhk.invalid/live")
	channel("Flash", "Old clip", "rtmp://$OPT:rtmp-raw=rtmp://cdn.invalid/app playpath=x")
	for i := range ptyNews {
		channel("News", fmt.Sprintf("News %02d", i+1), fmt.Sprintf("https://news.invalid/%d.ts", i+1))
	}
	path := filepath.Join(home, "channels.m3u")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// total is how many channels the list has.
const total = 8 + ptyNews

// shown waits for the list, read to its end.
func (s *session) shown() {
	s.t.Helper()
	s.line("channels.m3u", strconv.Itoa(total)+" channels")
	s.see("Film on demand")
}

// chosen waits until the cursor stands on a channel.
func (s *session) chosen(name string) {
	s.t.Helper()
	s.line("▌", name)
}

// position is the clock on the deck, -1 where none is shown.
func position(sc *screen) time.Duration {
	y := barLine(sc.lines())
	if y < 0 {
		return -1
	}
	var h, m, sec int
	if n, _ := fmt.Sscanf(strings.TrimSpace(sc.lines()[y]), "%d:%d:%d", &h, &m, &sec); n < 3 {
		return -1
	}
	return time.Duration(h*3600+m*60+sec) * time.Second
}

// playing waits until a channel plays and its clock is in [from, to].
func (s *session) playing(name string, from, to time.Duration) {
	s.t.Helper()
	s.await(fmt.Sprintf("%s to play, between %v and %v", name, from, to), func(sc *screen) bool {
		y, at := barLine(sc.lines()), position(sc)
		return y >= 2 && strings.HasPrefix(sc.lines()[y-2], " ▶ "+name) && at >= from && at <= to
	})
}

// forever is a time that no clip has.
const forever = time.Hour
