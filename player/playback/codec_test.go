package playback

import (
	"testing"

	"tapedeck/client/media"
	"tapedeck/player"
)

func TestNamesOfCodecsAndFiles(t *testing.T) {
	for stream, want := range map[player.Stream]media.Codec{
		{FourCC: "avc1"}: media.H264, {FourCC: "a52 "}: media.AC3, {FourCC: "MJPG"}: media.JPEG,
		{Codec: "Some thing"}: "Some thing", {FourCC: "wmv3", Codec: "x"}: "wmv3",
	} {
		if got := codecOf(stream); got != want {
			t.Errorf("%+v: %s, want %s", stream, got, want)
		}
	}
	for kind, want := range map[string]string{
		"video/x-matroska": ".mkv", "Audio/MPEG; charset=x": ".mp3", "multipart/x-mixed-replace;boundary=--x": ".mjpeg", "": ".bin", "x/y": ".bin",
	} {
		if got := Extension(kind); got != want {
			t.Errorf("%q: %s, want %s", kind, got, want)
		}
	}
}
