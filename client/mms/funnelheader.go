package mms

import (
	"context"
	"fmt"
	"time"

	"tapedeck/client/mms/wire"
)

const (
	// headerTries is how often a header is asked for over UDP: once, and four
	// times again ([MS-MMSP] 3.2.2, Header timer).
	headerTries = 5

	leastHeaderWait = time.Second
	mostHeaderWait  = 30 * time.Second
)

// headerWait is how long the pieces of a header may take over UDP: a second, and
// the time that it takes at the stream's bit rate.
func headerWait(size, bitRate uint32) time.Duration {
	if bitRate == 0 {
		return leastHeaderWait
	}
	sending := float64(size) * 8 / float64(bitRate) // seconds; more than a Duration holds where a server says nonsense
	return min(leastHeaderWait+time.Duration(min(sending, mostHeaderWait.Seconds())*float64(time.Second)), mostHeaderWait)
}

// readHeader asks for the header, over UDP again and again: its pieces get lost,
// or all of them at a firewall. Pieces of several answers are put together.
func (f *funnel) readHeader(ctx context.Context) ([]byte, error) {
	f.mu.Lock()
	f.collect, f.headers = newCollector(), 0
	tries, wait := 1, f.cfg.Timeouts.Reply
	if f.sock != nil {
		tries, wait = headerTries, headerWait(f.size())
	}
	f.mu.Unlock()
	select {
	case <-f.whole:
	default:
	}
	defer func() {
		f.mu.Lock()
		f.collect, f.headers = nil, 0
		f.mu.Unlock()
	}()
	var inc uint8
	for n := range tries {
		if n > 0 {
			if err := f.c.send(wire.CancelReadBlock{Incarnation: uint32(inc)}); err != nil {
				return nil, err
			}
			f.punch()
		}
		f.mu.Lock()
		inc = f.incs.nextHeader()
		f.headers |= 1 << inc
		f.mu.Unlock()
		header, err := f.readBlock(ctx, inc, wait)
		if header != nil || err != nil {
			return header, err
		}
	}
	if f.sock == nil {
		return nil, &TimeoutError{What: "no header", After: wait}
	}
	return nil, fmt.Errorf("mms: %w: no header over UDP, asked for %d times in %v each", ErrSilent, tries, wait)
}

// size is what the server says of the header that is due, and of the bit rate.
func (f *funnel) size() (header, bitRate uint32) {
	if f.coming.HeaderSize > 0 {
		return f.coming.HeaderSize, f.coming.BitRate
	}
	return f.file.HeaderSize, f.file.BitRate
}

// readBlock is one request for the header. Both results are nil when it did not
// come. The report comes before it, behind it, or never.
func (f *funnel) readBlock(ctx context.Context, inc uint8, wait time.Duration) ([]byte, error) {
	k, err := f.c.askFor(wire.ReadBlock{OpenFileID: f.file.OpenFileID, Incarnation: uint32(inc)}, &call{
		answers: []wire.MID{wire.MIDReportReadBlock},
		is: func(m wire.Message) bool {
			r, err := wire.ParseReportReadBlock(m)
			return err == nil && uint8(r.Incarnation) == inc
		},
	})
	if err != nil {
		return nil, err
	}
	defer f.c.abandon(k)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case header := <-f.whole:
			return header, nil
		case m := <-k.got:
			r, err := wire.ParseReportReadBlock(m)
			if err = refused("header", r.HResult, err); err != nil {
				return nil, err
			}
		case <-timer.C:
			return nil, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-f.c.dead:
			return nil, f.c.failure()
		}
	}
}
