package mms

import "tapedeck/client/mms/wire"

// Incarnations tell what was sent for one request from what is still under way
// for an earlier one ([MS-MMSP] 3.1.1). They are a byte on data packets:
//
//	1..8      a header (ReadBlock)
//	9..0xFE   OpenFile and plays; not 0xCE, see wire.Split
//	0xFF      the server's own: the next entry of a list over TCP
const (
	firstHeader uint8 = 1
	lastHeader  uint8 = 8
	firstPlay   uint8 = 9
	lastPlay    uint8 = 0xFE
)

// incarnations counts them for one session.
type incarnations struct{ header, play uint8 }

// nextHeader is the incarnation of the next ReadBlock.
func (i *incarnations) nextHeader() uint8 {
	if i.header < firstHeader || i.header >= lastHeader {
		i.header = firstHeader
	} else {
		i.header++
	}
	return i.header
}

// nextPlay is the incarnation of the next OpenFile or StartPlaying.
func (i *incarnations) nextPlay() uint8 {
	if i.play < firstPlay || i.play >= lastPlay {
		i.play = firstPlay
	} else {
		i.play++
	}
	if i.play == wire.AmbiguousIncarnation {
		i.play++
	}
	return i.play
}
