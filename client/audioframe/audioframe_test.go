package audioframe

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

// frames that ffmpeg wrote, by their headers.
var headers = []struct {
	name   string
	syntax *Syntax
	head   []byte
	want   Frame
	ok     bool
}{
	{"MPEG-1 layer III 128k", MPEGAudio, []byte{0xff, 0xfb, 0x90, 0x64}, Frame{Size: 417, Samples: 1152, Rate: 44100, Channels: 2, BitRate: 128000, Codec: "MP3"}, true},
	{"MPEG-1 layer III padded", MPEGAudio, []byte{0xff, 0xfb, 0x92, 0x64}, Frame{Size: 418, Samples: 1152, Rate: 44100, Channels: 2, BitRate: 128000, Codec: "MP3"}, true},
	{"MPEG-1 layer III mono 48k", MPEGAudio, []byte{0xff, 0xfb, 0x54, 0xc4}, Frame{Size: 192, Samples: 1152, Rate: 48000, Channels: 1, BitRate: 64000, Codec: "MP3"}, true},
	{"MPEG-2 layer III", MPEGAudio, []byte{0xff, 0xf3, 0x84, 0xc4}, Frame{Size: 192, Samples: 576, Rate: 24000, Channels: 1, BitRate: 64000, Codec: "MP3"}, true},
	{"MPEG-1 layer II", MPEGAudio, []byte{0xff, 0xfd, 0xa4, 0x04}, Frame{Size: 576, Samples: 1152, Rate: 48000, Channels: 2, BitRate: 192000, Codec: "MP2"}, true},
	{"free bit rate", MPEGAudio, []byte{0xff, 0xfb, 0x00, 0x64}, Frame{}, false},
	{"reserved version", MPEGAudio, []byte{0xff, 0xeb, 0x90, 0x64}, Frame{}, false},
	{"short", MPEGAudio, []byte{0xff, 0xfb, 0x90}, Frame{}, false},
	{"AAC", ADTS, []byte{0xff, 0xf1, 0x50, 0x80, 0x19, 0x1f, 0xfc}, Frame{Size: 200, Header: 7, Samples: 1024, Rate: 44100, Channels: 2, Codec: "AAC"}, true},
	{"AAC too short", ADTS, []byte{0xff, 0xf1, 0x50, 0x80, 0x00, 0x1f, 0xfc}, Frame{}, false},
	{"AC-3, 448 kbit/s, 3/2 and LFE", AC3, []byte{0x0b, 0x77, 0x00, 0x00, 0x1e, 0x40, 0xe1}, Frame{Size: 1792, Samples: 1536, Rate: 48000, Channels: 6, Codec: "AC-3"}, true},
	{"AC-3, 44.1 kHz", AC3, []byte{0x0b, 0x77, 0x00, 0x00, 0x40, 0x40, 0x20}, Frame{Size: 138, Samples: 1536, Rate: 44100, Channels: 1, Codec: "AC-3"}, true},
	{"AC-3, 44.1 kHz, a word more", AC3, []byte{0x0b, 0x77, 0x00, 0x00, 0x41, 0x40, 0x48}, Frame{Size: 140, Samples: 1536, Rate: 44100, Channels: 2, Codec: "AC-3"}, true},
	{"AC-3, 32 kHz", AC3, []byte{0x0b, 0x77, 0x00, 0x00, 0x80, 0x40, 0x44}, Frame{Size: 192, Samples: 1536, Rate: 32000, Channels: 3, Codec: "AC-3"}, true},
	{"AC-3, half rate", AC3, []byte{0x0b, 0x77, 0x00, 0x00, 0x00, 0x48, 0x40}, Frame{Size: 128, Samples: 1536, Rate: 24000, Channels: 2, Codec: "AC-3"}, true},
	{"E-AC-3", AC3, []byte{0x0b, 0x77, 0x02, 0xff, 0x3f, 0x80, 0x00}, Frame{Size: 1536, Samples: 1536, Rate: 48000, Channels: 6, Codec: "E-AC-3"}, true},
	{"E-AC-3, half rate", AC3, []byte{0x0b, 0x77, 0x00, 0x03, 0xc4, 0x80, 0x00}, Frame{Size: 8, Samples: 1536, Rate: 24000, Channels: 2, Codec: "E-AC-3"}, true},
	{"E-AC-3, dependent", AC3, []byte{0x0b, 0x77, 0x40, 0x03, 0x44, 0x80, 0x00}, Frame{Size: 8, Samples: 256, Rate: 44100, Channels: 2, More: true, Codec: "E-AC-3"}, true},
	{"AC-3, reserved rate", AC3, []byte{0x0b, 0x77, 0x00, 0x00, 0xc0, 0x40, 0x00}, Frame{}, false},
	{"AC-3, reserved size", AC3, []byte{0x0b, 0x77, 0x00, 0x00, 0x26, 0x40, 0x00}, Frame{}, false},
	{"AC-3, reserved version", AC3, []byte{0x0b, 0x77, 0x00, 0x00, 0x00, 0x88, 0x00}, Frame{}, false},
	{"AC-3, E-AC-3 of a reserved half rate", AC3, []byte{0x0b, 0x77, 0x00, 0x00, 0xf4, 0x80, 0x00}, Frame{}, false},
	{"AC-3, size below the header", AC3, []byte{0x0b, 0x77, 0x00, 0x02, 0x04, 0x80, 0x00}, Frame{}, false},
	{"AC-3, short", AC3, []byte{0x0b, 0x77, 0x00, 0x00, 0x00, 0x40}, Frame{}, false},
	{"AAC with a CRC", ADTS, []byte{0xff, 0xf0, 0x50, 0x80, 0x19, 0x1f, 0xfc}, Frame{Size: 200, Header: 9, Samples: 1024, Rate: 44100, Channels: 2, Codec: "AAC"}, true},
	{"LOAS", LOAS, []byte{0x56, 0xe1, 0x02}, Frame{Size: 261, Header: 3, Codec: "AAC"}, true},
	{"LOAS without content", LOAS, []byte{0x56, 0xe0, 0x00}, Frame{}, false},
	{"MP3 is not AAC", ADTS, []byte{0xff, 0xfb, 0x90, 0x64, 0, 0, 0}, Frame{}, false},
}

func TestParse(t *testing.T) {
	for _, c := range headers {
		t.Run(c.name, func(t *testing.T) {
			got, ok := c.syntax.Parse(c.head)
			if ok != c.ok || ok && got != c.want {
				t.Errorf("%+v, %v; want %+v, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

// silence is n frames of MP3, 1152 samples at 44,100 Hz each.
func silence(n int) []byte {
	f := make([]byte, 417)
	copy(f, []byte{0xff, 0xfb, 0x90, 0x64})
	return bytes.Repeat(f, n)
}

func TestClockCountsHoweverCut(t *testing.T) {
	stream := append([]byte("joined in the middle \xff\xfb"), silence(100)...)
	want := 100 * 1152 * time.Second / 44100
	for _, size := range []int{1, 2, 3, 7, 416, 417, 418, 5000, len(stream)} {
		c := NewClock(MPEGAudio, 0)
		for rest := stream; len(rest) > 0; {
			n := min(size, len(rest))
			c.Advance(rest[:n])
			rest = rest[n:]
		}
		if got := c.Time(); got-want > time.Microsecond || want-got > time.Microsecond {
			t.Errorf("in pieces of %d: %v, want %v", size, got, want)
		}
	}
}

func TestClockSurvivesDamage(t *testing.T) {
	c := NewClock(MPEGAudio, 0)
	c.Advance(silence(10))
	c.Advance([]byte("damage \xff damage"))
	c.Advance(silence(10))
	want := 20 * 1152 * time.Second / 44100
	if got := c.Time(); got < want-time.Millisecond || got > want+time.Millisecond {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestClockAllocatesNothing(t *testing.T) {
	c, stream := NewClock(MPEGAudio, 0), silence(100)
	if n := testing.AllocsPerRun(10, func() { c.Advance(stream) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestFind(t *testing.T) {
	if _, at, _ := MPEGAudio.Find(append([]byte("abc\xff\xfb"), silence(3)...)); at != 5 {
		t.Errorf("at %d, want 5", at)
	}
	if _, at, more := MPEGAudio.Find(silence(1)); at != -1 || !more {
		t.Errorf("one frame: at %d, more %v", at, more)
	}
	if _, at, more := MPEGAudio.Find([]byte("nothing")); at != -1 || more {
		t.Errorf("nothing: at %d, more %v", at, more)
	}
}

func FuzzClock(f *testing.F) {
	f.Add(silence(3), 100)
	for _, c := range headers {
		f.Add(c.head, 2)
	}
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		cut = max(min(cut, len(data)), 0)
		for _, s := range []*Syntax{MPEGAudio, ADTS} {
			s.Find(data)
			whole, pieces := NewClock(s, 0), NewClock(s, 0)
			whole.Advance(data)
			pieces.Advance(data[:cut])
			pieces.Advance(data[cut:])
			if whole.Time() != pieces.Time() {
				t.Errorf("%v whole, %v in pieces", whole.Time(), pieces.Time())
			}
		}
	})
}

func TestOpusDuration(t *testing.T) {
	for _, c := range []struct {
		packet []byte
		want   time.Duration
	}{
		{[]byte{0x00}, 10 * time.Millisecond},          // SILK
		{[]byte{0x19}, 120 * time.Millisecond},         // two frames of 60
		{[]byte{0x68}, 20 * time.Millisecond},          // hybrid
		{[]byte{0x80}, 2500 * time.Microsecond},        // CELT
		{[]byte{0xfc}, 20 * time.Millisecond},          // stereo
		{[]byte{0xff, 0x03}, 60 * time.Millisecond},    // three frames, counted
		{[]byte{0x83, 0x05}, 12500 * time.Microsecond}, // five
		{[]byte{0xfb, 0x3f}, 120 * time.Millisecond},   // more than there may be
		{[]byte{0xff}, 0}, {nil, 0},
	} {
		if got := OpusDuration(c.packet); got != c.want {
			t.Errorf("%x: %v, want %v", c.packet, got, c.want)
		}
	}
}

// TestConfig reads AudioSpecificConfigs, and makes them.
func TestConfig(t *testing.T) {
	for _, c := range []struct {
		raw  []byte
		want AACConfig
		ok   bool
	}{
		{[]byte{0x11, 0x90}, AACConfig{Object: 2, CoreRate: 48000, Rate: 48000, Channels: 2, Samples: 1024}, true},
		{[]byte{0x2b, 0x11, 0x88, 0x00}, AACConfig{Object: 2, CoreRate: 24000, Rate: 48000, Channels: 2, Samples: 1024}, true}, // SBR
		{[]byte{0x11, 0x94}, AACConfig{Object: 2, CoreRate: 48000, Rate: 48000, Channels: 2, Samples: 960}, true},
		{[]byte{0x16, 0x90}, AACConfig{}, false}, // a reserved rate
		{[]byte{0x11}, AACConfig{}, false},
	} {
		got, ok := ParseASC(c.raw)
		if got.Raw = nil; ok != c.ok || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%x: %+v %v, want %+v", c.raw, got, ok, c.want)
		}
	}
	if c, ok := ADTSConfig([]byte{0xff, 0xf1, 0x4c, 0x80}); !ok || !bytes.Equal(c.Raw, []byte{0x11, 0x90}) {
		t.Errorf("%+v", c)
	}
	if c, ok := GuessASC(48000, 2); !ok || !bytes.Equal(c.Raw, []byte{0x11, 0x90}) {
		t.Errorf("%+v", c)
	}
}
