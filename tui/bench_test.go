package tui

import (
	"fmt"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// The first paint: a new screen, its size, the whole list, one frame.
func BenchmarkFirstPaint(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		list := longList(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := tea.Model(New(Config{Deck: &recorder{}, Name: "bench"}))
				m, _ = m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
				m, _ = m.Update(BatchMsg{Entries: list})
				if m.View().Content == "" {
					b.Fatal("nothing was drawn")
				}
			}
		})
	}
}

// A frame while it plays: its cost does not depend on the list.
func BenchmarkFrame(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		s := newStage(b, 120, 40)
		s.send(BatchMsg{Entries: longList(n)}, StateMsg(onDemand()))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.send(press("j"))
				if s.m.View().Content == "" {
					b.Fatal("nothing was drawn")
				}
			}
		})
	}
}

// One keystroke in the filter, and the frame after it: the first letter looks
// at everything, the later ones at what is left.
func BenchmarkFilterKey(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		for _, text := range []string{"b", "bb", "arena 99", "zzz"} {
			b.Run(fmt.Sprintf("%d/%s", n, text), func(b *testing.B) {
				s := newStage(b, 120, 40)
				s.send(BatchMsg{Entries: longList(n)})
				s.keys("/").text(text[:len(text)-1])
				m := tea.Model(s.m)
				key := press(text[len(text)-1:])
				b.ReportAllocs()
				for b.Loop() {
					next, _ := m.Update(key)
					if next.View().Content == "" {
						b.Fatal("nothing was drawn")
					}
				}
			})
		}
	}
}
