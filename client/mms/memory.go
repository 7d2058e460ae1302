package mms

import (
	"strings"
	"sync"

	"tapedeck/client/address"
)

// maxMemory bounds the hosts that a Memory knows.
const maxMemory = 1024

// Memory remembers for each host which way led to it, so that the second visit
// does not wait for the first one's failures. It may be shared by many sessions.
type Memory struct {
	mu    sync.Mutex
	hosts map[string]route
}

// get is the route that worked last, none while none has.
func (m *Memory) get(key string) route {
	if m == nil {
		return route{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hosts[key]
}

func (m *Memory) set(key string, r route) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hosts == nil || len(m.hosts) == maxMemory {
		m.hosts = make(map[string]route)
	}
	m.hosts[key] = r
}

// memoryKey is under what a Memory knows the server of a link.
func memoryKey(a address.Address) string {
	return a.Scheme + "://" + strings.ToLower(a.HostPort(""))
}
