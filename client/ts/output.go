package ts

import (
	"time"

	"tapedeck/client/media"
)

// output is what a demuxer has for its streams in common.
type output struct {
	yield    func(media.Packet)
	outdated bool // the tracks are to be described anew
	damaged  uint64
}

// sink is where the access units of one stream go.
type sink struct {
	to    *output
	track int
}

func (s *sink) emit(at time.Duration, key bool, data []byte) {
	s.to.yield(media.Packet{Track: s.track, Time: at, Key: key, Data: data})
}

// changed says that the stream is to be described anew.
func (s *sink) changed() { s.to.outdated = true }

// damaged counts an access unit that is dropped.
func (s *sink) damaged() { s.to.damaged++ }
