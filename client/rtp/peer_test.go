package rtp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/peers"
)

// What ffmpeg packs into RTP must come out as it went in: every access unit
// byte for byte, with its time.
func TestFFmpegAsSender(t *testing.T) {
	const video = "-f lavfi -i testsrc=size=320x240:rate=25 -t 2 -pix_fmt yuv420p"
	const audio = "-f lavfi -i sine=frequency=440 -t 2 -ac 2"
	for _, c := range []struct {
		name, encode, file, send string
		joined                   bool // packets are cut anew: only the bytes count
		unsent                   int  // units that ffmpeg keeps at the end
	}{
		{"H264", video + " -c:v libx264 -bf 2 -g 12", "clip.mkv", "-f rtp", false, 0},
		{"H265", video + " -c:v libx265 -x265-params log-level=0:keyint=12", "clip.mkv", "-f rtp", false, 0},
		{"AAC", audio + " -c:a aac", "clip.mkv", "-f rtp", false, 4},
		{"Opus", audio + " -c:a libopus", "clip.mkv", "-f rtp", false, 0},
		{"PCMU", "-f lavfi -i sine=frequency=440 -t 2 -ac 1 -ar 8000 -c:a pcm_mulaw", "clip.wav", "-f rtp", true, 0},
		{"MP2T", video + " -c:v libx264 -bf 0", "clip.ts", "-f rtp_mpegts", false, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			clip := filepath.Join(dir, c.file)
			ffmpeg(t, strings.Fields(c.encode+" "+clip)...)
			got, track := receiveFFmpeg(t, clip, strings.Fields(c.send))
			switch {
			case track.Codec == media.MPEGTS:
				file := filepath.Join(dir, "out.ts")
				if err := os.WriteFile(file, joined(got), 0o600); err != nil {
					t.Fatal(err)
				}
				list := frames(t, file)
				compareFrames(t, list, sent(frames(t, clip), len(list), c.unsent), false)
			case c.joined:
				want := ffmpeg(t, "-i", clip, "-c", "copy", "-f", "mulaw", "-")
				if !bytes.Equal(joined(got), want) {
					t.Errorf("%d bytes came out of %d, or others", len(joined(got)), len(want))
				}
			default:
				list := make([]frame, len(got))
				for i, p := range got {
					sum := md5.Sum(p.Data)
					list[i] = frame{p.Time, hex.EncodeToString(sum[:])}
				}
				compareFrames(t, list, sent(frames(t, clip), len(list), c.unsent), true)
			}
		})
	}
}

// sent leaves out what ffmpeg did not send of a file when n frames came.
func sent(all []frame, n, unsent int) []frame {
	if n < len(all) && n >= len(all)-unsent {
		return all[:n]
	}
	return all
}

func joined(list []media.Packet) (out []byte) {
	for _, p := range list {
		out = append(out, p.Data...)
	}
	return out
}

// frame is one packet of a file, by its time and the MD5 of its bytes.
type frame struct {
	at  time.Duration
	sum string
}

func compareFrames(t *testing.T, got, want []frame, times bool) {
	t.Helper()
	if len(got) != len(want) || len(got) == 0 {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].sum != want[i].sum {
			t.Fatalf("frame %d of %d has other bytes", i, len(got))
		}
		if d := got[i].at - got[0].at - (want[i].at - want[0].at); times && d.Abs() > 2*time.Millisecond {
			t.Errorf("frame %d is at %v, want %v", i, got[i].at-got[0].at, want[i].at-want[0].at)
		}
	}
}

// frames lists the packets of a file's first stream.
func frames(t *testing.T, file string) (list []frame) {
	out := ffmpeg(t, "-i", file, "-map", "0:0", "-c", "copy", "-f", "framemd5", "-")
	var num, den int64
	for line := range strings.Lines(string(out)) {
		if _, err := fmt.Sscanf(line, "#tb 0: %d/%d", &num, &den); err == nil || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSpace(line), ",")
		pts, err := strconv.ParseInt(strings.TrimSpace(f[2]), 10, 64)
		if err != nil || den == 0 {
			t.Fatalf("%q: %v", line, err)
		}
		list = append(list, frame{time.Duration(pts * num * int64(time.Second) / den), strings.TrimSpace(f[5])})
	}
	return list
}

// ffmpeg runs it and returns what it prints.
func ffmpeg(t *testing.T, args ...string) []byte {
	t.Helper()
	path := peers.Find(t, "ffmpeg")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, append([]string{"-nostdin", "-v", "error", "-bitexact"}, args...)...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, &problems)
	}
	return out
}

// receiveFFmpeg has ffmpeg send a file and receives it.
func receiveFFmpeg(t *testing.T, clip string, send []string) (got []media.Packet, track media.Track) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	reports, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer reports.Close()
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	port := func(c *net.UDPConn) int { return c.LocalAddr().(*net.UDPAddr).Port }
	url := fmt.Sprintf("rtp://127.0.0.1:%d?rtcpport=%d", port(conn), port(reports))
	sdp := clip + ".sdp"
	args := []string{"-i", clip, "-map", "0:0", "-c", "copy"}
	if send[1] == "rtp" { // the others have no description to write
		args = append(args, "-sdp_file", sdp)
	}
	ffmpeg(t, append(append(args, send...), url)...)

	f := Format{PayloadType: 33}
	if send[1] == "rtp" {
		f = sdpFormat(t, sdp)
	}
	d, err := NewDepacketizer(f)
	if err != nil {
		t.Fatal(err)
	}
	r := NewReceiver(0, f, d, Options{Reorder: true})
	emit := func(p media.Packet) {
		p.Data = bytes.Clone(p.Data)
		got = append(got, p)
	}
	// Everything has been sent: it is in the socket's buffer.
	raw := make([]byte, 64<<10)
	for {
		if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(raw)
		if err != nil {
			break
		}
		if err := r.RTP(raw[:n], time.Now(), emit); err != nil {
			t.Errorf("a packet of %d bytes: %v", n, err)
		}
	}
	if err := reports.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := reports.Read(raw); err != nil {
		t.Errorf("no report: %v", err)
	} else if _, err := r.RTCP(raw[:n], time.Now()); err != nil || !r.sync.known {
		t.Errorf("the report: %v, understood %v", err, r.sync.known)
	}
	if s := r.Stats(); s.Lost+s.Duplicates+s.Reordered > 0 {
		t.Errorf("on loopback: %+v", s)
	}
	track, ready := r.Track()
	if !ready {
		t.Error("the track is not ready")
	}
	return got, track
}

// sdpFormat reads as much of ffmpeg's SDP as it takes.
func sdpFormat(t *testing.T, file string) Format {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f := Format{Params: map[string]string{}}
	lines := bufio.NewScanner(bytes.NewReader(body))
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		words := strings.SplitN(rest, " ", 2)
		switch name {
		case "a=rtpmap":
			parts := strings.Split(words[1], "/")
			f.Encoding = parts[0]
			f.ClockRate, _ = strconv.Atoi(parts[1])
			if len(parts) > 2 {
				f.Channels, _ = strconv.Atoi(parts[2])
			}
		case "a=fmtp":
			for _, p := range strings.Split(words[1], ";") {
				k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
				f.Params[strings.ToLower(k)] = v
			}
		default:
			if m := strings.Fields(lines.Text()); strings.HasPrefix(lines.Text(), "m=") {
				pt, err := strconv.ParseUint(m[3], 10, 7)
				if err != nil {
					t.Fatal(err)
				}
				f.PayloadType = uint8(pt)
			}
		}
	}
	return f
}
