package hls

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// lines joins the lines of a playlist.
func lines(s ...string) string { return strings.Join(s, "\n") + "\n" }

// show is a playlist in a few words, a segment each line:
// number era time uri (what else there is).
func show(p *playlist) string {
	var b strings.Builder
	fmt.Fprintf(&b, "target %v", p.target)
	for word, is := range map[string]bool{"ended": p.ended} {
		if is {
			b.WriteString(" " + word)
		}
	}
	if p.event {
		b.WriteString(" event")
	}
	if p.hasStart {
		fmt.Fprintf(&b, " start %v", p.start)
	}
	if p.hold > 0 {
		fmt.Fprintf(&b, " hold %v", p.hold)
	}
	for _, g := range p.segments {
		fmt.Fprintf(&b, "\n%d %d %v+%v %s", g.sequence, g.era, g.at, g.duration, g.uri)
		if g.bytes.size > 0 {
			fmt.Fprintf(&b, " bytes %d@%d", g.bytes.size, g.bytes.from)
		}
		if g.key != nil {
			fmt.Fprintf(&b, " key %s %x", g.key.uri, g.key.iv)
		}
		if g.guard != "" {
			fmt.Fprintf(&b, " guard %s", g.guard)
		}
		if g.init != nil {
			fmt.Fprintf(&b, " init %s %d@%d", g.init.uri, g.init.bytes.size, g.init.bytes.from)
		}
		if !g.date.IsZero() {
			fmt.Fprintf(&b, " date %s", g.date.UTC().Format("15:04:05.000"))
		}
		if g.gap {
			b.WriteString(" gap")
		}
	}
	return b.String()
}

var playlists = []struct {
	name, body, want string
	err              error
}{
	{
		name: "on demand, as ffmpeg writes it",
		body: lines("#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:6", "#EXT-X-MEDIA-SEQUENCE:0",
			"#EXTINF:6.000000,", "a.ts", "#EXTINF:4.480000,", "b.ts", "#EXT-X-ENDLIST"),
		want: "target 6s ended\n0 0 0s+6s a.ts\n1 0 6s+4.48s b.ts",
	},
	{
		name: "carriage returns, a mark at the front, blanks, unknown tags, comments",
		body: "\xef\xbb\xbf#EXTM3U\r\n#EXT-X-TARGETDURATION: 5 \r\n# made by hand\r\n#EXT-X-FOO:bar\r\n\r\n#EXTINF:5,Title, with comma\r\n a b.ts \r\n",
		want: "target 5s\n0 0 0s+5s a b.ts",
	},
	{
		name: "no #EXTM3U, no target duration, a time that is none",
		body: lines("#EXT-X-MEDIA-SEQUENCE:7", "#EXTINF:3.2,", "a.ts", "#EXTINF:NaN,", "b.ts", "#EXTINF:-1,", "c.ts", "d.ts"),
		want: "target 10s\n7 0 0s+3.2s a.ts\n8 0 3.2s+10s b.ts\n9 0 13.2s+10s c.ts\n10 0 23.2s+10s d.ts",
	},
	{
		name: "discontinuities and their numbers, a gap",
		body: lines("#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXT-X-MEDIA-SEQUENCE:100", "#EXT-X-DISCONTINUITY-SEQUENCE:3",
			"#EXTINF:2,", "a.ts", "#EXT-X-DISCONTINUITY", "#EXT-X-GAP", "#EXTINF:2,", "b.ts", "#EXTINF:2,", "c.ts"),
		want: "target 2s\n100 3 0s+2s a.ts\n101 4 2s+2s b.ts gap\n102 4 4s+2s c.ts",
	},
	{
		name: "byte ranges: with an offset, going on, of another file",
		body: lines("#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXTINF:2,", "#EXT-X-BYTERANGE:100@50", "a.ts",
			"#EXTINF:2,", "#EXT-X-BYTERANGE:30", "a.ts", "#EXTINF:2,", "#EXT-X-BYTERANGE:20", "b.ts", "#EXTINF:2,", "#EXT-X-BYTERANGE:x@1", "b.ts"),
		want: "target 2s\n0 0 0s+2s a.ts bytes 100@50\n1 0 2s+2s a.ts bytes 30@150\n2 0 4s+2s b.ts bytes 20@0\n3 0 6s+2s b.ts",
	},
	{
		name: "keys: with an IV, without, none",
		body: lines("#EXTM3U", "#EXT-X-TARGETDURATION:2",
			`#EXT-X-KEY:METHOD=AES-128,URI="k?a=1,b",IV=0x9c7db8778570d05c3177c349fd9236aa,KEYFORMAT="identity"`, "#EXTINF:2,", "a.ts",
			`#EXT-X-KEY:METHOD=AES-128,URI="k2",IV=0XFF`, "#EXTINF:2,", "b.ts", `#EXT-X-KEY:METHOD=AES-128,URI="k3"`, "#EXTINF:2,", "c.ts",
			"#EXT-X-KEY:METHOD=NONE", "#EXTINF:2,", "d.ts"),
		want: "target 2s\n0 0 0s+2s a.ts key k?a=1,b 9c7db8778570d05c3177c349fd9236aa\n1 0 2s+2s b.ts key k2 000000000000000000000000000000ff" +
			"\n2 0 4s+2s c.ts key k3 \n3 0 6s+2s d.ts",
	},
	{
		name: "keys of systems that are not for us, and one that is",
		body: lines("#EXTM3U", "#EXT-X-TARGETDURATION:2",
			`#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"`,
			`#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="data:x",KEYFORMAT="urn:uuid:EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED"`, "#EXTINF:2,", "a.ts",
			`#EXT-X-KEY:METHOD=AES-128,URI="x",KEYFORMAT="com.microsoft.playready"`, `#EXT-X-KEY:METHOD=AES-128,URI="k"`, "#EXTINF:2,", "b.ts",
			`#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"`, "#EXTINF:2,", "c.ts"),
		want: "target 2s\n0 0 0s+2s a.ts guard FairPlay, Widevine\n1 0 2s+2s b.ts key k \n2 0 4s+2s c.ts guard SAMPLE-AES",
	},
	{
		name: "init segments",
		body: lines("#EXTM3U", "#EXT-X-TARGETDURATION:2", `#EXT-X-MAP:URI="i.mp4",BYTERANGE="720@0"`, "#EXTINF:2,", "a.m4s",
			"#EXT-X-DISCONTINUITY", `#EXT-X-MAP:URI="j.mp4"`, "#EXTINF:2,", "b.m4s"),
		want: "target 2s\n0 0 0s+2s a.m4s init i.mp4 720@0\n1 1 2s+2s b.m4s init j.mp4 0@0",
	},
	{
		name: "dates, carried on; another zone; none",
		body: lines("#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T10:00:00.500Z", "#EXTINF:2,", "a.ts",
			"#EXTINF:2,", "b.ts", "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T13:00:00+0200", "#EXTINF:2,", "c.ts", "#EXT-X-PROGRAM-DATE-TIME:today", "#EXTINF:2,", "d.ts"),
		want: "target 2s\n0 0 0s+2s a.ts date 10:00:00.500\n1 0 2s+2s b.ts date 10:00:02.500\n2 0 4s+2s c.ts date 11:00:00.000\n3 0 6s+2s d.ts",
	},
	{
		name: "low latency, as an ordinary list; a part that was left out",
		body: lines("#EXTM3U", "#EXT-X-TARGETDURATION:4", "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0,HOLD-BACK=13.5",
			"#EXT-X-PART-INF:PART-TARGET=0.33", "#EXT-X-MEDIA-SEQUENCE:266", "#EXT-X-SKIP:SKIPPED-SEGMENTS=3", "#EXTINF:4.0,", "a.m4s",
			`#EXT-X-PART:DURATION=0.33,URI="b.0.m4s",INDEPENDENT=YES`, `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="b.1.m4s"`,
			`#EXT-X-RENDITION-REPORT:URI="../1M/w.php",LAST-MSN=273,LAST-PART=2`),
		want: "target 4s hold 13.5s\n269 0 0s+4s a.m4s",
	},
	{
		name: "EVENT, a start, variables",
		body: lines("#EXTM3U", "#EXT-X-TARGETDURATION:4", "#EXT-X-PLAYLIST-TYPE:EVENT", "#EXT-X-START:TIME-OFFSET=-12.5,PRECISE=YES",
			`#EXT-X-DEFINE:NAME="p",VALUE="x/y"`, `#EXT-X-DEFINE:IMPORT="m"`, `#EXT-X-DEFINE:QUERYPARAM="t"`, "#EXTINF:4,", "{$p}/{$m}/{$t}/{$no}.ts"),
		want: "target 4s event start -12.5s\n0 0 0s+4s x/y/master/s3/{$no}.ts",
	},
	{
		name: "a time of nothing, a target of nothing",
		body: lines("#EXTM3U", "#EXT-X-TARGETDURATION:0", "#EXTINF:0,", "a.ts", "#EXTINF:0.5,", "b.ts"),
		want: "target 1s\n0 0 0s+0s a.ts\n1 0 0s+500ms b.ts",
	},
	{name: "no segments yet", body: lines("#EXTM3U", "#EXT-X-TARGETDURATION:6"), want: "target 6s"},
	{name: "numbers beyond all bounds", body: lines("#EXTM3U", "#EXT-X-TARGETDURATION:1e99", "#EXT-X-MEDIA-SEQUENCE:99999999999999999999", "#EXTINF:1e300,", "a.ts"), want: "target 10s\n0 0 0s+10s a.ts"},
	{name: "a web page", body: "<!doctype html><title>#EXTM3U</title>", err: errNotPlaylist},
	{name: "nothing", body: "", err: errNotPlaylist},
	{name: "a list of songs", body: "#EXTM3U\nsong.mp3\n", err: errNotPlaylist},
	{name: "a line of a megabyte", body: "#EXTM3U\n#EXTINF:1,\n" + strings.Repeat("x", 1<<20), err: ErrPlaylist},
	{name: "a long address", body: "#EXTM3U\n#EXTINF:1,\n" + strings.Repeat("x", maxURI+1), err: errLongURI},
	{name: "more segments than all", body: "#EXTM3U\n" + strings.Repeat("#EXTINF:1,\nx\n", 100_000), err: ErrPlaylist},
	{name: "more bytes than all", body: "#EXTM3U\n" + strings.Repeat("#EXTINF:1,\n", 1<<20), err: errTooLong},
	{name: "a range past the end of all files", body: lines("#EXTM3U", "#EXTINF:1,", "#EXT-X-BYTERANGE:9223372036854775806@1", "a", "#EXTINF:1,", "#EXT-X-BYTERANGE:9", "a"), err: errBadRange},
}

func TestParsePlaylist(t *testing.T) {
	for _, c := range playlists {
		t.Run(c.name, func(t *testing.T) {
			p, err := parsePlaylist([]byte(c.body), "t=s3", variables{"m": "master"})
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err == nil && show(p) != c.want {
				t.Errorf("%s\nwant\n%s", show(p), c.want)
			}
		})
	}
}

func TestJoint(t *testing.T) {
	list := func(target, n int, more ...string) *playlist {
		body := fmt.Sprintf("#EXTM3U\n#EXT-X-TARGETDURATION:%d\n%s", target, lines(more...)) + strings.Repeat(fmt.Sprintf("#EXTINF:%d,\nx\n", target), n)
		p, err := parsePlaylist([]byte(body), "", nil)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, c := range []struct {
		name string
		p    *playlist
		want time.Duration
	}{
		{"live", list(6, 10), 42 * time.Second},
		{"live, too short", list(6, 2), 0},
		{"live, held back", list(6, 10, "#EXT-X-SERVER-CONTROL:HOLD-BACK=30"), 30 * time.Second},
		{"on demand", list(6, 10, "#EXT-X-ENDLIST"), 0},
		{"on demand, a start", list(6, 10, "#EXT-X-ENDLIST", "#EXT-X-START:TIME-OFFSET=13"), 13 * time.Second},
		{"live, a start", list(6, 10, "#EXT-X-START:TIME-OFFSET=-20"), 40 * time.Second},
		{"a start before the beginning", list(6, 10, "#EXT-X-START:TIME-OFFSET=-200"), 0},
	} {
		if got := c.p.joint(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzPlaylist(f *testing.F) {
	for _, c := range playlists {
		if len(c.body) < 4096 {
			f.Add([]byte(c.body))
		}
	}
	for _, c := range masters {
		f.Add([]byte(c.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if isMaster(body) {
			m, err := parseMaster(body, "a=b")
			if err != nil {
				return
			}
			if len(m.variants) == 0 || len(m.variants) > maxVariants {
				t.Fatal(len(m.variants))
			}
			if l, err := newLadder(m.variants); err == nil {
				for rate := range 3 {
					if n := l.choose(rate*1_000_000, time.Minute); n < 0 || n >= len(m.variants) {
						t.Fatal(n)
					}
				}
			}
			return
		}
		p, err := parsePlaylist(body, "a=b", nil)
		if err != nil {
			return
		}
		at, seq := time.Duration(0), p.first()
		for i, g := range p.segments {
			if g.at != at || g.sequence != seq || g.duration < 0 || g.bytes.from < 0 || g.bytes.size < 0 || len(g.uri) > maxURI {
				t.Fatalf("%d: %+v", i, g)
			}
			at, seq = g.end(), seq+1
		}
		if p.target < minTarget || p.joint() < 0 || p.joint() > max(p.duration(), 0) {
			t.Fatalf("target %v, joint %v of %v", p.target, p.joint(), p.duration())
		}
	})
}
