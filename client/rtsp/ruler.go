package rtsp

import (
	"fmt"
	"time"

	"tapedeck/client/sdp"
)

// ruler is how a server measures its media. Most count from the beginning
// ("npt", RFC 2326 section 3.6); archives of cameras and of television go by
// the clock on the wall (section 3.7), and then media time counts from the
// beginning of what is kept.
type ruler struct {
	clock  bool
	origin time.Duration // clock: the time of day at media time 0, since 1970, UTC
}

// clockForm has milliseconds, since some servers refuse a time without a
// fraction and none refuses one with it.
const clockForm = "20060102T150405.000Z"

// from is the open range that begins at media time t.
func (r ruler) from(t time.Duration) string {
	if r.clock {
		return "clock=" + time.Unix(0, int64(r.origin+t)).UTC().Format(clockForm) + "-"
	}
	return fmt.Sprintf("npt=%.3f-", t.Seconds()) // the point is a point in every locale
}

// back is the range from t to the beginning: what is played in reverse.
func (r ruler) back(t time.Duration) string {
	if r.clock {
		return r.from(t) + time.Unix(0, int64(r.origin)).UTC().Format(clockForm)
	}
	return r.from(t) + "0"
}

// start is where the server says that it starts, or asked where it does not
// tell.
func (r ruler) start(resp *response, asked time.Duration) time.Duration {
	got, err := sdp.ParseRange(resp.header.get("Range"))
	switch {
	case err != nil || !got.HasFrom:
		return asked
	case r.clock && got.Unit == "clock":
		return max(0, got.From-r.origin)
	case !r.clock && got.Unit == "npt":
		return got.From
	}
	return asked
}

// extent is what a description says of the stream's length: an end after 0
// means on demand, even with "now" as the beginning, and so does a stretch of
// the clock with both its ends; without them the stream is live as far as can
// be known.
func extent(s *sdp.Session) (r ruler, from, duration time.Duration, onDemand bool) {
	ranges := []string{s.Range}
	for i := range s.Media {
		ranges = append(ranges, s.Media[i].Range)
	}
	for _, text := range ranges {
		span, err := sdp.ParseRange(text)
		if err != nil || !span.HasTo || span.To <= span.From {
			continue
		}
		switch {
		case span.Unit == "clock" && span.HasFrom && span.To-span.From > duration:
			r, from, duration, onDemand = ruler{true, span.From}, 0, span.To-span.From, true
		case span.Unit == "npt" && !r.clock && span.To > duration:
			from, duration, onDemand = span.From, span.To, true
		}
	}
	return r, from, duration, onDemand
}
