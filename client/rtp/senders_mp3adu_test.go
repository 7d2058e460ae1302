package rtp_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/rtp"
)

// mp3ADUs turns MP3 into ADUs (RFC 5219, appendix A.1): each frame's head, and
// the main data that belongs to it, wherever it stands.
func mp3ADUs(t *testing.T, mp3 []byte) (frames, adus [][]byte) {
	t.Helper()
	rates := [3]int{44100, 48000, 32000}
	bitRates := [2][15]int{
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	}
	frames = cut(t, mp3, func(b []byte) int {
		one := int(b[1] >> 3 & 1) // MPEG-1
		return 72*(1+one)*1000*bitRates[one][b[2]>>4]/(rates[b[2]>>2&3]/(2-one)) + int(b[2]>>1&1)
	})
	var reservoir []byte
	for _, f := range frames {
		stereo, one := f[3]>>6 != 3, f[1]&8 != 0
		channels, private, side := 1, 5, 17
		if stereo {
			channels, private, side = 2, 3, 32
		}
		head := 4 + side
		if !one {
			private, side = channels, 9+8*(channels-1)
			head = 4 + side
		}
		field := func(pos, n int) (v int) {
			for i := pos; i < pos+n; i++ {
				v = v<<1 | int(f[4+i/8]>>(7-i%8)&1)
			}
			return v
		}
		var back, size int // bits
		if one {
			back = field(0, 9)
			for i := range 2 * channels {
				size += field(9+private+4*channels+59*i, 12)
			}
		} else {
			back = field(0, 8)
			for i := range channels {
				size += field(8+private+63*i, 12)
			}
		}
		start := len(reservoir) - back
		reservoir = append(reservoir, f[head:]...)
		if start < 0 || start+(size+7)/8 > len(reservoir) {
			t.Fatalf("data of %d bytes, %d back", size/8, back)
		}
		adus = append(adus, append(bytes.Clone(f[:head]), reservoir[start:][:(size+7)/8]...))
	}
	return frames, adus
}

// describe puts a descriptor in front of an ADU.
func describe(adu []byte) []byte {
	return append([]byte{0x40 | byte(len(adu)>>8), byte(len(adu))}, adu...)
}

// twoCycles do not come out at the end: one that is not full, and the last one,
// which no other follows.
const twoCycles = 400 * time.Millisecond

// TestMPARobustInVLC sends MP3 as ADUs, packed in each of the ways, and hears it
// from VLC; where nothing is lost the sound is that of the MP3, sample by
// sample, by ffmpeg's decoder.
func TestMPARobustInVLC(t *testing.T) {
	for _, c := range []struct {
		name    string
		rate    int
		encoder string
		lose    int // every so many packets one
		short   time.Duration
		pack    func(adus [][]byte, step float64) []payload
	}{
		{"two in a packet", 44100, "-ac 2 -b:a 128k", 0, 0, packTwo},
		{"variable bit rate", 48000, "-ac 1 -q:a 5", 0, 0, packTwo},
		{"half the rate", 22050, "-ac 1 -b:a 24k", 0, 0, packTwo},
		{"in parts", 44100, "-ac 2 -b:a 320k", 0, 0, packParts},
		{"interleaved", 44100, "-ac 2 -b:a 128k", 0, twoCycles, packInterleaved},
		{"one packet in ten lost", 44100, "-ac 2 -b:a 128k", 10, 100 * time.Millisecond, packTwo},
		{"interleaved, one in ten lost", 44100, "-ac 2 -b:a 96k", 10, twoCycles + 200*time.Millisecond, packInterleaved},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mp3 := encoded(t, c.rate, c.encoder+" -c:a libmp3lame -write_xing 0 -id3v2_version 0 -f mp3")
			frames, adus := mp3ADUs(t, mp3)
			samples := 1152
			if c.rate < 32000 {
				samples = 576
			}
			list := packed(c.pack(adus, float64(samples)*90000/float64(c.rate)))
			var sent [][]byte
			for i, p := range list {
				if c.lose == 0 || i%c.lose != c.lose-1 {
					sent = append(sent, p)
				}
			}
			track, units := depacketize(t, rtp.Format{PayloadType: 96, Encoding: "mpa-robust", ClockRate: 90000}, sent)
			if track.Codec != media.MP3 || track.SampleRate != c.rate {
				t.Errorf("%+v", track)
			}
			if c.lose == 0 {
				step := time.Duration(samples) * time.Second / time.Duration(c.rate)
				checkSteps(t, units, step)
				compareADUs(t, frames, units)
			}
			hear(t, track, units, c.rate, c.short)
		})
	}
}

// compareADUs compares the sound of frames with that of what came out, which may
// lack the last ones.
func compareADUs(t *testing.T, frames [][]byte, units []media.Packet) {
	t.Helper()
	if len(units) > len(frames) || len(units) < len(frames)-18 {
		t.Fatalf("%d frames of %d", len(units), len(frames))
	}
	var got []byte
	for i, u := range units {
		if len(u.Data) != len(frames[i]) {
			t.Fatalf("frame %d has %d bytes, had %d", i, len(u.Data), len(frames[i]))
		}
		got = append(got, u.Data...)
	}
	decode := func(mp3 []byte) []byte {
		file := filepath.Join(t.TempDir(), "mp3")
		if err := os.WriteFile(file, mp3, 0o600); err != nil {
			t.Fatal(err)
		}
		return runPeer(t, "ffmpeg", strings.Fields("-nostdin -v error -f mp3 -i "+file+" -f s16le -")...)
	}
	if !bytes.Equal(decode(got), decode(bytes.Join(frames[:len(units)], nil))) {
		t.Error("the sound is another one")
	}
}

func packTwo(adus [][]byte, step float64) (list []payload) {
	for i := 0; i < len(adus); i += 2 {
		data := describe(adus[i])
		if i+1 < len(adus) {
			data = append(data, describe(adus[i+1])...)
		}
		list = append(list, payload{uint32(step * float64(i)), data})
	}
	return list
}

func packParts(adus [][]byte, step float64) (list []payload) {
	for i, adu := range adus {
		ts, b := uint32(step*float64(i)), describe(adu)
		for more := byte(0); len(b) > 2; more = 0x80 {
			n := min(len(b), 400)
			list = append(list, payload{ts, append([]byte{b[0] | more, b[1]}, b[2:n]...)})
			b = append(b[:2:2], b[n:]...)
		}
	}
	return list
}

// packInterleaved sends cycles of eight in the order 1 3 5 7 0 2 4 6, two in a
// packet.
func packInterleaved(adus [][]byte, step float64) (list []payload) {
	for i := 0; i+8 <= len(adus); i += 8 {
		for _, pair := range [4][2]int{{1, 3}, {5, 7}, {0, 2}, {4, 6}} {
			var data []byte
			for _, place := range pair {
				adu := bytes.Clone(adus[i+place])
				adu[0], adu[1] = byte(place), adu[1]&0x1f|byte(i/8%8)<<5
				data = append(data, describe(adu)...)
			}
			list = append(list, payload{uint32(step * float64(i+pair[0])), data})
		}
	}
	return list
}
