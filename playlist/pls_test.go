package playlist

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

var plsLists = []struct {
	text string
	want string // "name link seconds" of each
}{
	{"[playlist]\nFile1=http://a/1\nTitle1=One\nLength1=-1\nNumberOfEntries=1\nVersion=2\n", "One http://a/1 -1\n"},
	{"[Playlist]\r\nnumberofentries=2\r\ntitle2=Two = 2\r\nFILE2 = http://a/2?x=y\r\nfile1=http://a/1\r\nLENGTH2=60\r\n", " http://a/1 0\nTwo = 2 http://a/2?x=y 60\n"},
	{"\ufeff\n[playlist]\n; comment\nFile10=http://a/10\nFile3=http://a/3\nTitle7=nothing\n", " http://a/3 0\n http://a/10 0\n"},
	{"File1=http://a/1\nTitle1=No header\n", "No header http://a/1 0\n"},
	{"[playlist]\nFile1=http://a/1\n[playlist]\nFile1=http://a/2\n[other]\nFile2=http://a/3\n", " http://a/1 0\n http://a/2 0\n"},
	{"[playlist]\nFile99999999999=http://a/1\nFile-1=http://a/2\nFile=http://a/3\nFile0=http://a/0\n", " http://a/0 0\n"},
	{"[playlist]\nFile1=\nTitle1=Empty\n", ""},
	{"[playlist]\nTitle1=\x1b[31mCaf\xe9\nFile1=mms://a/1\n", "Café mms://a/1 0\n"},
	{"[playlist]\nFile1=#x\nFile2=\ufeff\nFile3=|User-Agent=x\n", ""},
	{"[playlist]", ""},
}

func TestPLS(t *testing.T) {
	for _, c := range plsLists {
		entries := mustRead(t, []byte(c.text))
		var got strings.Builder
		for _, e := range entries {
			fmt.Fprintln(&got, e.Name, e.URL, seconds(e.Duration))
		}
		if got.String() != c.want {
			t.Errorf("%q:\n got %q\nwant %q", c.text, got.String(), c.want)
		}
	}
}

func FuzzPLS(f *testing.F) {
	for _, c := range plsLists {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, _, err := readAll(append([]byte("[playlist]\n"), text...))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name != clean(e.Name) {
				t.Errorf("got %+v", e)
			}
		}
		if err := WriteM3U(io.Discard, entries); err != nil {
			t.Error(err)
		}
	})
}
