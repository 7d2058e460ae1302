package fmp4

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tapedeck/client/media"
)

// hot is a second of pictures of 40 KB and of sound, in five fragments, with
// lengths of NAL units of the given size.
func hot(size int) (start, stream []byte) {
	config := strings.Replace(avcC, "ff", fmt.Sprintf("%02x", 0xfc|size-1), 1)
	start = initOf(trakOf(1, 25, "vide", videoEntry("avc1", bx("avcC", hx(config)))), aacTrak())
	picture := slices.Repeat([]byte{0x41}, 40_000)
	sound := make([]byte, 300)
	for i := range uint32(5) {
		var mdat []byte
		var sizes, frames []uint32
		for range 5 {
			p := append(u32(uint32(len(picture)))[4-size:], picture...)
			mdat, sizes = append(mdat, p...), append(sizes, uint32(len(p)))
		}
		pictures := uint32(len(mdat))
		for range 9 {
			mdat, frames = append(mdat, sound...), append(frames, uint32(len(sound)))
		}
		stream = append(stream, segment(func(size uint32) [][]byte {
			return [][]byte{
				bx("traf", bx("tfhd", u32(tfhdMoof, 1)), bx("tfdt", u32(0, 5*i)), bx("trun", u32(sized, 5, size+8-12), u32(sizes...))),
				bx("traf", bx("tfhd", u32(tfhdMoof, 2)), bx("tfdt", u32(0, 9600*i)), bx("trun", u32(sized, 9, size+8-12+pictures), u32(frames...))),
			}
		}, string(mdat))[12:]...)
	}
	// Each begins 12 bytes earlier than segment says, as do its offsets.
	return start, stream
}

func TestNothingIsAllocated(t *testing.T) {
	for _, size := range []int{4, 3} {
		start, stream := hot(size)
		d, n := New(), 0
		yield := func(media.Packet) { n++ }
		if err := d.Write(start, yield); err != nil {
			t.Fatal(err)
		}
		round := func() {
			for p := range slices.Chunk(stream, 10_000) {
				if err := d.Write(p, yield); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.Flush(yield); err != nil {
				t.Fatal(err)
			}
			d.Tracks()
		}
		if round(); n != 70 || d.Stats().Damaged > 0 {
			t.Fatalf("%d packets, %+v", n, d.Stats())
		}
		if a := testing.AllocsPerRun(20, round); a > 0 {
			t.Errorf("lengths of %d: %v allocations", size, a)
		}
	}
}

// BenchmarkDemuxer tells what a sample costs.
func BenchmarkDemuxer(b *testing.B) {
	start, stream := hot(4)
	d, n := New(), 0
	yield := func(media.Packet) { n++ }
	d.Write(start, yield)
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		for p := range slices.Chunk(stream, 32<<10) {
			d.Write(p, yield)
		}
		d.Flush(yield)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/unit")
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(len(stream))*1e9, "s/GB")
}

// FuzzDemuxer takes anything: nothing but samples of tracks that are there comes
// out, and the same whatever the cuts.
func FuzzDemuxer(f *testing.F) {
	start := initOf(avcTrak(u32(0, 2, 0x10000)), aacTrak())
	for _, c := range cases {
		f.Add(append(slices.Clone(start), segment(func(size uint32) [][]byte { return c.moof(size - 12) }, c.mdat)...))
	}
	f.Add(initOf(trakOf(1, 25, "vide", videoEntry("hev1", bx("hvcC", hx(hvcC))))))
	f.Add(initOf(trakOf(1, 25, "soun", soundEntry("Opus", bx("dOps", hx("00 02 0138 0000bb80 0000 00"))))))
	f.Add(append(slices.Clone(start), bx("emsg", u32(0), []byte(eventSchemes[0]), []byte("\x00\x00"), u32(1000, 500, 0, 7), []byte("ID3"))...))
	f.Fuzz(func(t *testing.T, b []byte) {
		run := func(size int) string {
			d := New()
			list, err := feed(d, b, size)
			for _, u := range list {
				if u.track >= len(d.Tracks()) || len(u.data) == 0 {
					t.Fatalf("%d bytes of track %d", len(u.data), u.track)
				}
			}
			d.Known()
			return fmt.Sprint(list, err, d.Stats())
		}
		if whole, parts := run(len(b)), run(5); whole != parts {
			t.Errorf("whole: %s\nin parts: %s", whole, parts)
		}
	})
}
