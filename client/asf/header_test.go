package asf

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// summary is a header in words.
func summary(h *Header) string {
	s := fmt.Sprintf("%d bytes, %v", h.PacketSize, h.Duration)
	for _, st := range h.Streams {
		s += fmt.Sprintf("; %d %v %v %d", st.Number, st.Kind, st.Codec, st.BitRate)
		if st.Width > 0 {
			s += fmt.Sprintf(" %dx%d", st.Width, st.Height)
		}
		if st.FrameTime > 0 {
			s += fmt.Sprintf(" each %v", st.FrameTime)
		}
		if st.SampleRate > 0 {
			s += fmt.Sprintf(" %d/%d", st.SampleRate, st.Channels)
		}
		if st.Language != "" {
			s += " in " + st.Language
		}
		if st.Priority > 0 {
			s += fmt.Sprintf(" rank %d", st.Priority)
		}
		if st.Name != "" {
			s += " named " + st.Name
		}
		if st.Problem != "" {
			s += " (" + st.Problem + ")"
		}
	}
	for _, e := range h.Exclusions {
		s += fmt.Sprintf("; apart %d %v", e.By, e.Streams)
	}
	if h.Protected {
		s += "; protected"
	}
	if h.Elsewhere != "" {
		s += "; see " + h.Elsewhere
	}
	return s
}

// props are properties with two streams that nothing is wrong with.
var (
	props   = propsOf(64, flagSeekable)
	film    = join(props, video(1, "WMV3"), audio(2, 0x161))
	tracks  = "64 bytes, 3s; 1 video WMV 9 436000 320x180; 2 audio WMA 2 64000 44100/2"
	command = streamOf(3, commandStream, nil)
)

// sizedObject is an object that gives another size than it has.
func sizedObject(o []byte, size uint64) []byte {
	o = bytes.Clone(o)
	le.PutUint64(o[16:], size)
	return o
}

// propsWith are properties in which a number of 4 bytes is another one.
func propsWith(at int, v uint32) []byte {
	o := bytes.Clone(props)
	le.PutUint32(o[at:], v)
	return o
}

func scriptOf(kinds []string, commands ...[]byte) []byte {
	b := u16(len(commands), len(kinds))
	for _, k := range kinds {
		b = join(b, counted(k))
	}
	return objectOf(scriptCommand, make([]byte, 16), b, join(commands...))
}

func commandOf(kind int, text string) []byte { return join(u32(0), u16(kind), counted(text)) }

func spreadOf(span byte, packet, chunk int) []byte {
	format := join(u16(0x161, 2), u32(44100, 8000), u16(1024, 16, 0))
	spread := join([]byte{span}, u16(packet, chunk, 1), []byte{0})
	return objectOf(streamProperties, []byte(audioStream), []byte(audioSpread), u64(0), u32(uint32(len(format)), uint32(len(spread))), u16(2), u32(0), format, spread)
}

// headers are what the table test and the fuzz targets begin with.
var headers = []struct {
	name string
	b    []byte
	want string // "" for an error
}{
	{"film", headerOf(film), tracks},
	{"with a data object", join(headerOf(film), dataOf(40, 50+40*64)), tracks},
	{"broadcast", headerOf(propsOf(64, flagBroadcast), video(1, "WVC1")), "64 bytes, 0s; 1 video VC-1 500000 320x180"},
	{"rates that the header tells", headerOf(film, rates(1, 300000, 2, 32000)), "64 bytes, 3s; 1 video WMV 9 300000 320x180; 2 audio WMA 2 32000 44100/2"},
	{"streams within extended properties", headerOf(props, extensionOf(
		languagesOf("EN-us", "de"),
		extendedOf(1, 0, 200000, 40*time.Millisecond, video(1, "H264")),
		extendedOf(2, 1, 0, 0),
		prioritiesOf(2, 1),
	), audio(2, 0x1610)), "64 bytes, 3s; 1 video H.264 200000 320x180 each 40ms in en-us rank 2 named a name; 2 audio AAC 64000 44100/2 in de rank 1 named a name"},
	{"exclusions", headerOf(film, exclusionOf(byBitrate, 1, 2, 3), exclusionOf(byLanguage, 2, 4), exclusionOf(guid(make([]byte, 16)), 1, 1), extensionOf(
		objectOf(advancedExclusion, []byte(byBitrate), u16(2, 5, 6)),
		objectOf(groupExclusion, make([]byte, 16), u16(2), u16(2, 1, 2), u16(1, 3)),
	)), tracks + "; apart 1 [1 2 3]; apart 2 [2 4]; apart 1 [5 6]; apart 0 [1 3]; apart 0 [2 3]"},
	{"all kinds of streams", headerOf(props, video(1, "MP43"), command, streamOf(4, imageStream, nil), streamOf(5, embeddedStream, nil), streamOf(6, guid(make([]byte, 16)), nil),
		streamOf(7, embeddedStream, join([]byte(embeddedAudio), make([]byte, 48), u16(0x2000, 6), u32(48000, 0)))),
		"64 bytes, 3s; 1 video MS MPEG-4 v3 83333 320x180; 3 data script commands 83333; 4 data JPEG 83333; 5 data unknown 83333 (streams of its type are not played); 6 data unknown 83333 (streams of its type are not played); 7 audio AC-3 83333 48000/6"},
	{"encrypted", headerOf(props, video(1, "WMV3"), with(audio(2, 0x162), 73, 0x80), objectOf(contentEncryption, u32(0))),
		"64 bytes, 3s; 1 video WMV 9 436000 320x180; 2 audio WMA Pro 64000 44100/2 (it is encrypted); protected"},
	{"codings that are not known", headerOf(props, video(1, "ABCD"), audio(2, 0x1234), video(3, "\x01\x02\x03\x04"), audio(4, 0x1235), objectOf(codecList, make([]byte, 16), u32(2),
		u16(1), counted("A coding"), counted(""), u16(4), []byte("ABCD"), u16(2), counted("Another\x1b"), counted(""), u16(2), u16(0x1234))),
		"64 bytes, 3s; 1 video A coding 186000 320x180; 2 audio Another 64000 44100/2; 3 video video 0x04030201 186000 320x180; 4 audio audio 0x1235 64000 44100/2"},
	{"a coding in a GUID", headerOf(props, streamOf(2, audioStream, join(u16(0xfffe, 2), u32(48000, 1000), u16(1, 16, 22, 16), u32(0), u16(0x162), make([]byte, 14)))),
		"64 bytes, 3s; 2 audio WMA Pro 8000 48000/2"},
	{"another file", headerOf(scriptOf([]string{"URL", "Filename"}, commandOf(0, "http://page/"), commandOf(1, "mms://other/b.asf?x=1"))), "0 bytes, 0s; see mms://other/b.asf?x=1"},
	{"a film with commands", headerOf(film, scriptOf([]string{"URL", "FILENAME"}, commandOf(1, "mms://other/"))), tracks},
	{"sound that is spread", headerOf(props, spreadOf(8, 64, 16)), "64 bytes, 3s; 2 audio WMA 2 64000 44100/2"},
	{"sound that is spread over one", headerOf(props, spreadOf(1, 64, 0)), "64 bytes, 3s; 2 audio WMA 2 64000 44100/2"},
	{"a header that gives no size", join(sizedObject(headerOf(film), 0), dataOf(0, 0)), tracks},
	{"a header that is cut", headerOf(film, rates(1, 5))[:30+len(film)+20], tracks},
	{"a picture upside down", headerOf(props, streamOf(1, videoStream, join(u32(0, 0), []byte{2}, u16(40), u32(40, 320, math.MaxUint32-179), u16(1, 24), []byte("wmv2")))), "64 bytes, 3s; 1 video WMV 8 500000 320x180"},

	// Hostile ones.
	{"nothing", nil, ""},
	{"a data object", dataOf(1, 50), ""},
	{"no properties", headerOf(video(1, "WMV3")), ""},
	{"properties that are cut", headerOf(objectOf(fileProperties, make([]byte, 60))), ""},
	{"packets of 0 bytes", headerOf(propsOf(0, 0), video(1, "WMV3")), ""},
	{"packets of 4 GB", headerOf(propsOf(math.MaxUint32, 0), video(1, "WMV3")), ""},
	{"packets of two sizes", headerOf(propsWith(propsLeast, 12)), "64 bytes, 3s"},
	{"the larger packets are impossible", headerOf(propsWith(propsMost, 1<<20)), "64 bytes, 3s"},
	{"properties twice", headerOf(film, propsOf(128, 0)), tracks},
	{"shorter than its preroll", headerOf(propsWith(propsPlay, 5)), "64 bytes, 0s"},
	{"a play time of centuries", headerOf(propsWith(propsPlay+4, 1<<30)), "64 bytes, 0s"},
	{"a preroll of centuries", headerOf(propsWith(propsPreroll+4, 1<<30)), "64 bytes, 4s"},
	{"a bit rate of 4 GBit/s", headerOf(propsWith(propsRate, math.MaxUint32), video(1, "WMV3")), "64 bytes, 3s; 1 video WMV 9 0 320x180"},
	{"a header of 8 EB", sizedObject(headerOf(film), 1<<63), tracks},
	{"2^32 children", with(headerOf(film), 24, 255, 25, 255, 26, 255, 27, 255), tracks},
	{"a child of 0 bytes", headerOf(film, sizedObject(rates(1, 5), 0), rates(1, 6)), tracks},
	{"a child of 23 bytes", headerOf(film, sizedObject(rates(1, 5), 23), rates(1, 6)), tracks},
	{"a child longer than the header", headerOf(film, sizedObject(rates(1, 5), 1000)), tracks},
	{"a child of a negative size", headerOf(film, sizedObject(rates(1, 5), 1<<63+32)), tracks},
	{"an extension in an extension", headerOf(film, extensionOf(extensionOf(rates(1, 5)))), tracks},
	{"an extension's child of 0 bytes", headerOf(film, extensionOf(sizedObject(rates(1, 5), 0), rates(1, 5)), rates(2, 7)), "64 bytes, 3s; 1 video WMV 9 499993 320x180; 2 audio WMA 2 7 44100/2"},
	{"an extension that is cut", headerOf(film, objectOf(headerExtension, make([]byte, 21))), tracks},
	{"stream 0", headerOf(film, video(0, "WMV3")), tracks},
	{"a stream twice", headerOf(film, video(2, "WMV3"), extensionOf(extendedOf(1, 0, 0, 0, video(1, "H264")))), strings.Replace(tracks, "180;", "180 named a name;", 1)},
	{"a stream that is cut", headerOf(film, objectOf(streamProperties, make([]byte, 50))), tracks},
	{"a stream whose format is longer than it", headerOf(props, with(video(1, "WMV3"), 64, 255, 65, 255, 66, 255, 67, 255)), "64 bytes, 3s; 1 video WMV 9 500000 320x180"},
	{"a stream whose correction is longer than it", headerOf(props, with(spreadOf(8, 64, 16), 68, 255, 69, 255, 70, 255, 71, 255)), "64 bytes, 3s; 2 audio WMA 2 64000 44100/2"},
	{"a stream without a format", headerOf(props, streamOf(1, videoStream, nil), streamOf(2, audioStream, nil)), "64 bytes, 3s; 1 video unknown 250000; 2 audio audio 0x0000 250000"},
	{"a picture of 4 billion lines", headerOf(props, streamOf(1, videoStream, join(u32(1<<31, 1<<30), []byte{2}, u16(40), u32(40, 1<<31, 1<<30), u16(1, 24), []byte("wmv2")))), "64 bytes, 3s; 1 video WMV 8 500000"},
	{"a format whose extension is longer than it", headerOf(props, streamOf(2, audioStream, join(u16(0xfffe, 2), u32(48000, 1000), u16(1, 16, 0xffff)))), "64 bytes, 3s; 2 audio audio 0xFFFE 8000 48000/2"},
	{"sound of 65535 channels", headerOf(props, streamOf(2, audioStream, join(u16(0x161, 0xffff), u32(math.MaxUint32, math.MaxUint32)))), "64 bytes, 3s; 2 audio WMA 2 500000"},
	{"sound spread in chunks of 0 bytes", headerOf(props, spreadOf(8, 64, 0)), "64 bytes, 3s; 2 audio WMA 2 64000 44100/2 (its sound is scrambled in a way that cannot be)"},
	{"sound spread in packets of 0 bytes", headerOf(props, spreadOf(8, 0, 16)), "64 bytes, 3s; 2 audio WMA 2 64000 44100/2 (its sound is scrambled in a way that cannot be)"},
	{"sound spread in chunks that do not fill it", headerOf(props, spreadOf(8, 64, 17)), "64 bytes, 3s; 2 audio WMA 2 64000 44100/2 (its sound is scrambled in a way that cannot be)"},
	{"more names than extended properties have", headerOf(film, extensionOf(with(extendedOf(2, 0, 9, 0, video(3, "WMV3")), 84, 255, 85, 255))), "64 bytes, 3s; 1 video WMV 9 499991 320x180; 2 audio WMA 2 9 44100/2 named a name"},
	{"a name longer than extended properties", headerOf(film, extensionOf(with(extendedOf(2, 0, 9, 0), 90, 255, 91, 255))), "64 bytes, 3s; 1 video WMV 9 499991 320x180; 2 audio WMA 2 9 44100/2"},
	{"more extensions than extended properties have", headerOf(film, extensionOf(with(extendedOf(2, 0, 9, 0), 86, 255, 87, 255))), "64 bytes, 3s; 1 video WMV 9 499991 320x180; 2 audio WMA 2 9 44100/2 named a name"},
	{"extended properties of another stream than they hold", headerOf(film, extensionOf(extendedOf(4, 0, 9, 0, video(3, "WMV3")))), tracks},
	{"extended properties of stream 0 and 300", headerOf(film, extensionOf(extendedOf(0, 0, 9, 0), extendedOf(300, 0, 9, 0))), tracks},
	{"a stream within that is longer than its room", headerOf(film, extensionOf(extendedOf(3, 0, 9, 0, sizedObject(video(3, "WMV3"), 5000)))), tracks},
	{"a frame of a century", headerOf(film, extensionOf(extendedOf(3, 0, 9, math.MaxInt64))), tracks},
	{"a language that is not listed", headerOf(film, extensionOf(extendedOf(3, 9, 0, 0), with(languagesOf("de"), 24, 255, 25, 255))), tracks},
	{"an exclusion of more streams than it lists", headerOf(film, with(exclusionOf(byBitrate, 1, 2), 40, 255, 41, 255)), tracks + "; apart 1 [1 2]"},
	{"an exclusion of streams that cannot be", headerOf(film, exclusionOf(byBitrate, 0, 128, 65535, 2)), tracks},
	{"groups longer than their object", headerOf(film, objectOf(groupExclusion, make([]byte, 16), u16(65535, 65535, 1, 2))), tracks},
	{"more rates than there are", headerOf(film, with(rates(2, 32000), 24, 255, 25, 255)), "64 bytes, 3s; 1 video WMV 9 468000 320x180; 2 audio WMA 2 32000 44100/2"},
	{"more ranks than there are", headerOf(film, with(prioritiesOf(2), 24, 255, 25, 255)), tracks + " rank 1"},
	{"more commands than there are", headerOf(objectOf(scriptCommand, make([]byte, 16), u16(65535, 1), counted("FILENAME"), commandOf(0, "mms://b/"), u32(0), u16(0, 65535))), "0 bytes, 0s; see mms://b/"},
	{"more types of commands than there are", headerOf(objectOf(scriptCommand, make([]byte, 16), u16(1, 65535), counted("FILENAME"))), ""},
	{"more codings than there are", headerOf(film, objectOf(codecList, make([]byte, 16), u32(math.MaxUint32), u16(1, 65535))), tracks},
}

func TestHeaders(t *testing.T) {
	for _, c := range headers {
		t.Run(c.name, func(t *testing.T) {
			h, err := Parse(c.b)
			if c.want == "" {
				if !errors.Is(err, ErrFormat) {
					t.Fatalf("%v, %v", h, err)
				}
				return
			}
			if err != nil || summary(h) != c.want {
				t.Fatalf("%v\n%s\nwant\n%s", err, summary(h), c.want)
			}
			if n := len(c.b); h.Size > n || !bytes.HasPrefix(c.b, h.raw) {
				t.Errorf("%d bytes of %d, %d kept", h.Size, n, len(h.raw))
			}
		})
	}
}

func TestSizeOfHeader(t *testing.T) {
	film := headerOf(film)
	for _, c := range []struct {
		name string
		b    []byte
		size int
		data int
	}{
		{"alone", film, len(film), 0},
		{"with data", join(film, dataOf(1, 0), make([]byte, 100)), len(film) + DataHead, len(film)},
		{"with half of the data object's head", join(film, dataOf(1, 0)[:49]), len(film), 0},
		{"without its own size", join(sizedObject(film, 0), dataOf(1, 0), make([]byte, 100)), len(film) + DataHead, len(film)},
	} {
		if h, err := Parse(c.b); err != nil || h.Size != c.size || h.data != c.data {
			t.Errorf("%s: %v %+v", c.name, err, h)
		}
	}
}

func TestTexts(t *testing.T) {
	title := join(wideBare("A\x1b[31m t\u202eitle\r\nof two lines"), u16(0xd800), wideBare("!"))
	author := wideBare("Größe 😀")
	h, err := Parse(headerOf(film, objectOf(contentDescription, u16(len(title), len(author), 0, 3, 60000), title, author, []byte{'x', 0, 'y'})))
	if err != nil || h.Title != "A[31m title  of two lines!" || h.Author != "Größe 😀" || h.Copyright != "" || h.Description != "x" {
		t.Errorf("%v: %q %q %q %q", err, h.Title, h.Author, h.Copyright, h.Description)
	}
	h, err = Parse(headerOf(film, objectOf(contentDescription, u16(65535, 65535, 65535, 65535, 65535), []byte("ab"))))
	if err != nil || h.Title != "" {
		t.Errorf("texts that are not there: %v %q", err, h.Title)
	}
	long := wideBare(strings.Repeat("x", 30000))
	if h, err = Parse(headerOf(film, objectOf(contentDescription, u16(len(long), 0, 0, 0, 0), long))); err != nil || len(h.Title) != maxText {
		t.Errorf("a title of %d bytes, %v", len(h.Title), err)
	}
}

func TestTracks(t *testing.T) {
	h, err := Parse(headerOf(props, video(1, "WMV3"), video(2, "WMV3"), audio(3, 0x161), with(audio(4, 0x162), 73, 0x80), extensionOf(extendedOf(1, 0, 0, 40*time.Millisecond))))
	if err != nil {
		t.Fatal(err)
	}
	got := h.Tracks([]int{3, 1, 99, -1, 1 << 20})
	want := []string{"video WMV 9 320x180", "audio WMA 2 44100/2", "audio WMA Pro 44100/2: it is encrypted"}
	if !slices.Equal(describe(got), want) || got[0].FrameRate != 25 || got[2].ID != 2 {
		t.Errorf("%+v", got)
	}
	if h.Stream(3) == nil || h.Stream(5) != nil {
		t.Error("a stream by its number")
	}
}
