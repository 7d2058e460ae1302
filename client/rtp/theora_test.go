package rtp

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"tapedeck/client/media"
)

// Headers as libtheora writes them for 320x180 at 25 a second, the last two as
// short as they can be.
const (
	theoraID    = "80 7468656f7261 030201 0014 000c 000140 0000b4 00 0c 00000019 00000001 000001 000001 00 030d40 00d8"
	theoraNote  = "81 7468656f7261 00000000 00000000"
	theoraTable = "82 7468656f7261 becd28"

	theoraLaced = "02 2a 0f |" + theoraID + theoraNote + theoraTable

	// Packed: all three, and without the comment.
	theoraPacked = "02 2a 0f |" + theoraID + theoraNote + theoraTable
	theoraShort  = "01 2a |" + theoraID + theoraTable

	theoraKey   = "30 aa bb"
	theoraInter = "70 cc"
)

// theoraConfig is the configuration parameter with one packed configuration of
// that ident.
func theoraConfig(ident, packed string) string {
	length := len(hx(packed)) - 3
	return b64("00000001 |" + ident + string([]byte{"0123456789abcdef"[length>>12&15], "0123456789abcdef"[length>>8&15], "0123456789abcdef"[length>>4&15], "0123456789abcdef"[length&15]}) + packed)
}

func theoraFormat(config string) Format {
	return Format{Encoding: "theora", Params: map[string]string{"sampling": "YCbCr-4:2:0", "delivery-method": "inline", "configuration": config}}
}

var theoraCases = []depackCase{
	{
		name:   "one packet, several with times of their own, an empty one",
		format: theoraFormat(theoraConfig("abcdef", theoraPacked)),
		in: []step{
			{ts: 1, payload: hx("abcdef 01 | 0003" + theoraKey)},
			{ts: 3601, payload: hx("abcdef 04 | 0002" + theoraInter + "| 0000 | 0002" + theoraInter + "| 0003" + theoraKey)},
		},
		want: []wantUnit{
			{1, true, hx(theoraKey)},
			{3601, false, hx(theoraInter)},
			{3601 + 2*3600, false, hx(theoraInter)},
			{3601 + 3*3600, true, hx(theoraKey)},
		},
	},
	{
		name:   "in parts",
		format: theoraFormat(theoraConfig("abcdef", theoraPacked)),
		in: []step{
			{ts: 1, payload: hx("abcdef 40 | 0001 30")},
			{ts: 1, payload: hx("abcdef 80 | 0001 aa")},
			{ts: 1, payload: hx("abcdef c0 | 0001 bb")},
			{ts: 2, payload: hx("abcdef 40 | 0001 70")}, // its end never comes
			{ts: 3, payload: hx("abcdef 01 | 0002" + theoraInter)},
			{ts: 4, payload: hx("abcdef c0 | 0001 bb")},
		},
		want: []wantUnit{{1, true, hx(theoraKey)}, {3, false, hx(theoraInter)}},
	},
	{
		name:   "loss inside a frame",
		format: theoraFormat(theoraConfig("abcdef", theoraPacked)),
		in: []step{
			{ts: 1, payload: hx("abcdef 40 | 0001 30")},
			{ts: 1, lost: true, payload: hx("abcdef c0 | 0001 bb")},
			{ts: 2, payload: hx("abcdef 01 | 0002" + theoraInter)},
		},
		want: []wantUnit{{2, false, hx(theoraInter)}},
	},
	{
		name: "the configuration comes in-band, whole; until then nothing does",
		in: []step{
			{ts: 1, payload: hx("abcdef 01 | 0003" + theoraKey)},
			{ts: 2, payload: hx("abcdef 11 | 0047" + theoraPacked + "ff")},
			{ts: 2, payload: hx("abcdef 21 | 0002 81 00")}, // a comment
			{ts: 3, payload: hx("abcdef 01 | 0003" + theoraKey)},
			{ts: 4, payload: hx("123456 01 | 0003" + theoraKey)}, // of another
		},
		want: []wantUnit{{3, true, hx(theoraKey)}},
	},
	{
		name: "the configuration comes in-band, in parts, and another for other frames",
		in: []step{
			{ts: 2, payload: hx("abcdef 50 | 000c 02 2a 0f 80 7468656f7261 03 02")},
			{ts: 2, payload: hx("abcdef 90 | 001f 01 0014 000c 000140 0000b4 00 0c 00000019 00000001 000001 000001 00 030d40")},
			{ts: 2, payload: hx("abcdef d0 | 0019 00d8 81 7468656f7261 00000000 00000000 82 7468656f7261 be")},
			{ts: 3, payload: hx("abcdef 01 | 0003" + theoraKey)},
			{ts: 4, payload: hx("123456 11 | 0037" + theoraShort + "00")},
			{ts: 4, payload: hx("123456 01 | 0003" + theoraKey)},
		},
		want: []wantUnit{{3, true, hx(theoraKey)}, {4, true, hx(theoraKey)}},
	},
	{
		name: "configurations of nothing",
		in: []step{
			{ts: 1, payload: hx("abcdef 11 | 0001 07")},
			{ts: 1, payload: hx("abcdef 11 | 0003 01 2a 80")},
			{ts: 1, payload: hx("abcdef 11 | 0002 01 ff")},
			{ts: 1, payload: hx("abcdef 11 | 0001 ff")},
			{ts: 1, payload: hx("abcdef 11 | 0000")},
			{ts: 1, payload: hx("abcdef 11 | 0002 00 30")}, // it is one, but not of Theora
			{ts: 1, payload: hx("abcdef 01 | 0003" + theoraKey)},
		},
		err: ErrMalformed,
	},
	{
		name:   "packets before a broken one are good",
		format: theoraFormat(theoraConfig("abcdef", theoraPacked)),
		in:     []step{{ts: 1, payload: hx("abcdef 02 | 0003" + theoraKey + "| 0009 30")}},
		want:   []wantUnit{{1, true, hx(theoraKey)}},
		err:    ErrMalformed,
	},
	{name: "five bytes", in: []step{{payload: hx("abcdef 01 00")}}, err: ErrMalformed},
	{name: "a length beyond the packet", in: []step{{payload: hx("abcdef 01 0009 30")}}, err: ErrMalformed},
	{name: "a part with such a length", in: []step{{payload: hx("abcdef 40 0009 30")}}, err: ErrMalformed},
}

func init() { setEncoding(theoraCases, "THEORA") }

func TestTheora(t *testing.T) { testDepacketizer(t, theoraCases) }
func FuzzTheora(f *testing.F) { fuzzDepacketizer(f, theoraCases, checkVideo) }

func TestTheoraTrack(t *testing.T) {
	two := "00000002 | abcdef 0043" + theoraPacked + "| 123456 0034" + theoraShort
	for _, c := range []struct {
		name   string
		config string
		before *trackStep
	}{
		{"three headers", theoraConfig("abcdef", theoraPacked), &trackStep{nil, true, 320, 180, theoraLaced}},
		{"without the comment", theoraConfig("abcdef", theoraShort), &trackStep{nil, true, 320, 180, "02 2a 0f |" + theoraID + "81 7468656f7261 0000000000000000" + theoraTable}},
		{"no padding", strings.TrimRight(theoraConfig("abcdef", theoraPacked), "="), &trackStep{nil, true, 320, 180, theoraLaced}},
		{"two of them", b64(two), &trackStep{nil, true, 320, 180, theoraLaced}},
		{"none", "", &trackStep{}},
		{"no base64", "!!!", &trackStep{}},
		{"of nothing", b64("00000001"), &trackStep{}},
		{"of too many", b64("ffffffff abcdef 0000"), &trackStep{}},
		{"of no size", theoraConfig("abcdef", strings.Replace(theoraPacked, "000140", "000000", 1)), &trackStep{}},
		{"cut off", theoraConfig("abcdef", "02 2a 0f |"+theoraID), &trackStep{}},
		{"too long", base64.StdEncoding.EncodeToString(make([]byte, 2*maxXiphConfig)), &trackStep{}},
	} {
		t.Run(c.name, func(t *testing.T) { testTrack(t, theoraFormat(c.config), media.Theora, c.before, nil) })
	}
	d, _ := NewDepacketizer(theoraFormat(theoraConfig("abcdef", theoraPacked)))
	if track, _ := d.Track(); track.FrameRate != 25 {
		t.Errorf("%v pictures a second", track.FrameRate)
	}
}

func TestXiphIsBounded(t *testing.T) {
	t.Run("a packet in parts", func(t *testing.T) {
		d, _ := NewDepacketizer(theoraFormat(theoraConfig("abcdef", theoraPacked)))
		part := append(hx("abcdef 80 ea60"), make([]byte, 60000)...)
		in := []step{{payload: hx("abcdef 40 | 0001 30")}}
		for range maxVideoUnit/60000 + 2 {
			in = append(in, step{payload: part})
		}
		out, err := feed(d, append(in, step{ts: 2, payload: hx("abcdef 01 | 0003" + theoraKey)}))
		if err != ErrTooLarge || len(out) != 1 || out[0].ts != 2 {
			t.Errorf("error %v, %d units", err, len(out))
		}
	})
	t.Run("configurations", func(t *testing.T) {
		x := newXiph(nil, "", maxVideoUnit)
		for i := range uint32(100) {
			x.put(i, hx(theoraPacked))
		}
		if len(x.configs) != maxXiphConfigs || x.config(99) == nil {
			t.Errorf("%d are kept", len(x.configs))
		}
		x.put(200, bytes.Repeat([]byte{1}, maxXiphConfig+1))
		if x.config(200) != nil {
			t.Error("a large one is kept")
		}
	})
}
