package rtsp

import "sync"

// maxMemory bounds the hosts that a Memory knows.
const maxMemory = 1024

// Memory remembers for each host and port which transport worked, so that the
// second visit does not wait for the first one's fallback. It may be shared by
// many sessions.
type Memory struct {
	mu   sync.Mutex
	won  map[string]lower
	keys []string // oldest first
}

func (m *Memory) get(hostport string) (lower, bool) {
	if m == nil {
		return 0, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.won[hostport]
	return l, ok
}

func (m *Memory) set(hostport string, l lower) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.won == nil {
		m.won = map[string]lower{}
	}
	if _, ok := m.won[hostport]; !ok {
		if len(m.keys) == maxMemory {
			delete(m.won, m.keys[0])
			m.keys = m.keys[1:]
		}
		m.keys = append(m.keys, hostport)
	}
	m.won[hostport] = l
}
