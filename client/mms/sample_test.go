package mms

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/mms/mmstest"
	"tapedeck/client/mms/wire"
	"tapedeck/client/peers"
)

// studio is a link to a programme of package mmstest, without a network.
type studio struct {
	p       *mmstest.Programme
	padding mmstest.Padding
	entry   int
	r       *mmstest.Reader
	number  int
}

func (l *studio) programme() *programme {
	e, _ := l.p.Entry(l.entry)
	return &programme{server: "9.1.1.3814", way: overTCP, proto: "tcp", header: e.Header, broadcast: e.Live, seekable: e.Seekable, duration: e.Duration}
}

func (l *studio) play(_ context.Context, r request) error {
	l.number++
	l.r = l.p.Read(l.entry, mmstest.Place{Time: r.from, Packet: r.packet}, l.padding, mmstest.Pace{Began: time.Now(), Now: time.Now(), Speed: 1})
	var entries []wire.StreamEntry
	for _, d := range r.streams {
		entries = append(entries, wire.StreamEntry{From: wire.NoStream, To: uint16(d.stream), Thin: wire.Thinning(d.thin)})
	}
	l.r.Select(entries)
	return nil
}

func (l *studio) next(context.Context) (item, error) {
	switch it := l.r.Next(); it.Kind {
	case mmstest.Media:
		return item{play: l.number, packet: it.Data, id: it.Number}, nil
	case mmstest.EntryEnd:
		l.entry = l.r.Entry()
		return item{play: l.number, header: l.programme(), chose: true}, nil
	default:
		return item{}, io.EOF
	}
}

func (l *studio) more() bool                               { return true }
func (l *studio) stop(context.Context) error               { return nil }
func (l *studio) change(context.Context, []decision) error { return nil }
func (l *studio) stats() media.Stats                       { return media.Stats{} }
func (l *studio) close() error                             { return nil }

// A film as every kind of server sends it is one that ffmpeg reads without a
// word, and so is what comes after a seek.
func TestSample(t *testing.T) {
	ffmpeg := peers.Find(t, "ffmpeg")
	film, err := mmstest.Film(mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	for name, padding := range map[string]mmstest.Padding{"cut": mmstest.PaddingCut, "forgot": mmstest.PaddingForgot, "kept": mmstest.PaddingKept} {
		s := over(t, &studio{p: film, padding: padding}, Config{})
		saved := func() (b []byte, chunks int) {
			for {
				m, err := s.Next(t.Context())
				if err != nil {
					if err != io.EOF {
						t.Errorf("%s: %v", name, err)
					}
					return b, chunks
				}
				if m.Init != nil {
					b = append(b[:0], m.Init...)
				}
				if len(m.Data) > maxChunk {
					t.Errorf("%s: a chunk of %d bytes", name, len(m.Data))
				}
				b, chunks = append(b, m.Data...), chunks+1
			}
		}
		whole, chunks := saved()
		length := s.Info().Duration
		if least := int(length / maxSpan / 2); chunks < least || chunks > 4*least {
			t.Errorf("%s: %d chunks of %v", name, chunks, length)
		}
		judge(t, ffmpeg, name, whole)
		at, err := s.Seek(t.Context(), length/2+500*time.Millisecond)
		if err != nil || at > length/2+500*time.Millisecond || at < length/2-2*time.Second {
			t.Errorf("%s: seek to %v of %v: %v, %v", name, length/2, length, at, err)
		}
		half, _ := saved()
		if len(half) > len(whole)*3/4 {
			t.Errorf("%s: %d bytes after the half of %d", name, len(half), len(whole))
		}
		judge(t, ffmpeg, name+" from the half on", half)
	}
}

func judge(t *testing.T, ffmpeg, name string, b []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.asf")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-xerror", "-i", path, "-f", "null", "-").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "" {
		t.Errorf("%s: %v: %s", name, err, out)
	}
}
