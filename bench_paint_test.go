package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tapedeck/client/rtsp/rtsptest"
)

// benchList writes a list as providers do, of n channels after those given.
func benchList(t *testing.T, dir string, n int, first ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("#EXTM3U\n")
	for i, link := range first {
		fmt.Fprintf(&b, "#EXTINF:-1 group-title=\"First\",First %d\n%s\n", i+1, link)
	}
	for i := range n {
		fmt.Fprintf(&b, "#EXTINF:-1 tvg-id=\"ch%d.example\" tvg-logo=\"http://logos.invalid/%d.png\" group-title=\"Group %02d\",Channel %d\n"+
			"http://provider.invalid:8080/live/user/pass/%d.ts\n", i, i, i%60, i+1, i)
	}
	path := filepath.Join(dir, fmt.Sprintf("list-%d.m3u", n))
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// paint is the time to the first entry on the screen, and to the whole list.
func (b *bench) paint(t *testing.T) {
	const runs = 11
	for _, n := range []int{10_000, 100_000} {
		home := ptyHome(t)
		list := benchList(t, home, n)
		var first, whole, less []time.Duration
		for range runs {
			s := ptyStart(t, home, 80, 24, list)
			s.see("Channel 1 ")
			first = append(first, time.Since(s.began))
			s.line(filepath.Base(list), figure(n)+" channels")
			s.gone("  read ")
			whole = append(whole, time.Since(s.began))
			s.quit("q")
			less = append(less, lessPaint(t, list)...)
		}
		aim := ""
		if n == 10_000 {
			aim = "< 50 ms"
		}
		peer, part := "–", "–"
		if len(less) > 0 {
			peer, part = "less: "+millis(median(less)), ratio(median(first), median(less))
		}
		b.add(fmt.Sprintf("first entry of a list of %s", figure(n)), millis(median(first)), peer, part, aim)
		b.add("the whole list read", millis(median(whole)), "", "", "")
	}
}

// figure is n with a comma between thousands.
func figure(n int) string {
	s := strconv.Itoa(n)
	if len(s) > 3 {
		s = s[:len(s)-3] + "," + s[len(s)-3:]
	}
	return s
}

// lessPaint is how long less takes for the same; nothing where there is none.
func lessPaint(t *testing.T, list string) []time.Duration {
	t.Helper()
	less, err := exec.LookPath("less")
	if err != nil {
		return nil
	}
	s := ptyRun(t, ptyHome(t), 80, 24, less, "-S", list)
	s.lenient = true // it is not less that is tested
	s.see("/live/user/pass/0.ts")
	took := time.Since(s.began)
	s.press("q")
	<-s.exited
	return []time.Duration{took}
}

// memory is what stays resident while nothing happens and while a stream plays.
func (b *bench) memory(t *testing.T) {
	const played = 20 * time.Second
	srv := rtsptest.NewServer(rtsptest.Config{})
	t.Cleanup(srv.Close)
	link := overTCP(srv.URL("/bench?mbit=8"))
	large, _ := b.idle(t, 100_000, link)
	large.quit("q")
	s, vlc := b.idle(t, 10_000, link)

	s.press("enter")
	s.playing("First 1", 0, forever)
	<-time.After(played)
	b.add("memory, after 20 s of RTSP at 8 Mbit/s", resident(t, s.cmd.Process.Pid).String(),
		"its VLC: "+resident(t, vlc).String(), "–", "< 40 MB")
	s.quit("q")
}

// idle is the memory with n channels on the screen.
func (b *bench) idle(t *testing.T, n int, first string) (s *session, vlc int) {
	t.Helper()
	const settled = 5 * time.Second
	home := ptyHome(t)
	s = ptyStart(t, home, 80, 24, benchList(t, home, n, first))
	s.see(figure(n+1) + " channels")
	s.gone("  read ")
	<-time.After(settled)
	vlcs := s.family("vlc")
	if len(vlcs) != 1 {
		t.Fatalf("%d VLCs", len(vlcs))
	}
	aim := ""
	if n == 10_000 {
		aim = "< 40 MB"
	}
	b.add(fmt.Sprintf("memory, idle on a list of %s", figure(n)), resident(t, s.cmd.Process.Pid).String(),
		"its VLC: "+resident(t, vlcs[0]).String(), "–", aim)
	return s, vlcs[0]
}

// memory is a process's resident memory in kB: now, of that without the pages
// of files, and the most there ever was.
type memory struct{ now, anonymous, peak int }

func (m memory) String() string {
	const mb = 1.024 / 1000
	return fmt.Sprintf("%.1f MB (%.1f anonymous, peak %.1f)", float64(m.now)*mb, float64(m.anonymous)*mb, float64(m.peak)*mb)
}

func resident(t *testing.T, pid int) memory {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	value := func(field string) int {
		_, rest, _ := strings.Cut(string(status), "\n"+field+":")
		number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		n, _ := strconv.Atoi(number)
		return n
	}
	return memory{now: value("VmRSS"), anonymous: value("RssAnon"), peak: value("VmHWM")}
}
