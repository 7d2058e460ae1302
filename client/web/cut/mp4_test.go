package cut

import (
	"encoding/binary"
	"strconv"
)

func be(v ...uint32) (b []byte) {
	for _, n := range v {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

func box(kind string, body ...[]byte) []byte {
	b := join(body...)
	return join(be(uint32(len(b)+8)), []byte(kind), b)
}

func mp4Samples() []sample {
	trak := func(id, scale uint32, kind string) []byte {
		return box("trak", box("tkhd", be(0, 0, 0, id)), box("mdia", box("mdhd", be(0, 0, 0, scale, 0)), box("hdlr", be(0, 0), []byte(kind), be(0))))
	}
	trex := func(id, flags uint32) []byte { return box("trex", be(0, id, 1, 0, 0, flags)) }
	moov := func(boxes ...[]byte) []byte { return join(box("ftyp", []byte("iso5")), box("moov", boxes...)) }
	// fragment of one track: its time, and the boxes that say whether it is a key
	moof := func(id uint32, at uint32, tfhd, trun []byte) []byte {
		return join(box("moof", box("mfhd", be(0, 1)), box("traf", box("tfhd", tfhd, be(id), tfhd[4:]), box("tfdt", be(0, at)), box("trun", trun))), box("mdat", []byte("media")))
	}
	plainTfhd := be(0)
	first := func(flags uint32) []byte { return be(4, 1, flags) } // first-sample-flags
	film := moov(trak(1, 1000, "vide"), trak(2, 48000, "soun"), box("mvex", trex(1, notSync), trex(2, 0)))
	sound := moov(trak(2, 48000, "soun"), box("mvex", trex(2, 0)))
	large := join(be(1), []byte("mdat"), be(0, 21), []byte("media"))
	h := func(b []byte) string { return " header " + strconv.Itoa(len(b)) }
	return []sample{
		{"plain", "MP4", join(film, moof(1, 5000, plainTfhd, first(0)), moof(2, 0, plainTfhd, be(0, 1)), moof(1, 6000, plainTfhd, be(0, 1)),
			moof(1, 7000, plainTfhd, be(0x400, 1, 0)), box("sidx"), large, moof(1, 8000, plainTfhd, first(notSync))),
			[]string{"0s from 5s" + h(film), "2s from 5s"}, 0},
		{"sound, and an encoder that begins anew", "MP4", join(sound, moof(2, 0, plainTfhd, be(0, 1)), moof(2, 48000, plainTfhd, be(0, 1)), film, moof(1, 0, plainTfhd, first(0))),
			[]string{"0s" + h(sound), "1s", "1s from -1s" + h(film)}, 0},
		{"damaged", "MP4", join(sound, moof(2, 0, plainTfhd, be(0, 1)), []byte("\x00\x00\x00\x02damage, moof"), moof(2, 48000, plainTfhd, be(0, 1))),
			[]string{"0s" + h(sound), "1s"}, 16},
		{"a header without end", "MP4", join(box("ftyp", []byte("iso5")), be(1), []byte("moov"), be(0x7fffffff, 0xffffffff), []byte("media")), []string{"0s header 12"}, 0},
		{"a file", "MP4", join(moov(trak(1, 1000, "vide")), box("mdat", []byte("media"))), []string{"0s" + h(moov(trak(1, 1000, "vide")))}, 0},
		{"a file with its index at the end", "MP4", join(box("ftyp", []byte("isom")), box("mdat", []byte("media")), box("moov")), []string{"0s header 12"}, 0},
	}
}
