package ts

import (
	"tapedeck/client/id3"
	"tapedeck/client/media"
)

// tags is a stream of ID3 tags ("Timed Metadata for HTTP Live Streaming"): one
// or several in a PES packet, whole. The time of the PES packet is theirs.
type tags struct {
	sink *sink
	buf  []byte
	at   stamp
}

func newTags(s *sink) elementary { return &tags{sink: s} }

func (*tags) known() bool           { return true }
func (*tags) describe(*media.Track) {}

func (g *tags) begin(s stamp) {
	g.buf = g.buf[:0]
	if s.told {
		g.at = s
	}
}

func (g *tags) add(p []byte) {
	if len(g.buf)+len(p) > maxTag {
		g.lose()
		return
	}
	g.buf = append(g.buf, p...)
	for {
		n := id3.Size(g.buf)
		if n == 0 || n > len(g.buf) {
			return
		}
		if g.at.told {
			g.sink.emit(span(g.at.pts), true, g.buf[:n])
		}
		g.buf = g.buf[:copy(g.buf, g.buf[n:])]
	}
}

func (g *tags) lose() {
	if len(g.buf) > 0 {
		g.sink.damaged()
	}
	g.buf = g.buf[:0]
}

func (g *tags) flush() { g.buf = g.buf[:0] }
func (g *tags) reset() { g.buf, g.at = g.buf[:0], stamp{} }

// isID3 reports whether a metadata descriptor (ISO/IEC 13818-1, 2.6.60) is that
// of ID3; one that is not there is taken for it, as it was left out in older
// streams.
//
//	| application format16 ffff | identifier32 "ID3 " | format8 ff | "ID3 " | ...
func isID3(d []byte) bool {
	return len(d) < 6 || d[0] != 0xff || d[1] != 0xff || string(d[2:6]) == "ID3 "
}
