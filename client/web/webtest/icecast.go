//go:build unix

package webtest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"tapedeck/client/peers"
)

// TB is what is used of *testing.T, so that a program that only wants the
// servers in Go does not link package testing.
type TB interface {
	peers.TB
	Cleanup(func())
	TempDir() string
}

// Icecast is a real Icecast server. Its sources are real ffmpeg processes.
type Icecast struct {
	URL     string // of the server, without a mount
	t       TB
	sources map[string]*exec.Cmd
}

// How long an Icecast and its sources may take to come up.
const peerPatience = 20 * time.Second

const icecastPassword = "hackme"

// StartIcecast starts Icecast on a free port of 127.0.0.1 and ends it with the
// test. Where it or ffmpeg is missing the test is skipped, in CI it fails.
func StartIcecast(t TB) *Icecast {
	t.Helper()
	icecast, ffmpeg := peers.Find(t, "icecast2"), peers.Find(t, "ffmpeg")
	if icecast == "" || ffmpeg == "" {
		return nil
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "icecast.xml")
	port := freePort(t)
	if err := os.WriteFile(config, []byte(icecastConfig(port, dir)), 0o644); err != nil {
		t.Fatalf("icecast: %v", err)
	}
	server := exec.Command(icecast, "-c", config)
	if os.Geteuid() == 0 { // it refuses to run as root
		server.SysProcAttr = asNobody(t, dir)
	}
	var said bytes.Buffer
	server.Stdout, server.Stderr = &said, &said
	run(t, server)
	i := &Icecast{URL: fmt.Sprintf("http://127.0.0.1:%d", port), t: t, sources: make(map[string]*exec.Cmd)}
	i.await("/status-json.xsl")
	return i
}

// codecs are the forms of a source: ffmpeg's encoder, its muxer, MIME type.
var codecs = map[string][3]string{
	"mp3":    {"libmp3lame", "mp3", "audio/mpeg"},
	"aac":    {"aac", "adts", "audio/aac"},
	"vorbis": {"libvorbis", "ogg", "application/ogg"},
	"opus":   {"libopus", "ogg", "application/ogg"},
	"flac":   {"flac", "ogg", "application/ogg"},
}

// Mount starts a source that plays a tone of 440 Hz in real time, with a little
// noise, or Vorbis and Opus would have nothing to say for seconds. It is coded as
// "mp3", "aac", "vorbis", "opus" or "flac", and returns its URL once it can be
// heard.
func (i *Icecast) Mount(t TB, codec string) string {
	t.Helper()
	c, ok := codecs[codec]
	if !ok {
		t.Fatalf("icecast: no such codec: %s", codec)
	}
	mount := "/" + codec
	target, _ := url.Parse(i.URL)
	source := exec.Command(peers.Find(t, "ffmpeg"), "-nostdin", "-loglevel", "error",
		"-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000[tone];anoisesrc=amplitude=0.01:sample_rate=48000[noise];[tone][noise]amix=normalize=0",
		"-c:a", c[0], "-b:a", "128k", "-ac", "2", "-content_type", c[2], "-ice_name", "Tone "+codec)
	if c[1] == "ogg" { // as stations do; of a page of a second VLC plays half
		source.Args = append(source.Args, "-page_duration", "200000")
	}
	source.Args = append(source.Args, "-f", c[1], "icecast://source:"+icecastPassword+"@"+target.Host+mount)
	run(t, source)
	i.sources[mount] = source
	i.await(mount)
	return i.URL + mount
}

// SetTitle says what is on, as stations do it. mount is a URL of Mount.
func (i *Icecast) SetTitle(mount, title string) {
	i.t.Helper()
	place, err := url.Parse(mount)
	if err != nil {
		i.t.Fatalf("icecast: %v", err)
	}
	q := url.Values{"mount": {place.Path}, "mode": {"updinfo"}, "charset": {"UTF-8"}, "song": {title}}
	req, err := http.NewRequest(http.MethodGet, i.URL+"/admin/metadata?"+q.Encode(), nil)
	if err != nil {
		i.t.Fatalf("icecast: %v", err)
	}
	req.SetBasicAuth("admin", icecastPassword)
	if status := get(req); status != http.StatusOK {
		i.t.Fatalf("icecast: setting a title: status %d", status)
	}
}

// Stop ends the source of a mount, and with it the stream of its listeners.
func (i *Icecast) Stop(mount string) {
	if place, err := url.Parse(mount); err == nil && i.sources[place.Path] != nil {
		i.sources[place.Path].Process.Kill()
	}
}

// await returns when path is answered with success.
func (i *Icecast) await(path string) {
	i.t.Helper()
	status := 0
	for end := time.Now().Add(peerPatience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		req, err := http.NewRequest(http.MethodGet, i.URL+path, nil)
		if err != nil {
			i.t.Fatalf("icecast: %v", err)
		}
		if status = get(req); status == http.StatusOK {
			return
		}
	}
	i.t.Fatalf("icecast: %s: not there after %v (status %d)", path, peerPatience, status)
}

// get is the status of the answer, 0 without one.
func get(req *http.Request) int {
	req.Close = true
	client := &http.Client{Timeout: peerPatience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// run starts a process that ends with the test.
func run(t TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", filepath.Base(cmd.Path), err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

func freePort(t TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("no port: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// asNobody lets a process run as the user nobody, who gets dir.
func asNobody(t TB, dir string) *syscall.SysProcAttr {
	t.Helper()
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatalf("no user to run a server as: %v", err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	// The directory above is the test's own, and closed to others.
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		t.Fatalf("%v", err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatalf("%v", err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func icecastConfig(port int, dir string) string {
	var place bytes.Buffer
	xml.EscapeText(&place, []byte(dir))
	return fmt.Sprintf(`<icecast>
  <hostname>127.0.0.1</hostname>
  <limits><clients>50</clients><sources>10</sources><burst-size>65535</burst-size></limits>
  <authentication>
    <source-password>%[1]s</source-password>
    <relay-password>%[1]s</relay-password>
    <admin-user>admin</admin-user>
    <admin-password>%[1]s</admin-password>
  </authentication>
  <listen-socket><port>%[2]d</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <paths>
    <basedir>/usr/share/icecast2</basedir>
    <webroot>/usr/share/icecast2/web</webroot>
    <adminroot>/usr/share/icecast2/admin</adminroot>
    <logdir>%[3]s</logdir>
  </paths>
  <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>3</loglevel></logging>
</icecast>
`, icecastPassword, port, place.String())
}
