package player

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
)

var changeCases = []struct {
	line string
	want change
	ok   bool
}{
	{"status change: ( new input: http://127.0.0.1:41/5e )", change{"new input", "http://127.0.0.1:41/5e", ""}, true},
	{"status change: ( new input: file:///a ( b ): c )", change{"new input", "file:///a ( b ): c", ""}, true},
	{"status change: ( audio volume: 256 )", change{"audio volume", "256", ""}, true},
	{"status change: ( play state: 4 ): End", change{"play state", "4", "End"}, true},
	{"status change: ( pause state: 3 ): Pause", change{"pause state", "3", "Pause"}, true},
	{"status change: ( time: 12s )", change{"time", "12s", ""}, true},
	{"status change: ( quit )", change{}, false},
	{"status change: ( play state: 4", change{}, false},
	{"status change: ", change{}, false},
	{"status: returned 0 (no error)", change{}, false},
	{"", change{}, false},
}

func TestParseChange(t *testing.T) {
	for _, c := range changeCases {
		if got, ok := parseChange(c.line); got != c.want || ok != c.ok {
			t.Errorf("%q: %+v, %v", c.line, got, ok)
		}
	}
}

var statusCases = []struct {
	reply string
	want  deckState
}{
	{"status change: ( audio volume: 0 )|status change: ( stop state: 5 )|status: returned 0 (no error)", stopped},
	{"status change: ( new input: x )|status change: ( play state: 3 )|status: returned 0 (no error)", running},
	{"Type 'pause' to continue.|status: returned 0 (no error)", paused},
	{"status change: ( pause state: 4 )|Type 'pause' to continue.|status: returned 0 (no error)", paused},
	// News that comes first is older than the answer.
	{"status change: ( stop state: 0 )|status change: ( play state: 3 )|status: returned 0 (no error)", running},
	// An event is about the input, not about the playlist.
	{"status change: ( play state: 3 )|status change: ( stop state: 4 ): End", running},
	// So does what comes between the answer and our mark.
	{"status change: ( play state: 3 )|status: returned 0 (no error)|status change: ( stop state: 0 )|status change: ( stop state: 5 )", running},
	{"status change: ( new input: x )|status change: ( stop state: 0 )|status: returned 0 (no error)", unknown},
	{"status: returned 0 (no error)", unknown},
	{"", unknown},
}

func TestParseStatus(t *testing.T) {
	for _, c := range statusCases {
		if got := parseStatus(strings.Split(c.reply, "|")); got != c.want {
			t.Errorf("%q: %v, want %v", c.reply, got, c.want)
		}
	}
}

var numberCases = []struct {
	reply string
	want  time.Duration
}{
	{"12", 12 * time.Second},
	{"status change: ( time: 3s )|12|13", 12 * time.Second},
	{" 7 ", 7 * time.Second},
	{"-1", 0},
	{"9223372036854775807", 0},
	{"99999999999999999999", 0},
	{"no input", 0},
	{"", 0},
}

func TestParseSeconds(t *testing.T) {
	for _, c := range numberCases {
		if got := parseSeconds(strings.Split(c.reply, "|")); got != c.want {
			t.Errorf("%q: %v, want %v", c.reply, got, c.want)
		}
	}
}

// statsReply is what VLC 3.0.24 prints.
const statsReply = `+----[ begin of statistical info ]
+-[Incoming]
| input bytes read :      130 KiB
| input bitrate    :      240 kb/s
| demux bytes read :      109 KiB
| demux bitrate    :      250 kb/s
| demux corrupted  :        1
| discontinuities  :        2
|
+-[Video Decoding]
| video decoded    :      176
| frames displayed :       61
| frames lost      :        3
|
+-[Audio Decoding]
| audio decoded    :      331
| buffers played   :      165
| buffers lost     :        4
|
+----[ end of statistical info ]
stats: returned 0 (no error)`

var statsCases = []struct {
	reply string
	want  Counters
	ok    bool
}{
	{statsReply, Counters{
		ReadBytes: 130 << 10, DemuxBytes: 109 << 10, Corrupted: 1, Breaks: 2,
		DecodedVideo: 176, Displayed: 61, LostPictures: 3, DecodedAudio: 331, PlayedAudio: 165, LostAudio: 4,
	}, true},
	{"stats: returned 0 (no error)", Counters{}, false},
	{"| frames displayed : -1\n| frames lost : x", Counters{}, false},
	{"| demux bytes read : 18446744073709551615 KiB\n| frames lost : 5", Counters{LostPictures: 5}, true},
	{"", Counters{}, false},
}

func TestParseCounters(t *testing.T) {
	for _, c := range statsCases {
		if got, ok := parseCounters(strings.Split(c.reply, "\n")); got != c.want || ok != c.ok {
			t.Errorf("%q: %+v, %v", c.reply, got, ok)
		}
	}
}

// infoReply is what VLC 3.0.24 prints of an MP4.
const infoReply = `+----[ Meta data ]
|` + " " + `
| Codec: none of these
| title: +----[ Stream 9 ]
|` + " " + `
+----[ Stream 0 ]
|` + " " + `
| Codec: H264 - MPEG-4 AVC (part 10) (avc1)
| Bitrate: 168 kb/s
| Type: Video
| Video resolution: 320x240
| Buffer dimensions: 320x258
| Frame rate: 29.97
| Decoded format: Planar 4:2:0 YUV (I420)
|` + " " + `
+----[ Stream 1 ]
|` + " " + `
| Codec: MPEG AAC Audio (mp4a)
| Bitrate: 69 kb/s
| Type: Audio
| Language: English
| Channels: Mono
| Sample rate: 48000 Hz
| Decoded channels: Stereo
|` + " " + `
+----[ Stream 2 ]
|` + " " + `
| Codec: ADTS
| Type: Subtitle
|` + " " + `
+----[ end of stream info ]`

var infoCases = []struct {
	reply string
	want  []Stream
}{
	{infoReply, []Stream{
		{Kind: media.Video, Codec: "H264 - MPEG-4 AVC (part 10)", FourCC: "avc1", Width: 320, Height: 240, FrameRate: 29.97, BitRate: 168000},
		{Kind: media.Audio, Codec: "MPEG AAC Audio", FourCC: "mp4a", Language: "English", SampleRate: 48000, Channels: "Stereo", BitRate: 69000},
		{Kind: media.Data, Codec: "ADTS"},
	}},
	{"+----[ Stream 0 ]\n| Video resolution: -3x99999999999999999999\n| Frame rate: NaN\n| Sample rate: \n| Bitrate: x kb/s\n| Codec:  ()", []Stream{{Kind: media.Data, Codec: "()"}}},
	{"no input", nil},
	{"", nil},
}

func TestParseStreams(t *testing.T) {
	for _, c := range infoCases {
		if got := parseStreams(strings.Split(c.reply, "\n")); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q:\n%+v, want\n%+v", c.reply, got, c.want)
		}
	}
	if n := len(parseStreams(strings.Split(strings.Repeat("+----[ Stream 1 ]\n", 1000), "\n"))); n != maxStreams {
		t.Errorf("%d streams", n)
	}
}

// No reply, whatever is in it, makes a parser panic or give what it must not.
func FuzzReplies(f *testing.F) {
	for _, c := range changeCases {
		f.Add(c.line)
	}
	for _, c := range statusCases {
		f.Add(strings.ReplaceAll(c.reply, "|", "\n"))
	}
	for _, c := range numberCases {
		f.Add(strings.ReplaceAll(c.reply, "|", "\n"))
	}
	for _, c := range statsCases {
		f.Add(c.reply)
	}
	for _, c := range infoCases {
		f.Add(c.reply)
	}
	f.Fuzz(func(t *testing.T, reply string) {
		rows := strings.Split(reply, "\n")
		for _, row := range rows {
			if c, ok := parseChange(row); ok && !strings.Contains(row, c.kind+": "+c.value+" )") {
				t.Errorf("%+v is not in %q", c, row)
			}
			if cleaned := clean([]byte(row)); strings.ContainsAny(cleaned, "\x00\x1b\r\x7f") {
				t.Errorf("control bytes stay in %q", cleaned)
			}
		}
		parseStatus(rows)
		parseCounters(rows)
		if d := parseSeconds(rows); d < 0 {
			t.Errorf("a time of %v", d)
		}
		for _, s := range parseStreams(rows) {
			if s.Width < 0 || s.Height < 0 || s.SampleRate < 0 || s.BitRate < 0 || !(s.FrameRate >= 0) {
				t.Errorf("%+v", s)
			}
		}
	})
}

// FuzzMark holds that no line that VLC did not say about our word ends a reply.
func FuzzMark(f *testing.F) {
	r := &remote{word: "tdABCDEFGH.", mark: 9}
	for _, line := range []string{
		"Unknown command `tdABCDEFGH.7'. Type `help' for help.", "`tdABCDEFGH.'", "`tdABCDEFGH.10'", "`tdABCDEFGH.-1'", "`td7'", "",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if mark, ok := r.parseMark(line); ok && (mark > r.mark || !strings.Contains(line, "`"+r.word)) {
			t.Errorf("%q is mark %d", line, mark)
		}
	})
}
