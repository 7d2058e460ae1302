package fmp4

import "tapedeck/client/media"

// A fragment (ISO/IEC 14496-12, 8.8):
//
//	moof | mfhd
//	     | traf | tfhd: track, defaults, where its offsets count from
//	     |      | tfdt: time of the first sample
//	     |      | trun: | n32 | (offset32) | (flags of the first32) |
//	     |      |       | { (duration32) | (size32) | (flags32) | (shown later by32) }...
//	     |      | trun ...
//	     | traf ...
const (
	// Flags of tfhd.
	tfhdBase     = 0x000001
	tfhdEntry    = 0x000002
	tfhdDuration = 0x000008
	tfhdSize     = 0x000010
	tfhdFlags    = 0x000020
	tfhdMoof     = 0x020000 // offsets count from the moof

	// Flags of trun.
	trunOffset   = 0x000001
	trunFirst    = 0x000004
	trunDuration = 0x000100
	trunSize     = 0x000200
	trunFlags    = 0x000400
	trunShown    = 0x000800

	notSync = 0x010000 // of a sample's flags: no decoder can start here
)

// fragment takes a moof that began at offset start.
func (d *Demuxer) fragment(moof []byte, start int64, yield func(media.Packet)) error {
	if len(d.tracks) == 0 {
		return ErrNoInit
	}
	d.stats.Fragments++
	r := run{d: d, moof: start, end: start}
	for rest := moof; len(rest) > 0; {
		kind, body, next, ok := child(rest)
		if !ok {
			return d.spoilt("moof")
		}
		rest = next
		if string(kind[:]) != "traf" {
			continue
		}
		if err := r.traf(body); err != nil {
			d.drop()
			return err
		}
	}
	d.samples.sort()
	d.events.release(d, yield)
	return nil
}

// spoilt drops a fragment because of one of its boxes.
func (d *Demuxer) spoilt(box string) error {
	d.drop()
	return &BoxError{box, ErrMalformed}
}

// run reads the runs of samples of a fragment.
type run struct {
	d    *Demuxer
	moof int64 // offset of the fragment
	end  int64 // of the last track's samples

	track    int
	known    bool // track is
	defaults sampleDefaults
	base     int64 // what the runs' offsets count from
	next     int64 // where the next run begins that does not say
	at       uint64
	read     int64 // samples of the fragment, also those that are left out
}

func (r *run) traf(b []byte) error {
	tfhd := find(b, "tfhd")
	if !r.header(tfhd) {
		return r.d.spoilt("tfhd")
	}
	if !r.known {
		return nil
	}
	t := r.d.tracks[r.track]
	r.at = t.decode
	if tfdt := find(b, "tfdt"); tfdt != nil {
		f := fields{b: tfdt}
		version, _ := f.full()
		r.at = f.wide(version)
		if f.short {
			return r.d.spoilt("tfdt")
		}
	}
	for rest := b; len(rest) > 0; {
		kind, body, next, ok := child(rest)
		if !ok {
			return r.d.spoilt("traf")
		}
		rest = next
		if string(kind[:]) != "trun" {
			continue
		}
		if err := r.trun(t, body); err != nil {
			return err
		}
	}
	t.decode, r.end = r.at, r.next
	return nil
}

// header reads a tfhd.
func (r *run) header(tfhd []byte) bool {
	f := fields{b: tfhd}
	_, flags := f.full()
	number := f.u32()
	r.known = false
	for i, t := range r.d.tracks {
		if t.number == number {
			r.track, r.known, r.defaults = i, true, t.defaults
			break
		}
	}
	switch {
	case flags&tfhdBase != 0:
		r.base = int64(f.u64())
		r.d.samples.loose = true
	case flags&tfhdMoof != 0:
		r.base = r.moof
	default: // from where the track before ends; of the first: the moof
		r.base = r.end
	}
	if r.base < 0 || r.base > 1<<60 {
		return false
	}
	r.next = r.base
	if flags&tfhdEntry != 0 {
		f.u32()
	}
	if flags&tfhdDuration != 0 {
		r.defaults.duration = f.u32()
	}
	if flags&tfhdSize != 0 {
		r.defaults.size = f.u32()
	}
	if flags&tfhdFlags != 0 {
		r.defaults.flags = f.u32()
	}
	return !f.short
}

// trun reads a run of samples.
func (r *run) trun(t *track, b []byte) error {
	f := fields{b: b}
	_, flags := f.full()
	n := int64(f.u32())
	if flags&trunOffset != 0 {
		r.next = r.base + int64(int32(f.u32()))
	}
	first, told := uint32(0), flags&trunFirst != 0
	if told {
		first = f.u32()
	}
	each := int64(0)
	for _, field := range [...]uint32{trunDuration, trunSize, trunFlags, trunShown} {
		if flags&field != 0 {
			each += 4
		}
	}
	if f.short || n*each > int64(len(f.b)) {
		return r.d.spoilt("trun")
	}
	// Samples need no bytes of their own, neither here nor in mdat.
	if r.read += n; r.read > maxSamples {
		r.d.drop()
		return &BoxError{"trun", ErrTooLarge}
	}
	for i := range n {
		v, later := r.defaults, int64(0)
		if i == 0 && told {
			v.flags = first
		}
		if flags&trunDuration != 0 {
			v.duration = f.u32()
		}
		if flags&trunSize != 0 {
			v.size = f.u32()
		}
		if flags&trunFlags != 0 {
			v.flags = f.u32()
		}
		if flags&trunShown != 0 {
			// Unsigned in version 0, but there are senders of negative ones.
			later = int64(int32(f.u32()))
		}
		if !r.add(t, v, later) {
			return r.d.spoilt("trun")
		}
	}
	return nil
}

// add appends a sample that is shown later than it is decoded by so many ticks.
func (r *run) add(t *track, v sampleDefaults, later int64) bool {
	at, ok := t.span(int64(r.at) + later + t.shift)
	if !ok || r.at > 1<<62 || r.next < 0 {
		return false
	}
	if v.size > 0 && v.size <= maxSample && t.base.Problem == "" {
		r.d.samples.list = append(r.d.samples.list, sample{
			offset: r.next, size: int(v.size), time: at, track: r.track,
			key: t.base.Kind != media.Video || v.flags&notSync == 0,
		})
	} else if v.size > maxSample {
		r.d.stats.Damaged++
	}
	r.next += int64(v.size)
	r.at += uint64(v.duration)
	return true
}
