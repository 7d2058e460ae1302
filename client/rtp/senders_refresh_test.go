package rtp_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tapedeck/client/media"
	"tapedeck/client/mux"
)

// TestJoinWithoutIDR joins streams of ffmpeg after the only IDR picture that
// they ever have. There is a place to start all the same, and from there on
// ffmpeg and VLC show pictures: in the end those that who saw the whole stream
// sees.
func TestJoinWithoutIDR(t *testing.T) {
	const (
		source = "-f lavfi -i testsrc=size=320x180:rate=25 -frames:v %d -pix_fmt yuv420p "
		joined = 15 // pictures that were not seen
		size   = 320 * 180
	)
	for _, c := range []struct {
		name, encode string
		length       int     // pictures
		off          float64 // what the last ones may differ by; x265's refresh lets some of what was before it through
	}{
		{"H.264, intra refresh", "-c:v libx264 -bf 0 -x264-params intra-refresh=1:keyint=25", 100, 0},
		{"H.264, open GOP", "-c:v libx264 -bf 2 -x264-params open-gop=1:keyint=25:min-keyint=25:scenecut=0", 100, 0},
		{"H.264, I-pictures that nothing tells of", "-c:v libx264 -bf 0 -g 250 -force_key_frames expr:eq(mod(n,25),0) -forced-idr 0 -bsf:v filter_units=remove_types=6", 100, 0},
		{"H.265, CRA", "-c:v libx265 -x265-params log-level=0:open-gop=1:keyint=25:min-keyint=25:scenecut=0", 100, 0},
		{"H.265, intra refresh", "-c:v libx265 -bf 0 -x265-params log-level=0:intra-refresh=1:keyint=50 -preset ultrafast", 400, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, packets := ffmpegRTP(t, fmt.Sprintf(source, c.length)+c.encode)
			track, whole := depacketize(t, f, packets)
			last, seen := uint32(0), 0
			for i, raw := range packets {
				if ts := binary.BigEndian.Uint32(raw[4:]); i == 0 || ts != last {
					last, seen = ts, seen+1
				}
				if seen > joined {
					packets = packets[i:]
					break
				}
			}
			_, late := depacketize(t, f, packets)
			for len(late) > 0 && !late[0].Key {
				late = late[1:]
			}
			if len(late) < 50 {
				t.Fatalf("%d pictures from the first place to start on", len(late))
			}
			keys := 0
			for _, p := range late {
				if p.Key {
					keys++
				}
			}
			if keys < 2 || keys > 5 {
				t.Errorf("%d places to start", keys)
			}
			a, b := showGray(t, track, whole), showGray(t, track, late)
			if len(b) < 40*size {
				t.Errorf("ffmpeg shows %d pictures of %d", len(b)/size, len(late))
			}
			if d := apart(a, b, 10*size); d > c.off {
				t.Errorf("the last pictures are off by %.1f on average", d)
			}
			w, err := mux.New([]media.Track{track})
			if err != nil {
				t.Fatal(err)
			}
			showVideo(t, w, late, 320, 180)
		})
	}
}

// apart is by how much the last n samples differ on average.
func apart(a, b []byte, n int) float64 {
	if len(a) < n || len(b) < n {
		return 255
	}
	sum := 0.0
	for i := range n {
		sum += math.Abs(float64(a[len(a)-n+i]) - float64(b[len(b)-n+i]))
	}
	return sum / float64(n)
}

// showGray decodes pictures with ffmpeg.
func showGray(t *testing.T, track media.Track, pictures []media.Packet) []byte {
	t.Helper()
	w, err := mux.New([]media.Track{track})
	if err != nil {
		t.Fatal(err)
	}
	data := w.Init()
	for _, p := range pictures {
		data, _ = w.Append(data, p)
	}
	in, out := filepath.Join(t.TempDir(), "in.mkv"), filepath.Join(t.TempDir(), "gray")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	runPeer(t, "ffmpeg", append(strings.Fields("-nostdin -v fatal -threads 1 -i"), in, "-vsync", "passthrough", "-pix_fmt", "gray", "-f", "rawvideo", out)...)
	gray, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return gray
}
