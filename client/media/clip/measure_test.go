package clip_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"tapedeck/client/media/clip"
)

// sine makes samples of a tone with noise of a given amplitude.
func sine(hz, level, noise float64, rate, count int) []int16 {
	random := rand.New(rand.NewPCG(1, 2))
	samples := make([]int16, count)
	for i := range samples {
		v := level*math.Sin(2*math.Pi*hz*float64(i)/float64(rate)) + noise*(2*random.Float64()-1)
		samples[i] = int16(32767 * max(-1, min(1, v)))
	}
	return samples
}

func TestTone(t *testing.T) {
	for _, test := range []struct {
		name             string
		hz, level, noise float64
		rate, count      int
		wantHz           float64
		within           float64
	}{
		{"a second", 440, 0.2, 0, 48000, 48000, 440, 0.05},
		{"100 ms", 695, 0.2, 0, 48000, 4800, 695, 0.5},
		{"100 ms at 44.1 kHz", 407, 0.2, 0, 44100, 4410, 407, 0.5},
		{"telephone", 440, 0.5, 0, 8000, 8000, 440, 0.1},
		{"noise", 440, 0.2, 0.2, 48000, 24000, 440, 0.3},
		{"quiet", 990, 0.01, 0, 48000, 24000, 990, 0.1},
		{"full scale", 990, 1, 0, 48000, 24000, 990, 0.1},
		{"high", 11025, 0.3, 0, 48000, 24000, 11025, 0.1},
		{"silence", 440, 0, 0, 48000, 48000, 0, 0},
		{"too short", 440, 0.2, 0, 48000, 100, 0, 0},
		{"nothing", 440, 0.2, 0, 48000, 0, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			hz, level := clip.Tone(sine(test.hz, test.level, test.noise, test.rate, test.count), test.rate)
			if math.Abs(hz-test.wantHz) > test.within {
				t.Errorf("%.3f Hz, want %.3f", hz, test.wantHz)
			}
			if test.wantHz == 0 && level != 0 || test.wantHz != 0 && math.Abs(level-test.level) > 0.03*test.level+0.005 {
				t.Errorf("level %.3f, want %.3f", level, test.level)
			}
		})
	}
}

func TestSecondOfTone(t *testing.T) {
	for _, test := range []struct {
		hz     float64
		second int
		ok     bool
	}{
		{400, 0, true}, {403.9, 0, true}, {405, 0, false}, {407, 1, true}, {990, 59, true}, {1000, 0, false}, {390, 0, false}, {0, 0, false}, {-5, 0, false},
	} {
		if second, ok := clip.SecondOfTone(test.hz); second != test.second || ok != test.ok {
			t.Errorf("SecondOfTone(%v) = %d, %v, want %d, %v", test.hz, second, ok, test.second, test.ok)
		}
	}
}

// wave puts a WAVE header before data; size is what it says of the data.
func wave(format, channels, bits, rate int, size uint32, data []byte) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(format))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, size)
	return append(b, data...)
}

func floats(values ...float32) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

var waves = []struct {
	name string
	file []byte
	want []int16 // nil: an error
}{
	{"mono", wave(1, 1, 16, 48000, 4, []byte{1, 0, 0xfe, 0xff}), []int16{1, -2}},
	{"stereo", wave(1, 2, 16, 48000, 8, []byte{10, 0, 20, 0, 0xff, 0xff, 0xfd, 0xff}), []int16{15, -2}},
	{"length zero, as VLC leaves it", wave(1, 1, 16, 48000, 0, []byte{1, 0, 2, 0, 3}), []int16{1, 2}},
	{"length too long", wave(1, 1, 16, 48000, 0xffffffff, []byte{1, 0}), []int16{1}},
	{"data, then another chunk", wave(1, 1, 16, 48000, 2, []byte("\x01\x00LIST\x00\x00\x00\x00")), []int16{1}},
	{"float", wave(3, 1, 32, 44100, 0, floats(0, 1, -2, float32(math.NaN()))), []int16{0, 32767, -32768, 0}},
	{"8 bit", wave(1, 1, 8, 48000, 0, []byte{1}), nil},
	{"no channels", wave(1, 0, 16, 48000, 0, []byte{1, 0}), nil},
	{"no format", []byte("RIFF\x00\x00\x00\x00WAVEdata\x00\x00\x00\x00\x01\x00"), nil},
	{"no data", wave(1, 1, 16, 48000, 0, nil)[:36], nil},
	{"chunk longer than the file", []byte("RIFF\x00\x00\x00\x00WAVELIST\xff\xff\xff\xff\x01"), nil},
	{"not WAVE", []byte("OggS"), nil},
	{"empty", nil, nil},
}

func TestReadWAV(t *testing.T) {
	for _, test := range waves {
		t.Run(test.name, func(t *testing.T) {
			got, rate, err := clip.ReadWAV(bytes.NewReader(test.file))
			if (err == nil) != (test.want != nil) {
				t.Fatalf("error %v, want samples %v", err, test.want)
			}
			if err == nil && (len(got) != len(test.want) || rate < 44100) {
				t.Fatalf("%v at %d Hz, want %v", got, rate, test.want)
			}
			for i, v := range test.want {
				if got[i] != v {
					t.Errorf("%v, want %v", got, test.want)
				}
			}
		})
	}
}

func FuzzReadWAV(f *testing.F) {
	for _, test := range waves {
		f.Add(test.file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		samples, rate, err := clip.ReadWAV(bytes.NewReader(file))
		if err == nil && (rate < 1 || len(samples) > len(file)) {
			t.Errorf("%d samples at %d Hz from %d bytes", len(samples), rate, len(file))
		}
	})
}
