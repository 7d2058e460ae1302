package mux

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"tapedeck/client/media"
)

// TestPrivateOfSound checks the private data of codings that Matroska has no
// name for.
func TestPrivateOfSound(t *testing.T) {
	speex := bytes.Repeat([]byte{7}, 80)
	sound := func(c media.Codec, rate, channels, bits int, private []byte) media.Track {
		return media.Track{Kind: media.Audio, Codec: c, SampleRate: rate, Channels: channels, BitRate: bits, Private: private}
	}
	for _, c := range []struct {
		track media.Track
		want  string // hex; empty: there is none to be had
	}{
		// tag, channels, samples/s, bytes/s, bytes each, bits a sample, size of more
		{sound(media.PCMU, 16000, 2, 0, nil), "0700 0200 803e0000 007d0000 0200 0800 0000"},
		{sound(media.AMR, 8000, 2, 0, nil), "5700 0200 401f0000 00000000 0000 0000 0000"},
		{sound(media.AMRWB, 0, 0, 16000, nil), "5800 0100 803e0000 d0070000 0000 0000 0000"},
		{sound(media.G723, 0, 0, 0, nil), "4200 0100 401f0000 00000000 0000 0000 0000"},
		{sound(media.G726, 8000, 1, 24000, nil), "4500 0100 401f0000 b80b0000 0000 0300 0000"},
		{sound(media.G726, 8000, 1, 0, nil), ""},
		{sound(media.G726, 8000, 1, 64000, nil), ""},
		{sound(media.Speex, 8000, 1, 0, speex), "09a1 0100 401f0000 00000000 0000 0000 5a00 | 01 50" + strings.Repeat("07", 80) + "00000000 00000000"},
		{sound(media.Speex, 8000, 1, 0, nil), ""},
		{sound(media.Speex, 8000, 1, 0, make([]byte, 255)), ""},
		{sound(media.G722, 16000, 1, 0, nil), "67373232"},
		{sound(media.GSM, 8000, 1, 0, nil), "67736d20"},
		{sound(media.QCELP, 8000, 1, 0, nil), "51636c70"},
	} {
		w, err := New([]media.Track{c.track})
		if c.want == "" {
			if !errors.Is(err, ErrNoPrivate) {
				t.Errorf("%+v: %v", c.track, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%+v: %v", c.track, err)
		}
		parts, err := read(w.Init())
		if err != nil {
			t.Fatal(err)
		}
		want := strings.NewReplacer(" ", "", "|", "").Replace(c.want)
		if got := hex.EncodeToString(parts.entries[0].bytes(idCodecPrivate)); got != want {
			t.Errorf("%s:\n%s, want\n%s", c.track.Codec, got, want)
		}
	}
}
