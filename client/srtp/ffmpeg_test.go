package srtp

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/peers"
	"tapedeck/client/rtp"
)

func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	path := peers.Find(t, "ffmpeg")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, path, append([]string{"-nostdin", "-v", "error", "-bitexact"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, out)
	}
}

// TestFFmpegAsSender has ffmpeg encrypt sound with keys of an a=crypto line: what
// comes out of a receiver is what ffmpeg read, byte for byte, and its reports
// can be read too.
func TestFFmpegAsSender(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	wav, want := filepath.Join(dir, "tone.wav"), filepath.Join(dir, "tone.mulaw")
	ffmpeg(t, "-f", "lavfi", "-i", "sine=frequency=440", "-t", "2", "-ac", "1", "-ar", "8000", "-c:a", "pcm_mulaw", wav)
	ffmpeg(t, "-i", wav, "-c", "copy", "-f", "mulaw", want)
	// Under RFC 4568's own name of the second ffmpeg would cut the tags of its
	// reports short too, which that RFC's section 6.2 does not.
	for _, suite := range []string{"AES_CM_128_HMAC_SHA1_80", "SRTP_AES128_CM_HMAC_SHA1_32"} {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			key := base64.StdEncoding.EncodeToString(unhex(t, testKey+testSalt))
			k, err := ParseCrypto("1 " + suite + " inline:" + strings.TrimRight(key, "=") + "|2^48")
			if err != nil {
				t.Fatal(err)
			}
			sound, reports := listen(t), listen(t)
			ffmpeg(t, "-i", wav, "-c", "copy", "-f", "rtp", "-srtp_out_suite", suite, "-srtp_out_params", key,
				fmt.Sprintf("srtp://127.0.0.1:%d?rtcpport=%d", port(sound), port(reports)))
			got, stats := receive(t, k, sound)
			file, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, file) || stats.Lost != 0 {
				t.Errorf("%d bytes of %d came, or others; %+v", len(got), len(file), stats)
			}
			c := mustContext(t, k, k)
			b := make([]byte, 2048)
			if err := reports.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			n, err := reports.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := c.RTCP(b[:n]); err != nil || plain[1] != 200 {
				t.Errorf("the sender's report: %x, %v", plain, err)
			}
		})
	}
}

func listen(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func port(c *net.UDPConn) int { return c.LocalAddr().(*net.UDPAddr).Port }

// receive takes what has been sent: it is in the socket's buffer.
func receive(t *testing.T, k Keys, conn *net.UDPConn) (data []byte, stats media.Stats) {
	t.Helper()
	f := rtp.Format{PayloadType: 0}.Complete()
	d, err := rtp.NewDepacketizer(f)
	if err != nil {
		t.Fatal(err)
	}
	r := rtp.NewReceiver(0, f, d, rtp.Options{Reorder: true})
	c := mustContext(t, k, k)
	b := make([]byte, 2048)
	emit := func(p media.Packet) { data = append(data, p.Data...) }
	for {
		if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(b)
		if err != nil {
			return data, r.Stats()
		}
		plain, err := c.RTP(b[:n])
		if err != nil {
			t.Fatalf("after %d bytes: %v", len(data), err)
		}
		if err := r.RTP(plain, time.Now(), emit); err != nil {
			t.Fatal(err)
		}
	}
}
