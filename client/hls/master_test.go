package hls

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var masters = []struct {
	name, body, want string
	err              error
}{
	{
		name: "two sizes, as ffmpeg writes them",
		body: lines("#EXTM3U", "#EXT-X-VERSION:3", `#EXT-X-STREAM-INF:BANDWIDTH=204600,RESOLUTION=320x180,CODECS="avc1.42c00d,mp4a.40.2"`, "low.m3u8",
			`#EXT-X-STREAM-INF:BANDWIDTH=904600,AVERAGE-BANDWIDTH=800000,RESOLUTION=640x360,FRAME-RATE=25.000,CODECS="avc1.42c01e,mp4a.40.2"`, "high.m3u8"),
		want: "low.m3u8 204600 320x180 [avc1.42c00d mp4a.40.2] ;high.m3u8 904600 640x360 [avc1.42c01e mp4a.40.2] ;",
	},
	{
		name: "sound, subtitles, captions, I frames, session data",
		body: lines("#EXTM3U", `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=YES,URI="de.m3u8"`,
			`#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English, clear",LANGUAGE="en",DEFAULT=YES,URI="en.m3u8"`,
			`#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",URI="s.m3u8"`, `#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",LANGUAGE="en",INSTREAM-ID="CC1"`,
			`#EXT-X-SESSION-DATA:DATA-ID="com.example.title",VALUE="x"`, `#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=8000,URI="i.m3u8"`,
			`#EXT-X-STREAM-INF:BANDWIDTH=1280000,AUDIO="a",SUBTITLES="s"`, "v.m3u8"),
		want: "v.m3u8 1280000 0x0 [] a;sound English, clear en.m3u8, others Deutsch;subtitles English;captions en",
	},
	{
		name: "variables; what is no number; a variant without an address",
		body: lines("#EXTM3U", `#EXT-X-DEFINE:NAME="h",VALUE="http://x"`, "#EXT-X-STREAM-INF:BANDWIDTH=-5,RESOLUTION=0x9", "#EXT-X-STREAM-INF:BANDWIDTH=many,RESOLUTION=1x1", "{$h}/v.m3u8"),
		want: "http://x/v.m3u8 0 1x1 [] ;",
	},
	{
		name: "a key for the whole",
		body: lines("#EXTM3U", `#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"`, "#EXT-X-STREAM-INF:BANDWIDTH=5", "v"),
		want: "v 5 0x0 [] ;guard FairPlay",
	},
	{name: "none", body: lines("#EXTM3U", "#EXT-X-STREAM-INF:BANDWIDTH=5"), err: errNoVariants},
	{name: "too many", body: "#EXTM3U\n" + strings.Repeat("#EXT-X-STREAM-INF:BANDWIDTH=5\nv\n", maxVariants+1), err: ErrPlaylist},
}

func TestParseMaster(t *testing.T) {
	for _, c := range masters {
		t.Run(c.name, func(t *testing.T) {
			if !isMaster([]byte(c.body)) {
				t.Error("it is not taken for a master playlist")
			}
			m, err := parseMaster([]byte(c.body), "")
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err != nil {
				return
			}
			var b strings.Builder
			for _, v := range m.variants {
				fmt.Fprintf(&b, "%s %d %dx%d %v %s;", v.uri, v.bandwidth, v.width, v.height, v.codecs, v.audio)
			}
			if r, ok := m.sound(m.variants[0].audio, ""); ok {
				fmt.Fprintf(&b, "sound %s %s, others %s;subtitles %s;captions %s", r.name, r.uri, m.others(r.group, r.name), m.subtitles, m.captions)
			}
			if m.guard != "" {
				b.WriteString("guard " + m.guard)
			}
			if b.String() != c.want {
				t.Errorf("%s\nwant\n%s", b.String(), c.want)
			}
		})
	}
}

func TestLadder(t *testing.T) {
	film := []variant{
		{uri: "2", bandwidth: 2_000_000, width: 1280, codecs: []string{"avc1.64001f", "mp4a.40.2"}},
		{uri: "0", bandwidth: 500_000, width: 320, codecs: []string{"avc1.42c00d", "mp4a.40.2"}},
		{uri: "1", bandwidth: 1_000_000, width: 640, codecs: []string{"avc1.4d401e", "mp4a.40.2"}},
		{uri: "1 elsewhere", bandwidth: 1_000_000, width: 640, codecs: []string{"avc1.4d401e", "mp4a.40.2"}},
		{uri: "h", bandwidth: 900_000, width: 1280, codecs: []string{"hvc1.1.6.L93", "mp4a.40.2"}},
		{uri: "dv", bandwidth: 800_000, width: 1280, codecs: []string{"dvh1.05.01", "mp4a.40.2"}},
		{uri: "he", bandwidth: 450_000, width: 320, codecs: []string{"avc1.42c00d", "mp4a.40.5"}},
		{uri: "sound", bandwidth: 64_000, codecs: []string{"mp4a.40.2"}},
		{uri: "4", bandwidth: 8_000_000, width: 3840, codecs: []string{"avc1.640033", "mp4a.40.2"}},
	}
	l, err := newLadder(film)
	if err != nil {
		t.Fatal(err)
	}
	var usable []string
	for _, i := range l.usable {
		usable = append(usable, film[i].uri)
	}
	if got := strings.Join(usable, ", "); got != "0, 1, 1 elsewhere, 2, 4" || film[l.now].uri != "2" {
		t.Errorf("usable %s, begins with %s", got, film[l.now].uri)
	}
	for _, c := range []struct {
		now   string
		rate  int // kbit/s
		ahead time.Duration
		since int
		want  string
	}{
		{"2", 0, 0, 9, "2"},                   // not measured yet
		{"2", 2500, 9 * time.Second, 9, "2"},  // it fits
		{"2", 1500, 20 * time.Second, 9, "2"}, // it does not, but enough is ahead
		{"2", 1500, 9 * time.Second, 0, "1"},  // nor is there: down, at once
		{"2", 100, time.Second, 0, "0"},       // as far as it takes
		{"0", 100, 0, 9, "0"},                 // there is nothing below
		{"0", 1500, 9 * time.Second, 9, "1"},  // up, with room to spare
		{"0", 20000, 9 * time.Second, 9, "4"}, // as far as it takes
		{"0", 20000, 9 * time.Second, 1, "0"}, // not so soon
		{"0", 20000, time.Second, 9, "0"},     // not while nothing is ahead
		{"1", 2100, 9 * time.Second, 9, "1"},  // 70 % of it is not enough for 2
	} {
		for i := range film {
			if film[i].uri == c.now {
				l.now = i
			}
		}
		l.since = c.since
		if got := film[l.choose(c.rate*1000, c.ahead)].uri; got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	l.refused[2] = true
	if got := film[l.fitting(1_500_000)].uri; got != "1 elsewhere" {
		t.Errorf("in place of 1: %s", got)
	}

	_, err = newLadder([]variant{{codecs: []string{"dvh1.05.01"}}, {codecs: []string{"vp6"}}})
	if !errors.Is(err, ErrNoPlayable) || !strings.Contains(err.Error(), "dvh1.05.01, vp6") {
		t.Error(err)
	}
	if l, err := newLadder([]variant{{bandwidth: 1}, {bandwidth: 2}}); err != nil || len(l.usable) != 2 {
		t.Errorf("%v, %v", l, err)
	}
	if l, err := newLadder([]variant{{bandwidth: 9, codecs: []string{"mp4a.40.2"}}}); err != nil || l.now != 0 {
		t.Errorf("a radio: %v, %v", l, err)
	}
}

func TestMeter(t *testing.T) {
	var m meter
	m.add(1000, time.Millisecond)
	if m.rate() != 0 {
		t.Error("a kilobyte tells a speed")
	}
	for range 5 {
		m.add(1_000_000, 2*time.Second)
	}
	if r := m.rate(); r < 3_900_000 || r > 4_100_000 {
		t.Errorf("%d", r)
	}
	m.add(250_000, 2*time.Second) // slower: believed at once
	if r := m.rate(); r > 2_700_000 {
		t.Errorf("it became slow: %d", r)
	}
	m.add(4_000_000, 2*time.Second) // faster: not yet
	if r := m.rate(); r > 8_000_000 {
		t.Errorf("it became fast: %d", r)
	}
}
