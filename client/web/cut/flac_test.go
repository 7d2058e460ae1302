package cut

// flacFrame is a frame with a number below 128: blocks are counted.
func flacFrame(number byte, data string) []byte {
	b := []byte{0xff, 0xf8, 0xc9&^0x0f | 0x0a, 0x18, number} // 4096 samples, 48 kHz, stereo, 16 bits
	return append(append(b, crc8(b)), data...)
}

func flacSamples() []sample {
	words := commentsOf("ARTIST=A", "TITLE=T")
	begin := join([]byte("fLaC"), []byte(flacInfoBlock), []byte("\x01\x00\x00\x03pad"), []byte("\x84\x00\x00"+string(rune(len(words)))+words))
	const frame = "sound that is a bit longer than a header: \xff\xf8\xff\x01 \xff\xf9"
	second := join([]byte("fLaC"), []byte("\x80"+flacInfoBlock[1:]))
	frames := func(from, to byte) (b []byte) {
		for i := from; i < to; i++ {
			b = append(b, flacFrame(i, frame)...)
		}
		return b
	}
	return []sample{
		{"plain", "FLAC", join(begin, frames(0, 4)), []string{`0s header 81 "A - T"`, "85ms", "171ms", "256ms"}, 7},
		{"joined late", "FLAC", join(begin, frames(120, 122)), []string{`0s from 10.24s header 81 "A - T"`, "85ms from 10.24s"}, 7},
		{"a chain", "FLAC", join(begin, frames(0, 2), second, frames(0, 2)), []string{`0s header 81 "A - T"`, "85ms", `85ms from -85ms header 42 ""`, "171ms from -85ms"}, 7},
		{"damaged", "FLAC", join(begin, frames(0, 2), []byte("damage in the middle"), frames(5, 7)), []string{`0s header 81 "A - T"`, "85ms", "427ms", "512ms"}, 7},
	}
}
