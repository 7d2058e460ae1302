package cut

import (
	"encoding/binary"
	"strconv"
)

// el is an element of known size, its id as hex bytes.
func el(id string, body ...[]byte) []byte {
	b := join(body...)
	return join([]byte(id), binary.BigEndian.AppendUint16(nil, 0x4000|uint16(len(b))), b)
}

// open is the head of an element whose size is not known.
func open(id string) []byte { return []byte(id + "\x01\xff\xff\xff\xff\xff\xff\xff") }

func num(v ...byte) []byte { return v }

const (
	ebmlID    = "\x1a\x45\xdf\xa3"
	segmentID = "\x18\x53\x80\x67"
	infoID    = "\x15\x49\xa9\x66"
	tracksID  = "\x16\x54\xae\x6b"
	clusterID = "\x1f\x43\xb6\x75"
	seekID    = "\x11\x4d\x9b\x74"
	tagsID    = "\x12\x54\xc3\x67"
)

// simple is a SimpleBlock of a track.
func simple(track, flags byte) []byte {
	return el("\xa3", num(0x80|track, 0, 0, flags), []byte("media"))
}

// clusterAt has its time in seconds.
func clusterAt(s byte, blocks ...[]byte) []byte {
	return el(clusterID, el("\xe7", num(0, 0, byte(int(s)*1000>>8), byte(int(s)*1000&0xff))), join(blocks...))
}

func matroskaSamples() []sample {
	track := func(n, kind byte) []byte { return el("\xae", el("\xd7", num(n)), el("\x83", num(kind))) }
	begin := func(tracks ...[]byte) []byte {
		return join(el(ebmlID, []byte("webm")), open(segmentID), el(seekID, []byte("away")),
			el(infoID, el("\x2a\xd7\xb1", num(0x0f, 0x42, 0x40))), el(tracksID, tracks...), el(tagsID, []byte("away")))
	}
	const away = 2 * (4 + 2 + 4)
	both := begin(track(1, 1), track(2, 2))
	header := len(both) - away
	film := join(clusterAt(10, simple(2, 0x80), simple(1, 0x80)), // sound first
		clusterAt(11, simple(1, 0), simple(2, 0x80)), // begins with no key picture
		clusterAt(12, el("\xa0", el("\xa1", num(0x81, 0, 0, 0), []byte("key")))),
		clusterAt(13, el("\xa0", el("\xa1", num(0x81, 0, 0, 0), []byte("not")), el("\xfb", num(1)))),
		clusterAt(14, simple(2, 0x80))) // no picture at all
	endless := join(open(clusterID), el("\xe7", num(0)), simple(1, 0x80), simple(2, 0x80), simple(1, 0),
		open(clusterID), el("\xe7", num(3, 0xe8)), simple(2, 0x80), simple(1, 0x80), clusterAt(2, simple(1, 0x80)))
	sized := begin(track(1, 2))
	sized = append(sized[:len(el(ebmlID, []byte("webm")))+4:len(el(ebmlID, []byte("webm")))+4], append([]byte{0x10, 0, 0x20, 0}, sized[len(el(ebmlID, []byte("webm")))+12:]...)...)
	h := func(n int) string { return " header " + strconv.Itoa(n) }
	sound := begin(track(1, 2))
	return []sample{
		{"plain", "Matroska", join(both, film), []string{"0s from 10s" + h(header), "2s from 10s"}, away},
		{"clusters of unknown size", "WebM", join(both, endless), []string{"0s" + h(header), "1s", "2s"}, away},
		{"sound, in a segment of known size", "WebM", join(sized, clusterAt(0, simple(1, 0x80)), clusterAt(1, simple(1, 0x80))),
			[]string{"0s" + h(len(sound)-away), "1s"}, away},
		{"a new encoder", "WebM", join(both, clusterAt(9, simple(1, 0x80)), sound, clusterAt(0, simple(1, 0x80))),
			[]string{"0s from 9s" + h(header), "0s" + h(len(sound)-away)}, 2 * away},
		{"damaged", "WebM", join(sound, clusterAt(0, simple(1, 0x80)), []byte("\xffdamage\x00"), clusterAt(1, simple(1, 0x80))),
			[]string{"0s" + h(len(sound)-away), "1s"}, away + 8},
	}
}
