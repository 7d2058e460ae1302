package fmp4

import (
	"time"

	"tapedeck/client/media"
	"tapedeck/client/nal"
)

// The initialisation segment (ISO/IEC 14496-12, 8.2):
//
//	moov | mvhd: ticks a second
//	     | trak | tkhd: the track's number
//	     |      | edts | elst: where in its media it begins
//	     |      | mdia | mdhd: ticks a second of its times
//	     |      |      | hdlr: "vide", "soun" ...
//	     |      |      | minf | stbl | stsd: sample entries, the codec
//	     | mvex | trex: what fragments leave out
type track struct {
	number uint32 // in fragments
	base   media.Track
	scale  uint32 // ticks a second
	shift  int64  // ticks that the edit list adds to each time

	defaults sampleDefaults
	decode   uint64 // time at which the next fragment begins if it does not say

	lengthSize int        // of the NAL units' lengths; 0: there are none
	learn      nal.Coding // parameter sets are in the samples; nil: they are not
}

// sampleDefaults is what samples are that do not say.
type sampleDefaults struct {
	duration, size, flags uint32
}

// init takes a moov.
func (d *Demuxer) init(moov []byte) error {
	d.samples.clear()
	movie := fields{b: find(moov, "mvhd")}
	version, _ := movie.full()
	movie.wide(version)
	movie.wide(version)
	ticks := movie.u32()

	var tracks []*track
	whole := false
	for rest := moov; ; {
		kind, body, next, ok := child(rest)
		if !ok {
			if len(rest) > 0 {
				return &BoxError{"moov", ErrMalformed}
			}
			break
		}
		rest = next
		if string(kind[:]) != "trak" || len(tracks) == maxTracks {
			continue
		}
		t, ok := newTrack(body, ticks)
		if !ok {
			return &BoxError{"trak", ErrMalformed}
		}
		tracks = append(tracks, t)
		stsz := fields{b: find(body, "mdia", "minf", "stbl", "stsz")}
		stsz.take(fullHead + 4)
		whole = whole || stsz.u32() > 0
	}
	mvex := find(moov, "mvex")
	if mvex == nil && whole {
		return ErrWhole
	}
	if len(tracks) == 0 {
		return &BoxError{"moov", ErrMalformed}
	}
	readDefaults(tracks, mvex)
	d.tracks, d.outdated = tracks, true
	return nil
}

// readDefaults takes the trex boxes (8.8.3).
func readDefaults(tracks []*track, mvex []byte) {
	for kind, body, rest, ok := child(mvex); ok; kind, body, rest, ok = child(rest) {
		if string(kind[:]) != "trex" {
			continue
		}
		f := fields{b: body}
		f.full()
		number := f.u32()
		f.u32() // which sample entry
		v := sampleDefaults{f.u32(), f.u32(), f.u32()}
		for _, t := range tracks {
			if t.number == number && !f.short {
				t.defaults = v
			}
		}
	}
}

// newTrack reads a trak. movie is how many ticks a second the movie has.
func newTrack(trak []byte, movie uint32) (*track, bool) {
	t := &track{}
	tkhd := fields{b: find(trak, "tkhd")}
	version, _ := tkhd.full()
	tkhd.wide(version)
	tkhd.wide(version)
	t.number = tkhd.u32()

	mdhd := fields{b: find(trak, "mdia", "mdhd")}
	version, _ = mdhd.full()
	mdhd.wide(version)
	mdhd.wide(version)
	t.scale = mdhd.u32()

	hdlr := fields{b: find(trak, "mdia", "hdlr")}
	hdlr.take(fullHead + 4)
	var handler fourCC
	copy(handler[:], hdlr.take(4))
	if tkhd.short || mdhd.short || hdlr.short || t.scale == 0 {
		return nil, false
	}
	switch string(handler[:]) {
	case "vide":
		t.base.Kind = media.Video
	case "soun":
		t.base.Kind = media.Audio
	default:
		t.base.Kind = media.Data
	}
	stsd := find(trak, "mdia", "minf", "stbl", "stsd")
	if len(stsd) < fullHead+4 {
		return nil, false
	}
	t.describe(stsd[fullHead+4:])
	t.edit(find(trak, "edts", "elst"), movie)
	return t, true
}

// edit reads the edit list (8.6.6) as far as fragments have one: time without
// media at the beginning, and the media time at which the track begins. ffmpeg
// writes the latter for pictures that are shown out of order and for what an
// encoder of sound needs to start.
func (t *track) edit(elst []byte, movie uint32) {
	f := fields{b: elst}
	version, _ := f.full()
	for n := min(f.u32(), 8); n > 0; n-- {
		duration, at := f.wide(version), int64(f.wide(version))
		if version == 0 {
			at = int64(int32(at))
		}
		f.u32() // rate
		if f.short {
			return
		}
		if at >= 0 {
			if at < int64(t.scale)*int64(maxEdit/time.Second) {
				t.shift -= at
			}
			return
		}
		if movie > 0 && duration < uint64(movie)*uint64(maxEdit/time.Second) {
			t.shift += int64(duration) * int64(t.scale) / int64(movie)
		}
	}
}

// maxEdit is what an edit list may move a track by. A fragment's own time goes
// by the media, so a larger one means something else.
const maxEdit = time.Hour

// inBand looks for parameter sets in a sample, and reports whether others than
// those that were known have come.
func (t *track) inBand(data []byte) bool {
	for len(data) >= lengthSize {
		f := fields{b: data}
		n := int(f.u32())
		if n > len(f.b) {
			break
		}
		if n >= t.learn.HeaderSize() && !t.learn.Picture(f.b[:n]) {
			t.learn.Inspect(f.b[:n])
		}
		data = f.b[n:]
	}
	if !t.learn.Changed() {
		return false
	}
	config := t.learn.Config()
	if config == nil {
		return false
	}
	t.base.Private = config
	sps := t.learn.SPS()
	t.base.Width, t.base.Height = sps.Width, sps.Height
	if sps.FrameRate > 0 {
		t.base.FrameRate = sps.FrameRate
	}
	return true
}

// span turns ticks into time. ok is false beyond what a time has room for.
func (t *track) span(ticks int64) (at time.Duration, ok bool) {
	scale := int64(t.scale)
	whole, rest := ticks/scale, ticks%scale
	const most = int64(1<<63-1) / int64(time.Second) / 2
	if whole > most || whole < -most {
		return 0, false
	}
	return time.Duration(whole)*time.Second + time.Duration(rest)*time.Second/time.Duration(scale), true
}
