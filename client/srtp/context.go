package srtp

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// ErrMisfit is a packet that is not encrypted with these keys, or was changed on
// its way. The stream goes on.
var ErrMisfit = errors.New("srtp: the packet does not fit the keys")

const (
	replayWindow = 1024 // packets; more than any reorder buffer holds

	// After each searchAfter misfits in a row, other roll-over counters are tried:
	// whoever joins a stream that runs may have been told an old one, or none.
	// searchAhead is how far.
	searchAfter = 20
	searchAhead = 3

	rtpHeader  = 12
	rtcpHeader = 8
	rtpVersion = 2
)

// Context decrypts one stream and encrypts our reports on it. It belongs to one
// goroutine at a time.
//
// Each sender has a state of its own, which is made when a packet of it has
// been authenticated: what is forged takes no memory. The sender that was
// silent longest makes room for one too many.
type Context struct {
	keys    Keys
	senders []*sender // the latest first
	fresh   *srtp.Context
	out     *srtp.Context

	header  rtp.Header
	rtp     []byte // what the last calls returned
	rtcp    []byte
	misfits int
}

type sender struct {
	ssrc uint32
	in   *srtp.Context
}

// NewContext makes a context that decrypts with in and encrypts with out.
func NewContext(in, out Keys) (*Context, error) {
	c := &Context{keys: in}
	var err error
	if c.fresh, err = in.open(); err != nil {
		return nil, err
	}
	if c.out, err = out.open(); err != nil {
		return nil, err
	}
	return c, nil
}

// open makes pion's context, which knows the senders that the keys name.
func (k Keys) open() (*srtp.Context, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	first := k.Masters[0]
	p, err := srtp.CreateContext(first.Key, first.Salt, suites[k.Suite].profile,
		srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow), srtp.MasterKeyIndicator(first.MKI))
	if err != nil {
		return nil, fmt.Errorf("srtp: %w", err)
	}
	for _, m := range k.Masters[1:] {
		if len(first.MKI) == 0 {
			break // without names only the first can be meant
		}
		if err := p.AddCipherForMKI(m.MKI, m.Key, m.Salt); err != nil {
			return nil, fmt.Errorf("srtp: %w", err)
		}
	}
	for _, s := range k.Sources {
		p.SetROC(s.SSRC, s.ROC)
	}
	return p, nil
}

// RTP decrypts a packet. What it returns is valid until the next call.
func (c *Context) RTP(packet []byte) ([]byte, error) {
	if len(packet) < rtpHeader || packet[0]>>6 != rtpVersion {
		return nil, fmt.Errorf("%w RTP packet", ErrMalformed)
	}
	ssrc := binary.BigEndian.Uint32(packet[8:])
	in, known := c.sender(ssrc)
	plain, err := in.DecryptRTP(c.rtp[:0], packet, &c.header)
	if isMisfit(err) {
		if c.misfits++; c.misfits%searchAfter == 0 {
			if in, plain = c.search(ssrc, in, packet); in != nil {
				known, err = false, nil
			}
		}
	}
	if err != nil {
		return nil, reason(err)
	}
	c.misfits = 0
	if !known {
		c.keep(ssrc, in)
	}
	c.rtp = plain
	return plain, nil
}

// RTCP decrypts a compound. What it returns is valid until the next call.
func (c *Context) RTCP(packet []byte) ([]byte, error) {
	if len(packet) < rtcpHeader || packet[0]>>6 != rtpVersion {
		return nil, fmt.Errorf("%w RTCP packet", ErrMalformed)
	}
	ssrc := binary.BigEndian.Uint32(packet[4:])
	in, known := c.sender(ssrc)
	plain, err := in.DecryptRTCP(c.rtcp[:0], packet, nil)
	if err != nil {
		return nil, reason(err)
	}
	if !known {
		c.keep(ssrc, c.fresh)
	}
	c.rtcp = plain
	return plain, nil
}

// AppendRTCP appends packet, a compound of ours, encrypted.
func (c *Context) AppendRTCP(dst, packet []byte) ([]byte, error) {
	encrypted, err := c.out.EncryptRTCP(nil, packet, nil)
	if err != nil {
		return dst, fmt.Errorf("srtp: %w", err)
	}
	return append(dst, encrypted...), nil
}

// Misfits is how many RTP packets in a row did not fit the keys, up to now.
func (c *Context) Misfits() int { return c.misfits }

// sender is the state for a sender, or that for the next new one.
func (c *Context) sender(ssrc uint32) (in *srtp.Context, known bool) {
	for i, s := range c.senders {
		if s.ssrc == ssrc {
			if i > 0 {
				copy(c.senders[1:], c.senders[:i])
				c.senders[0] = s
			}
			return s.in, true
		}
	}
	return c.fresh, false
}

// keep makes in the state of a sender that has shown that it has the keys.
func (c *Context) keep(ssrc uint32, in *srtp.Context) {
	if in == c.fresh {
		c.fresh, _ = c.keys.open() // it worked before
	}
	if len(c.senders) > 0 && c.senders[0].ssrc == ssrc { // by a search
		c.senders[0].in = in
		return
	}
	if len(c.senders) < maxSources {
		c.senders = append(c.senders, nil)
	}
	copy(c.senders[1:], c.senders)
	c.senders[0] = &sender{ssrc, in}
}

func isMisfit(err error) bool {
	return errors.Is(err, srtp.ErrFailedToVerifyAuthTag) || errors.Is(err, srtp.ErrMKINotFound)
}

// reason is what a packet's error is called: what is no misfit is malformed or
// came before.
func reason(err error) error {
	if isMisfit(err) {
		return ErrMisfit
	}
	return fmt.Errorf("srtp: %w", err)
}

// search tries higher roll-over counters for a sender. Only higher ones: what
// was sent before may not come again.
func (c *Context) search(ssrc uint32, in *srtp.Context, packet []byte) (*srtp.Context, []byte) {
	roc, _ := in.ROC(ssrc)
	for range searchAhead {
		roc++
		p, err := c.keys.open()
		if err != nil {
			break
		}
		p.SetROC(ssrc, roc)
		if plain, err := p.DecryptRTP(c.rtp[:0], packet, &c.header); err == nil {
			return p, plain
		}
	}
	return nil, nil
}
