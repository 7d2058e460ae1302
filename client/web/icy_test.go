package web

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"tapedeck/client/http1"
	"tapedeck/client/trace"
	"tapedeck/client/web/webtest"
)

func newTestICY(t testing.TB, interval string) (*icy, *journal) {
	t.Helper()
	j := &journal{}
	r := &reply{Head: &http1.Head{Proto: "icy", Header: http.Header{"Icy-Metaint": {interval}}}}
	words, _ := newLetters("")
	d, err := newICY(r, words, &titles{trace: trace.New(j.add)})
	if err != nil {
		t.Fatal(err)
	}
	return d, j
}

// told are the titles, once their places in the media are passed.
func told(d *icy, j *journal) []string {
	for m, ok := d.titles.before(1 << 60); ok; m, ok = d.titles.before(1 << 60) {
		d.titles.say(m.text, 0)
	}
	return j.titles()
}

// weave is media with a block behind every interval bytes.
func weave(media []byte, interval int, blocks ...string) []byte {
	var out []byte
	for i := 0; len(media) >= interval; i++ {
		out = append(out, media[:interval]...)
		media = media[interval:]
		text := ""
		if i < len(blocks) {
			text = blocks[i]
		}
		out = append(out, webtest.Block(text)...)
	}
	return append(out, media...)
}

func TestICYSplits(t *testing.T) {
	const interval = 7
	media := []byte("abcdefghijklmnopqrstuvwxyz0123456789")
	woven := weave(media, interval, "StreamTitle='One';", "", "StreamTitle='Two; too';StreamUrl='';", "StreamTitle='Two; too';")
	want := []string{"One", "Two; too"}
	check := func(t *testing.T, pieces ...[]byte) {
		t.Helper()
		d, j := newTestICY(t, "7")
		var got []byte
		for _, p := range pieces {
			p = slices.Clone(p)
			got = append(got, p[:d.filter(p)]...)
		}
		if !bytes.Equal(got, media) {
			t.Fatalf("media %q, want %q", got, media)
		}
		if titles := told(d, j); !slices.Equal(titles, want) {
			t.Fatalf("titles %q, want %q", titles, want)
		}
	}
	for i := range woven {
		for j := i; j <= len(woven); j++ {
			check(t, woven[:i], woven[i:j], woven[j:])
		}
	}
	single := make([][]byte, len(woven))
	for i := range woven {
		single[i] = woven[i : i+1]
	}
	check(t, single...)
}

func TestICYWithoutTitles(t *testing.T) {
	d, _ := newTestICY(t, "0")
	if n := d.filter([]byte("abc")); n != 3 {
		t.Errorf("%d of 3 bytes kept", n)
	}
}

func TestICYAllocatesNothing(t *testing.T) {
	d, _ := newTestICY(t, "8192")
	woven := weave(make([]byte, 64<<10), 8192, "StreamTitle='x';", "StreamTitle='x';", "")
	buf := make([]byte, len(woven))
	copy(buf, woven)
	d.filter(buf)
	if n := testing.AllocsPerRun(100, func() {
		copy(buf, woven)
		d.filter(buf)
	}); n > 0 {
		t.Errorf("%v allocations for 64 KiB", n)
	}
}

var titleCases = []struct {
	name, block, want string
	ok                bool
}{
	{"plain", "StreamTitle='Artist - Song';StreamUrl='';", "Artist - Song", true},
	{"only", "StreamTitle='Song';", "Song", true},
	{"padded", "StreamTitle='Song';\x00\x00\x00", "Song", true},
	{"apostrophe", "StreamTitle='Don't Stop';StreamUrl='http://x/';", "Don't Stop", true},
	{"semicolon", "StreamTitle='Rock; Roll';", "Rock; Roll", true},
	{"quote and semicolon", "StreamTitle='It';s 'all'; here';StreamUrl='';", "It';s 'all'; here", true},
	{"ends in a quote", "StreamTitle='The 'Song'';", "The 'Song'", true},
	{"empty", "StreamTitle='';StreamUrl='';", "", true},
	{"url first", "StreamUrl='x';StreamTitle='Song';", "Song", true},
	{"other case", "streamtitle='Song';", "Song", true},
	{"no semicolon", "StreamTitle='Song'", "Song", true},
	{"cut off", "StreamTitle='So", "So", true},
	{"no quotes", "StreamTitle=Song;StreamUrl=;", "Song", true},
	{"latin-1", "StreamTitle='Bj\xf6rk - J\xf3ga';", "Björk - Jóga", true},
	{"windows-1252", "StreamTitle='\x93Quoted\x94 \x96 \x80';", "“Quoted” – €", true},
	{"utf-8", "StreamTitle='Björk – 東京';", "Björk – 東京", true},
	{"entities", "StreamTitle='Simon &amp; Garfunkel &#39;68 &eacute;';", "Simon & Garfunkel '68 é", true},
	{"control bytes", "StreamTitle='a\x1b[31mb\r\nc';", "a[31mb  c", true},
	{"entity of a control byte", "StreamTitle='a&#27;[2Jb';", "a[2Jb", true},
	{"turned around", "StreamTitle='a\u202eb';", "ab", true},
	{"noise", "StreamTitle='Ad';adw_ad='true';durationMilliseconds='1';", "Ad", true},
	{"escaped twice", "StreamTitle='Simon &amp;amp; Garfunkel &amp;eacute;';", "Simon & Garfunkel é", true},
	{"utf-8 taken for latin-1", "StreamTitle='BjÃ¶rk - JÃ³ga â\u0080\u0093 1';", "Björk - Jóga – 1", true},
	{"utf-8 taken for windows-1252", "StreamTitle='BjÃ¶rk â€“ 1';", "Björk – 1", true},
	{"latin-1 letters that are meant", "StreamTitle='Ã la carte é';", "Ã la carte é", true},
	{"iHeart", `StreamTitle='Adele - text="Hello" song_spot="M" MediaBaseId="1" itunesTrackId="0"';`, "Adele - Hello", true},
	{"iHeart, advertisement", `StreamTitle=' - text="" song_spot="T" MediaBaseId="0"';`, "", true},
	{"tildes", "StreamTitle='Adele~Hello~~~';", "Adele - Hello", true},
	{"a tilde that is meant", "StreamTitle='A ~ B';", "A ~ B", true},
	{"two that are empty", "StreamTitle=' - ';StreamUrl='http://x/';", "", true},
	{"no title", "StreamUrl='x';", "", false},
	{"nothing", "", "", false},
}

func TestStreamTitle(t *testing.T) {
	for _, c := range titleCases {
		t.Run(c.name, func(t *testing.T) {
			words, _ := newLetters("")
			got, ok := streamTitle(c.block)
			if got = tidy(words.words(got)); got != c.want || ok != c.ok {
				t.Errorf("%q, %v; want %q, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestTitleIsBounded(t *testing.T) {
	words, _ := newLetters("")
	got, _ := streamTitle("StreamTitle='" + strings.Repeat("ü", 4000) + "';")
	got = words.words(got)
	if len(got) > maxWords || len(got) < maxWords-2 {
		t.Errorf("%d bytes", len(got))
	}
}

func TestICYBitRate(t *testing.T) {
	for in, want := range map[string]int{"128": 128000, "128,128": 128000, " 64 ": 64000, "320000": 320000, "128, 64": 128000, "192.0": 192000, "Quality 4": 0, "-1": 0, "": 0} {
		if got := icyBitRate(in); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func FuzzStreamTitle(f *testing.F) {
	for _, c := range titleCases {
		f.Add(c.block)
	}
	f.Fuzz(func(t *testing.T, block string) {
		words, _ := newLetters("")
		got, _ := streamTitle(block)
		if got = words.words(got); got != text(got, maxWords) {
			t.Errorf("%q is not clean", got)
		}
	})
}

// FuzzICY cuts a body at two places: what comes out must not depend on them.
func FuzzICY(f *testing.F) {
	f.Add(weave([]byte("abcdefghijklmnopqrstuvwxyz"), 7, "StreamTitle='One';", "", "x"), uint16(3), uint16(20))
	f.Add([]byte("abcdefg\xff"), uint16(0), uint16(8))
	f.Fuzz(func(t *testing.T, body []byte, i, j uint16) {
		filter := func(pieces ...[]byte) (got []byte, titles []string) {
			d, journal := newTestICY(t, "7")
			for _, p := range pieces {
				p = slices.Clone(p)
				got = append(got, p[:d.filter(p)]...)
			}
			return got, told(d, journal)
		}
		a := min(int(i), len(body))
		b := min(max(int(j), a), len(body))
		whole, titles := filter(body)
		cut, cutTitles := filter(body[:a], body[a:b], body[b:])
		if !bytes.Equal(whole, cut) || !slices.Equal(titles, cutTitles) {
			t.Errorf("whole %q %q, cut %q %q", whole, titles, cut, cutTitles)
		}
	})
}
