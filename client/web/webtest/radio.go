package webtest

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"tapedeck/client/audioframe"
)

// RadioOptions change what a Radio does. The zero value is an ordinary one.
type RadioOptions struct {
	ICYStatusLine bool          // answer "ICY 200 OK" as SHOUTcast does
	NoMetadata    bool          // no titles, even to those who ask
	MetaInt       int           // media bytes between titles; 4096
	TitleEvery    time.Duration // how long each title lasts; 10 s
	Burst         time.Duration // sent at once on connecting; 1 s
	Name          string        // "tapedeck test radio"
	Fast          bool          // as fast as the listener reads, not in real time
}

// Radio is an endless station that plays one recording over and over.
type Radio struct {
	Server
	frames [][]byte
	frame  time.Duration
	o      RadioOptions

	mu     sync.Mutex
	titles []string
	since  time.Time
}

// NewRadio loops mp3, whole frame by whole frame, and goes through titles.
func NewRadio(mp3 []byte, titles []string, o RadioOptions) *Radio {
	if o.MetaInt <= 0 {
		o.MetaInt = 4096
	}
	if o.TitleEvery <= 0 {
		o.TitleEvery = 10 * time.Second
	}
	if o.Burst <= 0 {
		o.Burst = time.Second
	}
	if o.Name == "" {
		o.Name = "tapedeck test radio"
	}
	r := &Radio{o: o, titles: titles, since: time.Now()}
	r.frames, r.frame = split(mp3)
	if len(r.frames) == 0 {
		panic("webtest: no MP3 frames to play")
	}
	r.start("/radio", r.serve)
	return r
}

// split cuts an MP3 file into its frames, without tags and without the frame
// that only describes the file.
func split(mp3 []byte) (frames [][]byte, each time.Duration) {
	first, at, _ := audioframe.MPEGAudio.Find(mp3)
	if at < 0 {
		return nil, 0
	}
	for at < len(mp3) {
		f, ok := audioframe.MPEGAudio.Parse(mp3[at:])
		if !ok || at+f.Size > len(mp3) {
			break
		}
		raw := mp3[at : at+f.Size]
		at += f.Size
		front := raw[:min(len(raw), 48)]
		if len(frames) == 0 && (bytes.Contains(front, []byte("Info")) || bytes.Contains(front, []byte("Xing"))) {
			continue
		}
		frames = append(frames, raw)
	}
	return frames, first.Duration()
}

// SetTitle makes text the only title from now on.
func (r *Radio) SetTitle(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.titles = []string{text}
}

func (r *Radio) title() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.titles) == 0 {
		return ""
	}
	return r.titles[int(time.Since(r.since)/r.o.TitleEvery)%len(r.titles)]
}

func (r *Radio) serve(conn net.Conn) {
	req, err := r.request(conn)
	if err != nil {
		return
	}
	interval := 0
	if req.Header.Get("Icy-MetaData") == "1" && !r.o.NoMetadata {
		interval = r.o.MetaInt
	}
	if _, err := conn.Write([]byte(r.head(interval))); err != nil || req.Method == http.MethodHead {
		return
	}
	w := &weaver{conn: conn, interval: interval, left: interval, title: r.title}
	start := time.Now()
	pace := time.NewTimer(time.Hour)
	defer pace.Stop()
	for n := 0; ; n++ {
		if err := w.media(r.frames[n%len(r.frames)]); err != nil {
			return
		}
		ahead := time.Duration(n)*r.frame - time.Since(start) - r.o.Burst
		if ahead < 0 || r.o.Fast {
			continue
		}
		pace.Reset(ahead)
		select {
		case <-pace.C:
		case <-r.done:
			return
		}
	}
}

func (r *Radio) head(interval int) string {
	var b strings.Builder
	if r.o.ICYStatusLine {
		b.WriteString("ICY 200 OK\r\nicy-notice1:<BR>This stream requires a player<BR>\r\n")
	} else {
		b.WriteString("HTTP/1.0 200 OK\r\nServer: webtest\r\n")
	}
	// No blank behind the colon, as Icecast has it.
	fmt.Fprintf(&b, "Content-Type: audio/mpeg\r\nicy-name:%s\r\nicy-genre:Test\r\nicy-br:128\r\nicy-pub:0\r\n", r.o.Name)
	if interval > 0 {
		fmt.Fprintf(&b, "icy-metaint:%d\r\n", interval)
	}
	return b.String() + "\r\n"
}

// weaver puts titles between the media.
type weaver struct {
	conn     net.Conn
	interval int // 0: none
	left     int // media bytes to the next title
	title    func() string
	last     string
}

func (w *weaver) media(p []byte) error {
	for w.interval > 0 && len(p) >= w.left {
		out := append(append([]byte(nil), p[:w.left]...), w.block()...)
		if _, err := w.conn.Write(out); err != nil {
			return err
		}
		p, w.left = p[w.left:], w.interval
	}
	w.left -= len(p)
	if len(p) == 0 {
		return nil
	}
	_, err := w.conn.Write(p)
	return err
}

// block is the title if it is news, else a zero byte.
func (w *weaver) block() []byte {
	title := w.title()
	if title == w.last {
		return []byte{0}
	}
	w.last = title
	return Block("StreamTitle='" + title + "';StreamUrl='';")
}

// Block is text as a block of ICY metadata: its length in units of 16 bytes,
// then text, padded with zeros. It is cut at the most that a block can hold.
func Block(text string) []byte {
	units := min((len(text)+15)/16, 255)
	block := make([]byte, 1+16*units)
	block[0] = byte(units)
	copy(block[1:], text)
	return block
}

// SilentMP3 is d of silence: MPEG-1 layer III, 128 kbit/s, 44,100 Hz, stereo.
// All its frames have the same size and are valid, with nothing in them.
func SilentMP3(d time.Duration) []byte {
	const size, samples, rate = 417, 1152, 44100
	frame := make([]byte, size)
	copy(frame, "\xff\xfb\x90\x64")
	return bytes.Repeat(frame, int(d*rate/samples/time.Second)+1)
}
