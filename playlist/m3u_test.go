package playlist

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// readAll reads a whole list.
func readAll(text []byte) (entries []Entry, problems *Problems, err error) {
	err = Read(bytes.NewReader(text), "list", func(batch []Entry, _ int64) bool {
		entries = append(entries, batch...)
		return true
	})
	if errors.As(err, &problems) {
		err = nil
	}
	return entries, problems, err
}

func mustRead(t *testing.T, text []byte) []Entry {
	t.Helper()
	entries, _, err := readAll(text)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestInfoLine(t *testing.T) {
	for _, c := range []struct {
		line string
		want Entry
	}{
		{`-1,BBC One`, Entry{Name: "BBC One", Duration: -1}},
		{`212,Artist, The - Title`, Entry{Name: "Artist, The - Title", Duration: 212 * time.Second}},
		{`9.009,Segment`, Entry{Name: "Segment", Duration: 9009 * time.Millisecond}},
		{` -1 , Name`, Entry{Name: "Name", Duration: -1}},
		{`,Name`, Entry{Name: "Name"}},
		{`0,`, Entry{}},
		{``, Entry{}},
		{`-1 BBC One`, Entry{Name: "BBC One", Duration: -1}},
		{`BBC One`, Entry{Name: "BBC One"}},
		{`-1 tvg-id="a" tvg-logo="http://x/l.png" group-title="G",N`, Entry{Name: "N", ID: "a", Logo: "http://x/l.png", Group: "G", Duration: -1}},
		{`-1 TVG-ID="a" Group-Title="G",N`, Entry{Name: "N", ID: "a", Group: "G", Duration: -1}},
		{`-1,group-title="not an attribute",N`, Entry{Name: `group-title="not an attribute",N`, Duration: -1}},
		{`-1 group-title="A, B; C",N, with comma`, Entry{Name: "N, with comma", Group: "A, B; C", Duration: -1}},
		{`-1 tvg-id="a"tvg-logo="l",N`, Entry{Name: "N", ID: "a", Logo: "l", Duration: -1}},
		{`-1 tvg-id='a' group-title='B "C"',N`, Entry{Name: "N", ID: "a", Group: `B "C"`, Duration: -1}},
		{`-1 tvg-id=a group-title=UK News,N`, Entry{Name: "N", ID: "a", Group: "UK News", Duration: -1}},
		{`-1 group-title=UK News tvg-id=a,N`, Entry{Name: "N", ID: "a", Group: "UK News", Duration: -1}},
		{`-1 group-title="The "Best", of",N`, Entry{Name: `of",N`, Group: `The "Best`, Duration: -1}},
		{`-1 group-title="The "Best" of",N`, Entry{Name: "N", Group: `The "Best" of`, Duration: -1}},
		{`-1 group-title="Unclosed,N`, Entry{Name: "N", Group: "Unclosed", Duration: -1}},
		{`-1 tvg-name="From tvg-name",`, Entry{Name: "From tvg-name", Duration: -1}},
		{`-1 tvg-name="From tvg-name"`, Entry{Name: "From tvg-name", Duration: -1}},
		{`-1 tvg-id="" group-title="",N`, Entry{Name: "N", Duration: -1}},
		{`-1 group-title="First" group-title="Second",N`, Entry{Name: "N", Group: "First", Duration: -1}},
		{`-1 http-user-agent="UA" http-referrer="R",N`, Entry{Name: "N", UserAgent: "UA", Referer: "R", Duration: -1}},
		{`-1 loose words tvg-id="a" more,N`, Entry{Name: "N", ID: "a", Duration: -1}},
		{`1e999,N`, Entry{Name: "N", Duration: time.Second}},
		{`99999999999999999999,N`, Entry{Name: "N", Duration: maxDuration}},
		{`--1.2.3,N`, Entry{Name: "N"}},
		{"-1\ttvg-id=\"a\"\t,\tN\t", Entry{Name: "N", ID: "a", Duration: -1}},
	} {
		var e Entry
		e.parseInfo(c.line)
		if !reflect.DeepEqual(e, c.want) {
			t.Errorf("%s\n got %+v\nwant %+v", c.line, e, c.want)
		}
	}
}

func TestSplitOptions(t *testing.T) {
	for _, c := range []struct{ line, link, options string }{
		{"http://a/1", "http://a/1", ""},
		{"http://a/1|User-Agent=x", "http://a/1", "User-Agent=x"},
		{"http://a/1 |referer=x&b=c", "http://a/1", "referer=x&b=c"},
		{"http://a/1?x=a|b=c", "http://a/1?x=a|b=c", ""},
		{"http://a/1?x=a|b=c|X-Y=1", "http://a/1?x=a|b=c", "X-Y=1"},
		{"rtsp://u:p|w@h/", "rtsp://u:p|w@h/", ""},
		{"http://a/1|", "http://a/1|", ""},
		{"rtmp://$OPT:rtmp-raw=rtmp://h/a|User-Agent=x", "rtmp://$OPT:rtmp-raw=rtmp://h/a|User-Agent=x", ""},
	} {
		if link, options := splitOptions(c.line); link != c.link || options != c.options {
			t.Errorf("%s: got %q and %q", c.line, link, options)
		}
	}
}

// What the odd files say, field by field: name, group, link.
func TestOddFiles(t *testing.T) {
	for file, want := range map[string][][3]string{
		"panel": {
			{"BBC One, HD", "UK, General", "http://panel.example:8080/live/u/p/1.ts"},
			{"No Group", "", "http://panel.example:8080/live/u/p/2.ts"},
			{"Sky Sports", "UK Sports", "http://panel.example:8080/live/u/p/3.ts"},
		},
		"crlf-bom": {{"Artist - Title", "", `music\a.mp3`}, {"Radio Маяк", "", "http://radio.example:8000/mayak"}},
		"cr":       {{"One", "", "http://a.example/1"}, {"Two", "", "http://a.example/2"}},
		"latin1":   {{"Café – Télé", "Français", "http://a.example/caf\xe9"}, {"€ UTF", "", "http://a.example/2"}},
		"kodiprop": {{"Before", "DASH", "http://a.example/1.mpd"}, {"After", "DASH", "http://a.example/2.mpd"}},
		"bare": {
			{"", "", "http://a.example/1"}, {"", "", "rtsp://cam:pa|ss@10.0.0.1/Streaming/Channels/101"},
			{"", "", "radio.example.org:8000/live"}, {"", "", "music/My Song.mp3"}, {"", "", "mms://old.example/clip.wmv"},
		},
		"extgrp": {
			{"One", "News", "http://a.example/1"}, {"Two", "News", "http://a.example/2"}, {"Three", "Own", "http://a.example/3"},
			{"Four", "Titled", "http://a.example/4"}, {"", "News", "http://a.example/5"}, {"Six", "", "http://a.example/6"},
		},
		"flash": {{"Old clip", "Flash", "rtmp://$OPT:rtmp-raw=rtmp://f.example/live playpath=a swfUrl=http://f.example/p.swf live=1|User-Agent=x"}},
		"hostile": {
			{"Name gnp.exe", "Red", "http://a.example/\x1b[2J"}, {`The "Best", show`, "", "--sout=file:///etc/passwd"},
			{"Unclosed", "News", "http://a.example/2"},
		},
		"pyradio": {{"Radio", "", "https://r.example/live"}},
		"joined":  {{"One", "", "http://a.example/1"}, {"Two", "", "http://a.example/2"}, {"", "", "http://a.example/3"}},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", "m3u", file+".m3u"))
		if err != nil {
			t.Fatal(err)
		}
		var got [][3]string
		for _, e := range mustRead(t, text) {
			got = append(got, [3]string{e.Name, e.Group, e.URL})
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", file, got, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	text, err := os.ReadFile("testdata/m3u/panel.m3u")
	if err != nil {
		t.Fatal(err)
	}
	e := mustRead(t, text)[2]
	if e.UserAgent != "Mozilla/5.0 (X11; Linux)" || e.Referer != "http://ref.example/" {
		t.Errorf("EXTVLCOPT gives %q and %q", e.UserAgent, e.Referer)
	}
	if text, err = os.ReadFile("testdata/m3u/kodiprop.m3u"); err != nil {
		t.Fatal(err)
	}
	both := mustRead(t, text)
	if e := both[1]; e.UserAgent != "Kodi/20.0" || e.Referer != "http://r.example/  X: y" {
		t.Errorf("the pipe gives %q and %q", e.UserAgent, e.Referer)
	}
	if len(both[0].Raw) != 3 || len(both[1].Raw) != 3 {
		t.Errorf("lines before EXTINF, after it and a comment: %q, %q", both[0].Raw, both[1].Raw)
	}
}

// The lines of every entry of the odd files are written as they were read.
func TestWriteIsExact(t *testing.T) {
	files, err := filepath.Glob("testdata/m3u/*.m3u")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := parseDocument(text)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, e := range d.entries {
			for _, l := range e.lines {
				want = append(want, strings.TrimRight(string(text[l.from:l.to]), "\r\n"))
			}
		}
		entries := mustRead(t, text)
		var out bytes.Buffer
		if err := WriteM3U(&out, entries); err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")[1:]
		// A group that began before has to be said again.
		got = slices.DeleteFunc(got, func(l string) bool { return l == "#EXTGRP:News" || l == `#EXTINF:0 group-title="News",` })
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", file, got, want)
		}
		sameEntries(t, mustRead(t, out.Bytes()), entries)
	}
}

// sameEntries compares what is understood, and that exact lines stay.
func sameEntries(t *testing.T, got, want []Entry) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d entries became %d", len(want), len(got))
	}
	for i := range want {
		g, w := got[i], want[i]
		for _, r := range w.Raw {
			if !slices.Contains(g.Raw, r) {
				t.Errorf("entry %d lost the line %q", i, r)
			}
		}
		g.Raw, w.Raw = nil, nil
		if !reflect.DeepEqual(g, w) {
			t.Errorf("entry %d\n got %+v\nwant %+v", i, g, w)
		}
	}
}

// Entries without Raw, of any text, keep their fields and their number.
func TestWriteAnything(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"BBC", " ", ",", "\"", "'", "\n", "\r\n", "#EXTINF:-1,x", "http://evil/", "=", "tvg-id=", "é", "\x1b[31m", "\x00", "|", "#", ";", "\u202e", "\\", "\u2028", "\xff"}
	text := func() string {
		var b strings.Builder
		for range rnd.IntN(6) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		return b.String()
	}
	quoted := func(s string) string { return strings.ReplaceAll(clean(s), `"`, "'") }
	for range 500 {
		var entries, want []Entry
		for i := range 10 {
			e := Entry{Name: text(), Group: text(), ID: text(), Logo: text(), UserAgent: text(), Referer: text(),
				URL: fmt.Sprintf("http://a.example/%d", i), Duration: time.Duration(rnd.IntN(1e6)-1) * time.Millisecond}
			e.Duration = max(e.Duration, -1)
			entries = append(entries, e)
			e.Name, e.Group, e.ID, e.Logo = clean(e.Name), clean(e.Group), quoted(e.ID), quoted(e.Logo)
			e.UserAgent = clean(strings.Trim(clean(e.UserAgent), `" `))
			e.Referer = clean(strings.Trim(clean(e.Referer), `" `))
			want = append(want, e)
		}
		var out bytes.Buffer
		if err := WriteM3U(&out, entries); err != nil {
			t.Fatal(err)
		}
		sameEntries(t, mustRead(t, out.Bytes()), want)
		if t.Failed() {
			t.Fatalf("%q", out.String())
		}
	}
}

func TestUnwritable(t *testing.T) {
	for _, e := range []Entry{
		{}, {URL: " "}, {URL: "#x"}, {URL: "http://a/\nhttp://b/"}, {URL: " http://a/"}, {URL: "http://a/\r"},
		{URL: "\ufeff#x"}, {URL: strings.Repeat("x", MaxLine+1)},
	} {
		if err := WriteM3U(new(bytes.Buffer), []Entry{e}); !errors.Is(err, ErrUnwritable) {
			t.Errorf("%.40q gives %v", e.URL, err)
		}
	}
}

// Raw and Line that do not come from Read cannot bring lines in.
func TestForgedLines(t *testing.T) {
	for _, e := range []Entry{
		{URL: "http://a/", Name: "N", Raw: []string{"#EXTINF:-1,N\nhttp://evil/"}},
		{URL: "http://a/", Name: "N", Raw: []string{"http://evil/"}},
		{URL: "http://a/", Name: "N", Raw: []string{"#EXTM3U"}},
		{URL: "http://a/", Name: "N", Line: "http://evil/"},
		{URL: "http://a/", Name: "N", Line: "http://a/\nhttp://evil/"},
		{URL: "http://a/", Name: "N", Line: "http://a/|User-Agent=\nhttp://evil/"},
	} {
		var out bytes.Buffer
		if err := WriteM3U(&out, []Entry{e}); err != nil {
			t.Error(err)
		}
		if got := mustRead(t, out.Bytes()); len(got) != 1 || got[0].URL != e.URL || got[0].Name != "N" {
			t.Errorf("%+v became %q", e, out.String())
		}
	}
}

func TestStream(t *testing.T) {
	for _, text := range []string{
		"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n1.ts\n",
		"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n",
		"#EXTM3U\n#EXTINF:10,\n1.ts\n#EXT-X-ENDLIST\n",
		"\ufeff#EXTM3U\r\n#ext-x-media-sequence:1\r\n",
	} {
		if _, _, err := readAll([]byte(text)); !errors.Is(err, ErrStream) {
			t.Errorf("%q gives %v", text, err)
		}
	}
	// A tag that strayed into a list of channels makes no stream of it, and
	// does not get into copies.
	text := "#EXTM3U\n#EXTINF:-1 tvg-id=\"a\",A\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://a/\n"
	if e := mustRead(t, []byte(text)); len(e) != 1 || len(e[0].Raw) != 1 {
		t.Errorf("got %+v", e)
	}
}

func FuzzM3U(f *testing.F) {
	files, _ := filepath.Glob("testdata/m3u/*.m3u")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, _, err := readAll(text)
		if err != nil {
			return
		}
		for _, e := range entries {
			if e.Name != clean(e.Name) || e.Group != clean(e.Group) {
				t.Errorf("%q, %q hold what cannot be shown", e.Name, e.Group)
			}
		}
		var out bytes.Buffer
		if err := WriteM3U(&out, entries); err != nil {
			t.Fatal(err)
		}
		sameEntries(t, mustRead(t, out.Bytes()), entries)
	})
}
