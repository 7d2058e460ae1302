package hls

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

// id3Tag is a tag of version 2.4 with the frames given.
//
//	"ID3" 4 0 | flags | size, 7 bits a byte (4) | { name (4) | size (4) | flags (2) | content }
func id3Tag(frames map[string]string) []byte {
	var body []byte
	for name, content := range frames {
		n := len(content)
		body = append(body, name...)
		body = append(body, 0, 0, byte(n>>7), byte(n&127), 0, 0)
		body = append(body, content...)
	}
	n := len(body)
	return append([]byte{'I', 'D', '3', 4, 0, 0, 0, 0, byte(n >> 7), byte(n & 127)}, body...)
}

// TestPackedAudio plays bare AAC behind tags that tell its time and what is on.
// The clock of transport streams wraps in the middle of it.
func TestPackedAudio(t *testing.T) {
	const frames, samples = 281, 1024 // of a segment, of a frame
	dir := t.TempDir()
	body := "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"
	n := 0
	for rest := clip.AAC(); len(rest) > 0; n++ {
		start := uint64(1)<<33 - 30*90000 + uint64(n*frames*samples)*90000/clip.SampleRate
		stamp := binary.BigEndian.AppendUint64([]byte("com.apple.streaming.transportStreamTimestamp\x00"), start&(1<<33-1))
		data := id3Tag(map[string]string{"PRIV": string(stamp), "TIT2": fmt.Sprintf("\x03Part %d", n/4)})
		k := 0
		for ; k < frames && len(rest) > 0; k++ {
			size := int(rest[3]&3)<<11 | int(rest[4])<<3 | int(rest[5]>>5)
			data, rest = append(data, rest[:size]...), rest[size:]
		}
		name := fmt.Sprintf("%d.aac", n)
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
		body += fmt.Sprintf("#EXTINF:%.5f,\n%s\n", float64(k*samples)/clip.SampleRate, name)
	}
	if err := os.WriteFile(filepath.Join(dir, "film.m3u8"), []byte(body+"#EXT-X-ENDLIST\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	server := serve(t, dir)
	var events told
	s := openURL(t, server.URL("film.m3u8"), &events)
	if i := s.Info(); i.ContentType != "audio/x-matroska" || len(i.Tracks) != 1 || i.Tracks[0].Codec != media.AAC {
		t.Errorf("%+v", i)
	}
	stream := collect(t, s, all)
	path := filepath.Join(t.TempDir(), "out.mka")
	if err := os.WriteFile(path, stream, 0o644); err != nil {
		t.Fatal(err)
	}
	wav, err := exec.CommandContext(t.Context(), peers.Find(t, "ffmpeg"), "-v", "error", "-nostdin", "-i", path, "-c:a", "pcm_s16le", "-f", "wav", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	checkTones(t, wav, 0, 60)
	var titles []string
	for _, e := range events.events {
		if title, ok := e.(media.Title); ok {
			titles = append(titles, fmt.Sprintf("%s at %.1f", title.Text, title.Time.Seconds()))
		}
	}
	if got := strings.Join(titles, ", "); got != "Part 0 at 0.0, Part 1 at 24.0, Part 2 at 48.0" {
		t.Error(got)
	}
}
