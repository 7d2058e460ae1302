package hlstest

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"tapedeck/client/peers"
)

// packets counts what ffprobe finds at url, and fails where it complains.
func packets(t *testing.T, url string, stdin []byte) string {
	t.Helper()
	ffprobe := peers.Find(t, "ffprobe")
	cmd := exec.CommandContext(t.Context(), ffprobe, "-v", "warning", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", url)
	var problems bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &problems
	out, err := cmd.Output()
	if err != nil || problems.Len() > 0 {
		t.Errorf("%s: %v; %s", url, err, &problems)
	}
	each := strings.Fields(string(out)) // twice: of the program, and of the stream
	return strings.Join(each[:min(len(each), 2)], " ")
}

// TestFilm: all pictures and sounds of the clip are in its segments.
func TestFilm(t *testing.T) {
	f := NewFilm()
	defer f.Close()
	if got := packets(t, f.VOD, nil); got != "1500 2813" {
		t.Errorf("on demand: packets %q", got)
	}
	// Over the end of the loop it is still one stream.
	var live []byte
	for n := 13; n < 17; n++ {
		live = append(live, f.segments.segment(n)...)
	}
	if got := packets(t, "pipe:0", live); got != "400 750" {
		t.Errorf("live: packets %q", got)
	}
}
