package clip

import (
	"math"
	"math/cmplx"
)

// Limits of the tone meter.
const (
	toneWindow    = 16384 // samples looked at, at the most: a third of a second
	toneMinimum   = 256   // samples below which no frequency is told
	toneFloor     = 1e-3  // amplitude below which there is silence
	toneTolerance = 4.0   // Hz that a tone may be away from a second's
)

// Tone measures the strongest tone in samples: its frequency in Hz and its
// amplitude, where 1 is full scale. Silence and too few samples give 0, 0. Of a
// long run only the middle is looked at, a third of a second or so, so that the
// ends may be rough; 100 ms tell the frequency within a hertz.
func Tone(samples []int16, rate int) (hz, level float64) {
	size := 1
	for size*2 <= len(samples) && size < toneWindow {
		size *= 2
	}
	if size < toneMinimum || rate <= 0 {
		return 0, 0
	}
	samples = samples[(len(samples)-size)/2:][:size]

	// A Hann window keeps a tone's energy within two bins of its peak.
	spectrum := make([]complex128, size)
	for i, s := range samples {
		hann := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(size))
		spectrum[i] = complex(hann*float64(s)/32768, 0)
	}
	fft(spectrum)

	power := func(bin int) float64 {
		a := cmplx.Abs(spectrum[bin])
		return a * a
	}
	peak := 2
	for bin := 2; bin < size/2-2; bin++ {
		if power(bin) > power(peak) {
			peak = bin
		}
	}
	var energy float64
	for bin := peak - 2; bin <= peak+2; bin++ {
		energy += power(bin)
	}
	// A sine of amplitude a gives energy a²/4 · Σhann², and Σhann² = 3/8 size.
	level = math.Sqrt(energy / (float64(size) * float64(size)) * 4 * 8 / 3)
	if level < toneFloor {
		return 0, 0
	}
	return (float64(peak) + peakOffset(power(peak-1), power(peak), power(peak+1))) * float64(rate) / float64(size), level
}

// peakOffset tells where between the bins the peak lies, from -0.5 to 0.5. With
// a Hann window the ratio r of the peak's larger neighbour to the peak gives it
// exactly for a lone sine: (2r-1)/(r+1).
func peakOffset(before, at, after float64) float64 {
	sign, side := 1.0, after
	if before > after {
		sign, side = -1, before
	}
	r := math.Sqrt(side / at)
	return sign * (2*r - 1) / (r + 1)
}

// fft transforms a in place; its length is a power of two.
func fft(a []complex128) {
	n := len(a)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			a[i], a[j] = a[j], a[i]
		}
	}
	for length := 2; length <= n; length *= 2 {
		step := cmplx.Rect(1, -2*math.Pi/float64(length))
		for start := 0; start < n; start += length {
			w := complex(1, 0)
			for i := start; i < start+length/2; i++ {
				even, odd := a[i], a[i+length/2]*w
				a[i], a[i+length/2] = even+odd, even-odd
				w *= step
			}
		}
	}
}

// SecondOfTone says in which second of the clip a tone of hz is heard; ok is
// false for a tone that is in none.
func SecondOfTone(hz float64) (second int, ok bool) {
	second = int(math.Round((hz - toneFirst) / toneStep))
	if second < 0 || second >= seconds || math.Abs(hz-toneFirst-toneStep*float64(second)) > toneTolerance {
		return 0, false
	}
	return second, true
}

// Where the row of blocks is in the picture of Width x Height; make.sh draws it.
const (
	rowTop     = 128
	rowBottom  = 152
	markLeft   = 31 // middle of the left mark, which is always white
	markRight  = 289
	blockFirst = 52 // middle of the most significant block
	blockStep  = 30
	blocks     = 8
	blockReach = 6 // how far from its middle a block is sampled

	dark  = 80  // luma at and below which a block is black
	light = 170 // luma at and above which it is white
)

// SecondOfPicture reads the second from a decoded picture: gray holds the luma
// of width x height pixels, a byte each, row by row. The picture may have been
// scaled. ok is false where there is no such row of blocks.
func SecondOfPicture(gray []byte, width, height int) (second int, ok bool) {
	if width < Width/4 || height < Height/4 || len(gray) < width*height {
		return 0, false
	}
	mean := func(middle, reach int) int {
		sum, count := 0, 0
		for y := (rowTop + 6) * height / Height; y < (rowBottom-6)*height/Height; y++ {
			for x := (middle - reach) * width / Width; x <= (middle+reach)*width/Width; x++ {
				sum += int(gray[y*width+x])
				count++
			}
		}
		return sum / max(count, 1)
	}
	if mean(markLeft, 1) < light || mean(markRight, 1) < light {
		return 0, false
	}
	for i := range blocks {
		switch luma := mean(blockFirst+i*blockStep, blockReach); {
		case luma >= light:
			second = second<<1 | 1
		case luma <= dark:
			second <<= 1
		default:
			return 0, false
		}
	}
	return second, second < seconds
}
