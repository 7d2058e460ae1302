package player

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// The replies of VLC's oldrc interface, of which a status looks like
//
//	status change: ( new input: http://127.0.0.1:4711/5e0c )
//	status change: ( audio volume: 256 )
//	status change: ( play state: 3 )
//	status: returned 0 (no error)
//
// and, while VLC is paused, only like
//
//	Type 'pause' to continue.
//	status: returned 0 (no error)
//
// Lines that begin with "status change: " also come by themselves, between any
// two lines of a reply. With a name at the end they are events of the input:
//
//	status change: ( play state: 4 ): End
//	status change: ( play state: 5 ): Error

const changePrefix = "status change: ( "

// change is one "status change" line.
type change struct {
	kind  string // "new input", "audio volume", "play state", "stop state", "pause state", "time"
	value string // what stands after the colon
	event string // the name at the end of an event: "End", "Error"; empty otherwise
}

func parseChange(line string) (change, bool) {
	rest, ok := strings.CutPrefix(line, changePrefix)
	if !ok {
		return change{}, false
	}
	// The value may hold anything, an address for one, so the end is looked for
	// from the right.
	end := strings.LastIndex(rest, " )")
	if end < 0 {
		return change{}, false
	}
	kind, value, ok := strings.Cut(rest[:end], ": ")
	if !ok {
		return change{}, false
	}
	event, _ := strings.CutPrefix(rest[end+2:], ": ")
	return change{kind: kind, value: value, event: event}, true
}

// deckState is what the status command says.
type deckState uint8

const (
	unknown deckState = iota
	stopped
	running
	paused
)

// parseStatus reads the reply to status. Only the last state before its end
// counts: VLC's own news comes before it and after it, and one sort of it, with
// the number 0, is about an input that is still being closed.
func parseStatus(lines []string) (state deckState) {
	for _, line := range lines {
		if strings.HasPrefix(line, "status: returned ") {
			break
		}
		if strings.HasSuffix(line, "' to continue.") {
			state = paused
			continue
		}
		c, ok := parseChange(line)
		if !ok || c.event != "" || c.value == "0" {
			continue
		}
		switch c.kind {
		case "stop state":
			state = stopped
		case "play state":
			state = running
		case "pause state":
			state = paused
		}
	}
	return state
}

// parseNumber is the first line of a reply that is a number and nothing else,
// as get_time, get_length and is_playing give it.
func parseNumber(lines []string) (int64, bool) {
	for _, line := range lines {
		if n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64); err == nil {
			return n, true
		}
	}
	return 0, false
}

// parseSeconds is parseNumber for a time; what cannot be one is 0.
func parseSeconds(lines []string) time.Duration {
	n, ok := parseNumber(lines)
	if !ok || n < 0 || n > int64(math.MaxInt64/time.Second) {
		return 0
	}
	return time.Duration(n) * time.Second
}

// Counters are the figures of VLC's statistics. All only grow while one address
// is open.
type Counters struct {
	ReadBytes    uint64 // read from the source, to the nearest KiB
	DemuxBytes   uint64 // given to the decoders, to the nearest KiB
	Corrupted    uint64 // blocks that the demuxer found broken
	Breaks       uint64 // discontinuities
	DecodedVideo uint64 // pictures decoded; VLC counts most of them twice
	Displayed    uint64 // pictures shown
	LostPictures uint64 // pictures that came too late to be shown
	DecodedAudio uint64 // blocks of sound decoded; counted like DecodedVideo
	PlayedAudio  uint64 // blocks of sound played
	LostAudio    uint64 // blocks of sound that came too late
}

// parseCounters reads the reply to stats; ok is false when it holds no figures,
// which is so while nothing is open.
func parseCounters(lines []string) (c Counters, ok bool) {
	for _, line := range lines {
		name, value, found := strings.Cut(line, ":")
		if !found || !strings.HasPrefix(name, "| ") {
			continue
		}
		field, unit := c.field(strings.TrimSpace(name[2:]))
		if field == nil {
			continue
		}
		number, _, _ := strings.Cut(strings.TrimSpace(value), " ")
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil || n > math.MaxUint64/unit {
			continue
		}
		*field, ok = n*unit, true
	}
	return c, ok
}

// field is where the figure of this name goes and what it is counted in.
func (c *Counters) field(name string) (*uint64, uint64) {
	switch name {
	case "input bytes read":
		return &c.ReadBytes, 1024
	case "demux bytes read":
		return &c.DemuxBytes, 1024
	case "demux corrupted":
		return &c.Corrupted, 1
	case "discontinuities":
		return &c.Breaks, 1
	case "video decoded":
		return &c.DecodedVideo, 1
	case "frames displayed":
		return &c.Displayed, 1
	case "frames lost":
		return &c.LostPictures, 1
	case "audio decoded":
		return &c.DecodedAudio, 1
	case "buffers played":
		return &c.PlayedAudio, 1
	case "buffers lost":
		return &c.LostAudio, 1
	}
	return nil, 1
}
