package playback

import "sync"

// maxNews bounds what a session's events may add to the queue: a peer that
// floods the deck with titles loses the surplus.
const maxNews = 1024

// mailbox carries intents and results to the deck's goroutine. Posting never
// blocks, so that a protocol's goroutine cannot be held up by the deck.
type mailbox struct {
	mu     sync.Mutex
	mail   []any // Intent or func()
	signal chan struct{}
}

func newMailbox() *mailbox { return &mailbox{signal: make(chan struct{}, 1)} }

// post queues m. Of intents that contradict one another the latest wins: a new
// Play or Stop makes older ones and seeks pointless, a new seek an older one.
func (b *mailbox) post(m any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if in, ok := m.(Intent); ok {
		m = b.merge(in)
	}
	b.queue(m)
}

// postNews queues what may be lost without harm when too much waits.
func (b *mailbox) postNews(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.mail) < maxNews {
		b.queue(f)
	}
}

func (b *mailbox) queue(m any) {
	b.mail = append(b.mail, m)
	select {
	case b.signal <- struct{}{}:
	default:
	}
}

// merge drops what in replaces and returns what to queue in its place.
func (b *mailbox) merge(in Intent) Intent {
	kept := b.mail[:0]
	for _, m := range b.mail {
		switch newer := in.(type) {
		case Play, Stop:
			switch m.(type) {
			case Play, Stop, Pause, Resume, TogglePause, SeekTo, SeekBy, SeekPercent, GoLive:
				continue
			}
		case SeekTo, SeekPercent, GoLive:
			switch m.(type) {
			case SeekTo, SeekBy, SeekPercent, GoLive:
				continue
			}
		case SeekBy:
			if older, ok := m.(SeekBy); ok {
				in = SeekBy{By: older.By + newer.By}
				continue
			}
		}
		kept = append(kept, m)
	}
	clear(b.mail[len(kept):])
	b.mail = kept
	return in
}

// take returns all that waits, oldest first.
func (b *mailbox) take() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	mail := b.mail
	b.mail = nil
	return mail
}
