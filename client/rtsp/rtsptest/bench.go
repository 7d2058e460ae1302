package rtsptest

import (
	"bytes"
	"fmt"
	"math"
	"net/url"
	"strconv"

	"tapedeck/client/media/clip"
)

// Limits of what /bench is asked for.
const (
	benchRate  = 50    // Mbit/s, where none is given
	benchMost  = 10000 // Mbit/s
	benchHours = 24
)

// padded is the clip's picture in a loop, with an SEI message before each
// picture that brings it up to a rate.
type padded struct {
	pictures
	rate  int    // kbit/s
	sei   []byte // a NAL unit
	units int    // pictures until the end; 0: endless
}

// newBench makes the source that a query asks for.
func newBench(query string) (*source, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, errNoSource
	}
	number := func(key string, otherwise, most float64) float64 {
		if !values.Has(key) {
			return otherwise
		}
		n, e := strconv.ParseFloat(values.Get(key), 64)
		if e != nil || math.IsNaN(n) || n < 0 || n > most {
			err = fmt.Errorf("%w: %s", errNoSource, key)
		}
		return n
	}
	mbit := number("mbit", benchRate, benchMost)
	seconds := number("seconds", 0, benchHours*3600)
	pace := number("pace", 1, 1)
	if err != nil {
		return nil, err
	}
	p := padded{
		pictures: pictures{loop: true},
		rate:     int(mbit * 1000),
		sei:      newSEI(int(mbit * 1e6 / 8 / clip.FrameRate)),
		units:    int(seconds * clip.FrameRate),
	}
	// Its addresses hold a query, to which a relative control cannot be joined
	// in one way only: it is absolute.
	return &source{live: true, absolute: true, unpaced: pace == 0, streams: []stream{p}}, nil
}

// newSEI makes an SEI message of about size bytes that decoders skip (H.264,
// 7.3.2.3 and D.1.6, user data unregistered):
//
//	| 6 | type 5 | size 255 255 ... rest | UUID 16 | bytes | 0x80 |
func newSEI(size int) []byte {
	const uuid = "tapedeck/padding"
	size = max(size*255/256, len(uuid))
	nal := []byte{6, 5}
	nal = append(nal, bytes.Repeat([]byte{255}, size/255)...)
	nal = append(nal, byte(size%255))
	nal = append(nal, uuid...)
	nal = append(nal, bytes.Repeat([]byte{0x55}, size-len(uuid))...)
	return append(nal, 0x80)
}

func (p padded) media() string { return h264Media(p.rate) }

func (p padded) unit(n int) (unit, bool) {
	if p.units > 0 && n >= p.units {
		return unit{}, false
	}
	u, ok := p.pictures.unit(n)
	slice := len(u.parts) - 1
	parts := make([][]byte, 0, len(u.parts)+1)
	parts = append(parts, u.parts[:slice]...)
	u.parts = append(parts, p.sei, u.parts[slice])
	return u, ok
}
