package cut

import "testing"

// BenchmarkCut is what it costs to look at a gigabyte.
func BenchmarkCut(b *testing.B) {
	large := string(make([]byte, 20_000))
	film := flvTagOf(9, 40, flvMore+large)
	var packets []byte
	for i := range 300 {
		reference := int64(-1)
		if i%20 == 0 {
			reference = int64(i) * 100
		}
		packets = append(packets, tsPacketOf(256, reference, false)...)
	}
	for _, c := range []struct {
		name, container string
		head, more      []byte
	}{
		{"FLV", "FLV", flvHeader(5), film},
		{"MPEG-TS", "MPEG-TS", nil, packets},
		{"Ogg", "Ogg", join(oggPage(2, 0, 7, 0, oggVorbisHead), oggPage(0, 0, 7, 1, "\x03vorbis"+commentsOf(), "\x05vorbis")), oggPage(0, 48000, 7, 2, large[:4000])},
		{"FLAC", "FLAC", join([]byte("fLaC"), []byte("\x80"+flacInfoBlock[1:])), flacFrame(1, large[:8000])},
	} {
		b.Run(c.name, func(b *testing.B) {
			cutter := New(c.container, 0)
			feed := func(p []byte) {
				for len(p) > 0 {
					u := cutter.Cut(p[:min(len(p), Window)])
					if u.Size == 0 {
						return
					}
					p = p[u.Size:]
				}
			}
			feed(c.head)
			feed(c.more)
			b.SetBytes(int64(len(c.more)))
			b.ReportAllocs()
			for b.Loop() {
				feed(c.more)
			}
		})
	}
}
