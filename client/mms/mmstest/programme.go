package mmstest

import (
	"errors"
	"fmt"
	"time"
)

// Programme is what is served under one path: ASF files, one after another. It
// does not change while it is served, and may be served by several servers.
type Programme struct {
	live  bool
	films []*film

	// Clock is what the times in the packets of a live programme begin with, ms.
	// They wrap at 1<<32. Set it before Start. Default: 0.
	Clock uint32

	// First is the number of a live programme's first packet. Set it before
	// Start. Default: 1000003.
	First uint32
}

// firstLive is where the packets of a live programme begin to be counted: a
// client must not expect 0.
const firstLive = 1_000_003

var errFiles = errors.New("mmstest: a programme needs an ASF file")

// Film is a programme on demand. Of several files each is an entry of a list
// that the server plays one after another, each with its own header.
func Film(files ...[]byte) (*Programme, error) { return newProgramme(false, files) }

// Live is a broadcast that runs since the server was started: the files in a
// loop, with times that go on. Where there are several files the header changes
// from one to the next.
func Live(files ...[]byte) (*Programme, error) { return newProgramme(true, files) }

func newProgramme(live bool, files [][]byte) (*Programme, error) {
	if len(files) == 0 {
		return nil, errFiles
	}
	p := &Programme{live: live, First: firstLive}
	for i, b := range files {
		f, err := takeApart(b, live)
		if err != nil {
			return nil, fmt.Errorf("mmstest: file %d: %w", i, err)
		}
		p.films = append(p.films, f)
	}
	return p, nil
}

// Entry describes an entry of a programme as a server announces it.
type Entry struct {
	Header     []byte // the header object and the first 50 bytes of the data object
	PacketSize int
	Packets    uint64 // 0 if live
	BitRate    int
	Duration   time.Duration // 0 if live
	Streams    []int         // the header's numbers

	Live     bool
	Seekable bool
	Playlist bool // more entries follow
}

// Entry is the entry with a number, which begins at 0; a live programme of
// several files has no last one. ok is false behind the last one.
func (p *Programme) Entry(n int) (e Entry, ok bool) {
	f, ok := p.film(n)
	if !ok {
		return Entry{}, false
	}
	e = Entry{
		Header: f.header, PacketSize: f.size, BitRate: f.bitRate, Streams: f.streams,
		Live: p.live, Playlist: len(p.films) > 1,
	}
	if !p.live {
		e.Packets, e.Duration = uint64(len(f.packets)), f.length
		e.Seekable = f.seekable && len(p.films) == 1
	}
	return e, true
}

func (p *Programme) film(entry int) (*film, bool) {
	if p.live {
		return p.films[entry%len(p.films)], true
	}
	if entry >= len(p.films) {
		return nil, false
	}
	return p.films[entry], true
}

// NowEntry is the entry with which a client begins that comes at a time: the
// first, or of a live programme that which is on the air. began is when the
// server was started.
func (p *Programme) NowEntry(began, now time.Time, speed float64) int {
	if !p.live || len(p.films) == 1 {
		return 0
	}
	loop, _ := p.onAir(scale(now.Sub(began), speed))
	return loop
}

// onAir is which file runs at a time of a live programme, counted since its
// beginning, and when it began.
func (p *Programme) onAir(t time.Duration) (loop int, start time.Duration) {
	var round time.Duration
	for _, f := range p.films {
		round += f.length
	}
	t = max(0, t)
	loop = int(t/round) * len(p.films)
	start = t - t%round
	for _, f := range p.films {
		if t < start+f.length {
			break
		}
		start += f.length
		loop++
	}
	return loop, start
}

// numberOf is the number of the first packet of a run of a live programme.
func (p *Programme) numberOf(loop int) uint32 {
	var round, n int
	for i, f := range p.films {
		round += len(f.packets)
		if i < loop%len(p.films) {
			n += len(f.packets)
		}
	}
	return p.First + uint32(loop/len(p.films)*round+n)
}

func scale(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }
