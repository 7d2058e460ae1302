package wire

import (
	"slices"
	"strings"
	"testing"
)

var pragmaRows = []struct {
	lines []string
	want  Pragmas
}{
	{nil, nil},
	{[]string{``, `,, ,`}, nil},
	{[]string{`no-cache,client-id=3320437311,features="broadcast, playlist",timeout=60000`},
		Pragmas{{"no-cache", ""}, {"client-id", "3320437311"}, {"features", "broadcast, playlist"}, {"timeout", "60000"}}},
	{[]string{`no-cache`, `Client-ID = 7`, `features=""`}, Pragmas{{"no-cache", ""}, {"Client-ID", "7"}, {"features", ""}}},
	{[]string{`log-line=0.0.0.0, "a, b`}, Pragmas{{"log-line", `0.0.0.0, "a, b`}}},
	{[]string{`xClientGUID={3300AD50-2C39-46C0-AE0A-4F6B136D663C}`}, Pragmas{{"xClientGUID", "{3300AD50-2C39-46C0-AE0A-4F6B136D663C}"}}},
	{[]string{`features="seekable`}, Pragmas{{"features", "seekable"}}},
}

func TestPragmas(t *testing.T) {
	for _, row := range pragmaRows {
		if got := ParsePragmas(row.lines); !slices.Equal(got, row.want) {
			t.Errorf("%q: %q, want %q", row.lines, got, row.want)
		}
	}
	if got := ParsePragmas([]string{strings.Repeat("a=1,", maxPragmas+5)}); len(got) != maxPragmas {
		t.Errorf("%d tokens", len(got))
	}
}

func TestPragmaValues(t *testing.T) {
	p := ParsePragmas([]string{`no-cache,rate=1.000,stream-time=5000,stream-offset=1:2,packet-num=4294967295,max-duration=-1`, `XPLAYSTRM=1`, `client-id=5`, `client-id=6`, `xStopStrm=0`, `a=4294967296`})
	if n, ok := p.Number("client-id"); n != 6 || !ok {
		t.Errorf("client-id %d, %v", n, ok)
	}
	if n, ok := p.Offset("stream-offset"); n != 1<<32|2 || !ok {
		t.Errorf("stream-offset %d, %v", n, ok)
	}
	if n, ok := p.Number("packet-num"); n != NoNumber || !ok {
		t.Errorf("packet-num %d, %v", n, ok)
	}
	for _, name := range []string{"max-duration", "rate", "a", "missing"} {
		if n, ok := p.Number(name); ok {
			t.Errorf("%s is %d", name, n)
		}
	}
	if _, ok := p.Offset("stream-time"); ok {
		t.Error("stream-time is an offset")
	}
	if !p.Has("xPlayStrm") || p.Has("xStopStrm") || !p.Has("no-cache") || p.Has("missing") {
		t.Error("Has")
	}
}

func TestFeatures(t *testing.T) {
	for s, want := range map[string]Features{
		"":                           0,
		"seekable":                   FeatureSeekable,
		"broadcast,playlist":         FeatureBroadcast | FeaturePlaylist,
		" Broadcast , LIVE ,unknown": FeatureBroadcast | FeatureLive,
		"broadcast,last,live,playlist,seekable,skipbackward,skipforward,stridable": 0xFF,
	} {
		if got := ParseFeatures(s); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
		if got := ParseFeatures(want.String()); got != want {
			t.Errorf("%q is written %q", s, want.String())
		}
	}
}

func TestSwitches(t *testing.T) {
	for line, want := range map[string][]StreamEntry{
		`stream-switch-count=2,stream-switch-entry=ffff:1:0 FFFF:1f:2 `: {{0xFFFF, 1, 0}, {0xFFFF, 31, 2}},
		`stream-switch-entry=1:3:0`:                                     {{1, 3, 0}},
		`stream-switch-entry=1:3:0:4 1:2 x:1:2 1:10000:0 :: 2:3:1`:      {{2, 3, 1}},
		`stream-switch-entry=`:                                          nil,
		`stream-switch-count=2`:                                         nil,
	} {
		got := ParsePragmas([]string{line}).Switches()
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
		again := ParsePragmas([]string{string(AppendSwitches(nil, want))})
		if n, ok := again.Number("stream-switch-count"); !slices.Equal(again.Switches(), want) || !ok || int(n) != len(want) {
			t.Errorf("%q is written %q", line, again)
		}
	}
	if got := ParsePragmas([]string{"stream-switch-entry=" + strings.Repeat("ffff:1:0 ", 500)}).Switches(); len(got) != MaxStreams {
		t.Errorf("%d entries", len(got))
	}
}

var metadataRows = []struct {
	text string
	want []Described
}{
	{"playlist-gen-id=1, broadcast-id=0, features=\"\"\x00", nil},
	{"playlist-gen-id=1\x00" + "8,language,31,5,en-us,5,title,31,9,Tom,Jerry,6,author,31,0,\r\n",
		[]Described{{"en-us", "title", 31, "Tom,Jerry"}, {"en-us", "author", 31, ""}}},
	{"playlist-gen-id=1\x00" + "7,language,31,0,,5,title,31,4,a\r\nb\r\n8,language,31,2,de,5,title,31,5,S\u00fc\u00df\r\n",
		[]Described{{"", "title", 31, "a\r\nb"}, {"de", "title", 31, "Süß"}}},
	{"a=1\x00" + "5,title,31,400,short", nil},
	{"a=1\x00" + "-5,title,31,4,abcd", nil},
	{"a=1\x00" + "99999999999,title,31,4,abcd", nil},
	{"a=1\x00" + "5,title,31,4,abcd,4,bad,3", []Described{{"", "title", 31, "abcd"}}},
	{"a=1", nil},
	{"", nil},
}

func TestMetadata(t *testing.T) {
	for _, row := range metadataRows {
		m := ParseMetadata([]byte(row.text))
		if !slices.Equal(m.Description, row.want) {
			t.Errorf("%q: %+v, want %+v", row.text, m.Description, row.want)
		}
		if again := ParseMetadata(AppendMetadata(nil, &m)); !slices.Equal(again.Description, row.want) || !slices.Equal(again.Tokens, m.Tokens) {
			t.Errorf("%q is written %+v", row.text, again)
		}
	}
	m := ParseMetadata([]byte(metadataRows[1].text))
	if v, ok := m.Get("title"); v != "Tom,Jerry" || !ok {
		t.Errorf("title %q, %v", v, ok)
	}
	if n, ok := m.Tokens.Number("playlist-gen-id"); n != 1 || !ok {
		t.Errorf("playlist-gen-id %d, %v", n, ok)
	}
}
