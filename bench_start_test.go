package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tapedeck/client/hls/hlstest"
	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
	"tapedeck/client/web/webtest"
	"tapedeck/player/playback"
	"tapedeck/playlist"
)

func anyPicture(int) bool { return true }

// racer is one of the two sides of a comparison.
type racer interface {
	play(link string) // from rest
	seek(second int)
	stop()
}

type deckRacer struct{ *playback.Deck }

func (d deckRacer) play(link string) { d.Do(playback.Play{Entry: playlist.Entry{URL: link}}) }
func (d deckRacer) seek(second int) {
	d.Do(playback.SeekTo{To: time.Duration(second) * time.Second})
}
func (d deckRacer) stop() { d.Do(playback.Stop{}) }

type vlcRacer struct{ *plainVLC }

func (v vlcRacer) play(link string) { v.ask("add " + link) }
func (v vlcRacer) seek(second int)  { v.ask(fmt.Sprintf("seek %d", second)) }
func (v vlcRacer) stop() {
	v.ask("stop")
	v.ask("clear")
}

// lane is a racer and the eye on it.
type lane struct {
	racer
	*eye
}

const seekRuns = 5

// rest is how long both are left alone before each start, and settled how long
// something plays before it is seeked in.
const (
	rest    = 700 * time.Millisecond
	settled = 1500 * time.Millisecond
)

// starts is the time to the first picture that is really shown, through the
// deck and by a VLC of its own on the same address, in turn.
func (b *bench) starts(t *testing.T) {
	ourEye, theirEye := newEye(t), newEye(t)
	deck := newFrameDeck(t, ourEye.program(t))
	vlc := newPlainVLC(t, append(theirEye.arguments(), "--network-caching=300")...)
	defer vlc.end()
	ours, theirs := lane{deckRacer{deck.deck}, ourEye}, lane{vlcRacer{vlc}, theirEye}

	film := webtest.NewFile("clip.mp4", "video/mp4", clip.MP4(), webtest.FileOptions{})
	t.Cleanup(film.Close)
	segments := hlstest.NewFilm()
	t.Cleanup(segments.Close)
	for _, c := range []struct{ name, link string }{
		{"film over HTTP (MP4)", film.URL},
		{"endless HTTP (MPEG-TS)", serveEndless(t, "video/mp2t", clipAs(t, "ts"))},
		{"HLS, on demand", segments.VOD},
		{"HLS, live", segments.Live},
	} {
		b.start(t, c.name, c.link, ours, theirs)
	}
	large := largeFilm(t)
	for _, c := range []struct {
		name string
		away time.Duration
	}{{"a server near by", 0}, {"a server 50 ms away", 50 * time.Millisecond}} {
		link := serveFrom(t, large, c.away)
		b.start(t, "film of 60 MB, "+c.name, link, ours, theirs)
		b.seeks(t, c.name, link, ours, theirs)
	}
}

// start is a pair of lines for one address.
func (b *bench) start(t *testing.T, name, link string, ours, theirs lane) {
	var took [2][]time.Duration
	for range frameRuns {
		for i, l := range []lane{ours, theirs} {
			l.stop()
			<-time.After(rest)
			l.forget()
			began := time.Now()
			l.play(link)
			took[i] = append(took[i], l.see(t, began, anyPicture))
			l.stop()
		}
	}
	b.race(t, "first picture, "+name, took, "≤ 1")
}

// seeks goes on in a film where nothing was read yet, and back to where it was.
func (b *bench) seeks(t *testing.T, name, link string, ours, theirs lane) {
	var fresh, back [2][]time.Duration
	for range seekRuns {
		for i, l := range []lane{ours, theirs} {
			l.stop()
			<-time.After(rest)
			l.forget()
			l.play(link)
			l.see(t, time.Now(), anyPicture)
			<-time.After(settled)
			fresh[i] = append(fresh[i], l.land(t, 40))
			<-time.After(settled)
			back[i] = append(back[i], l.land(t, 3))
			l.stop()
		}
	}
	b.race(t, "MP4 seek to the first picture, fresh, "+name, fresh, "≤ 1")
	b.race(t, "MP4 seek to the first picture, read before, "+name, back, "≤ 0.5")
}

// land seeks and waits for a picture of that place.
func (l lane) land(t *testing.T, second int) time.Duration {
	began := time.Now()
	l.seek(second)
	return l.see(t, began, func(seen int) bool { return seen >= second-1 && seen <= second+1 })
}

func (b *bench) race(t *testing.T, what string, took [2][]time.Duration, aim string) {
	ours, theirs := median(took[0]), median(took[1])
	t.Logf("%s: ours %v, vlc %v", what, took[0], took[1])
	b.add(what, millis(ours), "vlc, same caching: "+millis(theirs), ratio(ours, theirs), aim)
}

// largeFilm is the clip with so much noise that it has 8 Mbit/s: more than is
// read ahead.
func largeFilm(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "large.mp4")
	out, err := exec.Command(peers.Find(t, "ffmpeg"), "-v", "error", "-i", clipFile(t),
		"-vf", "noise=alls=40:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "8M", "-minrate", "8M", "-maxrate", "8M", "-bufsize", "2M",
		"-g", "25", "-bf", "0", "-pix_fmt", "yuv420p", "-c:a", "copy", "-movflags", "+faststart", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// serveFrom gives data in ranges, each answer after a while.
func serveFrom(t *testing.T, data []byte, away time.Duration) (link string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-time.After(away)
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Type", "video/mp4")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL + "/film.mp4"
}
