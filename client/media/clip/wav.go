package clip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Limits of what is read from a WAVE file.
const (
	maxWAV    = 256 << 20 // bytes of the whole file
	maxFormat = 1 << 16   // bytes of the format chunk
)

// ErrNotWAV is returned for what is not a WAVE file of 16 bit or float samples.
var ErrNotWAV = errors.New("clip: not a WAVE file of 16 bit or float samples")

// Formats of samples (mmreg.h).
const (
	wavePCM        = 1
	waveFloat      = 3
	waveExtensible = 0xfffe // the format is the first word of the GUID at byte 24
)

// waveFormat is what the format chunk says.
type waveFormat struct {
	kind, channels, bits int
	rate                 int
}

// ReadWAV reads a WAVE file and mixes it to one channel. The lengths in the
// header may be zero or wrong, as in what a VLC that was killed leaves behind
// (it writes them when it ends); a frame cut off at the end is left out.
func ReadWAV(r io.Reader) (samples []int16, rate int, err error) {
	file, err := io.ReadAll(io.LimitReader(r, maxWAV))
	if err != nil {
		return nil, 0, fmt.Errorf("clip: read WAVE: %w", err)
	}
	if len(file) < 12 || !bytes.Equal(file[:4], []byte("RIFF")) || !bytes.Equal(file[8:12], []byte("WAVE")) {
		return nil, 0, ErrNotWAV
	}
	var format waveFormat
	for rest := file[12:]; len(rest) >= 8; {
		name, size, body := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:])), rest[8:]
		if name == "data" {
			if size == 0 || size > uint64(len(body)) {
				size = uint64(len(body))
			}
			return format.mix(body[:size])
		}
		if size > uint64(len(body)) {
			break
		}
		if name == "fmt " {
			if format, err = parseWaveFormat(body[:size]); err != nil {
				return nil, 0, err
			}
		}
		rest = body[min(size+size&1, uint64(len(body))):]
	}
	return nil, 0, ErrNotWAV
}

// parseWaveFormat reads the format chunk:
//
//	0 format | 2 channels | 4 rate (4) | 8 bytes a second (4) | 12 block | 14 bits | 16 size | ... 24 GUID
func parseWaveFormat(b []byte) (waveFormat, error) {
	if len(b) < 16 || len(b) > maxFormat {
		return waveFormat{}, ErrNotWAV
	}
	f := waveFormat{
		kind:     int(binary.LittleEndian.Uint16(b)),
		channels: int(binary.LittleEndian.Uint16(b[2:])),
		rate:     int(binary.LittleEndian.Uint32(b[4:])),
		bits:     int(binary.LittleEndian.Uint16(b[14:])),
	}
	if f.kind == waveExtensible && len(b) >= 26 {
		f.kind = int(binary.LittleEndian.Uint16(b[24:]))
	}
	return f, nil
}

// mix decodes data and averages its channels.
func (f waveFormat) mix(data []byte) ([]int16, int, error) {
	var sample func(b []byte) float64
	switch {
	case f.kind == wavePCM && f.bits == 16:
		sample = func(b []byte) float64 { return float64(int16(binary.LittleEndian.Uint16(b))) }
	case f.kind == waveFloat && f.bits == 32:
		sample = func(b []byte) float64 {
			return 32767 * float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
	}
	if sample == nil || f.channels < 1 || f.rate < 1 {
		return nil, 0, fmt.Errorf("%w: format %d, %d bits, %d channels", ErrNotWAV, f.kind, f.bits, f.channels)
	}
	width := f.bits / 8
	frame := width * f.channels
	samples := make([]int16, 0, len(data)/frame)
	for ; len(data) >= frame; data = data[frame:] {
		var sum float64
		for c := range f.channels {
			sum += sample(data[c*width:])
		}
		mean := sum / float64(f.channels)
		if math.IsNaN(mean) {
			mean = 0
		}
		samples = append(samples, int16(math.Round(max(-32768, min(32767, mean)))))
	}
	return samples, f.rate, nil
}
