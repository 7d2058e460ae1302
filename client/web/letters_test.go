package web

import (
	"math"
	"slices"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"tapedeck/client/media"
	"tapedeck/client/trace"
	"tapedeck/client/web/webtest"
)

// TestLetters: what a station's words are read as, one after another.
func TestLetters(t *testing.T) {
	encode := func(table *charmap.Charmap, s string) string {
		b, err := table.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		name, label string
		table       *charmap.Charmap // nil: UTF-8
		words       []string
	}{
		{"UTF-8", "", nil, []string{"Кино - Группа крови", "Björk – 東京"}},
		{"Western", "", charmap.Windows1252, []string{"Björk - Jóga", "Céline Dion – Où s'en vont les étés", "ÆØÅ", "Sigur Rós - Ágætis byrjun", "Über"}},
		{"Windows-1251", "", charmap.Windows1251, []string{"Кино - Группа крови", "ДДТ - Что такое осень", "Ария", "Би-2 feat. Чичерина - Мой рок-н-ролл"}},
		{"KOI8-R", "", charmap.KOI8R, []string{"Кино - Группа крови", "ДДТ - Что такое осень", "Ария"}},
		{"Greek", "", charmap.Windows1253, []string{"Νάνα Μούσχουρη - Χάρτινο το φεγγαράκι", "Γιώργος Νταλάρας - Το άγαλμα"}},
		{"set: Windows-1250", "windows-1250", charmap.Windows1250, []string{"Dvořák - Rusalka", "Łódź"}},
		{"set: Windows-1251", "cp1251", charmap.Windows1251, []string{"Ю"}},
	} {
		l, known := newLetters(c.label)
		if !known {
			t.Errorf("%s: %q is not known", c.name, c.label)
		}
		for _, want := range c.words {
			in := want
			if c.table != nil {
				in = encode(c.table, want)
			}
			if got := l.words(in); got != want {
				t.Errorf("%s: %q, want %q", c.name, got, want)
			}
		}
	}
	// One word in Cyrillic does not make a French station Russian.
	l, _ := newLetters("")
	for range 20 {
		l.words(encode(charmap.Windows1252, "Édith Piaf - Je ne regrette rien à l'été"))
	}
	l.words("\xcf\xf0\xe8\xe2\xe5\xf2")
	if got := l.words("\xe9t\xe9"); got != "été" {
		t.Errorf("%q", got)
	}
	for label, want := range map[string]bool{"": true, "utf-8": true, "koi8-r": true, "Shift_JIS": true, "x": false, "replacement": false, "iso-2022-kr": false} {
		if _, known := newLetters(label); known != want {
			t.Errorf("%q: %v", label, known)
		}
	}
}

func FuzzLetters(f *testing.F) {
	f.Add("Bj\xf6rk", "\xcf\xf0\xe8\xe2\xe5\xf2", "")
	f.Add("BjÃ¶rk &amp;amp;", "x", "koi8-r")
	f.Fuzz(func(t *testing.T, first, second, label string) {
		l, _ := newLetters(label)
		for _, s := range []string{first, second} {
			if got := l.words(s); got != text(got, maxWords) {
				t.Errorf("%q is not clean", got)
			}
		}
	})
}

// TestTitleTimes: a title has the media time of the byte before which it stands.
func TestTitleTimes(t *testing.T) {
	radio := webtest.NewRadio(webtest.SilentMP3(5*time.Second), []string{"One"}, webtest.RadioOptions{Fast: true, MetaInt: 16_000})
	defer radio.Close()
	var j journal
	s := open(t, radio.URL, Config{Trace: j.add, Start: time.Hour})
	var got []media.Title
	for len(got) < 3 {
		before := len(j.titles())
		c, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		titles := j.titles()
		if len(titles) == before {
			continue
		}
		j.mu.Lock()
		for _, e := range j.events {
			if e, ok := e.(media.Title); ok && !slices.Contains(got, e) {
				got = append(got, e)
				const apart = 16_000.0 / 417 * 1152 / 44_100 // seconds of sound between two
				if n := (e.Time - time.Hour).Seconds() / apart; n < 0.99 || math.Abs(n-math.Round(n)) > 0.06 {
					t.Errorf("%q begins at %v, after %v titles, in a chunk of %v", e.Text, e.Time, n, c.Time)
				}
			}
		}
		j.mu.Unlock()
		radio.SetTitle([]string{"Two", "Three", "Four"}[len(got)-1])
	}
}

// TestEmptyTitles: nothing is told between two songs, and that nothing is on
// only once it lasts.
func TestEmptyTitles(t *testing.T) {
	var j journal
	on := &titles{trace: trace.New(j.add)}
	for _, step := range []struct {
		at   time.Duration
		text string
	}{{0, ""}, {1, "One"}, {60, ""}, {62, "Two"}, {120, ""}, {122, ""}, {135, ""}, {140, "Three"}, {150, ""}, {151, "Three"}} {
		on.say(step.text, step.at*time.Second)
		on.pass(step.at * time.Second)
	}
	var got []media.Title
	for _, e := range j.events {
		got = append(got, e.(media.Title))
	}
	want := []media.Title{{Text: "One", Time: time.Second}, {Text: "Two", Time: 62 * time.Second}, {Time: 120 * time.Second}, {Text: "Three", Time: 140 * time.Second}}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
