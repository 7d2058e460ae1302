package rtp_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/rtp"
)

// TestFFmpegSoundInVLC sends a tone by ffmpeg and hears it from VLC: what
// GStreamer does not send, or not as the standard has it. Its rtpg726pay garbles
// 24 and 40 kbit/s.
func TestFFmpegSoundInVLC(t *testing.T) {
	for _, s := range []struct {
		name     string
		encoding string // as ffmpeg describes it
		rate     int
		channels int
		args     string
		codec    media.Codec
		step     time.Duration
	}{
		{"MP3, half the rate", "", 22050, 1, "-c:a libmp3lame -b:a 32k", media.MP3, 576 * time.Second / 22050},
		{"G726-16", "G726-16", 8000, 1, "-c:a g726le -b:a 16k", media.G726, 0},
		{"G726-24", "G726-24", 8000, 1, "-c:a g726le -b:a 24k", media.G726, 0},
		{"G726-32", "G726-32", 8000, 1, "-c:a g726le -b:a 32k", media.G726, 0},
		{"G726-40", "G726-40", 8000, 1, "-c:a g726le -b:a 40k", media.G726, 0},
		{"AAL2-G726-24", "AAL2-G726-24", 8000, 1, "-c:a g726 -b:a 24k", media.G726, 0},
		{"AAL2-G726-40", "AAL2-G726-40", 8000, 1, "-c:a g726 -b:a 40k", media.G726, 0},
		{"PCMA at 16 kHz, stereo", "PCMA", 16000, 2, "-c:a pcm_alaw", media.PCMA, 0},
		{"PCMU, stereo", "PCMU", 8000, 2, "-c:a pcm_mulaw", media.PCMU, 0},
		{"L16 at 48 kHz", "L16", 48000, 1, "-c:a pcm_s16be", media.L16, 0},
		{"L24", "L24", 48000, 2, "-c:a pcm_s24be", media.L24, 0},
		{"LATM", "MP4A-LATM", 32000, 1, "-c:a aac -rtpflags latm", media.AAC, 32 * time.Millisecond},
		{"AAC Main", "MPEG4-GENERIC", 44100, 2, "-c:a aac -profile:a aac_main", media.AAC, 1024 * time.Second / 44100},
		{"AAC LTP", "MPEG4-GENERIC", 48000, 1, "-c:a aac -profile:a aac_ltp -strict -2", media.AAC, 1024 * time.Second / 48000},
		{"Vorbis", "vorbis", 48000, 2, "-c:a libvorbis", media.Vorbis, 0},
		{"Speex", "speex", 16000, 1, "-c:a libspeex", media.Speex, 20 * time.Millisecond},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			format, packets := ffmpegRTP(t, fmt.Sprintf("%s -ac %d %s", sine(s.rate), s.channels, s.args))
			if format.Encoding != s.encoding {
				t.Errorf("ffmpeg describes %q", format.Encoding)
			}
			track, units := depacketize(t, format, packets)
			if track.Codec != s.codec || track.Channels != s.channels || track.SampleRate != s.rate {
				t.Errorf("the track is %+v", track)
			}
			checkSteps(t, units, s.step)
			hear(t, track, units, s.rate, 0)
		})
	}
}

// sine is ffmpeg's arguments for the tone.
func sine(rate int) string {
	return fmt.Sprintf("-f lavfi -i sine=frequency=%v:sample_rate=%d:duration=%v,volume=4", toneHz, rate, toneLength.Seconds())
}

// ffmpegRTP has ffmpeg send, and returns what it says of the stream, and its
// packets.
func ffmpegRTP(t *testing.T, args string) (rtp.Format, [][]byte) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	sdp := filepath.Join(t.TempDir(), "sdp")
	runPeer(t, "ffmpeg", append(strings.Fields("-nostdin -v error "+args+" -f rtp -sdp_file"), sdp,
		fmt.Sprintf("rtp://%v?rtcpport=9", conn.LocalAddr()))...)
	// Everything has been sent: it is in the socket's buffer.
	var packets [][]byte
	raw := make([]byte, 64<<10)
	for {
		if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(raw)
		if err != nil {
			break
		}
		packets = append(packets, bytes.Clone(raw[:n]))
	}
	return describedFormat(t, sdp), packets
}

// describedFormat reads as much of ffmpeg's SDP as it takes.
func describedFormat(t *testing.T, file string) rtp.Format {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f := rtp.Format{Params: map[string]string{}}
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		words := strings.SplitN(line, " ", 2)
		switch {
		case strings.HasPrefix(line, "m="):
			n, _ := strconv.Atoi(strings.Fields(line)[3])
			f.PayloadType = uint8(n)
		case strings.HasPrefix(line, "a=rtpmap:"):
			parts := strings.Split(words[1], "/")
			f.Encoding = parts[0]
			f.ClockRate, _ = strconv.Atoi(parts[1])
			if len(parts) > 2 {
				f.Channels, _ = strconv.Atoi(parts[2])
			}
		case strings.HasPrefix(line, "a=fmtp:"):
			for p := range strings.SplitSeq(words[1], ";") {
				k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
				f.Params[strings.ToLower(k)] = v
			}
		}
	}
	return f
}
