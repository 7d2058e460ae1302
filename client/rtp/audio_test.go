package rtp

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"tapedeck/client/media"
)

var pcmCases = []depackCase{
	{
		name: "by the static type",
		in:   []step{{ts: 160, payload: hx("ff fe fd")}, {ts: 320}, {ts: 480, lost: true, payload: hx("01")}},
		want: []wantUnit{{160, true, hx("ff fe fd")}, {480, true, hx("01")}},
	},
	{
		name:   "stereo: half a sample is dropped",
		format: Format{Encoding: "PCMA", ClockRate: 16000, Channels: 2},
		in:     []step{{ts: 1, payload: hx("01 02 03")}, {ts: 2, payload: hx("01")}},
		want:   []wantUnit{{1, true, hx("01 02")}},
	},
}

var opusCases = []depackCase{{
	name:   "one packet each, silence between",
	format: Format{Encoding: "opus", ClockRate: 48000, Channels: 2},
	in:     []step{{ts: 0, payload: hx("fc 01 02")}, {ts: 9600, payload: hx("f8")}, {ts: 9601}},
	want:   []wantUnit{{0, true, hx("fc 01 02")}, {9600, true, hx("f8")}},
}}

func TestPCM(t *testing.T)  { testDepacketizer(t, pcmCases) }
func FuzzPCM(f *testing.F)  { fuzzDepacketizer(f, pcmCases, checkAudio) }
func TestOpus(t *testing.T) { testDepacketizer(t, opusCases) }
func FuzzOpus(f *testing.F) { fuzzDepacketizer(f, opusCases, checkAudio) }

func TestFixedTracks(t *testing.T) {
	head := func(ch byte) []byte {
		return append(append([]byte("OpusHead\x01"), ch), 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0)
	}
	stereo := map[string]string{"sprop-stereo": "0"}
	for _, c := range []struct {
		in   Format
		want media.Track
	}{
		{Format{PayloadType: 0}, media.Track{Kind: media.Audio, Codec: media.PCMU, SampleRate: 8000, Channels: 1}},
		{Format{PayloadType: 8, ClockRate: 16000}, media.Track{Kind: media.Audio, Codec: media.PCMA, SampleRate: 16000, Channels: 1}},
		{Format{Encoding: "pcmu", Channels: 1000, ClockRate: -5}, media.Track{Kind: media.Audio, Codec: media.PCMU, SampleRate: 8000, Channels: 1}},
		{Format{Encoding: "OPUS", ClockRate: maxClockRate + 1, BitRate: 64000}, media.Track{Kind: media.Audio, Codec: media.Opus, SampleRate: 48000, Channels: 2, BitRate: 64000, Private: head(2)}},
		{Format{Encoding: "opus", Params: stereo}, media.Track{Kind: media.Audio, Codec: media.Opus, SampleRate: 48000, Channels: 1, Private: head(1)}},
		{Format{PayloadType: 33}, media.Track{Kind: media.Video, Codec: media.MPEGTS}},
	} {
		d, err := NewDepacketizer(c.in)
		if err != nil {
			t.Fatalf("%+v: %v", c.in, err)
		}
		got, ready := d.Track()
		if !ready || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v:\ngot  %+v, %v\nwant %+v", c.in, got, ready, c.want)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for _, c := range []struct {
		in   Format
		want string
	}{
		{Format{PayloadType: 96, Encoding: "X-FOO"}, "payload X-FOO is not supported"},
		{Format{PayloadType: 96}, "payload type 96 is not supported"},
		{Format{PayloadType: 3}, "payload GSM is not supported"},
		{Format{Encoding: "X\x1b[2J\xff"}, "payload X[2J is not supported"},
		{Format{Encoding: string(bytes.Repeat([]byte("A"), 5000))}, "payload " + string(bytes.Repeat([]byte("A"), maxName)) + " is not supported"},
	} {
		_, err := NewDepacketizer(c.in)
		var u *UnsupportedError
		if !errors.As(err, &u) || err.Error() != c.want {
			t.Errorf("%v: got %v, want %s", c.in, err, c.want)
		}
	}
}
