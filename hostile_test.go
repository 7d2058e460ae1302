package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/web/webtest"
)

// slack is what a loaded machine may take beyond the stated time.
const slack = 30 * time.Second

// atOnce is how many programs a hostile test runs at the same time: most wait.
const atOnce = 8

// fails runs the program on a link that it cannot play and returns its error
// event. It must end by itself within limit, with status 1 and a clear word.
func fails(t *testing.T, limit time.Duration, args ...string) object {
	t.Helper()
	p := startProgram(t, nil, append([]string{"play", "--json"}, args...)...)
	p.stdin.Close()
	select {
	case <-p.exited:
	case <-time.After(limit + slack):
		t.Fatalf("it still runs after %v:\n%s", limit+slack, p.output())
	}
	p.wait(exitFailed)
	all := p.checkEvents()
	if len(all) == 0 {
		t.Fatalf("it says nothing; standard error: %s", p.words.String())
	}
	last := all[len(all)-1]
	if last.text("event") != "error" || last.text("message") == "" || len(last.text("message")) > 500 || last.text("hint") == "" {
		t.Errorf("the last word is %v", last)
	}
	return last
}

// each runs tests at the same time, but not too many.
func each[T any](t *testing.T, items []T, name func(T) string, test func(*testing.T, T)) {
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for _, item := range items {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			t.Run(name(item), func(t *testing.T) { test(t, item) })
		})
	}
	all.Wait()
}

func TestHostile(t *testing.T) {
	t.Parallel()
	concurrently(t, map[string]func(*testing.T){
		"HTTP":    hostileHTTP,
		"RTSP":    hostileRTSP,
		"links":   hostileLinks,
		"options": hostileOptions,
	})
}

// hostileHTTP is every server that webtest knows. Those whose body begins are
// left to VLC as well.
func hostileHTTP(t *testing.T) {
	stated := map[string]time.Duration{
		"silence":                    10 * time.Second,
		"half a reply, then silence": 10 * time.Second,
		"dribbled headers":           10 * time.Second,
		"headers, then silence":      10 * time.Second,
		"a negative length":          24 * time.Second, // it is opened again, some times
		"chunks cut off":             24 * time.Second,
		"dribbled media":             30 * time.Second, // until VLC has had its time
	}
	says := map[string]string{
		"not found":           "check the path",
		"half a reply":        "in the middle of its headers",
		"no answer":           "without an answer",
		"silence":             "did not answer within 10s",
		"headers only":        "headers but no media",
		"a web page":          "a web page, not media",
		"endless headers":     "do not end within 64 KiB",
		"endless header line": "do not end within 64 KiB",
		"garbage":             "not HTTP",
	}
	each(t, webtest.Hostile(), func(b webtest.Behaviour) string { return b.Name }, func(t *testing.T, b webtest.Behaviour) {
		s := webtest.NewHostile(b)
		defer s.Close()
		args := []string{s.URL}
		if b.Name == "media, then silence" {
			comesBack(t, s.URL)
			return
		}
		if !strings.Contains(b.Name, "media") {
			args = append(args, "--no-vlc")
		}
		failed := fails(t, stated[b.Name], args...)
		if !strings.Contains(failed.text("message")+failed.text("hint"), says[b.Name]) {
			t.Errorf("it says %v, not %q", failed, says[b.Name])
		}
		if early := time.Duration(failed.number("t") * float64(time.Second)); early < stated[b.Name]-time.Second {
			t.Errorf("it gave up after %v; it waits %v", early, stated[b.Name])
		}
	})
}

// comesBack has the program take up a stream that stays silent again.
func comesBack(t *testing.T, url string) {
	p := startProgram(t, nil, "play", "--json", url)
	p.await("playing", nil)
	p.await("note", func(o object) bool { return strings.Contains(o.text("message"), "trying again") })
	p.await("note", func(o object) bool { return strings.Contains(o.text("message"), "is back after") })
	p.cmd.Process.Signal(os.Interrupt)
	p.wait(exitDone)
}

// A trick is what a hostile RTSP server does with one request.
type trick struct {
	name  string
	waits bool // it keeps the client waiting until that gives up
	serve func(c net.Conn, cseq string)
}

// untilClosed waits for the client to go.
func untilClosed(c net.Conn) { io.Copy(io.Discard, c) }

// again writes text until the client goes.
func again(c net.Conn, text string) {
	for {
		if _, err := io.WriteString(c, text); err != nil {
			return
		}
	}
}

var tricks = []trick{
	{"hangs up", false, func(net.Conn, string) {}},
	{"half a reply", false, func(c net.Conn, cseq string) { fmt.Fprintf(c, "RTSP/1.0 200 OK\r\nCSeq: %s\r\nPub", cseq) }},
	{"half a body", false, func(c net.Conn, cseq string) {
		fmt.Fprintf(c, "RTSP/1.0 200 OK\r\nCSeq: %s\r\nContent-Type: application/sdp\r\nContent-Length: 500\r\n\r\nv=0\r\n", cseq)
	}},
	{"silence", true, func(c net.Conn, _ string) { untilClosed(c) }},
	{"half a reply, then silence", true, func(c net.Conn, cseq string) {
		fmt.Fprintf(c, "RTSP/1.0 200 OK\r\nCSeq: %s\r\n", cseq)
		untilClosed(c)
	}},
	{"endless headers", false, func(c net.Conn, cseq string) {
		fmt.Fprintf(c, "RTSP/1.0 200 OK\r\nCSeq: %s\r\n", cseq)
		again(c, "X-Filler: "+strings.Repeat("x", 1000)+"\r\n")
	}},
	{"endless header line", false, func(c net.Conn, cseq string) {
		fmt.Fprintf(c, "RTSP/1.0 200 OK\r\nCSeq: %s\r\nX-Filler: ", cseq)
		again(c, strings.Repeat("x", 1000))
	}},
	{"endless body", false, func(c net.Conn, cseq string) {
		fmt.Fprintf(c, "RTSP/1.0 200 OK\r\nCSeq: %s\r\nContent-Type: application/sdp\r\nContent-Length: 99999999999\r\n\r\n", cseq)
		again(c, "a=x\r\n")
	}},
	{"garbage", false, func(c net.Conn, _ string) { io.WriteString(c, "\x00\x01\x02\x03gar\x1b[31mbage\xff\xfe\r\n\r\n") }},
	{"endless garbage", false, func(c net.Conn, _ string) { again(c, "garbage") }},
	{"another protocol", false, func(c net.Conn, _ string) { io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") }},
	{"a fault", false, func(c net.Conn, cseq string) {
		fmt.Fprintf(c, "RTSP/1.0 500 \x1b[31mBroken\a\r\nCSeq: %s\r\n\r\n", cseq)
		untilClosed(c)
	}},
}

// rtspMethods are the requests of a session, in order, with how long an answer
// is awaited.
var rtspMethods = []struct {
	method string
	wait   time.Duration
}{{"OPTIONS", 3 * time.Second}, {"DESCRIBE", 30 * time.Second}, {"SETUP", 10 * time.Second}, {"PLAY", 30 * time.Second}}

const hostileSDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\na=control:*\r\na=range:npt=now-\r\n" +
	"m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=control:track0\r\n"

// rtspServer answers as it should until a request of method comes, and does a
// trick with that. After PLAY nothing is sent.
func rtspServer(method string, do trick) webtest.Behaviour {
	return webtest.Behaviour{Name: "live", Serve: func(c net.Conn) {
		in := textproto.NewReader(bufio.NewReader(c))
		for {
			line, err := in.ReadLine()
			if err != nil {
				return
			}
			header, err := in.ReadMIMEHeader()
			if err != nil {
				return
			}
			name, _, _ := strings.Cut(line, " ")
			cseq := header.Get("Cseq")
			if name == method {
				do.serve(c, cseq)
				return
			}
			fmt.Fprintf(c, "RTSP/1.0 200 OK\r\nCSeq: %s\r\nSession: 1\r\nPublic: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", cseq)
			body := ""
			switch name {
			case "DESCRIBE":
				body = hostileSDP
				fmt.Fprintf(c, "Content-Type: application/sdp\r\nContent-Length: %d\r\n", len(body))
			case "SETUP":
				fmt.Fprintf(c, "Transport: %s\r\n", header.Get("Transport"))
			}
			fmt.Fprintf(c, "\r\n%s", body)
		}
	}}
}

func hostileRTSP(t *testing.T) {
	type scene struct {
		method string
		trick
		wait time.Duration
	}
	var scenes []scene
	for _, m := range rtspMethods {
		for _, do := range tricks {
			wait := time.Duration(0)
			if do.waits {
				wait = m.wait
			}
			if m.method == "OPTIONS" { // its failure is no reason to give up: what follows is
				wait += 30 * time.Second
			}
			scenes = append(scenes, scene{m.method, do, wait})
		}
	}
	scenes = append(scenes, scene{"", trick{name: "no media"}, 10 * time.Second})
	each(t, scenes, func(s scene) string { return s.method + " " + s.name }, func(t *testing.T, s scene) {
		server := webtest.NewHostile(rtspServer(s.method, s.trick))
		defer server.Close()
		failed := fails(t, s.wait, "--no-vlc", "rtspt"+strings.TrimPrefix(server.URL, "http"))
		if took := time.Duration(failed.number("t") * float64(time.Second)); took > s.wait+slack {
			t.Errorf("it took %v", took)
		}
	})
}

// hostileLinks are addresses with control bytes or options for a command line.
// None is dialled, none reaches VLC.
func hostileLinks(t *testing.T) {
	s := webtest.NewFile("x", "video/mp4", clip.MP4(), webtest.FileOptions{})
	defer s.Close()
	at := strings.TrimPrefix(s.URL, "http://")
	for _, c := range []struct {
		args   []string
		status int
	}{
		{[]string{"http://" + at + "\x1b[31m"}, exitFailed},
		{[]string{"http://" + at + "\nquit\n"}, exitFailed},
		{[]string{"http://" + at + "\r\nX-Injected: 1"}, exitFailed},
		{[]string{"rtsp://" + at + "\r\nTEARDOWN * RTSP/1.0"}, exitFailed},
		{[]string{"http://127.0.0.1\x7f:80/\u0085"}, exitFailed},
		{[]string{"\x1b]0;title\a"}, exitFailed},
		{[]string{""}, exitFailed},
		{[]string{" "}, exitFailed},
		{[]string{":input-slave=http://" + at}, exitFailed},
		{[]string{":sout=#file{dst=/tmp/x}"}, exitFailed},
		{[]string{"file:///etc/passwd"}, exitFailed},
		{[]string{"vlc://quit"}, exitFailed},
		{[]string{"http://" + strings.Repeat("a", 70<<10)}, exitFailed},
		{[]string{"--sout=#file{dst=/tmp/x}"}, exitUsage},
		{[]string{"--input-slave=http://" + at}, exitUsage},
		{[]string{"-I", "http"}, exitUsage},
		{[]string{"--", "--sout=#file{dst=/tmp/x}"}, exitFailed},
		{[]string{"--", "-I"}, exitFailed},
	} {
		p := plain(t, nil, c.status, append([]string{"play", "--json"}, c.args...)...)
		p.checkEvents()
		if said := p.output() + p.words.String(); strings.TrimSpace(said) == "" || len(said) > 2000 {
			t.Errorf("%.60q: it says %d bytes: %.200s", c.args, len(said), said)
		}
	}
	if n := s.Connections(); n != 0 {
		t.Errorf("%d were dialled: %v", n, s.Requests())
	}
}

// hostileOptions are addresses and answers that are played although they hold
// words which VLC would obey, were they told to it.
func hostileOptions(t *testing.T) {
	target := filepath.Join(ptyHome(t), "tmp", "stolen")
	words := []string{":sout=#file{dst=" + target + "}", "--sout=file/ts:" + target, "input-slave=http", target}
	s := webtest.NewFile("x", `video/mp4; x=":sout=#file{dst=`+target+`}"`, clip.MP4(), webtest.FileOptions{NoRanges: true})
	defer s.Close()
	radio := serveRadio(t, webtest.RadioOptions{Name: ":sout=#file{dst=" + target + "}"})
	radio.SetTitle(`x"` + "\nadd file:///etc/passwd\nquit\n:sout=#file{dst=" + target + "}")
	for _, link := range []string{
		s.URL + " " + words[0] + " :input-slave=" + s.URL,
		s.URL + " " + words[1],
		s.URL + `" ` + words[0] + ` "`,
		s.URL + "#" + words[0],
		radio.URL,
	} {
		p := startProgram(t, nil, "play", "--json", link)
		p.await("playing", nil)
		args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.vlcPID()))
		if err != nil {
			t.Fatal(err)
		}
		for _, arg := range strings.Split(string(args), "\x00") {
			for _, word := range append(words, strings.TrimPrefix(s.URL, "http://"), "passwd") {
				if strings.Contains(arg, word) {
					t.Errorf("%s: VLC got %q", link, arg)
				}
			}
		}
		// It plays on: VLC was told nothing else.
		p.await("position", func(o object) bool { return o.number("position") >= 1 })
		p.tell("stop")
		p.wait(exitDone)
		p.checkEvents()
		if _, err := os.Stat(target); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: VLC wrote a file: %v", link, err)
		}
	}
}

// mostMemory is what the program may take at the most, whatever it reads.
const mostMemory = 100 << 20

// TestHostileLists opens lists that are none in the real deck.
func TestHostileLists(t *testing.T) {
	t.Parallel()
	home := ptyHome(t)
	write := func(name string, data []byte) string {
		path := filepath.Join(home, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	controls := bytes.ReplaceAll([]byte("#EXTM3U\n#EXTINF:-1,Fir|[31mst|]0;x|\\\nhttp://h/|[2Ja\n#EXTINF:-1,Second\nhttp://h/b\n"), []byte("|"), []byte("\x1b"))
	const head, tail = "#EXTM3U\n#EXTINF:-1,First\nhttp://h/a\n", "\n#EXTINF:-1,Second\nhttp://h/b\n"
	for _, c := range []struct {
		name, path string
		sees       []string
	}{
		{"noise", write("noise.m3u", noise), []string{"it is not a playlist"}},
		{"a web page", write("page.m3u", []byte("<!DOCTYPE html><title>x</title>")), []string{"it is not a playlist"}},
		{"nothing", write("nothing.m3u", nil), []string{"no channels"}},
		{"control bytes", write("controls.m3u", controls), []string{"Second"}},
		{"a line of a gigabyte", pipe(t, filepath.Join(home, "pipe.m3u"), head, tail), []string{"First", "Second", "longer than 64 KiB"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := ptyStart(t, home, 80, 24, c.path)
			s.see(c.sees...)
			if peak := peakMemory(t, s.cmd.Process.Pid); peak > mostMemory {
				t.Errorf("it took %d MB", peak>>20)
			}
			s.press("?") // it still answers
			s.see("All keys")
			s.press("esc")
			s.gone("All keys") // an escape with a key after it is another key
			s.quit("q")
		})
	}
}

// gigabyte is the length of a line that nobody wants.
const gigabyte = 1 << 30

// pipe makes a named pipe that gives head, a gigabyte and tail: no disk and no
// cache has to hold it.
func pipe(t *testing.T, path, head, tail string) string {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the reader
		if err != nil {
			written <- err
			return
		}
		defer f.Close()
		_, err = f.WriteString(head)
		piece := bytes.Repeat([]byte("x"), 1<<20)
		for i := 0; i < gigabyte>>20 && err == nil; i++ {
			_, err = f.Write(piece)
		}
		if err == nil {
			_, err = f.WriteString(tail)
		}
		written <- err
	}()
	t.Cleanup(func() {
		// A writer whom nobody reads is let go.
		if f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0); err == nil {
			f.Close()
		}
		if err := <-written; err != nil {
			t.Errorf("the pipe was not read to its end: %v", err)
		}
	})
	return path
}

// peakMemory is the most that a process has had in memory, in bytes.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	figure, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kb, err := strconv.ParseInt(figure, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}
