package hlstest

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	filmSegment = 4 // seconds of each segment
	filmWindow  = 5 // segments of the live playlist
)

// Film is a server in Go of the built-in clip, for the demo and for tests that
// have no ffmpeg: on demand at VOD, and live, in a loop, at Live. The segments
// are transport streams.
type Film struct {
	VOD, Live string // URLs of the playlists

	segments *segments
	server   *http.Server
	done     chan struct{}
	began    time.Time
}

// NewFilm starts a server on a free port of 127.0.0.1.
func NewFilm() *Film {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("hlstest: no port on loopback: " + err.Error())
	}
	f := &Film{segments: newSegments(filmSegment), done: make(chan struct{}), began: time.Now()}
	base := "http://" + listener.Addr().String()
	f.VOD, f.Live = base+"/film.m3u8", base+"/live.m3u8"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /film.m3u8", f.onDemand)
	mux.HandleFunc("GET /live.m3u8", f.live)
	mux.HandleFunc("GET /{segment}", f.segment)
	f.server = &http.Server{Handler: mux}
	go func() {
		defer close(f.done)
		_ = f.server.Serve(listener)
	}()
	return f
}

// Close ends the server and waits for it.
func (f *Film) Close() {
	_ = f.server.Close()
	<-f.done
}

func (f *Film) onDemand(w http.ResponseWriter, _ *http.Request) {
	n := seconds / filmSegment
	playlist(w, 0, n, "#EXT-X-PLAYLIST-TYPE:VOD\n", "#EXT-X-ENDLIST\n")
}

// live lists the newest segments that are complete, as if it had begun a window
// before the server did.
func (f *Film) live(w http.ResponseWriter, _ *http.Request) {
	first := int(time.Since(f.began).Seconds()) / filmSegment
	date := f.began.Add(time.Duration((first-filmWindow)*filmSegment) * time.Second)
	playlist(w, first, filmWindow, "#EXT-X-PROGRAM-DATE-TIME:"+date.UTC().Format("2006-01-02T15:04:05.000Z")+"\n", "")
}

func playlist(w http.ResponseWriter, first, n int, head, tail string) {
	w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	fmt.Fprintf(w, "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:%d\n%s", filmSegment, first, head)
	for i := first; i < first+n; i++ {
		fmt.Fprintf(w, "#EXTINF:%d.000,\n%d.ts\n", filmSegment, i)
	}
	fmt.Fprint(w, tail)
}

func (f *Film) segment(w http.ResponseWriter, r *http.Request) {
	number, ok := strings.CutSuffix(r.PathValue("segment"), ".ts")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || n > 1<<20 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "video/mp2t")
	_, _ = w.Write(f.segments.segment(n))
}
