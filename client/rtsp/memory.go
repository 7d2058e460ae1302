package rtsp

import "sync"

// maxMemory bounds the hosts that a Memory knows.
const maxMemory = 1024

// Memory remembers for each host and port what was learned there: which
// transport worked, so that the second visit does not wait for the first one's
// fallback, and a few things to beware of. It may be shared by many sessions.
type Memory struct {
	mu    sync.Mutex
	hosts map[string]hostMemory
	keys  []string // oldest first
}

// hostMemory is what is known of one host.
type hostMemory struct {
	won       lower // 0 while not known
	digest    bool  // it has taken a login as a digest
	webDigest bool  // the same for the HTTP of a tunnel
	shy       bool  // it hangs up on receiver reports within the connection
}

// of is what is known of a host: nothing by a nil Memory.
func (m *Memory) of(hostport string) hostMemory {
	if m == nil {
		return hostMemory{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hosts[hostport]
}

// note changes what is known of a host.
func (m *Memory) note(hostport string, change func(*hostMemory)) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hosts == nil {
		m.hosts = map[string]hostMemory{}
	}
	h, ok := m.hosts[hostport]
	if !ok {
		if len(m.keys) == maxMemory {
			delete(m.hosts, m.keys[0])
			m.keys = m.keys[1:]
		}
		m.keys = append(m.keys, hostport)
	}
	change(&h)
	m.hosts[hostport] = h
}

func (m *Memory) get(hostport string) (lower, bool) {
	won := m.of(hostport).won
	return won, won != 0
}

func (m *Memory) set(hostport string, l lower) {
	m.note(hostport, func(h *hostMemory) { h.won = l })
}
