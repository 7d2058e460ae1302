package playlist

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func indexOf(entries ...Entry) *Index {
	x := new(Index)
	for batch := range slices.Chunk(entries, 2) {
		x.Add(batch)
	}
	return x
}

func TestFilter(t *testing.T) {
	x := indexOf(
		Entry{Name: "BBC One HD", Group: "UK | General"},
		Entry{Name: "BBC World Service", Group: "Radio"},
		Entry{Name: "Télé Müller", Group: "France"},
		Entry{Name: "ПЕРВЫЙ Канал", Group: "Россия"},
		Entry{Name: "Straße Łódź İstanbul Ærø"},
		Entry{URL: "http://user:secret@radio.example/live"},
		Entry{Name: "한국방송 ﬁlm ΟΔΟΣ", Group: "Radio"},
	)
	for _, c := range []struct {
		query string
		want  string
	}{
		{"", "[0 1 2 3 4 5 6]"},
		{"  ", "[0 1 2 3 4 5 6]"},
		{"bbc", "[0 1]"},
		{"BBC hd", "[0]"},
		{"one bbc", "[0]"},
		{"radio", "[1 5 6]"},
		{"radio bbc", "[1]"},
		{"uk bbc", "[0]"},
		{"tele mull", "[2]"},
		{"TÉLÉ", "[2]"},
		{"te\u0301le", "[2]"},
		{"первый", "[3]"},
		{"первыи росс", "[3]"},
		{"strasse", "[4]"},
		{"lodz istanbul aero", "[4]"},
		{"secret", "[]"},
		{"radio.example", "[5]"},
		{"한국", "[6]"},
		{"film", "[6]"},
		{"οδος", "[6]"},
		{"onehd", "[]"},
		{"hd uk", "[0]"},
		{"hdbbc", "[]"},
		{strings.Repeat("x", 2*maxQuery), "[]"},
		{"e", "[0 1 2 4 5]"},
	} {
		if got := fmt.Sprint(x.Filter(c.query, nil)); got != c.want {
			t.Errorf("%q: got %s, want %s", c.query, got, c.want)
		}
	}
	if got := x.Filter("bbc", x.InGroup("Radio")); fmt.Sprint(got) != "[1]" {
		t.Errorf("within a group: %v", got)
	}
	if got := x.Filter("bbc", []int32{}); got == nil || len(got) != 0 {
		t.Errorf("within nothing: %v", got)
	}
	if got := new(Index).Filter("x", nil); got == nil || len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestGroups(t *testing.T) {
	x := indexOf(
		Entry{Name: "1"}, Entry{Name: "2", Group: "News;Kids; News"}, Entry{Name: "3", Group: "Kids"},
		Entry{Name: "4", Group: ";"}, Entry{Name: "5", Group: "Art"},
	)
	if got := fmt.Sprint(x.Groups()); got != "[{News 1} {Kids 2} {Art 1} {Uncategorized 2}]" {
		t.Error(got)
	}
	if got := fmt.Sprint(x.InGroup("Kids"), x.InGroup(Uncategorized), x.InGroup("None")); got != "[1 2] [0 3] []" {
		t.Error(got)
	}
	if x := indexOf(Entry{Name: "1"}); x.Groups() != nil || x.InGroup(Uncategorized) == nil || len(x.InGroup(Uncategorized)) > 0 {
		t.Error("a list without groups has groups")
	}
	x = indexOf(Entry{Name: "1"}, Entry{Name: "2", Group: Uncategorized}, Entry{Name: "3"})
	if got := fmt.Sprint(x.Groups(), x.InGroup(Uncategorized)); got != "[{Uncategorized 3}] [0 1 2]" {
		t.Error(got)
	}
}

// Every way to an answer gives the same one.
func TestFilterAgrees(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	text := func(n int) string {
		b := make([]byte, rnd.IntN(n))
		for i := range b {
			b[i] = "abcAB é "[rnd.IntN(8)]
		}
		return clean(string(b))
	}
	var entries []Entry
	for range 500 {
		entries = append(entries, Entry{Name: text(12), Group: text(4), URL: "x"})
	}
	x := indexOf(entries...)
	for range 2000 {
		query := text(8)
		want := []int32{}
		for i, e := range entries {
			name := string(appendFolded(nil, e.Name))
			if e.Name == "" {
				name = "x"
			}
			group, all := string(appendFolded(nil, e.Group)), true
			for _, w := range words(query) {
				all = all && (strings.Contains(name, w) || strings.Contains(group, w))
			}
			if all {
				want = append(want, int32(i))
			}
		}
		if got := x.Filter(query, nil); !slices.Equal(got, want) {
			t.Fatalf("%q: got %v, want %v", query, got, want)
		}
		old := text(4)
		if Narrows(old, query) {
			if got := x.Filter(query, x.Filter(old, nil)); !slices.Equal(got, want) {
				t.Fatalf("%q after %q: got %v, want %v", query, old, got, want)
			}
		}
	}
}

func TestNarrows(t *testing.T) {
	for _, c := range []struct {
		old, query string
		want       bool
	}{
		{"", "b", true}, {"b", "bb", true}, {"bb", "b", false}, {"bbc", "bbc ne", true}, {"bbc", "ne BBC", true},
		{"bbc ne", "bbc new", true}, {"bbc ne", "bbc", false}, {"", "", true}, {"é", "E", true},
	} {
		if got := Narrows(c.old, c.query); got != c.want {
			t.Errorf("%q to %q: %v", c.old, c.query, got)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		text := panel(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Read(bytes.NewReader(text), "list", func([]Entry, int64) bool { return true }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("first batch", func(b *testing.B) {
		text := panel(10_000)
		for b.Loop() {
			_ = Read(bytes.NewReader(text), "list", func([]Entry, int64) bool { return false })
		}
	})
}

func BenchmarkIndex(b *testing.B) {
	var batch []Entry
	_ = Read(bytes.NewReader(panel(2000)), "list", func(e []Entry, _ int64) bool {
		batch = append(batch, e...)
		return true
	})
	for b.Loop() {
		new(Index).Add(batch)
	}
}

func BenchmarkFilter(b *testing.B) {
	for _, n := range []int{100_000, 500_000} {
		x := new(Index)
		if err := Read(bytes.NewReader(panel(n)), "list", func(e []Entry, _ int64) bool {
			x.Add(e)
			return true
		}); err != nil {
			b.Fatal(err)
		}
		for _, query := range []string{"e", "n", "news", "9999", "hd world", "e n", "s r 1", "zzz", "первый", "kids | hd"} {
			b.Run(fmt.Sprintf("%d/%s", n, query), func(b *testing.B) {
				for b.Loop() {
					x.Filter(query, nil)
				}
			})
		}
		within := x.Filter("ne", nil)
		b.Run(fmt.Sprintf("%d/narrowing", n), func(b *testing.B) {
			for b.Loop() {
				x.Filter("new", within)
			}
		})
	}
}
