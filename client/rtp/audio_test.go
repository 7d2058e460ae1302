package rtp

import (
	"bytes"
	"errors"
	"reflect"
	"strconv"
	"testing"

	"tapedeck/client/media"
)

var opusCases = []depackCase{{
	name:   "one packet each, silence between",
	format: Format{Encoding: "opus", ClockRate: 48000, Channels: 2},
	in:     []step{{ts: 0, payload: hx("fc 01 02")}, {ts: 9600, payload: hx("f8")}, {ts: 9601}},
	want:   []wantUnit{{0, true, hx("fc 01 02")}, {9600, true, hx("f8")}},
}, {
	name:   "several streams are one packet",
	format: multiopus("6", "0,4,1,2,3,5", "4", "2"),
	in:     []step{{ts: 0, payload: hx("fc 01 02")}, {ts: 960, lost: true, payload: hx("fc 03")}},
	want:   []wantUnit{{0, true, hx("fc 01 02")}, {960, true, hx("fc 03")}},
}}

func multiopus(channels, mapping, streams, coupled string) Format {
	n, _ := strconv.Atoi(channels)
	return Format{Encoding: "multiopus", ClockRate: 48000, Channels: n, Params: map[string]string{
		"channel_mapping": mapping, "num_streams": streams, "coupled_streams": coupled,
	}}
}

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
		{multiopus("6", "0,4,1,2,3,5", "4", "2"), media.Track{Kind: media.Audio, Codec: media.Opus, SampleRate: 48000, Channels: 6,
			Private: append(head(6)[:18], 1, 4, 2, 0, 4, 1, 2, 3, 5)}},
		{Format{PayloadType: 2}, media.Track{Kind: media.Audio, Codec: media.G726, SampleRate: 8000, Channels: 1, BitRate: 32000}},
		{Format{PayloadType: 3}, media.Track{Kind: media.Audio, Codec: media.GSM, SampleRate: 8000, Channels: 1, BitRate: 13200}},
		{Format{PayloadType: 4}, media.Track{Kind: media.Audio, Codec: media.G723, SampleRate: 8000, Channels: 1}},
		{Format{PayloadType: 6}, media.Track{Kind: media.Audio, Codec: media.DVI4, SampleRate: 16000, Channels: 1, BitRate: 64000}},
		{Format{PayloadType: 9}, media.Track{Kind: media.Audio, Codec: media.G722, SampleRate: 16000, Channels: 1, BitRate: 64000}},
		{Format{PayloadType: 10}, media.Track{Kind: media.Audio, Codec: media.L16, SampleRate: 44100, Channels: 2}},
		{Format{PayloadType: 11}, media.Track{Kind: media.Audio, Codec: media.L16, SampleRate: 44100, Channels: 1}},
		{Format{PayloadType: 12}, media.Track{Kind: media.Audio, Codec: media.QCELP, SampleRate: 8000, Channels: 1}},
		{Format{PayloadType: 14}, media.Track{Kind: media.Audio, Codec: media.MP3}},
		{Format{Encoding: "mpa-robust"}, media.Track{Kind: media.Audio, Codec: media.MP3}},
		{Format{Encoding: "ac3", ClockRate: 90000}, media.Track{Kind: media.Audio, Codec: media.AC3}},
		{Format{Encoding: "eac3", ClockRate: 48000, Channels: 6}, media.Track{Kind: media.Audio, Codec: media.EAC3, SampleRate: 48000, Channels: 6}},
		{Format{Encoding: "L20"}, media.Track{Kind: media.Audio, Codec: media.L24, SampleRate: 48000, Channels: 1}},
		{Format{Encoding: "L24", ClockRate: 96000, Channels: 2}, media.Track{Kind: media.Audio, Codec: media.L24, SampleRate: 96000, Channels: 2}},
		{Format{Encoding: "pcm", ClockRate: 16000}, media.Track{Kind: media.Audio, Codec: media.PCM, SampleRate: 16000, Channels: 1}},
		{Format{Encoding: "AMR-WB"}, media.Track{Kind: media.Audio, Codec: media.AMRWB, SampleRate: 16000, Channels: 1}},
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
		{Format{PayloadType: 18}, "payload G729 (speech that VLC cannot decode) is not supported"},
		{Format{PayloadType: 96, Encoding: "Mp2p"}, "payload Mp2p (MPEG program stream) is not supported"},
		{Format{PayloadType: 96, Encoding: "smpte336m"}, "payload smpte336m (KLV metadata) is not supported"},
		{Format{PayloadType: 96, Encoding: "iLBC"}, "payload iLBC (speech that VLC cannot decode) is not supported"},
		{Format{Encoding: "G722", Channels: 2}, "payload G722 with 2 channels is not supported"},
		{Format{Encoding: "AMR", Channels: 6}, "payload AMR with 6 channels is not supported"},
		{withParams("mode", "CELP-cbr"), "payload mpeg4-generic/CELP is not supported"},
		{withParams("mode", "generic", "streamtype", "4", "config", "000001b001"), "payload mpeg4-generic with pictures is not supported"},
		{withParams("config", "4210"), "payload mpeg4-generic with audio object type 8 is not supported"},
		{Format{Encoding: "MP4A-LATM", Params: map[string]string{"config": "4000848000"}}, "payload MP4A-LATM of this kind is not supported"},
		{multiopus("6", "0,4,1,2,3,6", "4", "2"), "payload multiopus with such channels is not supported"},
		{multiopus("6", "0,1", "4", "2"), "payload multiopus with such channels is not supported"},
		{multiopus("2", "0,1", "0", "0"), "payload multiopus with such channels is not supported"},
		{multiopus("9", "0,1,2,3,4,5,6,7,8", "9", "0"), "payload multiopus with such channels is not supported"},
		{multiopus("2", "0,-1", "1", "x"), "payload multiopus with such channels is not supported"},
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
