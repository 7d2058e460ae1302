package rtp

import (
	"testing"
	"time"

	"tapedeck/client/media"
)

// mp3Frame is a frame of MPEG-2 layer III at 24 kHz, mono, 8 kbit/s: 24 bytes,
// 576 samples, 2160 ticks of 90 kHz.
func mp3Frame(fill byte) []byte {
	b := hx("ff f3 14 c0")
	for len(b) < 24 {
		b = append(b, fill)
	}
	return b
}

// mp2Frame is a frame of MPEG-1 layer II at 48 kHz, stereo, 32 kbit/s: 96 bytes,
// 1152 samples, 2160 ticks of 90 kHz.
func mp2Frame(fill byte) []byte {
	b := hx("ff fd 14 00")
	for len(b) < 96 {
		b = append(b, fill)
	}
	return b
}

var mpaHead = hx("0000 0000")

var mpaCases = []depackCase{
	{
		name:   "three frames, 24 ms each",
		format: Format{PayloadType: 14},
		in:     []step{{ts: 90, marker: true, payload: join(mpaHead, mp2Frame(1), mp2Frame(2), mp2Frame(3))}},
		want:   []wantUnit{{90, true, mp2Frame(1)}, {90 + 2160, true, mp2Frame(2)}, {90 + 4320, true, mp2Frame(3)}},
	},
	{
		name:   "in parts",
		format: Format{PayloadType: 14},
		in: []step{
			{ts: 90, payload: join(mpaHead, mp2Frame(1)[:40])},
			{ts: 90, payload: join(hx("0000 0028"), mp2Frame(1)[40:80])},
			{ts: 90, payload: join(hx("0000 0050"), mp2Frame(1)[80:])},
			{ts: 2250, payload: join(mpaHead, mp2Frame(2))},
		},
		want: []wantUnit{{90, true, mp2Frame(1)}, {2250, true, mp2Frame(2)}},
	},
	{
		name:   "in parts, the middle one lost",
		format: Format{PayloadType: 14},
		in: []step{
			{ts: 90, payload: join(mpaHead, mp2Frame(1)[:40])},
			{ts: 90, lost: true, payload: join(hx("0000 0050"), mp2Frame(1)[80:])},
			{ts: 2250, payload: join(mpaHead, mp2Frame(2))},
		},
		want: []wantUnit{{2250, true, mp2Frame(2)}},
	},
	{
		name:   "parts that do not fit each other",
		format: Format{PayloadType: 14},
		in: []step{
			{ts: 90, payload: join(mpaHead, mp2Frame(1)[:40])},
			{ts: 90, payload: join(hx("0000 0020"), mp2Frame(1)[32:])},
			{ts: 90, payload: join(hx("0000 ffff"), mp2Frame(1)[32:])},
		},
		err: ErrMalformed,
	},
	{
		name:   "more than the frame has room for",
		format: Format{PayloadType: 14},
		in: []step{
			{ts: 90, payload: join(mpaHead, mp2Frame(1)[:40])},
			{ts: 90, payload: join(hx("0000 0028"), mp2Frame(1))},
		},
		err: ErrMalformed,
	},
	{
		name:   "never ended",
		format: Format{PayloadType: 14},
		in: []step{
			{ts: 90, payload: join(mpaHead, mp2Frame(1)[:40])},
			{ts: 2250, payload: join(mpaHead, mp2Frame(2))},
		},
		want: []wantUnit{{2250, true, mp2Frame(2)}},
	},
	{
		name:   "without the four bytes",
		format: audio("MPA", 90000, 0),
		in:     []step{{ts: 90, payload: join(mp3Frame(1), mp3Frame(2))}},
		want:   []wantUnit{{90, true, mp3Frame(1)}, {90 + 2160, true, mp3Frame(2)}},
	},
	{
		name:   "free format: the packet is the frame",
		format: audio("MPA", 90000, 0),
		in:     []step{{ts: 90, payload: join(mpaHead, hx("ff fb 00 00 01 02 03"))}},
		want:   []wantUnit{{90, true, hx("ff fb 00 00 01 02 03")}},
	},
	{
		name:   "MPA/24000, and the timestamps count samples",
		format: audio("MPA", 24000, 1),
		in: []step{
			{ts: 0, payload: join(mpaHead, mp3Frame(1), mp3Frame(2))},
			{ts: 1152, payload: join(mpaHead, mp3Frame(3), mp3Frame(4))},
		},
		want: []wantUnit{{0, true, mp3Frame(1)}, {576, true, mp3Frame(2)}, {1152, true, mp3Frame(3)}, {1728, true, mp3Frame(4)}},
	},
	{
		name:   "MPA/24000, and the timestamps run at 90 kHz all the same",
		format: audio("MPA", 24000, 1),
		in: []step{
			{ts: 0, payload: join(mpaHead, mp3Frame(1), mp3Frame(2))},
			{ts: 4320, payload: join(mpaHead, mp3Frame(3), mp3Frame(4))},
		},
		want: []wantUnit{{0, true, mp3Frame(1)}, {2160, true, mp3Frame(2)}, {4320, true, mp3Frame(3)}, {6480, true, mp3Frame(4)}},
	},
	{
		name:   "MPA/24000, and a loss before that shows",
		format: audio("MPA", 24000, 1),
		in: []step{
			{ts: 0, payload: join(mpaHead, mp3Frame(1))},
			{ts: 9000, lost: true, payload: join(mpaHead, mp3Frame(2))},
			{ts: 9576, payload: join(mpaHead, mp3Frame(3))},
		},
		want: []wantUnit{{9000, true, mp3Frame(2)}, {9576, true, mp3Frame(3)}},
	},
	{name: "no frame", format: Format{PayloadType: 14}, in: []step{{payload: hx("0000 0000 00 00 00 00")}}, err: ErrMalformed},
	{name: "half a header", format: Format{PayloadType: 14}, in: []step{{payload: hx("0000 00")}}, err: ErrMalformed},
	{
		name:   "noise behind a frame",
		format: Format{PayloadType: 14},
		in:     []step{{payload: join(mpaHead, mp2Frame(1), hx("ff ff ff ff"))}},
		want:   []wantUnit{{0, true, mp2Frame(1)}},
		err:    ErrMalformed,
	},
}

func TestMPA(t *testing.T) { testDepacketizer(t, mpaCases) }
func FuzzMPA(f *testing.F) { fuzzDepacketizer(f, mpaCases, checkAudio) }

func TestMPAFrame(t *testing.T) {
	for _, c := range []struct {
		in   string
		want mpaFrame
	}{
		{"ff fb 90 64", mpaFrame{layer: 3, rate: 44100, channels: 2, bitRate: 128000, samples: 1152, size: 417}},
		{"ff fb 92 64", mpaFrame{layer: 3, rate: 44100, channels: 2, bitRate: 128000, samples: 1152, size: 418}},
		{"ff fa 90 c4", mpaFrame{layer: 3, crc: true, rate: 44100, channels: 1, bitRate: 128000, samples: 1152, size: 417}},
		{"ff f3 14 c0", mpaFrame{layer: 3, low: true, rate: 24000, channels: 1, bitRate: 8000, samples: 576, size: 24}},
		{"ff e3 18 c0", mpaFrame{layer: 3, low: true, rate: 8000, channels: 1, bitRate: 8000, samples: 576, size: 72}},
		{"ff fd a4 00", mpaFrame{layer: 2, rate: 48000, channels: 2, bitRate: 192000, samples: 1152, size: 576}},
		{"ff f5 84 00", mpaFrame{layer: 2, low: true, rate: 24000, channels: 2, bitRate: 64000, samples: 1152, size: 384}},
		{"ff ff 42 00", mpaFrame{layer: 1, rate: 44100, channels: 2, bitRate: 128000, samples: 384, size: 140}},
		{"ff f7 88 00", mpaFrame{layer: 1, low: true, rate: 16000, channels: 2, bitRate: 128000, samples: 384, size: 384}},
	} {
		if got, ok := parseMPA(hx(c.in)); !ok || got != c.want {
			t.Errorf("%s: %v %+v, want %+v", c.in, ok, got, c.want)
		}
	}
	for _, in := range []string{"ff fb 90", "ff fb f0 00", "ff fb 9c 00", "ff eb 90 00", "ff f9 90 00", "fe fb 90 00", "ff 7b 90 00"} {
		if got, ok := parseMPA(hx(in)); ok {
			t.Errorf("%s: %+v", in, got)
		}
	}
}

// The media time goes by the clock that the timestamps turn out to have.
func TestMPAClock(t *testing.T) {
	for _, c := range []struct {
		name  string
		clock int
		ticks uint32 // of a frame of 24 ms
	}{
		{"as the standard says", 90000, 2160},
		{"described and kept", 24000, 576},
		{"described and not kept", 24000, 2160},
		{"neither", 24000, 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := audio("MPA", c.clock, 0)
			f.PayloadType = 96
			d, err := NewDepacketizer(f)
			if err != nil {
				t.Fatal(err)
			}
			r := NewReceiver(0, f, d, Options{})
			var got []time.Duration
			for i := range uint32(30) {
				p := packet{pt: 96, seq: uint16(i), ts: 7000 + 2*i*c.ticks, payload: join(mpaHead, mp3Frame(1), mp3Frame(2))}
				if err := r.RTP(p.raw(), epoch.Add(time.Duration(i)*48*time.Millisecond), func(p media.Packet) { got = append(got, p.Time) }); err != nil {
					t.Fatal(err)
				}
			}
			if len(got) < 58 {
				t.Fatalf("%d frames of 60", len(got))
			}
			want := 24 * time.Millisecond
			if c.name == "neither" {
				want = 1000 * time.Second / 24000
			}
			for i := 22; i+2 < len(got); i += 2 {
				if d := got[i+2] - got[i] - 2*want; d.Abs() > time.Microsecond {
					t.Fatalf("frame %d is %v after the one before, want %v", i+2, got[i+2]-got[i], 2*want)
				}
			}
			if c.ticks != 1000 && got[29]-got[0] != 29*want {
				t.Errorf("29 frames take %v", got[29]-got[0])
			}
			if track, _ := r.Track(); track.SampleRate != 24000 || track.Channels != 1 || track.Codec != media.MP3 {
				t.Errorf("%+v", track)
			}
		})
	}
}
