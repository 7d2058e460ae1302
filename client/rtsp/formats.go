package rtsp

import (
	"slices"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/rtp"
)

const (
	// maxFormats bounds the payload types of one m= section that are kept.
	maxFormats = 8

	// formatPause is how long a track stays with a payload type before it may take
	// another: each change makes an engine and a header anew.
	formatPause = time.Second
)

// A section may name several payload types, and its sender may take any of them
// at any time (RFC 3264 section 5.1): "m=audio 0 RTP/AVP 0 8" is a camera that
// decides by its own settings. The track begins as the first that is supported.

// knows reports whether the track's packets may be of a payload type.
func (t *track) knows(pt uint8) bool {
	return t.format.PayloadType == pt ||
		slices.ContainsFunc(t.others, func(f rtp.Format) bool { return f.PayloadType == pt })
}

// change takes another payload type, if it is one of the track's. The media time
// goes on. f.mu is held.
func (f *funnel) change(t *track, pt uint8, now time.Time) bool {
	i := slices.IndexFunc(t.others, func(o rtp.Format) bool { return o.PayloadType == pt })
	if i < 0 || now.Sub(t.changed) < formatPause {
		return false
	}
	d, err := rtp.NewDepacketizer(t.others[i])
	if err != nil {
		return false
	}
	old := t.receiver
	old.Poll(now.Add(time.Hour), f.emit) // what waits there waits for nothing more
	t.past = t.past.Plus(old.Stats())
	t.format, t.others[i] = t.others[i], t.format
	t.receiver = rtp.NewReceiver(t.index, t.format, d, t.options)
	t.receiver.TakeOver(old)
	t.changed = now
	t.video = t.isVideo()
	t.waitKey = t.video
	t.stale = true
	return true
}

// stats are the track's over its payload types.
func (t *track) stats() media.Stats { return t.past.Plus(t.receiver.Stats()) }
