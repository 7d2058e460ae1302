package mms

import (
	"cmp"
	"fmt"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/media"
)

var (
	errChanges = fmt.Errorf("mms: %w: %d headers without a packet between them", ErrProtocol, maxChange)
	errHeader  = fmt.Errorf("mms: %w: the header has no size of packets", ErrProtocol)
)

// enter begins a programme: the first one, or another entry of the server's
// playlist, which goes on in the session's time where the one before ended.
func (r *reader) enter(p *programme) error {
	h, err := asf.Parse(p.header)
	if err != nil {
		return media.At(media.RungContainer, fmt.Errorf("mms: %w", err))
	}
	if h.Elsewhere != "" {
		return media.At(media.RungReply, &RedirectError{Link: h.Elsewhere, Public: p.public})
	}
	if h.PacketSize < asf.MinPacket || h.PacketSize > maxPacket {
		return media.At(media.RungContainer, errHeader)
	}
	sel, err := choose(h, r.s.cfg.MaxBitRate)
	if err != nil {
		return media.At(media.RungCodec, err)
	}
	first := r.head == nil
	r.head, r.size, r.live = h, h.PacketSize, p.broadcast || h.Broadcast
	r.base = r.at + maxSpan
	if first {
		r.base = 0
		if r.live {
			r.base = r.s.cfg.Start
		}
	}
	r.preroll.begin(h.Preroll)
	r.meter = meter{}
	r.s.pending.Store(nil)
	r.clock, r.based, r.shift, r.had, r.skip = asf.Clock{}, !r.live, 0, false, false
	if !r.live {
		r.shift = r.base
	}
	r.pick(sel)
	r.wait()
	r.s.describe(p, h, sel, r.base, first)
	if title := cmp.Or(p.title, h.Title); !first && title != "" {
		r.s.trace.Event(media.Title{Text: title, Time: r.base})
	}
	return nil
}

// pick plays a selection from the next packet on, which needs its header.
func (r *reader) pick(x *selection) {
	r.sel, r.due, r.fresh = x, true, false
	r.init = x.head.Keep(x.streams, r.preroll.asked)
	r.s.setSelection(x)
}

const isLive = "the stream is live"

// describe fills Info with what is known of a programme.
func (s *Session) describe(p *programme, h *asf.Header, x *selection, base time.Duration, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entry = base
	s.newest.Store(int64(base))
	s.place.Store(-1)
	i := &s.info
	if first {
		i.Title = cmp.Or(p.title, h.Title)
	}
	i.Protocol, i.Transport, i.Server = "mms", p.proto, clean(p.server)
	i.ContentType = "video/x-ms-asf"
	i.Live, i.Duration = p.broadcast || h.Broadcast, 0
	i.Can = media.Capabilities{NoScale: media.NormalSpeed}
	switch {
	case i.Live:
		i.Can = media.Capabilities{NoSeek: isLive, NoPause: isLive, NoScale: isLive}
	case !p.seekable:
		i.Can.NoSeek = "the server plays it from its beginning only"
		i.Can.NoPause = "the server does not go on in the middle of it"
	}
	if !i.Live {
		if length := max(0, cmp.Or(h.Duration, p.duration)); length > 0 {
			i.Duration = base + length
		}
	}
	s.selected(x)
}

// setSelection tells what is played now.
func (s *Session) setSelection(x *selection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.selected(x)
}

// selected is setSelection with mu held.
func (s *Session) selected(x *selection) {
	s.sel = x
	s.info.Tracks, s.info.BitRate = x.head.Tracks(x.streams), x.rate
}

// change is a header between packets.
func (r *reader) change(it item) error {
	if r.changes++; r.changes > maxChange {
		return media.At(media.RungTransport, errChanges)
	}
	if err := r.enter(it.header); err != nil {
		return err
	}
	if it.chose {
		r.s.need(func(n *needs) { *n = needs{play: true} })
	} else {
		r.patience = strangeWait // the server has chosen the streams for itself
	}
	return nil
}
