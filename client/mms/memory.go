package mms

import "sync"

// maxMemory bounds the hosts that a Memory knows.
const maxMemory = 1024

// Memory remembers for each host which way led to it, so that the second visit
// does not wait for the first one's failures. It may be shared by many sessions.
type Memory struct {
	mu    sync.Mutex
	hosts map[string]way
}

// get is the way that worked last, 0 while none has.
func (m *Memory) get(hostport string) way {
	if m == nil {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hosts[hostport]
}

func (m *Memory) set(hostport string, w way) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hosts == nil || len(m.hosts) == maxMemory {
		m.hosts = make(map[string]way)
	}
	m.hosts[hostport] = w
}
