package rtsp

import (
	"context"
	"strings"
	"time"
)

// command sends PLAY, PAUSE or TEARDOWN for the whole session: to the aggregate
// URL, or to each track's where the server has no aggregate (459).
func (s *Session) command(ctx context.Context, limit time.Duration, method string, extra ...field) (*response, error) {
	if s.perTrack.Load() {
		return s.commandEach(ctx, limit, method, extra)
	}
	resp, err := s.d.do(ctx, limit, method, s.control, extra...)
	if status(err) == 459 {
		s.perTrack.Store(true)
		return s.commandEach(ctx, limit, method, extra)
	}
	return resp, err
}

// commandEach sends a method for one track after the other. The reply is the
// first one, with what all of them say of where their packets begin.
func (s *Session) commandEach(ctx context.Context, limit time.Duration, method string, extra []field) (*response, error) {
	var whole *response
	var infos []string
	for i, t := range s.playable() {
		resp, err := s.d.do(ctx, limit, method, t.url, extra...)
		switch {
		case err != nil && (i == 0 || ctx.Err() != nil || s.d.failure() != nil):
			return resp, err
		case err != nil:
			continue // the other tracks play
		case whole == nil:
			whole = resp
		}
		infos = append(infos, resp.header.all("RTP-Info")...)
	}
	if whole != nil && len(infos) > 0 {
		whole.header = append(header{{"RTP-Info", strings.Join(infos, ",")}}, whole.header...)
	}
	return whole, nil
}
