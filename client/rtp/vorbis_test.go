package rtp

import (
	"encoding/base64"
	"testing"

	"tapedeck/client/media"
)

// lsb packs numbers into bits, low end of each byte first, as Vorbis does.
type lsb struct {
	out []byte
	n   int
}

func (w *lsb) put(v, bits int) {
	for i := range bits {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}

// vorbisHeaders are the three headers of a stereo stream at 44100 Hz with blocks
// of 256 and 2048, and a mode for each of long.
func vorbisHeaders(long ...int) (ident, comment, setup []byte) {
	ident = join([]byte("\x01vorbis"), hx("00000000 02 44ac0000 00000000 00000000 00000000 b8 01"))
	comment = join([]byte("\x03vorbis"), hx("00000000 00000000 01"))
	var w lsb
	for _, c := range []byte("\x05vorbis") {
		w.put(int(c), 8)
	}
	w.put(0x2a5, 11) // codebooks and all that
	w.put(len(long)-1, 6)
	for i, flag := range long {
		w.put(flag, 1)
		w.put(0, 32)
		w.put(i, 8)
	}
	w.put(1, 1)
	return ident, comment, w.out
}

// packedHeaders is | headers less 1 | lengths | headers |.
func packedHeaders(list ...[]byte) []byte {
	b := []byte{byte(len(list) - 1)}
	for _, h := range list[:len(list)-1] {
		b = append(b, byte(len(h)))
	}
	return join(b, join(list...))
}

// inXiph puts a length of 16 bits in front.
func inXiph(packet []byte) []byte {
	return join([]byte{byte(len(packet) >> 8), byte(len(packet))}, packet)
}

// vorbisFormat describes the configuration 0xabcdef.
func vorbisFormat(long ...int) Format {
	ident, comment, setup := vorbisHeaders(long...)
	packed := packedHeaders(ident, comment, setup)
	size := len(ident) + len(comment) + len(setup)
	b := join(hx("00000001 abcdef"), []byte{byte(size >> 8), byte(size)}, packed)
	return Format{Encoding: "vorbis", ClockRate: 44100, Channels: 2, Params: map[string]string{
		"configuration": base64.StdEncoding.EncodeToString(b),
	}}
}

// Packets of sound begin with 0, and one bit of mode in front of it: 00 is mode
// 0, 02 mode 1. Mode 1 has the long blocks.
var vorbisCases = []depackCase{
	{
		name:   "short, long, long, short: a quarter of each two blocks is sound",
		format: vorbisFormat(0, 1),
		in: []step{
			{ts: 1000, payload: join(hx("abcdef 04"), inXiph(hx("00 01")), inXiph(hx("02 02")), inXiph(hx("02 03")), inXiph(hx("00 04")))},
			{ts: 3240, payload: join(hx("abcdef 01"), inXiph(hx("00 05")))},
		},
		want: []wantUnit{{1000, true, hx("00 01")}, {1000 + 576, true, hx("02 02")}, {1576 + 1024, true, hx("02 03")},
			{2600 + 576, true, hx("00 04")}, {3240, true, hx("00 05")}},
	},
	{
		name:   "one mode has no bits",
		format: vorbisFormat(1),
		in:     []step{{ts: 0, payload: join(hx("abcdef 02"), inXiph(hx("02 01")), inXiph(hx("00 02")))}},
		want:   []wantUnit{{0, true, hx("02 01")}, {1024, true, hx("00 02")}},
	},
	{
		name:   "in parts",
		format: vorbisFormat(0, 1),
		in: []step{
			{ts: 9, payload: join(hx("abcdef 40"), inXiph(hx("00 01")))},
			{ts: 9, payload: join(hx("abcdef 80"), inXiph(hx("02")))},
			{ts: 9, payload: join(hx("abcdef c0"), inXiph(hx("03 04")))},
		},
		want: []wantUnit{{9, true, hx("00 01 02 03 04")}},
	},
	{
		name:   "in parts, the middle one lost",
		format: vorbisFormat(0, 1),
		in: []step{
			{ts: 9, payload: join(hx("abcdef 40"), inXiph(hx("00 01")))},
			{ts: 9, lost: true, payload: join(hx("abcdef c0"), inXiph(hx("03 04")))},
			{ts: 99, payload: join(hx("abcdef 01"), inXiph(hx("00 05")))},
		},
		want: []wantUnit{{99, true, hx("00 05")}},
	},
	{
		name:   "another configuration, in-band; sound of one that did not come is dropped",
		format: vorbisFormat(0, 1),
		in: []step{
			{ts: 1, payload: join(hx("123456 01"), inXiph(hx("02 01")))},
			{ts: 1, payload: join(hx("123456 11"), inXiph(packedHeaders(vorbisHeaders(1, 1))))},
			{ts: 1, payload: join(hx("123456 02"), inXiph(hx("00 02")), inXiph(hx("00 03")))},
		},
		want: []wantUnit{{1, true, hx("00 02")}, {1 + 1024, true, hx("00 03")}},
	},
	{
		name:   "headers and empty packets are no sound",
		format: vorbisFormat(0, 1),
		in:     []step{{ts: 1, payload: join(hx("abcdef 03"), inXiph(hx("05 01")), inXiph(nil), inXiph(hx("00 03")))}},
		want:   []wantUnit{{1, true, hx("00 03")}},
	},
	{name: "a length beyond the end", format: vorbisFormat(0, 1), in: []step{{payload: hx("abcdef 01 ffff 00")}}, err: ErrMalformed},
	{name: "half a header", format: vorbisFormat(0, 1), in: []step{{payload: hx("abcdef 01 00")}}, err: ErrMalformed},
}

func TestVorbis(t *testing.T) { testDepacketizer(t, vorbisCases) }
func FuzzVorbis(f *testing.F) { fuzzDepacketizer(f, vorbisCases, checkAudio) }

func TestVorbisTrack(t *testing.T) {
	ident, comment, setup := vorbisHeaders(0, 1)
	described := vorbisFormat(0, 1)
	private := join([]byte{2, byte(len(ident)), byte(len(comment))}, ident, comment, setup)
	for _, c := range []struct {
		name    string
		format  Format
		in      []byte
		ready   bool
		private []byte
	}{
		{"as described", described, nil, true, private},
		{"nothing yet", audio("vorbis", 44100, 2), nil, false, nil},
		{"in-band", audio("vorbis", 44100, 2), join(hx("abcdef 11"), inXiph(packedHeaders(ident, comment, setup))), true, private},
		{"in-band without a comment", audio("vorbis", 44100, 2), join(hx("abcdef 11"), inXiph(packedHeaders(ident, setup))), true,
			join([]byte{2, byte(len(ident)), 16}, ident, []byte("\x03vorbis\x00\x00\x00\x00\x00\x00\x00\x00\x01"), setup)},
		{"in-band, of no rate", audio("vorbis", 44100, 2), join(hx("abcdef 11"), inXiph(packedHeaders(make([]byte, 30), comment, setup))), false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := NewDepacketizer(c.format)
			if err != nil {
				t.Fatal(err)
			}
			if c.in != nil {
				feed(d, []step{{payload: c.in}})
			}
			got, ready := d.Track()
			if ready != c.ready || string(got.Private) != string(c.private) {
				t.Errorf("ready %v, private\n% x, want\n% x", ready, got.Private, c.private)
			}
			if got.Codec != media.Vorbis || got.SampleRate != 44100 || got.Channels != 2 {
				t.Errorf("%+v", got)
			}
		})
	}
}
