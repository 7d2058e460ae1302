package rtp

import (
	"crypto/md5"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"
)

// TestFFmpegAsVideoSender: every picture comes out byte for byte as ffmpeg's
// encoder made it, with its time. JPEG is not here because its headers are
// made anew, AV1 because ffmpeg 5.1 does not send it.
func TestFFmpegAsVideoSender(t *testing.T) {
	const source = "-f lavfi -i testsrc=size=352x288:rate=25 -t 2 -pix_fmt yuv420p"
	for _, c := range []struct {
		name, encode, send string
		unsent             int // pictures that ffmpeg keeps at the end
	}{
		{"VP8", "-c:v libvpx -deadline realtime -g 12", "-f rtp", 0},
		{"VP9", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 12", "-f rtp -strict experimental", 0},
		{"MPEG-4 Visual", "-c:v mpeg4 -bf 2 -g 12", "-f rtp", 0},
		{"MPEG-1 video", "-c:v mpeg1video -bf 2 -g 12", "-f rtp", 0},
		{"MPEG-2 video", "-c:v mpeg2video -bf 2 -g 12", "-f rtp", 0},
		{"Theora", "-c:v libtheora -g 12", "-f rtp", 1},
		{"H263-2000", "-c:v h263p -g 12", "-f rtp", 0},
		{"H263-2000, long pictures", "-c:v h263 -g 12 -b:v 2M", "-f rtp", 0},
		{"H263, RFC 2190", "-c:v h263 -g 12 -ps 1000", "-f rtp -rtpflags rfc2190", 0},
		{"H261", "-c:v h261 -g 12", "-f rtp -strict experimental", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clip := filepath.Join(t.TempDir(), "clip.mkv")
			ffmpeg(t, strings.Fields(source+" "+c.encode+" "+clip)...)
			got, _ := receiveFFmpeg(t, clip, strings.Fields(c.send))
			list := make([]frame, len(got))
			for i, p := range got {
				sum := md5.Sum(p.Data)
				list[i] = frame{p.Time, hex.EncodeToString(sum[:])}
			}
			compareFrames(t, list, sent(frames(t, clip), len(list), c.unsent), true)
		})
	}
}
