package cut

import (
	"encoding/binary"
	"strings"
	"testing"
)

// oggPage is a page with packets; the last goes on where its length is a
// multiple of 255.
func oggPage(flags byte, granule int64, serial, sequence uint32, packets ...string) []byte {
	b := binary.LittleEndian.AppendUint64([]byte("OggS\x00"+string(rune(flags))), uint64(granule))
	b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, serial), sequence)
	b = append(b, 0, 0, 0, 0) // no reader of ours looks at the checksum
	var lengths []byte
	for _, p := range packets {
		n := len(p)
		for ; n >= 255; n -= 255 {
			lengths = append(lengths, 255)
		}
		if n > 0 {
			lengths = append(lengths, byte(n))
		}
	}
	return append(append(append(b, byte(len(lengths))), lengths...), strings.Join(packets, "")...)
}

// commentsOf are Vorbis comments.
func commentsOf(fields ...string) string {
	b := binary.LittleEndian.AppendUint32(nil, 4)
	b = binary.LittleEndian.AppendUint32(append(b, "test"...), uint32(len(fields)))
	for _, f := range fields {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(f))), f...)
	}
	return string(b)
}

const (
	oggVorbisHead = "\x01vorbis\x00\x00\x00\x00\x02\x80\xbb\x00\x00" + "bits bits bi\xb8\x01" // 48 kHz, blocks of 256 and 2048
	oggOpusHead   = "OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00"                    // 312 samples to skip
	oggSpeexHead  = "Speex   " + "1.2                 " + "\x01\x00\x00\x00\x50\x00\x00\x00\x40\x1f\x00\x00mode4444\x01\x00\x00\x00bits\x40\x01\x00\x00vbr0\x02\x00\x00\x00\x00\x00\x00\x00"
	oggTheoraHead = "\x80theora\x03\x02\x01" + "0123456789ab" + "\x00\x00\x00\x19\x00\x00\x00\x01" + "aspectcbrt" + "\x00\xc0" // 25 a second, shift 6
	flacInfoBlock = "\x00\x00\x00\x22\x10\x00\x10\x00\x00\x00\x00\x00\x00\x00\x0b\xb8\x02\xf0\x00\x00\x00\x00md5md5md5md5md5!" // 48 kHz, blocks of 4096
	oggFLACHead   = "\x7fFLAC\x01\x00\x00\x01fLaC" + flacInfoBlock
)

func oggSamples() []sample {
	vorbis := func(serial uint32, granule int64, fields ...string) []byte {
		return join(oggPage(2, 0, serial, 0, oggVorbisHead), oggPage(0, 0, serial, 1, "\x03vorbis"+commentsOf(fields...)+"\x01", "\x05vorbis setup"),
			oggPage(0, granule+48000, serial, 2, "\x02one", "\x02two"), oggPage(0, granule+96000, serial, 3, "\x02three"))
	}
	opus := join(oggPage(2, 0, 7, 0, oggOpusHead), oggPage(0, 0, 7, 1, "OpusTags"+commentsOf("TITLE=Only a title")),
		oggPage(0, 48000*3600+960, 7, 2, "\xfcone frame of 20 ms"), oggPage(0, 48000*3601, 7, 3, "\xfctwo"),
		oggPage(1, -1, 7, 4, strings.Repeat("x", 255)), oggPage(1, 48000*3602, 7, 5, "end"))
	speex := join(oggPage(2, 0, 7, 0, oggSpeexHead), oggPage(0, 0, 7, 1, commentsOf("artist=Björk", "Title=Jóga")),
		oggPage(0, 640, 7, 2, "one"), oggPage(0, 8000, 7, 3, "two"))
	flac := join(oggPage(2, 0, 7, 0, oggFLACHead), oggPage(0, 0, 7, 1, "\x84\x00\x00\x40"+commentsOf("ARTIST=A", "ARTIST=B", "TITLE=T")),
		oggPage(0, 4096, 7, 2, "\xff\xf8one"), oggPage(0, 48000, 7, 3, "\xff\xf8two"))
	film := join(oggPage(2, 0, 1, 0, "fishead\x00skeleton"), oggPage(2, 0, 7, 0, oggTheoraHead), oggPage(2, 0, 8, 0, oggVorbisHead),
		oggPage(0, 0, 7, 1, "\x81theora"+commentsOf("TITLE=Film"), "\x82theora"), oggPage(0, 0, 8, 1, "\x03vorbis"+commentsOf(), "\x05vorbis"),
		oggPage(0, 1<<6, 7, 2, "\x00key"), oggPage(0, 48000, 8, 2, "sound"), oggPage(0, 1<<6|24, 7, 3, "\x40no key"), oggPage(0, 51<<6, 7, 4, "\x00key"))
	one := vorbis(5, 4_800_000, "ARTIST=One", "TITLE=First")
	damaged := join(one[:len(one)-34], []byte("OggS\x00 damage"), one[len(one)-34:])
	return []sample{
		{"plain Vorbis, joined late", "Ogg", one, []string{`0s from 1m40.957s header 149 "One - First"`, "43ms from 1m40.957s"}, 0},
		{"a chain", "Ogg", join(vorbis(5, 0, "ARTIST=One", "TITLE=First"), vorbis(6, 0, "TITLE=Second"), vorbis(7, 0)),
			[]string{`0s from 957ms header 149 "One - First"`, "43ms from 957ms", `1.043s from -85ms header 136 "Second"`, `1.085s from -85ms`, `2.085s from -1.128s header 120 ""`, "2.128s from -1.128s"}, 0},
		{"Opus", "Ogg", opus, []string{`0s from 59m59.994s header 117 "Only a title"`, "20ms from 59m59.994s"}, 0},
		{"Speex", "Ogg", speex, []string{`0s header 172 "Björk - Jóga"`, "80ms"}, 0},
		{"FLAC", "Ogg", flac, []string{`0s header 158 "A, B - T"`, "85ms"}, 0},
		{"Theora and Vorbis", "Ogg", film, []string{`0s from 40ms header 296 "Film"`, "960ms from 40ms"}, 0},
		{"damaged", "Ogg", damaged, []string{`0s from 1m40.957s header 149 "One - First"`, "43ms from 1m40.957s"}, 12},
		{"a codec that is not known", "Ogg", join(oggPage(2, 0, 5, 0, "unknown"), oggPage(0, 7, 5, 1, "a"), oggPage(0, 8, 5, 2, "b")), []string{`0s header 35 ""`}, 0},
	}
}

func TestComments(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{commentsOf("TITLE=a=b"), "a=b"},
		{commentsOf("ARTIST=a"), "a"},
		{commentsOf("title=t", "TITLE=u", "artist=a", "ARTIST=b"), "a, b - t"},
		{commentsOf("TITLE="), ""},
		{commentsOf("TITLE=" + strings.Repeat("x", maxComment+1)), ""},
		{commentsOf("TITLE=whole")[:12], ""},
		{"\xff\xff\xff\xff", ""},
		{"\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff", ""},
		{"", ""},
	} {
		if got := readComments([]byte(c.in)); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}
