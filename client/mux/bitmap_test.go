package mux

import (
	"bytes"
	"os/exec"
	"testing"

	"tapedeck/client/media"
	"tapedeck/client/peers"
)

// TestBitmapInfoLikeFFmpeg compares our private data of H.263 and H.261 with
// what ffmpeg writes.
func TestBitmapInfoLikeFFmpeg(t *testing.T) {
	for encoder, codec := range map[string]media.Codec{"h263": media.H263, "h261": media.H261} {
		out, err := exec.Command(peers.Find(t, "ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "testsrc=size=352x288:rate=25",
			"-frames:v", "2", "-pix_fmt", "yuv420p", "-c:v", encoder, "-f", "matroska", "pipe:1").Output()
		if err != nil {
			t.Fatalf("ffmpeg: %v", err)
		}
		theirs, err := read(out)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := read(mustNew(t, media.Track{Kind: media.Video, Codec: codec, Width: 352, Height: 288}).Init())
		if err != nil {
			t.Fatal(err)
		}
		got, want := ours.entries[0].bytes(idCodecPrivate), theirs.entries[0].bytes(idCodecPrivate)
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n% x, ffmpeg writes\n% x", codec, got, want)
		}
	}
}
