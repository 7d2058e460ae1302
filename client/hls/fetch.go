package hls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tapedeck/client/address"
)

// Fetch asks for one resource, or the part of it that r names: the body gives
// exactly that, whatever the server knows of ranges, and may end early. ctx
// bounds the reading too. An answer that is no success is an error.
type Fetch func(ctx context.Context, r Request) (*Response, error)

// Request is what Fetch is asked for.
type Request struct {
	Link       address.Address
	From, Size int64  // bytes; Size 0: all from From on
	Step       string // the name under which the answer is traced; empty: nothing is
	OnlyPublic bool   // nothing inside is asked for: a list from the outside names it
}

// Response is an answer with success.
type Response struct {
	io.ReadCloser
	Link   address.Address // who answered, after redirects
	Length int64           // of what Read gives, -1 where it is not known
	Public bool            // who answered is in the public network
}

// sender is who sent a playlist. What its URIs are relative to; and where it is
// on the outside they do not lead inside, whoever named the playlist.
type sender struct {
	link   address.Address // after redirects
	public bool
}

// link makes the address of a URI in a playlist that from brought. The login
// goes along to the same server only.
func link(from address.Address, uri string) (address.Address, error) {
	to, err := address.Parse(from.Resolve(uri))
	if err != nil {
		return address.Address{}, fmt.Errorf("hls: the playlist has an address that is none: %w", err)
	}
	if to.Scheme != "http" && to.Scheme != "https" {
		return address.Address{}, &playlistError{"the playlist leads to " + text(to.String()) + ", which is no web address"}
	}
	if !to.HasUser && to.Scheme == from.Scheme && strings.EqualFold(to.Host, from.Host) && to.Port == from.Port {
		to.User, to.Password, to.HasUser = from.User, from.Password, from.HasUser
	}
	return to, nil
}

// get fetches a small resource: at most limit bytes, within smallPatience.
func (s *Session) get(ctx context.Context, r Request, limit int64, tooLong error) ([]byte, sender, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, smallPatience, errSlow)
	defer cancel()
	resp, err := s.cfg.Fetch(ctx, r)
	if err != nil {
		return nil, sender{}, orCause(ctx, err)
	}
	defer resp.Close()
	b, err := io.ReadAll(io.LimitReader(resp, limit+1))
	switch {
	case err != nil:
		return nil, sender{}, orCause(ctx, err)
	case int64(len(b)) > limit:
		return nil, sender{}, tooLong
	case int64(len(b)) < r.Size:
		return nil, sender{}, errShort
	}
	return b, sender{resp.Link, resp.Public}, nil
}

// smallPatience bounds how long a playlist, a key or an init segment may take.
const smallPatience = 20 * time.Second

var (
	errSlow  = errors.New("hls: the server takes too long")
	errShort = errors.New("hls: the server sent less than the playlist says")
)

// orCause is the reason why ctx ended, where it did: then err is only its echo.
func orCause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
