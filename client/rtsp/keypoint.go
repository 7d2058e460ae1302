package rtsp

import (
	"fmt"
	"time"
)

// keyWait is how long pictures are held back for one at which a decoder can
// start: longer than nearly every camera takes from one to the next. Some streams
// never have one that can be told (a refresh bit by bit without a word about it,
// or a codec whose key pictures we do not know); they start anywhere then, and
// have a point for the tape to start at each keyWait.
const keyWait = 10 * time.Second

// keypoint decides about a picture of t: pass is false for one before the first
// at which a decoder can start; start says that this is such a one, or has to do.
func (f *funnel) keypoint(t *track, key bool) (pass, start bool) {
	switch {
	case key:
		t.waitKey, t.keyless, t.keySince = false, false, time.Time{}
		return true, true
	case !t.waitKey && !t.keyless:
		return true, false
	case t.keySince.IsZero():
		t.keySince = f.last
	case f.last.Sub(t.keySince) >= keyWait:
		if !t.keyless {
			f.note(fmt.Sprintf("%s: no key picture in %v, starting without one", t.kind, keyWait))
		}
		t.waitKey, t.keyless, t.keySince = false, true, f.last
		return true, true
	}
	return !t.waitKey, false
}
