package hls

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/hls/hlstest"
	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

// webFetch is a Fetch over net/http.
func webFetch(c *http.Client) Fetch {
	return func(ctx context.Context, r Request) (*Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Link.Target(r.Link.Scheme), nil)
		if err != nil {
			return nil, media.At(media.RungAddress, err)
		}
		ranged := r.From > 0 || r.Size > 0
		switch {
		case r.Size > 0:
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", r.From, r.From+r.Size-1))
		case ranged:
			req.Header.Set("Range", fmt.Sprintf("bytes=%d-", r.From))
		}
		resp, err := c.Do(req)
		if err != nil {
			return nil, media.At(media.RungTCP, err)
		}
		if resp.StatusCode/100 != 2 {
			resp.Body.Close()
			return nil, media.At(media.RungReply, statusError(resp.StatusCode))
		}
		body := io.Reader(resp.Body)
		if ranged && resp.StatusCode == http.StatusOK { // the whole
			if _, err := io.CopyN(io.Discard, body, r.From); err != nil {
				resp.Body.Close()
				return nil, media.At(media.RungTransport, err)
			}
			if r.Size > 0 {
				body = io.LimitReader(body, r.Size)
			}
		}
		return &Response{ReadCloser: struct {
			io.Reader
			io.Closer
		}{body, resp.Body}, Link: r.Link, Length: -1}, nil
	}
}

// openURL opens a playlist of a real server.
func openURL(t *testing.T, url string, events *told) *Session {
	t.Helper()
	a, err := address.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	t.Cleanup(c.CloseIdleConnections)
	fetch := webFetch(c)
	resp, err := fetch(t.Context(), Request{Link: a})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp)
	resp.Close()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Fetch: fetch, Status: fakeStatus}
	if events != nil {
		cfg.Trace = events.event
	}
	s, err := Open(t.Context(), Source{Link: a, Body: body}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// collect takes all that comes before a media time.
func collect(t *testing.T, s *Session, until time.Duration) []byte {
	t.Helper()
	var out []byte
	inits := 0
	for {
		c, err := s.Next(t.Context())
		if err == nil && c.Key && c.Time >= until {
			break
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c.Init != nil {
			inits++
		}
		out = append(append(out, c.Init...), c.Data...)
	}
	if inits != 1 {
		t.Errorf("%d headers", inits)
	}
	return out
}

// checkClip has ffmpeg decode a stream: its pictures and its sound tell the
// seconds of the clip, from one on to before another.
func checkClip(t *testing.T, stream []byte, from, to int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.mkv")
	if err := os.WriteFile(path, stream, 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), peers.Find(t, "ffmpeg"), append([]string{"-v", "error", "-nostdin", "-i", path}, args...)...)
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil || said.Len() > 0 {
			t.Errorf("ffmpeg: %v: %s", err, said.Bytes())
		}
		return out
	}
	const width, height = 160, 90
	gray := run("-an", "-vf", fmt.Sprintf("scale=%d:%d", width, height), "-vsync", "0", "-pix_fmt", "gray", "-f", "rawvideo", "-")
	pictures := len(gray) / (width * height)
	if want := (to - from) * clip.FrameRate; pictures != want {
		t.Errorf("%d pictures, want %d", pictures, want)
	}
	for n := range pictures {
		second, ok := clip.SecondOfPicture(gray[n*width*height:], width, height)
		if want := from + n/clip.FrameRate; !ok || second != want {
			t.Fatalf("picture %d tells second %d (%v), want %d", n, second, ok, want)
		}
	}
	checkTones(t, run("-vn", "-c:a", "pcm_s16le", "-f", "wav", "-"), from, to)
}

// checkTones listens to each second.
func checkTones(t *testing.T, wav []byte, from, to int) {
	t.Helper()
	samples, rate, err := clip.ReadWAV(bytes.NewReader(wav))
	if err != nil {
		t.Fatal(err)
	}
	for second := from; second < to; second++ {
		at := (second-from)*rate + rate/4
		if at+rate/2 > len(samples) {
			t.Fatalf("the sound ends in second %d", second)
		}
		hz, _ := clip.Tone(samples[at:at+rate/2], rate)
		if got, ok := clip.SecondOfTone(hz); !ok || got != second {
			t.Fatalf("in second %d the tone is %.1f Hz, of second %d", second, hz, got)
		}
	}
}

// all is later than the end of the clip.
const all = time.Hour

func serve(t *testing.T, dir string) *hlstest.Server {
	s := hlstest.NewServer(dir)
	t.Cleanup(s.Close)
	return s
}

// twoSizes are the arguments for two variants.
var twoSizes = []string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-sc_threshold", "0", "-c:a", "aac",
	"-map", "0:v", "-map", "0:a", "-map", "0:v", "-map", "0:a", "-s:v:0", "160x90", "-b:v:0", "100k", "-s:v:1", "320x180", "-b:v:1", "900k",
	"-var_stream_map", "v:0,a:0 v:1,a:1", "-master_pl_name", "master.m3u8", "-hls_time", "4", "film%v.m3u8"}

// TestFFmpeg plays what ffmpeg's muxer makes, in each of its forms.
func TestFFmpeg(t *testing.T) {
	for _, c := range []struct {
		name, list string
		args       []string
		seek       time.Duration
		format     string
	}{
		{"TS", "film.m3u8", []string{"-hls_time", "6"}, 31500 * time.Millisecond, "MPEG-TS"},
		{"one file with ranges", "film.m3u8", []string{"-hls_time", "6", "-hls_flags", "single_file"}, 17 * time.Second, "MPEG-TS"},
		{"AES-128", "film.m3u8", []string{"-hls_time", "6"}, 42 * time.Second, "MPEG-TS"},
		{"MP4", "film.m3u8", []string{"-hls_time", "6", "-hls_segment_type", "fmp4"}, 33500 * time.Millisecond, "MP4"},
		{"MP4 in one file", "film.m3u8", []string{"-hls_time", "6", "-hls_segment_type", "fmp4", "-hls_flags", "single_file"}, 12 * time.Second, "MP4"},
		{"two sizes", "master.m3u8", twoSizes, 30 * time.Second, "MPEG-TS"},
		{"separate sound", "master.m3u8", []string{"-hls_time", "6", "-map", "0:v", "-map", "0:a",
			"-var_stream_map", "v:0,agroup:a a:0,agroup:a,default:yes", "-master_pl_name", "master.m3u8", "film%v.m3u8"}, 25500 * time.Millisecond, "MPEG-TS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := ""
			if c.name == "AES-128" {
				dir = hlstest.Encrypted(t, "sixteen bytes ok", c.args...)
			} else {
				dir = hlstest.Make(t, c.args...)
			}
			server := serve(t, dir)
			var events told
			s := openURL(t, server.URL(c.list), &events)
			if i := s.Info(); i.Duration < 59*time.Second || i.Duration > 61*time.Second || len(i.Tracks) != 2 {
				t.Errorf("%+v", i)
			}
			if !slices.ContainsFunc(events.events, func(e media.Event) bool {
				step, ok := e.(media.Step)
				return ok && step.Rung == media.RungContainer && step.Detail == c.format
			}) {
				t.Errorf("%v", events.events)
			}
			checkClip(t, collect(t, s, all), 0, 60)
			from, err := s.Seek(t.Context(), c.seek)
			if want := c.seek.Truncate(time.Second); err != nil || (from-want).Abs() > 30*time.Millisecond {
				t.Fatalf("seek to %v: %v, %v", c.seek, from, err)
			}
			at := int(from.Round(time.Second).Seconds())
			checkClip(t, collect(t, s, time.Duration(at+4)*time.Second-step), at, at+4)
		})
	}
}

// TestFFmpegFaults: connections that are cut in the middle of a segment, servers
// that do not know ranges, files that are not there at once.
func TestFFmpegFaults(t *testing.T) {
	server := serve(t, hlstest.Make(t, "-hls_time", "6"))
	server.Reset("film1.ts", 1)
	server.Reset("film2.ts", 2)
	server.Reset("film.m3u8", 0)
	var events told
	checkClip(t, collect(t, openURL(t, server.URL("film.m3u8"), &events), 20*time.Second), 0, 20)
	if all := strings.Join(server.Requests(), "; "); !strings.Contains(all, "film1.ts bytes=") {
		t.Error(all)
	}

	server = serve(t, hlstest.Make(t, "-hls_time", "6", "-hls_flags", "single_file"))
	server.IgnoreRanges()
	checkClip(t, collect(t, openURL(t, server.URL("film.m3u8"), nil), 20*time.Second), 0, 20)
}
