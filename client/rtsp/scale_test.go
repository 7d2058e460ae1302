package rtsp

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/rtsp/rtsptest"
	"tapedeck/client/sdp"
)

// pictureSDP has a film of a picture and sound; the sound alone is enough for
// the camera to begin.
const pictureSDP = filmSDP +
	"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track2\r\n" +
	"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkDxWhAAAADAEAAAAwDxYuS,aMuMsg==\r\n"

// TestScale has servers that answer a wish for double speed in each of the ways
// that are known.
func TestScale(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(r *request) (scale, speed string)
		want   float64
		plays  []string // Scale and Speed of each PLAY after the first
		no     string   // NoScale afterwards
	}{
		{"live555", func(r *request) (string, string) { return r.header.get("Scale"), "" }, 2, []string{"2.0 "}, ""},
		{"GStreamer", func(r *request) (string, string) { return "1.000", "2.000" }, 2, []string{"2.0 "}, ""},
		{"one that grants less", func(r *request) (string, string) { return "1.5", "" }, 1.5, []string{"2.0 "}, ""},
		{"Darwin", func(r *request) (string, string) { return "", r.header.get("Speed") }, 2, []string{"2.0 ", " 2.0"}, ""},
		{"VLC", func(r *request) (string, string) { return "1.", "" }, 1, []string{"2.0 ", " 2.0"}, normalOnly},
		{"one that says nothing", func(r *request) (string, string) { return "", "" }, 1, []string{"2.0 ", " 2.0"}, normalOnly},
		{"nonsense", func(r *request) (string, string) { return "NaN", "1e300" }, 1, []string{"2.0 ", " 2.0"}, normalOnly},
	} {
		synctest.Test(t, func(t *testing.T) {
			cam := &camera{t: t, sdp: pictureSDP}
			cam.on = func(l *line, r *request) *response {
				if r.method != "PLAY" || len(r.header.all("Range")) == 0 {
					return nil
				}
				resp := l.usual(r)
				resp.header.add("Range", "npt=9.000-60")
				if scale, speed := c.answer(r); scale != "" {
					resp.header.add("Scale", scale)
					resp.header.add("Speed", speed)
				} else if speed != "" {
					resp.header.add("Speed", speed)
				}
				return resp
			}
			s, _ := cam.mustOpen("rtspt://10.0.0.1/film", Config{})
			from, rate, err := s.Scale(t.Context(), 10*time.Second, 2)
			if from != 9*time.Second || rate != c.want || err != nil || s.Info().Can.NoScale != c.no {
				t.Errorf("%s: %v, %v, %v, %q", c.name, from, rate, err, s.Info().Can.NoScale)
			}
			var got []string
			for _, r := range cam.requests("PLAY")[1:] {
				got = append(got, r.header.get("Scale")+" "+r.header.get("Speed"))
				if at := r.header.get("Range"); at != "npt=10.000-" {
					t.Errorf("%s: %s", c.name, at)
				}
			}
			if !slices.Equal(got, c.plays) {
				t.Errorf("%s: %q", c.name, got)
			}
			if c.want == 1 {
				return
			}
			// A resume keeps the speed, a seek ends it.
			if err := s.Pause(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Seek(t.Context(), 20*time.Second); err != nil {
				t.Fatal(err)
			}
			plays := cam.requests("PLAY")
			resume, seek := plays[len(plays)-2].header, plays[len(plays)-1].header
			name := "Scale"
			if strings.HasPrefix(c.plays[len(c.plays)-1], " ") {
				name = "Speed"
			}
			if resume.get(name) != fmt.Sprintf("%.1f", c.want) || seek.get(name) != "1.0" || s.pace() != (pace{rate: 1, origin: 9 * time.Second}) {
				t.Errorf("%s: resume %v, seek %v, then %+v", c.name, resume, seek, s.pace())
			}
		})
	}
}

// TestScaleRefused has a server that refuses the header: the stream goes on.
func TestScaleRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: pictureSDP}
		c.on = func(l *line, r *request) *response {
			if r.header.get("Scale") != "" {
				return &response{status: 456}
			}
			return nil
		}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{})
		readUntil(t, s, 40*time.Millisecond)
		if _, _, err := s.Scale(t.Context(), 0, -1); status(err) != 456 {
			t.Error(err)
		}
		c.line(1).sound(2)
		readUntil(t, s, 80*time.Millisecond)
		if r := c.requests("PLAY")[1].header; r.get("Range") != "npt=0.000-0" || r.get("Scale") != "-1.0" {
			t.Errorf("%v", r)
		}
		if _, _, err := s.Scale(t.Context(), 0, 2); s.Info().Can.NoScale != normalOnly || err == nil {
			t.Error(err)
		}
	})
}

// TestPace has the two clocks of a pace fit each other.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		rate          float64
		played, media time.Duration
	}{
		{1, 25 * time.Second, 25 * time.Second},
		{2, 25 * time.Second, 40 * time.Second},
		{-1, 13 * time.Second, 7 * time.Second},
		{-4, 12 * time.Second, 2 * time.Second},
	} {
		p := pace{rate: c.rate, origin: 10 * time.Second}
		if p.media(c.played) != c.media || p.played(c.media) != c.played {
			t.Errorf("%+v: %v, %v", p, p.media(c.played), p.played(c.media))
		}
	}
}

// TestRuler has the forms of an extent and what is asked of each.
func TestRuler(t *testing.T) {
	for _, c := range []struct {
		ranges   string // of the session, and of a track
		duration time.Duration
		from     string // the range that begins 90 s into it
		reply    string
		start    time.Duration
	}{
		{"npt=0-120;", 2 * time.Minute, "npt=90.000-", "npt=88.5-120", 88500 * time.Millisecond},
		{"npt=now-120;", 2 * time.Minute, "npt=90.000-", "", 90 * time.Second},
		{"npt=0-;npt=0-60", time.Minute, "npt=90.000-", "npt=now-", 90 * time.Second},
		{"npt=0-;", 0, "npt=90.000-", "clock=20240101T000000Z-", 90 * time.Second},
		{"clock=20240101T120000Z-20240101T130000Z;", time.Hour,
			"clock=20240101T120130.000Z-", "clock=20240101T120125.5Z-", 85500 * time.Millisecond},
		{"clock=20240101T120000Z-;", 0, "npt=90.000-", "", 90 * time.Second},
		{"clock=20240101T120000Z-20240101T110000Z;", 0, "npt=90.000-", "", 90 * time.Second},
		{"smpte=0:0:10:0-0:0:20:0;", 0, "npt=90.000-", "", 90 * time.Second},
	} {
		session, track, _ := strings.Cut(c.ranges, ";")
		text := fmt.Sprintf("v=0\r\na=range:%s\r\nm=audio 0 RTP/AVP 0\r\na=range:%s\r\n", session, track)
		s, err := sdp.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		r, _, duration, onDemand := extent(s)
		resp := &response{header: header{{"Range", c.reply}}}
		if got := r.from(90 * time.Second); duration != c.duration || onDemand != (duration > 0) || got != c.from || r.start(resp, 90*time.Second) != c.start {
			t.Errorf("%s: %v %v, %s, %v", c.ranges, duration, onDemand, got, r.start(resp, 90*time.Second))
		}
	}
}

// TestArchive seeks in what a recorder keeps, by the time of day.
func TestArchive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &camera{t: t, sdp: strings.Replace(filmSDP, "npt=0-60", "clock=20240101T120000Z-20240101T130000Z", 1)}
		c.on = func(l *line, r *request) *response {
			if r.method != "PLAY" {
				return nil
			}
			resp := l.usual(r)
			resp.header.add("Range", r.header.get("Range"))
			return resp
		}
		s, _ := c.mustOpen("rtspt://10.0.0.1/film", Config{Timeouts: Timeouts{FirstTCP: time.Second}})
		if i := s.Info(); i.Live || i.Duration != time.Hour || i.Can.NoSeek != "" {
			t.Errorf("%+v", i)
		}
		if got, err := s.Seek(t.Context(), 10*time.Minute); got != 10*time.Minute || err != nil {
			t.Error(got, err)
		}
		if r := c.requests("PLAY")[1].header.get("Range"); r != "clock=20240101T121000.000Z-" {
			t.Error(r)
		}
	})
}

// TestGStreamerScale plays the clip at double speed and backwards.
func TestGStreamerScale(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(file, clip.MP4(), 0o600); err != nil {
		t.Fatal(err)
	}
	base := rtsptest.StartGStreamer(t, "--file", file)
	s, _ := start(t, over("rtspt", base)+"/vod", Config{})
	record(t, s, 0, time.Second)
	from, rate, err := s.Scale(t.Context(), 20500*time.Millisecond, 2)
	if err != nil || rate != 2 || second(from) != 20 {
		t.Fatal(from, rate, err)
	}
	data, begin := record(t, s, 1, 3*time.Second)
	f := decodeTracks(t, data, true, false)
	if d := begin - from; d < 0 || d > 200*time.Millisecond || bytes.Contains(data, []byte("A_AAC")) {
		t.Errorf("it begins at %v for %v", begin, from)
	}
	last := f.pictures[len(f.pictures)-1]
	if len(f.pictures) < 140 || f.pictures[0] != 20 || last < 25 || last > 26 {
		t.Errorf("3 s at double speed: %v", f.pictures)
	}
	if from, rate, err = s.Scale(t.Context(), 20500*time.Millisecond, -1); err != nil || rate != -1 {
		t.Fatal(from, rate, err)
	}
	data, _ = record(t, s, 2, 3*time.Second)
	f = decodeTracks(t, data, true, false)
	for i := 1; i < len(f.pictures); i++ {
		if f.pictures[i] != f.pictures[i-1]-1 {
			t.Errorf("backwards: %v", f.pictures)
		}
	}
	if len(f.pictures) < 3 || f.pictures[0] > 20 || f.pictures[0] < 19 {
		t.Errorf("backwards: %v", f.pictures)
	}
	// And on as usual.
	if from, rate, err = s.Scale(t.Context(), 10*time.Second, 1); err != nil || rate != 1 {
		t.Fatal(from, rate, err)
	}
	data, _ = record(t, s, 3, 1500*time.Millisecond)
	decode(t, data).check(t, second(from), second(from)+1, 30)
}
