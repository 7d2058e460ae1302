package rtsp

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/sdp"
)

// errOptionsSilent is a server that does not answer OPTIONS: it is asked again
// on a new connection, without OPTIONS.
var errOptionsSilent = errors.New("rtsp: options: no answer")

// description is what DESCRIBE gave.
type description struct {
	*sdp.Session
	asked string // the URL that was asked for, as the last request wrote it
	base  string // what control URLs are relative to
}

// options asks for the server's methods. No answer and most refusals do no
// harm: some devices do not know the method.
func (s *Session) options(ctx context.Context, target string) error {
	return s.cfg.step(media.RungReply, "options", func() (string, error) {
		resp, err := s.d.do(ctx, s.cfg.Timeouts.Options, "OPTIONS", target)
		switch {
		case err == nil:
			return clean(resp.header.get("Server")), nil
		case isRedirect(err) || errors.Is(err, login.ErrWanted) || errors.Is(err, errClosedAsking):
			return "", err
		case resp != nil:
			return fmt.Sprintf("%d, goes on without", resp.status), nil
		case ctx.Err() == nil && isTimeout(err):
			return "", errOptionsSilent
		}
		return "", err
	})
}

func isRedirect(err error) bool {
	_, ok := errors.AsType[*redirected](err)
	return ok
}

func isTimeout(err error) bool {
	_, ok := errors.AsType[*TimeoutError](err)
	return ok
}

// describe asks for the session's description and reads it.
func (s *Session) describe(ctx context.Context, a address.Address, target string) (d description, err error) {
	err = s.cfg.step(media.RungReply, "describe", func() (string, error) {
		resp, err := s.askDescription(ctx, target)
		if status(err) == 404 && a.Path == "" {
			// Most servers take an address without a path for "/"; some need it said.
			target += "/"
			resp, err = s.askDescription(ctx, target)
		}
		if d.asked, d.base = target, target; isSatIP(a) && status(err) >= 400 {
			d.Session = transportStream()
			s.tracks = describeTracks(d.Session, false, false)
			return fmt.Sprintf("%d, tunes without", status(err)), nil
		}
		if err != nil {
			return "", err
		}
		d.base = baseURL(target, resp.header)
		if d.Session, err = sdp.Parse(resp.body); err != nil {
			return "", fmt.Errorf("rtsp: describe: %w", err)
		}
		s.tracks = describeTracks(d.Session, secure(s.from.a), !s.over.interleaved())
		s.seeOffers()
		if s.isTelco() {
			s.tracks = telcoTracks(s.tracks)
		}
		return s.summary(), nil
	})
	return d, err
}

// busyTries and busyWait are for servers that are not ready: GStreamer answers
// 503 for a moment while it ends with the last client of a stream, which is us
// when a transport or a channel is tried again.
const (
	busyTries = 4
	busyWait  = 250 * time.Millisecond // longer each time

	// maxRetryAfter is the longest Retry-After that is waited for here; who says
	// more is busy.
	maxRetryAfter = 5 * time.Second
)

func (s *Session) askDescription(ctx context.Context, target string) (resp *response, err error) {
	for try := range busyTries {
		resp, err = s.d.do(ctx, s.cfg.Timeouts.Describe, "DESCRIBE", target, field{"Accept", "application/sdp"})
		pause := busyWait * time.Duration(try+1)
		if resp != nil {
			if n, err := strconv.ParseUint(resp.header.get("Retry-After"), 10, 16); err == nil {
				pause = max(pause, time.Duration(n)*time.Second)
			}
		}
		if status(err) != 503 || try == busyTries-1 || pause > maxRetryAfter {
			break
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return nil, context.Cause(ctx)
		}
	}
	return resp, err
}

// summary names the tracks for the ladder: "H264, MPEG4-GENERIC".
func (s *Session) summary() string {
	var names []string
	for _, t := range s.tracks {
		name := t.format.Encoding
		if name == "" {
			name = t.kind.String()
		}
		names = append(names, clean(name))
	}
	return strings.Join(names, ", ")
}
