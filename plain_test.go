package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"tapedeck/client/asf"
	"tapedeck/client/media/clip"
	"tapedeck/client/mms/mmstest"
	"tapedeck/client/peers"
	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/client/web/webtest"
)

// fields are what each event has beside event and t, and a value of the kind
// that it is.
var fields = map[string]map[string]any{
	"connecting": {"url": "", "transport": ""},
	"step":       {"rung": "", "step": "", "took": 0.0, "ok": true},
	"opened":     {"protocol": "", "transport": "", "live": true, "seekable": true, "duration": 0.0, "tracks": []any{}},
	"playing":    {"position": 0.0},
	"position":   {"position": 0.0},
	"stats": {"bytes": 0.0, "packets": 0.0, "lost": 0.0, "reordered": 0.0, "decoded_video": 0.0, "displayed": 0.0,
		"decoded_audio": 0.0, "lost_pictures": 0.0, "bit_rate": 0.0},
	"rate":      {"rate": 0.0},
	"title":     {"title": "", "position": 0.0, "at": ""},
	"paused":    {"position": 0.0},
	"seeking":   {"to": 0.0},
	"ended":     {},
	"error":     {"rung": "", "message": "", "hint": ""},
	"note":      {"message": ""},
	"refused":   {"message": ""},
	"recording": {"path": ""},
	"gap":       {"position": 0.0, "missing": 0.0},
	"recorded":  {"path": "", "bytes": 0.0, "duration": 0.0, "gaps": 0.0, "missing": 0.0},
	"trying":    {"url": "", "transport": ""},
	"rung":      {"rung": "", "step": "", "took": 0.0, "ok": true},
	"verdict":   {"ok": true, "rung": "", "message": ""},
}

// mayBeEmpty are the texts that need not say anything.
var mayBeEmpty = map[string]bool{"hint": true, "title": true}

// checkEvents sees to it that every line is an event as documented.
func (p *program) checkEvents() []object {
	p.t.Helper()
	all := p.objects()
	for _, o := range all {
		wanted, known := fields[o.text("event")]
		if !known {
			p.t.Errorf("an event that is not documented: %v", o)
		}
		for name, like := range wanted {
			value, ok := o[name]
			if !ok || fmt.Sprintf("%T", value) != fmt.Sprintf("%T", like) {
				p.t.Errorf("%s is %v in %v", name, value, o)
			}
			if n, ok := value.(float64); ok && n < 0 && name != "rate" || value == "" && !mayBeEmpty[name] {
				p.t.Errorf("%s is %v in %v", name, value, o)
			}
		}
		for name, value := range o {
			if text, ok := value.(string); ok && strings.IndexFunc(text, unicode.IsControl) >= 0 {
				p.t.Errorf("control bytes in %s: %q", name, text)
			}
		}
	}
	return all
}

// only are the events of a name.
func only(all []object, name string) []object {
	return slices.DeleteFunc(slices.Clone(all), func(o object) bool { return o.text("event") != name })
}

// plain runs the program to its end, without input.
func plain(t *testing.T, env []string, status int, args ...string) *program {
	t.Helper()
	p := startProgram(t, env, args...)
	p.stdin.Close()
	p.wait(status)
	return p
}

// noVLC names a VLC that is not there.
var noVLC = []string{"TAPEDECK_VLC=/nonexistent/vlc"}

func TestPlain(t *testing.T) {
	t.Parallel()
	concurrently(t, map[string]func(*testing.T){
		"remote control": plainRemote,
		"play":           plainPlay,
		"status":         plainStatus,
		"secrets":        plainSecrets,
		"record":         plainRecord,
		"probe":          plainProbe,
	})
}

// plainRemote is a script that drives the player by its standard input.
func plainRemote(t *testing.T) {
	s := serveRTSP(t, rtsptest.Config{})
	url := over("rtspt", s.URL("/vod"))
	p := startProgram(t, nil, "play", "--json", url)
	connecting := p.await("connecting", nil)
	if connecting.text("url") != url || connecting.text("transport") != "tcp" {
		t.Errorf("%v", connecting)
	}
	opened := p.await("opened", nil)
	if opened.text("protocol") != "rtsp" || opened.text("transport") != "tcp" || opened["live"] != false || opened["seekable"] != true ||
		opened.number("duration") != 60 || !slices.Equal(tracksOf(opened), []string{"video H.264", "audio AAC"}) {
		t.Errorf("%v", opened)
	}
	at := func(o object, from, to float64) {
		t.Helper()
		if position := o.number("position"); position < from || position > to {
			t.Errorf("%v, want %v to %v", o, from, to)
		}
	}
	const slow = 25 // what a loaded machine may take
	at(p.await("playing", nil), 0, slow)
	at(p.await("position", func(o object) bool { return o.number("position") >= 1 }), 1, slow)

	p.tell("pause")
	paused := p.await("paused", nil).number("position")
	still := p.await("stats", nil)
	p.await("stats", func(o object) bool { // the first may be from before the pause
		same := o.number("displayed") == still.number("displayed")
		still = o
		return same
	})
	p.tell("dance") // not a word it knows
	p.tell("")
	p.tell("seek somewhere")
	p.tell("play")
	at(p.await("playing", nil), paused-0.5, paused+3)
	p.await("stats", func(o object) bool { return o.number("displayed") > still.number("displayed") })

	for _, seek := range []struct {
		line string
		to   float64
	}{{"seek 30", 30}, {"seek 50%", 30}, {"seek 2.5", 2.5}} {
		p.tell(seek.line)
		if to := p.await("seeking", nil).number("to"); to != seek.to {
			t.Errorf("%s seeks to %v", seek.line, to)
		}
		at(p.await("playing", nil), seek.to-1.5, seek.to+slow)
	}
	p.tell("seek +20")
	if to := p.await("seeking", nil).number("to"); to < 20 || to > 22.5+slow {
		t.Errorf("20 s on is %v", to)
	}
	at(p.await("playing", nil), 20, 45+slow)
	p.tell("stop")
	p.wait(exitDone)
	stats := only(p.checkEvents(), "stats")
	last := stats[len(stats)-1]
	if last.number("bytes") == 0 || last.number("packets") == 0 || last.number("displayed") == 0 || last.number("decoded_audio") == 0 || last.number("lost") != 0 {
		t.Errorf("%v", last)
	}
	for i, o := range stats[1:] {
		for _, name := range []string{"bytes", "packets", "displayed", "decoded_audio"} {
			if o.number(name) < stats[i].number(name) {
				t.Errorf("%s goes back: %v, then %v", name, stats[i], o)
			}
		}
	}
	if methods := s.Methods(); !slices.Contains(methods, "PAUSE") || methods[len(methods)-1] != "TEARDOWN" {
		t.Errorf("the server was asked %v", methods)
	}
}

// tracksOf are the tracks of an opened event, a kind and a codec each.
func tracksOf(opened object) (tracks []string) {
	list, _ := opened["tracks"].([]any)
	for _, one := range list {
		track, _ := one.(map[string]any)
		tracks = append(tracks, fmt.Sprintf("%v %v", track["kind"], track["codec"]))
	}
	return tracks
}

func plainPlay(t *testing.T) {
	rtsp := serveRTSP(t, rtsptest.Config{})
	film := serveFile(t, "clip.mp4", "video/mp4", clip.MP4(), webtest.FileOptions{})
	radio := serveRadio(t, webtest.RadioOptions{Name: "Red \x1b[31mStation"})
	radio.SetTitle("Red \x1b[31m\a – Ünï\u009b2J")

	t.Run("from a place", func(t *testing.T) {
		for _, url := range []string{film, over("rtspt", rtsp.URL("/vod"))} {
			p := plain(t, nil, exitDone, "play", "--json", "--seek", "20s", "--for", "5s", url)
			all := p.checkEvents()
			positions, playing := only(all, "position"), only(all, "playing")
			if len(positions) < 2 || len(playing) == 0 {
				t.Fatalf("%s: it did not play:\n%s", url, p.output())
			}
			for _, o := range positions {
				if at := o.number("position"); at < 19 || at > 50 {
					t.Errorf("%s: %v", url, o)
				}
			}
			if length := all[len(all)-1].number("t") - playing[0].number("t"); length < 1.9 {
				t.Errorf("%s: it ended after %v s", url, length)
			}
		}
	})
	t.Run("to the end", func(t *testing.T) {
		short := serveFile(t, "short.mp4", "video/mp4", shortClip(t), webtest.FileOptions{})
		for _, url := range []string{short, over("rtspt", rtsp.URL("/bench?mbit=1&seconds=3"))} {
			p := plain(t, nil, exitDone, "play", "--json", url)
			all := p.checkEvents()
			stats := only(all, "stats")
			if all[len(all)-1].text("event") != "ended" || stats[len(stats)-1].number("displayed") < 25 {
				t.Errorf("%s:\n%s", url, p.output())
			}
		}
	})
	t.Run("titles", func(t *testing.T) {
		for _, args := range [][]string{{"--json"}, {}} {
			p := plain(t, nil, exitDone, append([]string{"play", "--for", "2s", radio.URL}, args...)...)
			if !strings.Contains(p.output(), "– Ünï") {
				t.Errorf("the title is not told:\n%s", p.output())
			}
			if len(args) > 0 {
				titles := only(p.checkEvents(), "title")
				if len(titles) != 1 || !strings.HasPrefix(titles[0].text("title"), "Red ") {
					t.Errorf("%v", titles)
				}
			}
		}
	})
	t.Run("without VLC", func(t *testing.T) {
		p := startProgram(t, noVLC, "play", "--json", "--no-vlc", rtsp.URL("/vod"))
		p.await("position", func(o object) bool { return o.number("position") >= 1 })
		p.tell("seek 40")
		p.await("position", func(o object) bool { return o.number("position") >= 39 })
		if vlcs := p.children(); len(vlcs) > 0 {
			t.Errorf("it started %v", vlcs)
		}
		p.tell("stop")
		p.wait(exitDone)
		for _, o := range only(p.checkEvents(), "stats") {
			if o.number("decoded_video") > 0 || o.number("displayed") > 0 || o.number("decoded_audio") > 0 {
				t.Errorf("decoded without VLC: %v", o)
			}
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
			p := startProgram(t, nil, "play", "--json", over("rtspt", rtsp.URL("/live")))
			p.await("playing", nil)
			p.vlcPID()
			p.cmd.Process.Signal(signal)
			p.wait(exitDone)
			p.gone()
		}
		if methods := rtsp.Methods(); methods[len(methods)-1] != "TEARDOWN" {
			t.Errorf("the server was asked %v", methods)
		}
	})
}

// shortClip is the clip's first seconds.
func shortClip(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "short.mp4")
	out, err := exec.Command(peers.Find(t, "ffmpeg"), "-v", "error", "-i", clipFile(t), "-t", "3", "-c", "copy", "-movflags", "+faststart", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// refusedURL is the address of a port where nobody listens.
func refusedURL(t *testing.T, scheme string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return scheme + "://" + l.Addr().String() + "/live"
}

func plainStatus(t *testing.T) {
	s := serveRTSP(t, rtsptest.Config{})
	live, refused := s.URL("/live"), refusedURL(t, "rtsp")
	bad := filepath.Join(ptyHome(t), "vlc")
	if err := os.WriteFile(bad, []byte("#!/bin/sh\nexit 7\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		env    []string
		status int
		says   string // on standard error or in the last line
	}{
		{args: []string{"play", "--json", refused}, status: exitFailed, says: "nothing listens"},
		{args: []string{"play", refused}, status: exitFailed, says: "nothing listens"},
		{args: []string{"play", "--json", "gopher://x"}, status: exitFailed, says: "gopher"},
		{args: []string{"play", "--json", s.URL("/nothing")}, status: exitFailed, says: "404"},
		{args: []string{"play", "--json", live}, env: noVLC, status: exitPlayer, says: "VLC was not found"},
		{args: []string{"play", live}, env: noVLC, status: exitPlayer, says: "VLC was not found"},
		{args: []string{"play", "--json", "--vlc", "/nonexistent/vlc", live}, status: exitPlayer, says: "VLC was not found"},
		{args: []string{"play", "--json", live}, env: []string{"TAPEDECK_VLC=" + bad}, status: exitPlayer, says: "status 7"},
		{args: []string{"probe", "--json", live}, env: noVLC, status: exitPlayer, says: "VLC was not found"},
		{args: []string{"play"}, status: exitUsage, says: "one link is wanted"},
		{args: []string{"play", live, live}, status: exitUsage, says: "one link is wanted"},
		{args: []string{"play", "--nonsense", live}, status: exitUsage, says: "unknown flag"},
		{args: []string{"play", "--for", "soon", live}, status: exitUsage, says: "a time has a unit"},
		{args: []string{"play", bad}, status: exitUsage, says: "is a file"},
		{args: []string{"probe"}, status: exitUsage, says: "one link is wanted"},
		{args: []string{"record", live}, status: exitUsage, says: "-o"},
		{args: []string{"record", "-o", "x.mkv"}, status: exitUsage, says: "one link is wanted"},
		{args: []string{"demo", live}, status: exitUsage, says: "demo"},
		{args: []string{live}, status: exitUsage, says: "terminal"},
		{args: []string{"/nonexistent/my.m3u"}, status: exitUsage, says: "no such file"},
		{args: []string{workDir}, status: exitUsage, says: "folder"},
		{args: []string{"--help"}, status: exitDone, says: "tapedeck play"},
		{args: []string{"play", "--help"}, status: exitDone, says: "--no-vlc"},
		{args: []string{"--version"}, status: exitDone, says: "tapedeck "},
	} {
		p := plain(t, c.env, c.status, c.args...)
		if said := p.output() + p.words.String(); !strings.Contains(said, c.says) {
			t.Errorf("%v: does not say %q:\n%s", c.args, c.says, said)
		}
		if slices.Contains(c.args, "--json") && c.status != exitUsage {
			p.checkEvents()
		}
	}
}

func plainSecrets(t *testing.T) {
	const user, password = "alice", "p@ss:w0rd-t0p"
	escaped := "p%40ss%3Aw0rd-t0p"
	secrets := []string{
		password, escaped, "w0rd-t0p", "wr0ng-0ne",
		base64.StdEncoding.EncodeToString([]byte(user + ":" + password)),
		base64.StdEncoding.EncodeToString([]byte(user + ":wr0ng-0ne")),
	}
	digest := serveRTSP(t, rtsptest.Config{User: user, Password: password, Digest: true})
	basic := serveRTSP(t, rtsptest.Config{User: user, Password: password, RefuseUDP: true})
	radio := serveRadio(t, webtest.RadioOptions{})
	gone := webtest.NewHostile(webtest.Says("gone", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
	t.Cleanup(gone.Close)
	for _, url := range []string{digest.URL("/live"), basic.URL("/vod"), radio.URL} {
		link := with(url, user, escaped)
		p := startProgram(t, nil, "play", "--json", link)
		p.await("playing", nil)
		vlc := p.vlcPID()
		for _, file := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", vlc, file))
			if err != nil || len(text) == 0 {
				t.Errorf("VLC's %s: %v", file, err)
			}
			noSecrets(t, "VLC's "+file, text, secrets)
		}
		p.tell("stop")
		p.wait(exitDone)
		p.quiet(secrets)
		if log, err := os.Stat(filepath.Join(p.home, "state", "tapedeck", "vlc.log")); err != nil || log.Size() == 0 || log.Mode().Perm() != 0o600 {
			t.Errorf("VLC's log: %v, %v", log, err)
		}
		if u := only(p.checkEvents(), "connecting")[0].text("url"); u != url {
			t.Errorf("connecting to %s, which is shown as %s", link, u)
		}
	}
	for _, c := range []struct {
		status int
		args   []string
	}{
		{exitFailed, []string{"play", with(digest.URL("/live"), user, "wr0ng-0ne")}},
		{exitFailed, []string{"play", "--json", with(basic.URL("/live"), user, "wr0ng-0ne")}},
		{exitFailed, []string{"probe", with(digest.URL("/live"), user, "wr0ng-0ne")}},
		{exitFailed, []string{"play", "--json", with(gone.URL, user, escaped)}},
		{exitFailed, []string{"play", "--json", with(refusedURL(t, "http"), user, escaped)}},
		{exitFailed, []string{"play", "--json", with("rtsp://nonexistent.invalid/x", user, escaped)}},
		{exitFailed, []string{"play", "--json", with("http://127.0.0.1:99999/x", user, escaped)}},
		{exitFailed, []string{"play", "--json", with("gopher://host/x", user, escaped)}},
		{exitReserved, []string{"play", with("rtmp://$OPT:rtmp-raw=rtmp://host/x", user, escaped)}},
		{exitReserved, []string{"play", "rtmp://$OPT:rtmp-raw=" + with("rtmp://host/x", user, escaped)}},
		{exitDone, []string{"probe", with(digest.URL("/live"), user, escaped)}},
		{exitDone, []string{"record", "--for", "1s", "-o", filepath.Join(t.TempDir(), "x.mkv"), with(digest.URL("/live"), user, escaped)}},
		{exitUsage, []string{with(digest.URL("/live"), user, escaped)}},
		{exitUsage, []string{"play", with(digest.URL("/live"), user, escaped), "x"}},
	} {
		plain(t, nil, c.status, c.args...).quiet(secrets)
	}
}

// quiet sees to it that no secret is in what the program has said, nor in any
// file of its home: VLC's log is one.
func (p *program) quiet(secrets []string) {
	p.t.Helper()
	noSecrets(p.t, "its output", []byte(p.output()), secrets)
	noSecrets(p.t, "standard error", p.words.Bytes(), secrets)
	filepath.WalkDir(p.home, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			text, _ := os.ReadFile(path)
			noSecrets(p.t, path, text, secrets)
		}
		return nil
	})
}

func noSecrets(t testing.TB, where string, text []byte, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s has the secret %s:\n%s", where, secret, text)
		}
	}
}

// broadcastASF is the clip in ASF as encoders send it: without its length.
func broadcastASF(t *testing.T) []byte {
	t.Helper()
	file := mmstest.Sample()
	h, err := asf.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	chosen := asf.Choose(h, 0, "")
	sent := h.Keep(chosen, h.Preroll)
	for n := range int(h.Packets) {
		sent, _ = asf.Filter(sent, file[h.Size+n*h.PacketSize:][:h.PacketSize], h.PacketSize, func(n int) bool { return slices.Contains(chosen, n) })
	}
	return sent
}

// checkASF reads a recording's header, and has ffprobe look for anything wrong.
func checkASF(t *testing.T, path string, length time.Duration) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h, err := asf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := h.Duration - length; h.Broadcast || int(h.Packets)*h.PacketSize != len(data)-h.Size || d < -time.Second || d > time.Second {
		t.Errorf("%d packets in %d bytes, %v, broadcast %v", h.Packets, len(data), h.Duration, h.Broadcast)
	}
	var said bytes.Buffer
	probe := exec.Command(peers.Find(t, "ffprobe"), "-v", "error", "-show_packets", path)
	probe.Stderr = &said
	if err := probe.Run(); err != nil || said.Len() > 0 {
		t.Errorf("ffprobe: %v\n%s", err, &said)
	}
}

func plainRecord(t *testing.T) {
	s := serveRTSP(t, rtsptest.Config{})
	radio := serveRadio(t, webtest.RadioOptions{})
	film := serveFile(t, "clip.mp4", "video/mp4", clip.MP4(), webtest.FileOptions{})
	endless := serveFile(t, "live.asf", "video/x-ms-asf", broadcastASF(t), webtest.FileOptions{NoLength: true})
	for _, c := range []struct {
		name, url, file string
		codecs          []string
		length          string
	}{
		{"RTSP over UDP", s.URL("/live"), "x.mkv", []string{"aac", "h264"}, "4s"},
		{"RTSP over TCP", over("rtspt", s.URL("/vod")), "x.mkv", []string{"aac", "h264"}, "4s"},
		{"radio", radio.URL, "x.mp3", []string{"mp3"}, "4s"},
		{"a file", film, "x.mp4", []string{"aac", "h264"}, ""},
		{"ASF that says nothing of its length", endless, "x.asf", []string{"aac", "h264"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), c.file)
			args := []string{"record", "--json", c.url, "-o", path}
			if c.length != "" {
				args = append(args, "--for", c.length)
			}
			p := plain(t, noVLC, exitDone, args...) // it does not need one
			recorded := only(p.checkEvents(), "recorded")
			if len(recorded) != 1 || recorded[0].text("path") != path {
				t.Fatalf("it kept %v:\n%s", recorded, p.output())
			}
			file := openRecording(t, path, strings.HasPrefix(c.url, "rtsp:"))
			file.check(t, c.codecs, int64(recorded[0].number("bytes")), recorded[0].number("duration"))
			if c.url == endless {
				checkASF(t, path, clip.Duration)
			}
			if data, err := os.ReadFile(path); c.url == film && (err != nil || !bytes.Equal(data, clip.MP4())) {
				t.Errorf("the file is not what the server has, %v", err)
			}
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x.mkv")
		p := startProgram(t, nil, "record", "--json", s.URL("/live"), "-o", path)
		p.await("position", func(o object) bool { return o.number("position") >= 2 })
		p.cmd.Process.Signal(os.Interrupt)
		recorded := p.await("recorded", nil)
		p.wait(exitDone)
		openRecording(t, path, true).check(t, []string{"aac", "h264"}, int64(recorded.number("bytes")), recorded.number("duration"))
		// VLC opens it too.
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		url := serveFile(t, "x.mkv", "video/x-matroska", data, webtest.FileOptions{})
		if all := plain(t, nil, exitDone, "probe", "--json", url).checkEvents(); all[len(all)-1]["ok"] != true {
			t.Errorf("%v", all[len(all)-1])
		}
	})
	t.Run("not over a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x.mkv")
		if err := os.WriteFile(path, []byte("somebody's"), 0o600); err != nil {
			t.Fatal(err)
		}
		before := s.Connections()
		for out, says := range map[string]string{
			path: "is there already", "/dev/null/x.mkv": "is no folder", "/nowhere/x.mkv": "there is no folder /nowhere", "-": "name a file",
		} {
			p := plain(t, nil, exitUsage, "record", "--json", s.URL("/live"), "-o", out)
			if len(p.lines) != 0 || !strings.Contains(p.words.String(), says) {
				t.Errorf("%s: %q, %s", out, p.lines, &p.words)
			}
		}
		if s.Connections() != before {
			t.Error("the server was asked all the same")
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != "somebody's" {
			t.Errorf("%q, %v", data, err)
		}
	})
	t.Run("nothing to record", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x.mkv")
		plain(t, nil, exitFailed, "record", "--json", refusedURL(t, "rtsp"), "-o", path).checkEvents()
		if _, err := os.Stat(path); err == nil {
			t.Error("a file all the same")
		}
	})
}

// rungs is the ladder, in order.
var rungs = []string{"address", "name", "tcp", "tls", "reply", "session", "transport", "container", "codec", "first frame"}

func plainProbe(t *testing.T) {
	s := serveRTSP(t, rtsptest.Config{})
	locked := serveRTSP(t, rtsptest.Config{User: "alice", Password: "x", Digest: true})
	answer := func(b webtest.Behaviour) string {
		server := webtest.NewHostile(b)
		t.Cleanup(server.Close)
		return server.URL
	}
	for _, c := range []struct {
		name, url string
		rung      string // of the verdict
		passed    []string
		says      string
		hint      bool
	}{
		{name: "RTSP", url: s.URL("/live"), rung: "first frame", passed: []string{"tcp", "reply", "session", "transport", "codec", "first frame"}, says: "H.264 320x180"},
		{name: "a host's name", url: strings.Replace(over("rtspt", s.URL("/vod")), "127.0.0.1", "localhost", 1), rung: "first frame",
			passed: []string{"name", "tcp", "reply", "session", "transport", "codec", "first frame"}, says: "over tcp"},
		{name: "a file", url: serveFile(t, "clip.mp4", "video/mp4", clip.MP4(), webtest.FileOptions{}), rung: "first frame",
			passed: []string{"tcp", "reply", "transport", "container", "codec", "first frame"}, says: "AAC"},
		{name: "refused", url: refusedURL(t, "rtsp"), rung: "tcp", says: "nothing listens", hint: true},
		{name: "refused, HTTP", url: refusedURL(t, "http"), rung: "tcp", says: "nothing listens", hint: true},
		{name: "no such host", url: "http://nonexistent.invalid/x", rung: "name", says: "nonexistent.invalid", hint: true},
		{name: "no such host, RTSP", url: "rtsp://nonexistent.invalid/x", rung: "name", says: "nonexistent.invalid", hint: true},
		{name: "404", url: s.URL("/nothing"), rung: "reply", passed: []string{"tcp", "reply"}, says: "404", hint: true},
		{name: "404, HTTP", url: answer(webtest.Says("x", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")), rung: "reply", passed: []string{"tcp"}, says: "404", hint: true},
		{name: "a wrong password", url: with(locked.URL("/live"), "alice", "y"), rung: "reply", passed: []string{"tcp", "reply"}, says: "401", hint: true},
		{name: "no password", url: locked.URL("/live"), rung: "reply", passed: []string{"tcp", "reply"}, says: "wants a user name and password", hint: true},
		{name: "a web page", url: answer(webtest.Says("x", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<!DOCTYPE html><title>Log in</title>")),
			rung: "container", passed: []string{"tcp", "reply", "transport"}, says: "web page", hint: true},
		{name: "no link", url: "rtsp://", rung: "address", says: "host", hint: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			status := exitFailed
			if c.rung == "first frame" {
				status = exitDone
			}
			p := plain(t, nil, status, "probe", "--json", c.url)
			all := p.checkEvents()
			verdict := all[len(all)-1]
			if verdict.text("event") != "verdict" || verdict.text("rung") != c.rung || verdict["ok"] != (status == exitDone) ||
				!strings.Contains(verdict.text("message"), c.says) || c.hint != (verdict.text("hint") != "") {
				t.Errorf("%v", verdict)
			}
			var passed []string
			place := 0
			for i, o := range only(all, "rung") {
				at := slices.Index(rungs, o.text("rung"))
				if at < place {
					t.Errorf("back on the ladder: %v", o)
				}
				place = at
				switch {
				case o["ok"] == true && !slices.Contains(passed, o.text("rung")):
					passed = append(passed, o.text("rung"))
				case o["ok"] == false && (o.text("rung") != c.rung || i != len(only(all, "rung"))-1 || o.text("error") == ""):
					t.Errorf("it failed at %v", o)
				}
			}
			if !slices.Equal(passed, c.passed) {
				t.Errorf("it passed %v, want %v", passed, c.passed)
			}
			if c.name == "RTSP" || c.name == "404" { // and for a person
				words := plain(t, nil, status, "probe", c.url).output()
				last := words[strings.LastIndexByte(words, '\n')+1:]
				if !strings.HasPrefix(last, "verdict: it ") || !strings.Contains(last, c.says) || strings.Count(words, "\n") < 3 {
					t.Errorf("the words are:\n%s", words)
				}
			}
		})
	}
	t.Run("no time", func(t *testing.T) {
		began := time.Now()
		all := plain(t, nil, exitFailed, "probe", "--json", "--timeout", "1s", answer(webtest.Holds("x", ""))).checkEvents()
		if verdict := all[len(all)-1]; !strings.Contains(verdict.text("message"), "gave up after 1s") || verdict.text("hint") == "" {
			t.Errorf("%v", verdict)
		}
		if took := time.Since(began); took > patience/2 {
			t.Errorf("it took %v", took)
		}
	})
}
