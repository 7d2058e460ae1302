package rtsp

import (
	"math"
	"strconv"
	"strings"
	"time"

	"tapedeck/client/sdp"
)

// maxRate bounds the speed that a server may say it plays at.
const maxRate = 64

// pace is the speed at which a stream is played. Its units are timed as they
// are to be played, whatever the speed; the media time that they show runs
// rate times as fast from where the pace began:
//
//	played  origin ─────┬─────────┬─────>
//	media   origin ─────┴── 2 × ──┴── ─ >
type pace struct {
	rate   float64 // 1 is normal, 2 twice as fast, -1 backwards
	origin time.Duration

	// bySpeed says that the server was told to deliver faster what is stamped
	// for normal play (Speed, RFC 2326 section 12.35), instead of restamping it
	// (Scale, section 12.34).
	bySpeed bool
}

var normal = pace{rate: 1}

func (p pace) media(played time.Duration) time.Duration {
	return p.origin + time.Duration(float64(played-p.origin)*p.rate)
}

func (p pace) played(media time.Duration) time.Duration {
	return p.origin + time.Duration(float64(media-p.origin)/p.rate)
}

// fields are what a PLAY at this pace says. At normal speed that is nothing:
// devices exist that refuse a header they do not know.
func (p pace) fields() []field {
	switch {
	case p.rate == 1:
		return nil
	case p.bySpeed:
		return []field{{"Speed", formatRate(p.rate)}}
	}
	return []field{{"Scale", formatRate(p.rate)}}
}

// formatRate always has a point, as the grammar's examples have.
func formatRate(rate float64) string { return strconv.FormatFloat(rate, 'f', 1, 64) }

// agreed is the rate that a reply grants. GStreamer grants a Scale by a Speed;
// what counts is both together. A server that says nothing plays as always.
func agreed(resp *response) float64 {
	rate := rateOf(resp.header.get("Scale")) * rateOf(resp.header.get("Speed"))
	if math.Abs(rate) > maxRate {
		return 1
	}
	return rate
}

func rateOf(value string) float64 {
	rate, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || rate == 0 || math.Abs(rate) > maxRate || math.Abs(rate) < 1.0/maxRate || rate != rate {
		return 1
	}
	return rate
}

// mediaProperties reads the header of RTSP 2.0 (RFC 7826 section 18.29), which
// some servers of 1.0 send too.
func mediaProperties(resp *response) (noSeek, progressing bool) {
	v := strings.ToLower(resp.header.get("Media-Properties"))
	return strings.Contains(v, "no-seeking") || strings.Contains(v, "beginning-only"),
		strings.Contains(v, "time-progressing")
}

// endOf is the end of the range that a PLAY reply grants; a range with an end
// means on demand even when the description had none.
func endOf(resp *response) (end time.Duration, ok bool) {
	r, err := sdp.ParseRange(resp.header.get("Range"))
	return r.To, err == nil && r.Unit == "npt" && r.HasTo && r.To > r.From
}
