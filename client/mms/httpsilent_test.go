package mms

import (
	"context"
	"errors"
	"testing"
	"time"

	"tapedeck/client/address"
)

// TestHTTPSilentBehindNothing: a server that falls silent behind a packet with
// nothing in it is given up like any other.
func TestHTTPSilentBehindNothing(t *testing.T) {
	s := &rawServer{answer: func(_ int, request string) string {
		switch {
		case isDescribe(request):
			return describes(okHead)
		case !isPlay(request):
			return someHead
		}
		body := someHead + hChunk(sampleHeader())
		for i, p := range filePackets(t)[:20] {
			body += dChunk(uint32(i), string(p))
		}
		return body + dChunk(20, "") + keepOpen
	}}
	a, err := address.Parse(linkTo(s.start(t)))
	if err != nil {
		t.Fatal(err)
	}
	session, err := Open(t.Context(), a, Config{Timeouts: Timeouts{Silence: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for err == nil {
		_, err = session.Next(ctx)
	}
	if !errors.Is(err, ErrSilent) {
		t.Errorf("%v", err)
	}
}
