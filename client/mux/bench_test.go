package mux

import (
	"fmt"
	"testing"
	"time"

	"tapedeck/client/media"
)

// BenchmarkWriter is the hot path: pictures of a camera, sound between them.
func BenchmarkWriter(b *testing.B) {
	for _, size := range []int{1 << 10, 8 << 10, 30 << 10} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			w, err := New([]media.Track{
				{ID: 0, Kind: media.Video, Codec: media.H264, Private: []byte{1}},
				{ID: 1, Kind: media.Audio, Codec: media.AAC, Private: []byte{1}},
			})
			if err != nil {
				b.Fatal(err)
			}
			data := make([]byte, size)
			dst := make([]byte, 0, 64<<10)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for i := range b.N {
				p := media.Packet{Track: i & 1, Time: time.Duration(i) * 20 * time.Millisecond, Key: i&1 == 1 || i%100 == 0, Data: data}
				dst, _ = w.Append(dst[:0], p)
			}
		})
	}
}
