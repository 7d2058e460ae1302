package rtp_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/rtp"
)

// What no sender at hand packs into RTP is packed here, from what real encoders
// make, and heard from VLC.

// payload is what goes into one packet.
type payload struct {
	ts   uint32
	data []byte
}

// packed gives payloads their headers.
func packed(list []payload) (packets [][]byte) {
	for i, p := range list {
		b := []byte{0x80, 0x80 | 96}
		b = binary.BigEndian.AppendUint16(b, uint16(i))
		b = binary.BigEndian.AppendUint32(b, 1000+p.ts)
		b = append(b, 1, 2, 3, 4)
		packets = append(packets, append(b, p.data...))
	}
	return packets
}

// encoded is the tone by an encoder of ffmpeg.
func encoded(t *testing.T, rate int, args string) []byte {
	t.Helper()
	return runPeer(t, "ffmpeg", strings.Fields("-nostdin -v error "+sine(rate)+" "+args+" -")...)
}

// cut cuts b into pieces; size tells the next one's.
func cut(t *testing.T, b []byte, size func(rest []byte) int) (out [][]byte) {
	t.Helper()
	for len(b) > 0 {
		n := size(b)
		if n <= 0 || n > len(b) {
			t.Fatalf("a piece of %d bytes out of %d", n, len(b))
		}
		out, b = append(out, b[:n]), b[n:]
	}
	return out
}

func TestG723InVLC(t *testing.T) {
	t.Parallel()
	frames := cut(t, encoded(t, 8000, "-ac 1 -c:a g723_1 -b:a 6.3k -f g723_1"), func(b []byte) int { return [4]int{24, 20, 4, 1}[b[0]&3] })
	var list []payload
	for i := 0; i < len(frames); i += 3 {
		list = append(list, payload{uint32(240 * i), bytes.Join(frames[i:min(i+3, len(frames))], nil)})
	}
	track, units := depacketize(t, rtp.Format{PayloadType: 96, Encoding: "G723", ClockRate: 8000}, packed(list))
	checkSteps(t, units, 30*time.Millisecond)
	hear(t, track, units, 8000, 0)
}

// TestDVI4InVLC turns the blocks of IMA in a WAVE file into packets of DVI4, and
// checks the samples by ffmpeg's decoder, too, which adds up before it rounds, and
// not after it as the recommendation has it.
func TestDVI4InVLC(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "ima.wav")
	runPeer(t, "ffmpeg", strings.Fields("-nostdin -v error "+sine(8000)+" -ac 1 -c:a adpcm_ima_wav -block_size 256 "+file)...)
	want := runPeer(t, "ffmpeg", strings.Fields("-nostdin -v error -i "+file+" -f s16le -")...)
	wav, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(wav, []byte("data"))
	var list []payload
	var samples []byte
	ts := uint32(0)
	const block, perBlock = 256, 505 // samples, of which the first is in the header
	for b := wav[i+8:]; len(b) >= block; b = b[block:] {
		data := []byte{b[1], b[0], b[2], 0}
		for _, c := range b[4:block] {
			data = append(data, c<<4|c>>4)
		}
		list = append(list, payload{ts, data})
		n := len(list) - 1
		if end := 2 * perBlock * (n + 1); end <= len(want) {
			samples = append(samples, want[2*perBlock*n+2:end]...)
		}
		ts += perBlock - 1
	}
	track, units := depacketize(t, rtp.Format{PayloadType: 96, Encoding: "DVI4", ClockRate: 8000}, packed(list))
	var got []byte
	for _, u := range units {
		got = append(got, u.Data...)
	}
	off := 0 // the most that a sample is off
	for i := 0; i < min(len(got), len(samples)); i += 2 {
		d := int(int16(binary.LittleEndian.Uint16(got[i:]))) - int(int16(binary.LittleEndian.Uint16(samples[i:])))
		off = max(off, d, -d)
	}
	if len(samples) < 30000 || len(got) < len(samples) || off > 16 {
		t.Errorf("%d bytes of samples of %d, and they are off by up to %d", len(got), len(samples), off)
	}
	checkSteps(t, units, (perBlock-1)*time.Second/8000)
	hear(t, track, units, 8000, 0)
}

func TestEAC3InVLC(t *testing.T) {
	t.Parallel()
	size := func(b []byte) int { return 2 * (int(b[2]&7)<<8 | int(b[3]) + 1) }
	frames := cut(t, encoded(t, 48000, "-ac 6 -c:a eac3 -b:a 384k -f eac3"), size)
	var list []payload
	for i, f := range frames {
		ts := uint32(1536 * i)
		if i%2 == 0 { // every other one in three parts
			n := len(f) / 3
			list = append(list, payload{ts, append([]byte{1, 3}, f[:n]...)}, payload{ts, append([]byte{1, 3}, f[n:2*n]...)}, payload{ts, append([]byte{1, 3}, f[2*n:]...)})
			continue
		}
		list = append(list, payload{ts, append([]byte{0, 1}, f...)})
	}
	packets := packed(list)
	for i := range packets[:len(packets)-1] { // no marker but on the last part
		if binary.BigEndian.Uint32(packets[i][4:]) == binary.BigEndian.Uint32(packets[i+1][4:]) {
			packets[i][1] &^= 0x80
		}
	}
	track, units := depacketize(t, rtp.Format{PayloadType: 96, Encoding: "eac3", ClockRate: 48000}, packets)
	if track.Channels != 6 || track.Codec != media.EAC3 || len(units) != len(frames) {
		t.Errorf("%+v, %d units of %d frames", track, len(units), len(frames))
	}
	checkSteps(t, units, 32*time.Millisecond)
	hear(t, track, units, 48000, 0)
}

// TestLATMInBandInVLC takes the AudioMuxElements out of ffmpeg's LOAS (ISO/IEC
// 14496-3, 1.7.2), with the configuration in them.
func TestLATMInBandInVLC(t *testing.T) {
	t.Parallel()
	elements := cut(t, encoded(t, 44100, "-ac 2 -c:a aac -f latm"), func(b []byte) int { return 3 + (int(b[1]&0x1f)<<8 | int(b[2])) })
	var list []payload
	for i, e := range elements {
		list = append(list, payload{uint32(i * 1024 * 90000 / 44100), e[3:]})
	}
	track, units := depacketize(t, rtp.Format{PayloadType: 96, Encoding: "MP4A-LATM", ClockRate: 90000, Params: map[string]string{"cpresent": "1"}}, packed(list))
	if track.SampleRate != 44100 || track.Channels != 2 || len(units) != len(elements) {
		t.Errorf("%+v, %d units of %d elements", track, len(units), len(elements))
	}
	hear(t, track, units, 44100, 0)
}

// TestAMRInVLC packs GStreamer's frames again: without regard to bytes, and
// interleaved with CRCs.
func TestAMRInVLC(t *testing.T) {
	sizes := []int{12, 13, 15, 17, 19, 20, 26, 31, 5}
	bits := []int{95, 103, 118, 134, 148, 159, 204, 244, 39}
	source := func(t *testing.T) [][]byte {
		file := filepath.Join(t.TempDir(), "amr")
		runPeer(t, "gst-launch-1.0", strings.Fields(fmt.Sprintf(
			"-q audiotestsrc freq=%v volume=0.4 num-buffers=100 samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 ! amrnbenc band-mode=6 ! filesink location=%s", toneHz, file))...)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return cut(t, b, func(b []byte) int { return 1 + sizes[b[0]>>3&15] })
	}
	format := rtp.Format{PayloadType: 96, Encoding: "AMR", ClockRate: 8000, Params: map[string]string{}}
	play := func(t *testing.T, format rtp.Format, frames [][]byte, list []payload) {
		track, units := depacketize(t, format, packed(list))
		for i, u := range units {
			if !bytes.Equal(u.Data, frames[i]) {
				t.Fatalf("frame %d is % x, was % x", i, u.Data, frames[i])
			}
		}
		checkSteps(t, units, 20*time.Millisecond)
		hear(t, track, units, 8000, 100*time.Millisecond)
	}
	t.Run("bandwidth-efficient", func(t *testing.T) {
		t.Parallel()
		frames := source(t)
		var list []payload
		for i := 0; i+2 < len(frames); i += 3 {
			s := "1111"
			for j, f := range frames[i : i+3] {
				s += fmt.Sprintf("%b%04b1", min(2-j, 1), f[0]>>3&15)
			}
			for _, f := range frames[i : i+3] {
				var all strings.Builder
				for _, b := range f[1:] {
					fmt.Fprintf(&all, "%08b", b)
				}
				s += all.String()[:bits[f[0]>>3&15]]
			}
			list = append(list, payload{uint32(160 * i), packBits(s)})
		}
		play(t, format, frames, list)
	})
	t.Run("two channels, robust sorting", func(t *testing.T) {
		t.Parallel()
		frames := source(t)
		var list []payload
		var stereo [][]byte
		for i, f := range frames {
			data := []byte{0xf0, f[0] | 0x80, f[0]}
			for _, b := range f[1:] {
				data = append(data, b, b)
			}
			list = append(list, payload{uint32(160 * i), data})
			stereo = append(stereo, append(bytes.Clone(f), f...))
		}
		f := format
		f.Channels, f.Params = 2, map[string]string{"octet-align": "1", "robust-sorting": "1"}
		play(t, f, stereo, list)
	})
	t.Run("interleaved with CRCs", func(t *testing.T) {
		t.Parallel()
		frames := source(t)
		var list []payload
		for i := 0; i+6 <= len(frames); i += 6 { // groups of three packets of two frames
			for j := range 3 {
				a, b := frames[i+j], frames[i+j+3]
				data := []byte{0xf0, 2<<4 | byte(j), a[0] | 0x80, b[0], 0xcc, 0xcc}
				list = append(list, payload{uint32(160 * (i + j)), append(append(data, a[1:]...), b[1:]...)})
			}
		}
		f := format
		f.Params = map[string]string{"octet-align": "1", "crc": "1", "interleaving": "6"}
		play(t, f, frames, list)
	})
}

// packBits packs bits written as 0 and 1.
func packBits(s string) []byte {
	out := make([]byte, (len(s)+7)/8)
	for i, c := range s {
		out[i/8] |= byte(c-'0') << (7 - i%8)
	}
	return out
}

// TestQCELPInVLC has VLC decode frames of noise: there is no encoder at hand, so
// that it takes the coding, that it makes sound of it, and how long that is, is
// what shows.
func TestQCELPInVLC(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(1, 2))
	sizes := []int{1: 4, 2: 8} // by the rate: an eighth, a quarter
	var list []payload
	for i := 0; i < 100; i += 2 {
		data := []byte{0}
		for rate := 1; rate < len(sizes); rate++ {
			frame := make([]byte, sizes[rate])
			for j := range frame[:len(frame)-1] {
				frame[j] = byte(chance.Uint32())
			}
			frame[0] = byte(rate)
			data = append(data, frame...)
		}
		list = append(list, payload{uint32(160 * i), data})
	}
	track, units := depacketize(t, rtp.Format{PayloadType: 96, Encoding: "QCELP", ClockRate: 8000}, packed(list))
	checkSteps(t, units, 20*time.Millisecond)
	samples, rate := playInVLC(t, track, units)
	if length := time.Duration(len(samples)) * time.Second / time.Duration(rate); rate != 8000 || (length-toneLength).Abs() > 100*time.Millisecond {
		t.Errorf("VLC plays %v of %d Hz", length, rate)
	}
	if loud := slices.Max(samples); loud < 100 {
		t.Errorf("VLC plays silence: no sample is above %d", loud)
	}
}
