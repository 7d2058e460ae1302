package asf

import (
	"slices"
	"testing"
)

// mbr is a film of three pictures and two sounds, as encoders for several bit
// rates make it.
var mbr = join(video(1, "WMV3"), video(2, "WMV3"), video(3, "WMV3"), audio(4, 0x161), audio(5, 0x161), rates(1, 100000, 2, 300000, 3, 700000, 4, 32000, 5, 128000))

func TestChoose(t *testing.T) {
	spoken := func(languages ...string) []byte { // streams 1, 2 ... in the languages of the list
		b := []byte{}
		for i := range languages {
			b = join(b, extendedOf(i+1, i, 0, 0))
		}
		return extensionOf(languagesOf(languages...), b)
	}
	for _, c := range []struct {
		name     string
		header   []byte
		limit    int
		language string
		want     []int
	}{
		{"one of each", join(audio(1, 0x161), video(2, "WMV3")), 0, "", []int{1, 2}},
		{"sound alone", audio(7, 0x161), 1, "", []int{7}},
		{"nothing", nil, 0, "", nil},
		{"the best", join(mbr, exclusionOf(byBitrate, 1, 2, 3), exclusionOf(byBitrate, 4, 5)), 0, "", []int{3, 5}},
		{"the best, of a header that excludes nothing", mbr, 0, "", []int{3, 5}},
		{"what fits", mbr, 550000, "", []int{2, 5}},               // 428 of 467.5 kbit/s
		{"the picture counts more", mbr, 450000, "", []int{2, 4}}, // 332 of 382.5; 428 does not fit
		{"some room is left", mbr, 428000, "", []int{2, 4}},
		{"the lowest, if nothing fits", mbr, 1000, "", []int{1, 4}},
		{"the sound counts more if it is ranked higher", join(mbr, extensionOf(prioritiesOf(5, 4, 3, 2, 1))), 450000, "", []int{1, 5}},
		{"the rank decides between equal rates", join(video(1, "WMV3"), video(2, "WMV3"), rates(1, 5, 2, 5), extensionOf(prioritiesOf(2))), 0, "", []int{2}},
		{"the first of equal ones", join(video(1, "WMV3"), video(2, "WMV3"), rates(1, 5, 2, 5)), 0, "", []int{1}},
		{"what cannot be played is not chosen", join(video(1, "WMV3"), with(video(2, "WMV3"), 73, 0x80), spreadOf(2, 0, 0), rates(1, 5, 2, 9)), 0, "", []int{1}},
		{"encrypted alone", with(video(2, "WMV3"), 73, 0x80), 0, "", nil},
		{"commands and images come with it", join(video(1, "WMV3"), command, streamOf(4, imageStream, nil), streamOf(5, embeddedStream, nil)), 0, "", []int{1, 3, 4}},
		{"commands count", join(mbr, streamOf(6, commandStream, nil), rates(1, 100000, 2, 300000, 3, 700000, 4, 32000, 5, 128000, 6, 50000)), 550000, "", []int{2, 4, 6}},
		{"commands that exclude each other", join(command, streamOf(4, commandStream, nil), exclusionOf(byLanguage, 3, 4)), 0, "", []int{3}},
		{"commands that exclude a picture", join(command, video(1, "WMV3"), exclusionOf(guid(make([]byte, 16)), 1, 3)), 0, "", []int{1}},
		{"a language", join(audio(1, 0x161), audio(2, 0x161), spoken("en", "de")), 0, "de", []int{2}},
		{"a language of another country", join(audio(1, 0x161), audio(2, 0x161), spoken("en-us", "de-de")), 0, "de-CH", []int{2}},
		{"the same country before another", join(audio(1, 0x161), audio(2, 0x161), audio(3, 0x161), spoken("en-us", "de-de", "de_ch")), 0, "de_CH", []int{3}},
		{"the first language, if none is preferred", join(audio(1, 0x161), audio(2, 0x161), spoken("en", "de"), rates(1, 5, 2, 9)), 0, "", []int{1}},
		{"the first language, if there is no such", join(audio(1, 0x161), audio(2, 0x161), spoken("en", "de")), 0, "fr", []int{1}},
		{"the language that is ranked highest", join(audio(1, 0x161), audio(2, 0x161), spoken("en", "de"), extensionOf(prioritiesOf(2, 1))), 0, "fr", []int{2}},
		{"the best of a language", join(audio(1, 0x161), audio(2, 0x161), audio(3, 0x161), extensionOf(languagesOf("en", "de"), extendedOf(1, 1, 5, 0), extendedOf(2, 0, 99, 0), extendedOf(3, 1, 9, 0))), 0, "de", []int{3}},
		{"a picture and a sound that exclude each other", join(mbr, exclusionOf(byBitrate, 3, 5)), 0, "", []int{3, 4}},
		{"groups", join(mbr, extensionOf(objectOf(groupExclusion, []byte(byBitrate), u16(2), u16(2, 1, 5), u16(3, 2, 3, 4)))), 0, "", []int{3, 4}},
		{"all exclude each other", join(video(1, "WMV3"), audio(2, 0x161), exclusionOf(byBitrate, 1, 2)), 0, "", []int{1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := Parse(headerOf(propsOf(64, 0), c.header))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // it changes nothing
				if got := Choose(h, c.limit, c.language); !slices.Equal(got, c.want) {
					t.Errorf("%v, want %v", got, c.want)
				}
			}
		})
	}
}
