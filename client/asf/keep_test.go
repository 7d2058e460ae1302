package asf

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// everything is a header with all that Keep has to think of.
func everything() []byte {
	meta := func(id guid) []byte {
		record := func(stream int, name, value string) []byte {
			return join(u16(0, stream, len(wideText(name)), 0), u32(uint32(len(value))), wideText(name), []byte(value))
		}
		return objectOf(id, u16(4), record(0, "all", "a"), record(1, "one", "b"), record(2, "two", "c"), record(300, "none", "d"))
	}
	return join(headerOf(
		props,
		extensionOf(
			languagesOf("en", "de"),
			extendedOf(1, 0, 200000, 40*time.Millisecond),
			extendedOf(2, 1, 100000, 40*time.Millisecond, video(2, "WMV3")),
			extendedOf(4, 1, 5, 0),
			prioritiesOf(4, 2, 1),
			objectOf(advancedExclusion, []byte(byLanguage), u16(3, 4, 5, 6)),
			objectOf(groupExclusion, []byte(byBitrate), u16(2), u16(1, 1), u16(1, 2)),
			objectOf(groupExclusion, []byte(byBitrate), u16(2), u16(1, 4), u16(1, 2)),
			meta(metadata), meta(metadataLibrary),
			objectOf(indexParameters, u32(1000), u16(1)),
			objectOf(paddingObject, make([]byte, 100)),
		),
		video(1, "WMV3"), audio(4, 0x161), with(audio(5, 0x161), 73, 0x80), audio(6, 0x161), command,
		exclusionOf(byBitrate, 1, 2), rates(1, 200000, 2, 100000, 4, 64000, 5, 64000, 6, 32000),
		objectOf(codecList, make([]byte, 16), u32(0)),
		objectOf(contentDescription, u16(2, 0, 0, 0, 0), wideBare("T")),
		objectOf(contentEncryption, u32(0)), objectOf(digitalSignature, u32(0)),
		scriptOf([]string{"URL"}, commandOf(0, "http://page/")),
		objectOf(guid("an unknown thing"), []byte("abc")),
		objectOf(paddingObject, make([]byte, 100)),
		propsOf(128, 0), video(1, "H264"), // a second time
	), dataOf(40, 5000))
}

func TestKeep(t *testing.T) {
	h, err := Parse(everything())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		chosen    []int
		want      string
		exclusion bool // of two that are chosen
		in, out   []guid
	}{
		{"a film", []int{2, 4}, "64 bytes, 0s; 2 video WMV 9 100000 320x180 each 40ms in de rank 2 named a name; 4 audio WMA 2 64000 44100/2 in de rank 1 named a name; apart 1 [4 2]", true,
			[]guid{metadata, languageList, groupExclusion, prioritization, guid("an unknown thing"), codecList},
			[]guid{bitrateExclusion, advancedExclusion, contentEncryption, digitalSignature, scriptCommand, paddingObject, indexParameters}},
		{"versions of a picture", []int{1, 2}, "64 bytes, 0s; 2 video WMV 9 100000 320x180 each 40ms in de rank 1 named a name; 1 video WMV 9 200000 320x180 each 40ms in en rank 2 named a name; apart 1 [1 2]; apart 1 [1 2]", true, []guid{bitrateExclusion}, nil},
		{"one that is encrypted", []int{5}, "64 bytes, 0s; 5 audio WMA 2 64000 44100/2 (it is encrypted); protected", false, []guid{contentEncryption}, []guid{prioritization, extendedStream}},
		{"commands", []int{3}, "64 bytes, 0s; 3 data script commands 500000", false, nil, []guid{streamBitrates, scriptCommand}},
		{"none", nil, "64 bytes, 0s", false, nil, []guid{streamProperties}},
		{"none that there is", []int{0, 77, 128, -1}, "64 bytes, 0s", false, nil, []guid{streamProperties}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := h.Keep(c.chosen, 200*time.Millisecond)
			kept, err := Parse(b)
			if err != nil || summary(kept) != c.want || !kept.Broadcast || kept.Preroll != 200*time.Millisecond || kept.Title != "T" {
				t.Errorf("%v\n%s\nwant\n%s\n%+v", err, summary(kept), c.want, kept)
			}
			consistent(t, b)
			for _, id := range c.in {
				if !bytes.Contains(b, []byte(id)) {
					t.Errorf("%x is not in it", id)
				}
			}
			for _, id := range c.out {
				if bytes.Contains(b, []byte(id)) {
					t.Errorf("%x is in it", id)
				}
			}
			if again := kept.Keep(c.chosen, time.Hour); !bytes.Equal(again, b) {
				t.Errorf("kept again\n%x\nwant\n%x", again, b)
			}
		})
	}
	if n := strings.Count(string(h.Keep([]int{1, 2, 3, 4, 5, 6}, 0)), string(streamProperties)); n != 6 {
		t.Errorf("%d of 6 streams", n)
	}
}

// consistent checks that sizes and counts are right all the way down.
func consistent(t testing.TB, b []byte) {
	t.Helper()
	size := int(le.Uint64(b[16:]))
	if len(b) != size+DataHead || guid(b[size:size+16]) != dataObject || le.Uint16(b[size+48:]) != 0x0101 {
		t.Fatalf("a header of %d bytes in %d", size, len(b))
	}
	if n, rest := count(b[headerHead:size]); n != int(le.Uint32(b[24:])) || rest != 0 {
		t.Errorf("%d children of %d, and %d bytes", n, le.Uint32(b[24:]), rest)
	}
	for id, o := range objects(b[headerHead:size]) {
		if id != headerExtension {
			continue
		}
		if _, rest := count(o[extHead:]); rest != 0 || int(le.Uint32(o[42:])) != len(o)-extHead {
			t.Errorf("an extension of %d bytes has %d, and %d too many", le.Uint32(o[42:]), len(o)-extHead, rest)
		}
	}
}

func count(b []byte) (n, rest int) {
	rest = len(b)
	for _, o := range objects(b) {
		n++
		rest -= len(o)
	}
	return n, rest
}
