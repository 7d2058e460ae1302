package hls

import (
	"math"
	"sync"
	"time"
)

// meter measures how fast segments come: two means, one of the last seconds of
// fetching and one of the seconds before as well; the lower one counts, so that
// a slower line is believed at once and a faster one after a while.
type meter struct {
	mu         sync.Mutex
	fast, slow mean
	bytes      int64
}

// Half-lives of the means, in seconds of fetching.
const (
	fastHalf = 2
	slowHalf = 8
)

// meterLeast is how many bytes tell something of the line.
const meterLeast = 32 << 10

type mean struct{ sum, weight float64 }

func (m *mean) add(value, seconds, half float64) {
	keep := math.Pow(0.5, seconds/half)
	m.sum = m.sum*keep + value*(1-keep)
	m.weight = m.weight*keep + (1 - keep)
}

// add counts one segment.
func (m *meter) add(bytes int64, spent time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seconds := max(spent.Seconds(), 0.001)
	rate := 8 * float64(bytes) / seconds
	m.fast.add(rate, seconds, fastHalf)
	m.slow.add(rate, seconds, slowHalf)
	m.bytes += bytes
}

// rate is the speed in bits a second; 0 while it is not known.
func (m *meter) rate() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bytes < meterLeast {
		return 0
	}
	return int(min(m.fast.sum/m.fast.weight, m.slow.sum/m.slow.weight, 1<<40))
}
