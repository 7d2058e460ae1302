//go:build unix

package rtsptest

import (
	"strings"
	"testing"

	"tapedeck/client/peers"
)

// TestVLCServes: what VLC's server is known for, of which the client must be
// tolerant, is still so; ffmpeg plays it.
func TestVLCServes(t *testing.T) {
	t.Parallel()
	url := StartVLC(t, VLCOutput{})
	sdp, err := describe(url)
	if err != nil {
		t.Fatal(err)
	}
	for part, times := range map[string]int{
		" RTP/AVP 96\r\n":               2, // one number for both
		"SizeLength=13":                 1, // RFC 3640 has it in small letters
		"a=control:" + url + "/trackID": 2, // absolute
		"a=range":                       0,
	} {
		if n := strings.Count(sdp, part); n != times {
			t.Errorf("%q is there %d times, not %d: %s", part, n, times, sdp)
		}
	}
	ffprobe := peers.Find(t, "ffprobe")
	if codecs, problem := probe(t, ffprobe, url, "udp"); codecs != "aac h264" {
		t.Errorf("codecs %q; %s", codecs, problem)
	}
	if codecs, problem := probe(t, ffprobe, url, "tcp"); codecs != "" || !strings.Contains(problem, "461") {
		t.Errorf("over TCP: codecs %q; %s", codecs, problem)
	}
}
