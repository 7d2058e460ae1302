package playlist

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"
)

// panel writes a list as IPTV panels do, n entries long.
func panel(n int) []byte {
	var b bytes.Buffer
	b.WriteString("#EXTM3U url-tvg=\"http://epg.example/x.xml\"\n")
	words := []string{"News", "Sport", "Cinéma", "Kids", "Música", "HD", "World", "Radio", "Первый", "Channel"}
	for i := range n {
		name := words[i%10] + " " + words[i/10%10] + " " + words[i/100%10] + fmt.Sprintf(" %d", i)
		fmt.Fprintf(&b, "#EXTINF:-1 tvg-id=\"ch%d.example\" tvg-name=\"%s\" tvg-logo=\"http://logo.example/%d.png\" group-title=\"%s | %s\",%s\n",
			i, name, i, words[i/1000%10], words[i/7%10], name)
		fmt.Fprintf(&b, "http://panel.example:8080/live/user/password/%d.ts\n", i)
	}
	return b.Bytes()
}

func TestNotAList(t *testing.T) {
	for name, text := range map[string]string{
		"binary":  "ID3\x04\x00\x00\x00\x00\x00\x21TSSE",
		"noise":   strings.Repeat("\x01\x02abcdefgh\x03\xfe\xff", 200),
		"page":    "<!DOCTYPE html>\n<html><body>404: list.m3u not found</body></html>",
		"json":    "{\n \"a\": 1\n}",
		"array":   "[1, 2]",
		"prose":   strings.Repeat("This is a sentence about nothing\nand here is another one\n", 100),
		"little":  "hello\n",
		"oneline": strings.Repeat("x ", MaxLine),
	} {
		entries, _, err := readAll([]byte(text))
		if name == "oneline" {
			// Nothing can be said of a line that is not held.
			if len(entries) > 0 {
				t.Errorf("%s: got %d entries", name, len(entries))
			}
			continue
		}
		if !errors.Is(err, ErrNotAList) || len(entries) > 0 {
			t.Errorf("%s: got %d entries, %v", name, len(entries), err)
		}
	}
	for _, text := range []string{"", "\n\n", "#EXTM3U", "\ufeff"} {
		if entries, problems, err := readAll([]byte(text)); len(entries) > 0 || problems != nil || err != nil {
			t.Errorf("%q is an empty list, got %v, %v, %v", text, entries, problems, err)
		}
	}
}

func TestNameIsRedacted(t *testing.T) {
	err := Read(strings.NewReader("<html>"), "http://user:secret@host/get?password=secret\x1b[2J", nil)
	if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\x1b") {
		t.Error(err)
	}
}

func TestProblems(t *testing.T) {
	text := "#EXTM3U\n#EXTINF:-1,A\n#EXTINF:-1,B\nhttp://a/b\nsome words\n" + strings.Repeat("x", MaxLine+1) + "\n" +
		"#EXTINF:-1,C\nhttp://a/c\n#EXTINF:-1,D"
	entries, problems, err := readAll([]byte(text))
	if err != nil || len(entries) != 2 || problems == nil || problems.Total != 4 {
		t.Fatalf("got %d entries, %v, %v", len(entries), problems, err)
	}
	for i, line := range []int{3, 5, 6, 10} {
		if problems.First[i].Line != line {
			t.Errorf("problem %d is of %v, want line %d", i, problems.First[i], line)
		}
	}
	if got := problems.Error(); got != "list: 4 lines left out, first line 3: the entry before it has no link" {
		t.Error(got)
	}
	_, problems, _ = readAll([]byte("#EXTM3U\n" + strings.Repeat("not a link\n", 1000)))
	if problems.Total != 1000 || len(problems.First) != maxProblems {
		t.Errorf("of %d problems %d are kept", problems.Total, len(problems.First))
	}
}

func TestUTF16(t *testing.T) {
	for _, order := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
		text, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().Bytes(panel(3000))
		if err != nil {
			t.Fatal(err)
		}
		if got := mustRead(t, text); len(got) != 3000 || got[2].Name != "Cinéma News News 2" {
			t.Errorf("got %d entries, %+v", len(got), got[2])
		}
	}
	if _, _, err := readAll([]byte("\xff\xfe<\x00h\x00")); !errors.Is(err, ErrNotAList) {
		t.Error(err)
	}
}

func TestBatches(t *testing.T) {
	text := panel(5000)
	var sizes []int
	last := int64(0)
	err := Read(bytes.NewReader(text), "list", func(batch []Entry, read int64) bool {
		sizes = append(sizes, len(batch))
		if read < last {
			t.Errorf("read goes from %d to %d", last, read)
		}
		last = read
		return true
	})
	if err != nil || fmt.Sprint(sizes) != "[100 2000 2000 900]" || last != int64(len(text)) {
		t.Errorf("batches %v, %d of %d bytes, %v", sizes, last, len(text), err)
	}
	calls := 0
	err = Read(bytes.NewReader(text), "list", func([]Entry, int64) bool { calls++; return false })
	if calls != 1 || err != nil {
		t.Errorf("after no it was called %d times, %v", calls, err)
	}
}

// repeated is text n times over, made as it is read.
type repeated struct {
	text string
	n    int64 // bytes left
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.n <= 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), r.n)]
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	r.n -= int64(n)
	return n, nil
}

// A line of 1 GB costs neither memory nor the entries around it.
func TestHugeLine(t *testing.T) {
	r := io.MultiReader(
		strings.NewReader("#EXTM3U\n#EXTINF:-1,Before\nhttp://a/1\n"),
		&repeated{text: strings.Repeat("x", 1<<16), n: 1 << 30},
		strings.NewReader("\n#EXTINF:-1,After\nhttp://a/2\n"),
	)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var names []string
	err := Read(r, "list", func(batch []Entry, _ int64) bool {
		for _, e := range batch {
			names = append(names, e.Name)
		}
		return true
	})
	runtime.ReadMemStats(&after)
	var problems *Problems
	if !errors.As(err, &problems) || problems.Total != 1 || problems.First[0].Line != 4 || fmt.Sprint(names) != "[Before After]" {
		t.Errorf("got %v, %v", names, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("it took %d bytes", used)
	}
}

func TestMaxEntries(t *testing.T) {
	const line = "http://a/1\n"
	r := &repeated{text: line, n: (MaxEntries + 10) * int64(len(line))}
	n := 0
	err := Read(r, "list", func(batch []Entry, _ int64) bool { n += len(batch); return true })
	var problems *Problems
	if !errors.As(err, &problems) || n != MaxEntries {
		t.Errorf("got %d entries, %v", n, err)
	}
}

// What is endless can be left, although no entry comes.
func TestEndlessComments(t *testing.T) {
	calls := 0
	err := Read(&repeated{text: "# nothing\n", n: 1 << 62}, "list", func(batch []Entry, read int64) bool {
		calls++
		return read < 3*quiet
	})
	if err != nil || calls < 2 || calls > 4 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken")
	r := io.MultiReader(bytes.NewReader(panel(150)), errReader{broken})
	n := 0
	err := Read(r, "list", func(batch []Entry, _ int64) bool { n += len(batch); return true })
	if !errors.Is(err, broken) || n != 150 {
		t.Errorf("%d entries, %v", n, err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.m3u")
	if err := os.WriteFile(path, append(panel(2500), "no link\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Load(path)
	if err != nil || l.Name != "news" || l.Path != path || len(l.Entries) != 2500 || l.Problems.Total != 1 {
		t.Errorf("got %+v, %v", l.Problems, err)
	}
	if _, err := Load(filepath.Dir(path)); err == nil {
		t.Error("a directory is a list")
	}
	if _, err := Load(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// A list costs its own text, and for each entry well under 300 bytes more.
func TestMemory(t *testing.T) {
	const n = 100_000
	text := panel(n)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	var all [][]Entry
	if err := Read(bytes.NewReader(text), "list", func(batch []Entry, _ int64) bool {
		all = append(all, batch)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	list := heap() - before
	x := new(Index)
	for _, batch := range all {
		x.Add(batch)
	}
	index := heap() - before - list
	over := (int64(list) - int64(len(text))) / n
	t.Logf("per entry: %d bytes of text, %d more in the list, %d in the index", len(text)/n, over, index/n)
	if over > 240 {
		t.Errorf("an entry costs %d bytes beside its text", over)
	}
	runtime.KeepAlive(all)
	runtime.KeepAlive(x)
	runtime.KeepAlive(text)
}
