package playlist

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var charsetLines = []struct{ line, label, want string }{
	{`#EXTINF:-1,Маяк`, "windows-1251", `#EXTINF:-1 charset="windows-1251",Маяк`},
	{`#EXTINF:-1 tvg-id="a" group-title="B, C",D`, "koi8-r", `#EXTINF:-1 charset="koi8-r" tvg-id="a" group-title="B, C",D`},
	{`#EXTINF:-1 tvg-id="a" CharSet='x'  group-title="B",D`, "gbk", `#EXTINF:-1 charset="gbk" tvg-id="a"  group-title="B",D`},
	{`#EXTINF:-1 charset=x tvg-id=a,D`, "", `#EXTINF:-1 tvg-id=a,D`},
	{`#EXTINF:-1 charset="x" charset="y",D`, "", `#EXTINF:-1,D`},
	{`#EXTINF:-1, charset="in a name",D`, "", `#EXTINF:-1, charset="in a name",D`},
	{`#extinf: -1 BBC One`, "gbk", `#extinf: -1 charset="gbk" BBC One`},
	{`#EXTINF`, "gbk", `#EXTINF charset="gbk"`},
	{`#EXTINF:-1 x="never closed,D`, "gbk", `#EXTINF:-1 charset="gbk" x="never closed,D`},
}

func TestWithCharset(t *testing.T) {
	for _, c := range charsetLines {
		e := parseEntry([]string{c.line}, "http://h/x").WithCharset(c.label)
		if e.Raw[0] != c.want || e.Charset != c.label {
			t.Errorf("%s and %q: %s, %q; want %s", c.line, c.label, e.Raw[0], e.Charset, c.want)
		}
	}
	if e := NewEntry("http://h/x").WithCharset(`a"b`); e.Charset != "a'b" || e.Raw != nil {
		t.Errorf("%+v", e)
	}
}

// FuzzWithCharset: the charset is what the line says afterwards, and all else
// is what it was.
func FuzzWithCharset(f *testing.F) {
	for _, c := range charsetLines {
		f.Add(strings.TrimPrefix(c.line, "#EXTINF"))
	}
	f.Fuzz(func(t *testing.T, rest string) {
		was := parseEntry([]string{"#EXTINF:-1 " + rest}, "http://h/x")
		set := was.WithCharset("gbk")
		if set.Charset == was.Charset {
			return // left as it is
		}
		read := parseEntry(set.Raw, "http://h/x")
		if !reflect.DeepEqual(set, read) {
			t.Errorf("%q is read as %+v, want %+v", set.Raw, read, set)
		}
		set.Raw, set.Charset, was.Raw, was.Charset = nil, "", nil, ""
		if !reflect.DeepEqual(set, was) {
			t.Errorf("of %q: %+v, was %+v", rest, set, was)
		}
	})
}

// TestSetCharset edits a file that somebody else wrote: the one line changes,
// and nothing else does.
func TestSetCharset(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, favouritesFile)
	write(t, path, "\ufeff#EXTM3U x=\"y\"\r\n# mine\r\n#EXTINF:-1 group-title=\"R\",Маяк\r\n#EXTVLCOPT:http-referrer=http://r/\r\nhttp://h/1\r\n"+
		"http://h/2\r\n#KODIPROP:a=b\r\nhttp://h/3|User-Agent=x\r\n#EXTINF:0,four\r\nhttp://h/4")
	s := openStore(t, dir)
	for url, label := range map[string]string{"http://h/1": "windows-1251", "http://h/2": "koi8-r", "http://h/3": "gbk", "http://h/5": "big5"} {
		if err := s.SetCharset(url, label); err != nil {
			t.Fatal(err)
		}
	}
	want := "\ufeff#EXTM3U x=\"y\"\r\n# mine\r\n#EXTINF:-1 charset=\"windows-1251\" group-title=\"R\",Маяк\r\n#EXTVLCOPT:http-referrer=http://r/\r\nhttp://h/1\r\n" +
		"#EXTINF:0 charset=\"koi8-r\",\r\nhttp://h/2\r\n#EXTINF:0 charset=\"gbk\",\r\n#KODIPROP:a=b\r\nhttp://h/3|User-Agent=x\r\n#EXTINF:0,four\r\nhttp://h/4"
	if got := content(t, path); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	entries, err := openStore(t, dir).Favourites()
	if err != nil || entries[0].Charset != "windows-1251" || entries[1].Charset != "koi8-r" || entries[2].Charset != "gbk" || entries[3].Charset != "" {
		t.Errorf("%+v, %v", entries, err)
	}
	for _, e := range entries {
		if err := s.SetCharset(e.URL, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := content(t, path); strings.Contains(got, "charset") {
		t.Errorf("%q", got)
	}
	// It goes along to a list of what was played, and back.
	e := Entry{URL: "http://h/9", Name: "nine", Charset: "euc-kr"}
	toggle(t, s, e, true)
	if entries, _ = openStore(t, dir).Favourites(); entries[4].Charset != "euc-kr" {
		t.Errorf("%+v", entries[4])
	}
}
