package mux

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"tapedeck/client/media"
)

// FuzzWriter writes arbitrary packets and reads them back: every packet is
// there, in order, with its bytes and its time, and the stream can be entered
// wherever Mark.Key says so.
func FuzzWriter(f *testing.F) {
	step := func(flags byte, at int64, size byte) []byte {
		return append(binary.BigEndian.AppendUint64([]byte{flags}, uint64(at)), size)
	}
	f.Add(true, bytes.Join([][]byte{step(2, 0, 9), step(1, 20e6, 3), step(0, 120e6, 5), step(0, 40e6, 1)}, nil))
	f.Add(false, bytes.Join([][]byte{step(1, 0, 9), step(1, 6e8, 3), step(9, 7e8, 3), step(1, 3e8, 2)}, nil))
	f.Add(true, bytes.Join([][]byte{step(2, 1<<62, 9), step(0, -1, 3), step(2, 0, 0), step(3, 1<<63-1, 5), step(7, 1, 1)}, nil))
	f.Add(true, bytes.Join([][]byte{step(2, 40e9, 200), step(0, 7e9, 200), step(0, 72767e6, 200)}, nil))
	f.Fuzz(func(t *testing.T, pictures bool, script []byte) {
		script = script[:min(len(script), 640)] // each entry is read to the end: quadratic
		tracks := []media.Track{video, sound}
		if !pictures {
			tracks = tracks[1:]
		}
		w := mustNew(t, tracks...)
		type written struct {
			media.Packet
			start int // offset of its bytes
			key   bool
		}
		var want []written
		out := w.Init()
		for ; len(script) >= 10; script = script[10:] {
			flags, size := script[0], int(script[9])
			if flags&8 != 0 {
				w.Restart()
			}
			p := media.Packet{
				Track: int(flags & 1),
				Key:   flags&2 != 0,
				Time:  time.Duration(binary.BigEndian.Uint64(script[1:9])),
				Data:  bytes.Repeat([]byte{0x1F, 0x43, 0xB6, 0x75}, size)[:size], // looks like a cluster
			}
			if flags&4 != 0 {
				p.Track = 5
			}
			start := len(out)
			var mark Mark
			out, mark = w.Append(out, p)
			if carried := len(out) > start; carried != (size > 0 && p.Track != 5 && (pictures || p.Track == 1)) {
				t.Fatalf("packet %+v: carried is %v", p, carried)
			} else if carried {
				want = append(want, written{p, start, mark.Key})
			}
		}
		check := func(stream []byte, want []written) {
			s, err := read(stream)
			if err != nil {
				t.Fatal(err)
			}
			if len(s.packets) != len(want) {
				t.Fatalf("%d packets became %d", len(want), len(s.packets))
			}
			for i, got := range s.packets {
				at := time.Duration(milliseconds(max(want[i].Time, 0), 0)) * ms
				if !bytes.Equal(got.Data, want[i].Data) || got.Time != at || got.Track != want[i].Track-len(s.entries)%2 {
					t.Fatalf("packet %d: %+v became %+v", i, want[i].Packet, got)
				}
			}
		}
		check(out, want)
		for i, p := range want {
			if !p.key {
				continue
			}
			if pictures && (p.Track != 0 || !p.Key) {
				t.Fatalf("packet %d is an entry: %+v", i, p.Packet)
			}
			check(append(w.Init(), out[p.start:]...), want[i:])
		}
	})
}

// FuzzNew makes headers of arbitrary tracks: they can be read, or the error can
// be matched.
func FuzzNew(f *testing.F) {
	for c := range formats {
		f.Add(string(c), byte(1), []byte{1, 2, 3}, 640, 360, 48000, 2)
		f.Add(string(c), byte(2), []byte{}, 0, 0, 0, 0)
	}
	f.Add("Opus", byte(2), []byte("OpusHead\x01\x02\xff\xff"), -1, -1, -1, -1)
	f.Add("MPEG-TS", byte(3), []byte{}, 0, 0, 0, 0)
	f.Fuzz(func(t *testing.T, codec string, kind byte, private []byte, width, height, rate, channels int) {
		tr := media.Track{
			Kind: media.Kind(kind), Codec: media.Codec(codec), Private: private,
			Width: width, Height: height, SampleRate: rate, Channels: channels,
		}
		w, err := New([]media.Track{tr})
		var te *TrackError
		switch {
		case errors.Is(err, ErrNoTracks) || errors.As(err, &te):
			return
		case err != nil:
			t.Fatalf("error of no known kind: %v", err)
		case w.ContentType() == "video/mp2t":
			return
		}
		out, _ := w.Append(w.Init(), media.Packet{Key: true, Data: []byte{1}})
		s, err := read(out)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.entries) != 1 || len(s.packets) != 1 || s.docType != "matroska" || s.scale != time.Millisecond {
			t.Fatalf("read back as %+v", s)
		}
	})
}
