package fmp4

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
)

// hx reads hex; blanks and bars set apart.
func hx(s string) []byte {
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "|", "", "\n", "", "\t", "").Replace(s))
	if err != nil {
		panic(err)
	}
	return b
}

// bx is a box.
func bx(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	b := binary.BigEndian.AppendUint32(nil, uint32(boxHead+len(body)))
	return append(append(b, kind...), body...)
}

func u32(v ...uint32) (b []byte) {
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, x)
	}
	return b
}

// The coding of each sample entry, and what stands before its boxes.
const (
	avcC = "01 64001e ff e1 001a 6764001eacd940a02ff97011000003000100000300320f162d96 01 0004 68ce3c80 fdf8f800"
	esds = "00000000 | 03 19 0001 00 | 04 11 40 15 000000 00000000 00000000 | 05 02 1190 | 06 01 02"
)

func videoEntry(kind string, boxes ...[]byte) []byte {
	b := make([]byte, videoFields)
	copy(b[24:], hx("0280 0168"))
	return bx(kind, append([][]byte{b}, boxes...)...)
}

func soundEntry(kind string, boxes ...[]byte) []byte {
	b := make([]byte, audioFields)
	copy(b[16:], hx("0002 0010 0000 0000 bb80 0000"))
	return bx(kind, append([][]byte{b}, boxes...)...)
}

// trakOf is a track with its edit list, or none.
func trakOf(number, scale uint32, handler string, entry []byte, edits ...[]byte) []byte {
	parts := [][]byte{bx("tkhd", u32(7, 0, 0, number, 0))}
	if len(edits) > 0 {
		parts = append(parts, bx("edts", bx("elst", u32(0, uint32(len(edits))), slices.Concat(edits...))))
	}
	parts = append(parts, bx("mdia",
		bx("mdhd", u32(0, 0, 0, scale, 0, 0)),
		bx("hdlr", u32(0, 0), []byte(handler), make([]byte, 12)),
		bx("minf", bx("stbl", bx("stsd", u32(0, 1), entry))),
	))
	return bx("trak", parts...)
}

func avcTrak(edits ...[]byte) []byte {
	return trakOf(1, 25, "vide", videoEntry("avc1", bx("avcC", hx(avcC))), edits...)
}

func aacTrak() []byte {
	return trakOf(2, 48000, "soun", soundEntry("mp4a", bx("esds", hx(esds))))
}

// initOf is an initialisation segment: samples that do not say last 1 tick in
// track 1 and 1024 in track 2, and are not sync in track 1.
func initOf(traks ...[]byte) []byte {
	parts := append([][]byte{bx("mvhd", u32(0, 0, 0, 1000, 0))}, traks...)
	parts = append(parts, bx("mvex",
		bx("trex", u32(0, 1, 1, 1, 0, notSync)),
		bx("trex", u32(0, 2, 1, 1024, 0, 0))))
	return slices.Concat(bx("ftyp", []byte("iso5")), bx("moov", parts...))
}

// unit is a packet that came out.
type unit struct {
	track int
	time  time.Duration
	key   bool
	data  string
}

func collect(list *[]unit) func(media.Packet) {
	return func(p media.Packet) { *list = append(*list, unit{p.Track, p.Time, p.Key, string(p.Data)}) }
}

// feed writes b in parts of size bytes, and ends the segment.
func feed(d *Demuxer, b []byte, size int) (list []unit, first error) {
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	for p := range slices.Chunk(b, max(1, size)) {
		keep(d.Write(p, collect(&list)))
	}
	keep(d.Flush(collect(&list)))
	return list, first
}

const tick = 40 * time.Millisecond

var frame = 1024 * time.Second / 48000

// Flags of the runs in the tests.
const (
	sized   = trunOffset | trunSize
	shown   = sized | trunShown
	allSaid = trunOffset | trunFirst | trunDuration | trunSize | trunFlags | trunShown
)

// cases are segments behind an initialisation segment with H.264 and AAC.
var cases = []struct {
	name  string
	moof  func(size uint32) [][]byte // what is in it, whose own size is size
	mdat  string
	want  []unit
	err   string
	count int // samples that are dropped
}{
	{
		name: "two tracks, offsets from the moof",
		moof: func(size uint32) [][]byte {
			return [][]byte{bx("mfhd", u32(0, 1)),
				bx("traf", bx("tfhd", u32(tfhdMoof, 1)), bx("tfdt", u32(0, 50)), bx("trun", u32(sized|trunFirst, 2, size+8, 0, 3, 2))),
				bx("traf", bx("tfhd", u32(tfhdMoof, 2)), bx("tfdt", u32(1<<24, 0, 96000)), bx("trun", u32(sized, 2, size+8+5, 1, 1)))}
		},
		mdat: "aaabbcd",
		want: []unit{{0, 2 * time.Second, true, "aaa"}, {0, 2*time.Second + tick, false, "bb"}, {1, 2 * time.Second, true, "c"}, {1, 2*time.Second + frame, true, "d"}},
	},
	{
		name: "all that a run can say, shown before it is decoded too",
		moof: func(size uint32) [][]byte {
			return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof, 1)), bx("tfdt", u32(0, 50)),
				bx("trun", u32(1<<24|allSaid, 3, size+8, 0, 2, 1, 0, 1, 1, 1, notSync, 2, 1, 1, 0, 0xffffffff)))}
		},
		mdat: "abc",
		want: []unit{{0, 51 * tick, true, "a"}, {0, 54 * tick, false, "b"}, {0, 52 * tick, true, "c"}},
	},
	{
		name: "defaults of the fragment; several runs, the second behind the first; no time: on from 0",
		moof: func(size uint32) [][]byte {
			return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof|tfhdEntry|tfhdDuration|tfhdSize|tfhdFlags, 1, 1, 2, 3, 0)),
				bx("trun", u32(trunOffset, 1, size+8)), bx("trun", u32(0, 2)))}
		},
		mdat: "aaabbbccc",
		want: []unit{{0, 0, true, "aaa"}, {0, 2 * tick, true, "bbb"}, {0, 4 * tick, true, "ccc"}},
	},
	{
		name: "offsets from the beginning of another file",
		moof: func(size uint32) [][]byte {
			base := u32(tfhdBase, 1, 1, 0x12345678)
			other := u32(tfhdBase, 2, 1, 0x12345678)
			return [][]byte{bx("traf", bx("tfhd", base), bx("trun", u32(sized, 1, 2, 2))),
				bx("traf", bx("tfhd", other), bx("trun", u32(sized, 1, 0, 2)))}
		},
		mdat: "aabb",
		want: []unit{{1, 0, true, "aa"}, {0, 0, false, "bb"}},
	},
	{
		name: "offsets from the track before, a hole, a track that nobody announced",
		moof: func(size uint32) [][]byte {
			return [][]byte{bx("traf", bx("tfhd", u32(0, 1)), bx("trun", u32(sized, 1, size+8, 2))),
				bx("traf", bx("tfhd", u32(0, 9)), bx("trun", u32(sized, 1, 0, 1))),
				bx("traf", bx("tfhd", u32(0, 2)), bx("trun", u32(sized, 1, 1, 2)))}
		},
		mdat: "aa-bb",
		want: []unit{{0, 0, false, "aa"}, {1, 0, true, "bb"}},
	},
	{
		name: "samples that share bytes, one before mdat and one behind it",
		moof: func(size uint32) [][]byte {
			return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof, 1)), bx("trun", u32(sized, 1, size+8, 3)),
				bx("trun", u32(sized, 1, size+9, 1)), bx("trun", u32(sized, 1, 4, 1)), bx("trun", u32(sized, 1, 9999, 1)))}
		},
		mdat:  "aaab",
		want:  []unit{{0, 0, false, "aaa"}},
		count: 3,
	},
	{
		name: "a run that is shorter than it says",
		moof: func(size uint32) [][]byte {
			return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof, 1)), bx("trun", u32(sized, 0x10000000, size+8, 3)))}
		},
		mdat: "aaab", err: `box "trun": its content is malformed`,
	},
	{
		name: "more samples than there are bytes for anything",
		moof: func(size uint32) [][]byte {
			return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof|tfhdSize, 1, 0)), bx("trun", u32(trunOffset, 0xffffffff, size+8)))}
		},
		mdat: "aaab", err: `box "trun": it exceeds its limit`,
	},
	{
		name: "more samples without bytes than anybody counts",
		moof: func(size uint32) [][]byte {
			run := bx("trun", u32(trunOffset, maxSamples, size+8))
			return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof|tfhdSize, 1, 0)), run, run)}
		},
		mdat: "aaab", err: `box "trun": it exceeds its limit`,
	},
	{
		name: "a box that has no room in its parent",
		moof: func(uint32) [][]byte {
			return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof, 1)), u32(99), []byte("trun"), u32(0, 0))}
		},
		mdat: "a", err: `box "traf": its content is malformed`,
	},
	{
		name: "a time that no clock shows",
		moof: func(size uint32) [][]byte {
			return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof, 1)), bx("tfdt", u32(1<<24, 0x7fffffff, 0)), bx("trun", u32(sized, 1, size+8, 1)))}
		},
		mdat: "a", err: `box "trun": its content is malformed`,
	},
	{
		name: "a header of a track that is cut",
		moof: func(uint32) [][]byte { return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof)))} },
		mdat: "a", err: `box "tfhd": its content is malformed`,
	},
}

func segment(moof func(size uint32) [][]byte, mdat string) []byte {
	size := uint32(len(bx("moof", moof(0)...)))
	return slices.Concat(bx("styp", []byte("msdh")), bx("moof", moof(size+12)...), bx("mdat", []byte(mdat)))
}

func TestDemuxer(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			// Offsets are said from the moof, or from the beginning of the segment,
			// which styp's twelve bytes make up for.
			moof := func(size uint32) [][]byte { return c.moof(size - 12) }
			rnd := rand.New(rand.NewPCG(1, 2))
			for _, size := range []int{1 << 20, 1, 2, 7, 8, 9, 1 + rnd.IntN(100)} {
				d := New()
				if _, err := feed(d, initOf(avcTrak(), aacTrak()), size); err != nil || !d.Known() {
					t.Fatal(err)
				}
				got, err := feed(d, segment(moof, c.mdat), size)
				if fmt.Sprint(got) != fmt.Sprint(c.want) {
					t.Errorf("cut at %d: %v\nwant %v", size, got, c.want)
				}
				if err == nil && c.err != "" || err != nil && (c.err == "" || !strings.Contains(err.Error(), c.err)) {
					t.Errorf("cut at %d: error %v", size, err)
				}
				if n := d.Stats().Damaged; c.err == "" && n != uint64(c.count) {
					t.Errorf("cut at %d: %d samples are dropped, want %d", size, n, c.count)
				}
			}
		})
	}
}

// TestEarly has samples come out before their mdat is complete, and the end of
// the segment in the middle of one.
func TestEarly(t *testing.T) {
	d := New()
	b := append(initOf(avcTrak(), aacTrak()), segment(func(size uint32) [][]byte { return cases[0].moof(size - 12) }, cases[0].mdat)...)
	var got []unit
	for n := range b[:len(b)-2] {
		if err := d.Write(b[n:n+1], collect(&got)); err != nil {
			t.Fatal(err)
		}
		if left := len(b) - 1 - n; left == 4 && len(got) != 1 || left == 2 && len(got) != 2 {
			t.Errorf("%d packets with %d bytes left", len(got), left)
		}
	}
	if err := d.Flush(collect(&got)); !errors.Is(err, ErrTruncated) || d.Stats().Damaged != 2 {
		t.Errorf("error %v, %+v", err, d.Stats())
	}
}

func TestSequence(t *testing.T) {
	whole := bx("moov", bx("mvhd", u32(0, 0, 0, 1000, 0)), bx("trak",
		bx("tkhd", u32(7, 0, 0, 1, 0)), bx("mdia", bx("mdhd", u32(0, 0, 0, 25, 0, 0)), bx("hdlr", u32(0, 0), []byte("vide")),
			bx("minf", bx("stbl", bx("stsd", u32(0, 1), videoEntry("avc1", bx("avcC", hx(avcC)))), bx("stsz", u32(0, 0, 9)))))))
	good := segment(func(size uint32) [][]byte { return cases[0].moof(size - 12) }, cases[0].mdat)
	for _, c := range []struct {
		name string
		in   []byte
		want error
	}{
		{"text", []byte("<html><body>404</body></html>"), ErrNotMP4},
		{"a size below that of a head", hx("00000007 66747970"), ErrNotMP4},
		{"one later", append(bx("ftyp"), hx("00000007 66747970 00000000")...), ErrMalformed},
		{"64 bits below it", append(bx("ftyp"), hx("00000001 66747970 00000000 00000008")...), ErrMalformed},
		{"no initialisation segment", good, ErrNoInit},
		{"a film in one piece", append(bx("ftyp"), whole...), ErrWhole},
		{"a moov without tracks", bx("moov"), ErrMalformed},
		{"a moov of a gigabyte", hx("40000000 6d6f6f76"), ErrTooLarge},
		{"a moof to the end", hx("00000000 6d6f6f66 0000"), ErrTooLarge},
		{"a moof of 2^63 bytes", hx("00000001 6d6f6f66 7fffffffffffffff 00"), ErrTooLarge},
		{"a mdat to the end", append(initOf(avcTrak()), hx("00000000 6d646174 000000")...), nil},
		{"a mdat with 64 bits", append(initOf(avcTrak()), hx("00000001 6d646174 0000000000000012 0102")...), nil},
		{"a head that is cut", append(bx("ftyp"), hx("000000")...), ErrTruncated},
		{"a track without a clock", bx("moov", trakOf(1, 0, "vide", videoEntry("avc1"))), ErrMalformed},
	} {
		for _, size := range []int{1, 5, 1 << 20} {
			d := New()
			if _, err := feed(d, c.in, size); !errors.Is(err, c.want) {
				t.Errorf("%s, cut at %d: error %v, want %v", c.name, size, err, c.want)
			}
			d.Reset()
			if _, err := feed(d, append(initOf(avcTrak(), aacTrak()), good...), size); err != nil {
				t.Errorf("%s, cut at %d: afterwards %v", c.name, size, err)
			}
		}
	}
}

// TestEdits moves tracks by their edit lists.
func TestEdits(t *testing.T) {
	moof := func(size uint32) [][]byte {
		return [][]byte{bx("traf", bx("tfhd", u32(tfhdMoof, 1)), bx("tfdt", u32(0, 50)), bx("trun", u32(sized, 1, size+8-12, 1)))}
	}
	for _, c := range []struct {
		name  string
		edits [][]byte
		want  time.Duration
	}{
		{"none", nil, 50 * tick},
		{"pictures that are shown later", [][]byte{u32(0, 2, 0x10000)}, 48 * tick},
		{"time without media first", [][]byte{u32(80, 0xffffffff, 0x10000), u32(0, 2, 0x10000)}, 50 * tick},
		{"one that is cut", [][]byte{u32(80)}, 50 * tick},
		{"one that means something else", [][]byte{u32(0, 0x7fffffff, 0x10000)}, 50 * tick},
	} {
		got, err := feed(New(), append(initOf(avcTrak(c.edits...)), segment(moof, "a")...), 1000)
		if err != nil || len(got) != 1 || got[0].time != c.want {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
}
