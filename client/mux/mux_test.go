package mux

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
)

const ms = time.Millisecond

var (
	video = media.Track{ID: 0, Kind: media.Video, Codec: media.H264, Private: []byte{1, 2, 3}, Width: 640, Height: 360}
	sound = media.Track{ID: 1, Kind: media.Audio, Codec: media.PCMU, SampleRate: 8000, Channels: 1}
)

// unhex reads hexadecimal digits; what follows a # is for the reader.
func unhex(t *testing.T, text string) []byte {
	t.Helper()
	var digits strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustNew(t testing.TB, tracks ...media.Track) *Writer {
	t.Helper()
	w, err := New(tracks)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestBytes(t *testing.T) {
	w := mustNew(t, video, sound)
	check := func(name string, got []byte, want string) {
		t.Helper()
		if want := unhex(t, want); !bytes.Equal(got, want) {
			t.Errorf("%s:\ngot  %x\nwant %x", name, got, want)
		}
	}
	check("init", w.Init(), `
		1A45DFA3 A3                          # EBML
		   4286 81 01                        #   EBMLVersion
		   42F7 81 01                        #   EBMLReadVersion
		   42F2 81 04                        #   EBMLMaxIDLength
		   42F3 81 08                        #   EBMLMaxSizeLength
		   4282 88 6D6174726F736B61          #   DocType "matroska"
		   4287 81 04                        #   DocTypeVersion
		   4285 81 02                        #   DocTypeReadVersion
		18538067 01FFFFFFFFFFFFFF            # Segment, size unknown
		1549A966 9D                          # Info
		   2AD7B1 83 0F4240                  #   TimestampScale 1,000,000 ns
		   4D80 88 746170656465636B          #   MuxingApp "tapedeck"
		   5741 88 746170656465636B          #   WritingApp
		1654AE6B 407F                        # Tracks
		   AE B5                             #   TrackEntry
		      D7 81 01                       #     TrackNumber
		      73C5 81 01                     #     TrackUID
		      83 81 01                       #     TrackType video
		      9C 81 00                       #     FlagLacing
		      22B59C 83 756E64               #     Language "und"
		      86 8F 565F4D504547342F49534F2F415643 # CodecID V_MPEG4/ISO/AVC
		      63A2 83 010203                 #     CodecPrivate
		      E0 88                          #     Video
		         B0 82 0280                  #       PixelWidth 640
		         BA 82 0168                  #       PixelHeight 360
		   AE C6                             #   TrackEntry
		      D7 81 02
		      73C5 81 02
		      83 81 02                       #     TrackType audio
		      9C 81 00
		      22B59C 83 756E64
		      86 88 415F4D532F41434D         #     CodecID A_MS/ACM
		      63A2 92                        #     WAVEFORMATEX
		         0700 0100 401F0000          #       mu-law, 1 channel, 8000 Hz
		         401F0000 0100 0800 0000     #       8000 byte/s, 1 byte each, 8 bits
		      E1 91                          #     Audio
		         B5 88 40BF400000000000      #       SamplingFrequency 8000
		         9F 81 01                    #       Channels
		         6264 81 08                  #       BitDepth
	`)
	out, mark := w.Append(nil, media.Packet{Track: 0, Time: time.Second, Key: true, Data: []byte("key")})
	if want := (Mark{Key: true, Time: time.Second}); mark != want {
		t.Errorf("mark = %+v, want %+v", mark, want)
	}
	out, _ = w.Append(out, media.Packet{Track: 1, Time: 1010 * ms, Key: true, Data: []byte("sound")})
	out, _ = w.Append(out, media.Packet{Track: 0, Time: 960 * ms, Data: []byte("b")})
	check("clusters", out, `
		1F43B675 8D                          # Cluster, the entry
		   E7 82 03E8                        #   Timestamp 1000
		   A3 87 81 0000 80 6B6579           #   SimpleBlock: track 1, +0, key, "key"
		1F43B675 01FFFFFFFFFFFFFF            # Cluster, size unknown
		   E7 82 03F2                        #   Timestamp 1010
		   A3 89 82 0000 80 736F756E64       #   SimpleBlock: track 2, +0, key, "sound"
		   A3 85 81 FFCE 01 62               #   SimpleBlock: track 1, -50, discardable, "b"
	`)
}

// feed appends one packet per field of script and draws what comes out:
// "K" an entry, "|" a new cluster, "." a block of the cluster that is open.
// A field is the track's letter, upper case for a key packet, and milliseconds.
func feed(t *testing.T, w *Writer, script string) string {
	t.Helper()
	var drawn strings.Builder
	for _, f := range strings.Fields(script) {
		if f == "restart" {
			w.Restart()
			continue
		}
		var at int
		fmt.Sscan(f[1:], &at)
		letter := strings.ToLower(f[:1])
		p := media.Packet{Track: strings.Index("va", letter), Time: time.Duration(at) * ms, Key: f[:1] != letter, Data: []byte{1}}
		out, mark := w.Append(nil, p)
		cluster := bytes.HasPrefix(out, []byte{0x1F, 0x43, 0xB6, 0x75})
		switch {
		case mark.Key && cluster:
			drawn.WriteByte('K')
		case cluster:
			drawn.WriteByte('|')
		default:
			drawn.WriteByte('.')
		}
	}
	return drawn.String()
}

func TestClusters(t *testing.T) {
	other := sound
	other.ID = 0
	for _, c := range []struct {
		name, script, want string
		tracks             []media.Track
	}{
		{"each key picture is an entry", "V0 v40 V80 v120 A100", "K|K|.", []media.Track{video, sound}},
		{"sound opens no entry where there is video", "A0 A20 V40 A60", "|.K|", []media.Track{video, sound}},
		{"pictures in decoding order", "V0 v120 v40 v80 v240 v160", "K|....", []media.Track{video}},
		{"a second at most", "V0 v40 v1000 v1039 v1040 v1080", "K|..|.", []media.Track{video}},
		{"pictures before the first key", "v0 v40 V80 v120", "|.K|", []media.Track{video}},
		{"back by less than a block can say", "V40000 v40040 v7272", "K|.", []media.Track{video}},
		{"back by more", "V40000 v40040 v7271 v7300", "K||.", []media.Track{video}},
		{"restart within a cluster", "V0 v40 v80 restart v120 v160", "K|.|.", []media.Track{video}},
		{"only key pictures", "V0 V40 A30 V80", "KK|K", []media.Track{video, sound}},
		{"sound alone", "V0 V20 V499 V500 V520 V1020", "K|.K|K", []media.Track{other}},
		{"sound jumps back", "V5000 V5020 V4600 V4400", "K|.K", []media.Track{other}},
		{"sound after a restart", "V0 V20 restart V40 V60", "K|K|", []media.Track{other}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := c.want
			if got := feed(t, mustNew(t, c.tracks...), c.script); got != want {
				t.Errorf("%s\ngot  %s\nwant %s", c.script, got, want)
			}
		})
	}
}

func TestAppendLeavesOut(t *testing.T) {
	w := mustNew(t, video, media.Track{ID: 1, Kind: media.Audio, Codec: "X-FOO", Problem: "payload X-FOO is not supported"})
	dst := []byte("before")
	for _, p := range []media.Packet{
		{Track: 1, Time: time.Second, Key: true, Data: []byte{1}},
		{Track: 7, Time: time.Second, Key: true, Data: []byte{1}},
		{Track: -1, Time: time.Second, Key: true, Data: []byte{1}},
		{Track: 0, Time: time.Second, Key: true},
	} {
		out, mark := w.Append(dst, p)
		if string(out) != "before" || mark.Key {
			t.Errorf("%+v added %q, %+v", p, out, mark)
		}
	}
}

func TestTimes(t *testing.T) {
	opus := media.Track{Kind: media.Audio, Codec: media.Opus, Private: []byte("OpusHead\x01\x02\x38\x01")} // pre-skip 312
	for _, c := range []struct {
		name  string
		track media.Track
		at    time.Duration
		want  time.Duration // in the stream
	}{
		{"before the beginning", video, -time.Second, 0},
		{"rounded", video, 1500 * time.Microsecond, 2 * ms},
		{"rounded down", video, 1499 * time.Microsecond, 1 * ms},
		{"an hour", video, time.Hour, time.Hour},
		{"the end of time", video, math.MaxInt64, (math.MaxInt64 - time.Second).Round(ms)},
		{"the decoder's delay is added, for players take it off", opus, time.Second, 1007 * ms},
		{"the end of time with a delay", opus, math.MaxInt64, (math.MaxInt64 - time.Second).Round(ms)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := mustNew(t, c.track)
			out, mark := w.Append(w.Init(), media.Packet{Time: c.at, Key: true, Data: []byte{1}})
			s, err := read(out)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.packets[0].Time; got != c.want {
				t.Errorf("stream says %v, want %v", got, c.want)
			}
			if mark.Time != max(c.at, 0) {
				t.Errorf("mark says %v", mark.Time)
			}
		})
	}
}

func TestNewErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		tracks []media.Track
		want   error
		text   string
	}{
		{"nothing", nil, ErrNoTracks, "no track can be played"},
		{"only problems", []media.Track{{Kind: media.Video, Codec: media.H264, Problem: "why"}}, ErrNoTracks, ""},
		{"only data", []media.Track{{Kind: media.Data, Codec: "ONVIF"}}, ErrNoTracks, ""},
		{"unknown codec", []media.Track{video, {ID: 4, Kind: media.Audio, Codec: "X-\x1b[2J"}}, ErrUnsupported, `mux: track 4 ("X-\x1b[2J"): the codec cannot be put into Matroska`},
		{"no configuration", []media.Track{{Kind: media.Video, Codec: media.H265}}, ErrNoPrivate, ""},
		{"a transport stream beside others", []media.Track{video, {ID: 2, Kind: media.Video, Codec: media.MPEGTS}}, ErrUnsupported, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(c.tracks)
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			var te *TrackError
			if errors.As(err, &te) != (c.want != ErrNoTracks) {
				t.Errorf("%v: a *TrackError: %v", err, te)
			}
			if c.text != "" && err.Error() != c.text {
				t.Errorf("says %q, want %q", err, c.text)
			}
		})
	}
}

func TestPassThrough(t *testing.T) {
	w := mustNew(t, media.Track{ID: 3, Kind: media.Video, Codec: media.MPEGTS}, media.Track{ID: 4, Kind: media.Data, Codec: media.MPEGTS})
	if got := w.Init(); got == nil || len(got) != 0 {
		t.Errorf("Init = %v, want empty and not nil", got)
	}
	if got := w.ContentType(); got != "video/mp2t" {
		t.Errorf("content type %q", got)
	}
	out, mark := w.Append([]byte("a"), media.Packet{Track: 3, Time: time.Second, Key: true, Data: []byte("b")})
	if want := (Mark{Key: true, Time: time.Second}); mark != want {
		t.Errorf("mark = %+v, want %+v", mark, want)
	}
	out, mark = w.Append(out, media.Packet{Track: 3, Data: []byte("c")})
	if mark.Key || string(out) != "abc" {
		t.Errorf("%q, %+v", out, mark)
	}
	if out, _ = w.Append(out, media.Packet{Track: 4, Data: []byte("d")}); string(out) != "abc" {
		t.Errorf("a second stream was mixed in: %q", out)
	}
}

func TestContentType(t *testing.T) {
	if got := mustNew(t, sound).ContentType(); got != "audio/x-matroska" {
		t.Errorf("sound: %q", got)
	}
	if got := mustNew(t, sound, media.Track{ID: 5, Kind: media.Video, Codec: media.H264, Private: []byte{1}}).ContentType(); got != "video/x-matroska" {
		t.Errorf("video: %q", got)
	}
}

func TestInitIsFresh(t *testing.T) {
	w := mustNew(t, video)
	want := w.Init()
	clear(w.Init())
	if !slices.Equal(w.Init(), want) {
		t.Error("Init gave out its own memory")
	}
}

func TestVint(t *testing.T) {
	for v, want := range map[uint64]string{
		0: "80", 126: "fe", 127: "407f", 128: "4080", 16382: "7ffe", 16383: "203fff",
		1<<28 - 2: "1ffffffe", 1<<28 - 1: "080fffffff", 1<<56 - 2: "01fffffffffffffe",
	} {
		b := appendVint(nil, v)
		if got := hex.EncodeToString(b); got != want {
			t.Errorf("%d is %s, want %s", v, got, want)
		}
		if got, n, unknown, err := readSize(b); got != v || n != vintLen(v) || unknown || err != nil {
			t.Errorf("%d was read back as %d", v, got)
		}
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	w := mustNew(t, video, sound)
	data := make([]byte, 4096)
	dst := make([]byte, 0, 8192)
	n := 0
	if got := testing.AllocsPerRun(1000, func() {
		n++
		p := media.Packet{Track: n & 1, Time: time.Duration(n) * 20 * ms, Key: n%50 == 0, Data: data}
		dst, _ = w.Append(dst[:0], p)
	}); got != 0 {
		t.Errorf("%v allocations a packet", got)
	}
}
