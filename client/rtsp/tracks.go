package rtsp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/rtp"
	"tapedeck/client/sdp"
	"tapedeck/client/srtp"
)

// maxTracks bounds the m= sections that are looked at; each takes two channels
// or two ports.
const maxTracks = 16

// track is one m= section: what it is, and, once it is set up, the engine of
// its RTP stream.
type track struct {
	index   int // of its m= section, and in Info.Tracks
	kind    media.Kind
	format  rtp.Format
	control string
	problem string       // why it is not played; empty for one that is
	others  []rtp.Format // other payload types that it may come as

	receiver *rtp.Receiver // nil until SETUP
	url      string        // its control URL as it was set up
	rtcpTo   uint8         // TCP: the channel for receiver reports
	pair     *udpPair      // UDP
	group    *group        // multicast, as it is described; nil where it is not
	secrecy  secrecy       // as it is described
	reporter uint32        // the SSRC of our reports

	// Guarded by the funnel's mutex.
	latch    latch         // UDP: who sends
	cipher   *srtp.Context // nil for media in the clear
	fitted   time.Time     // when a packet fitted its keys last
	video    bool          // its key pictures are known
	waitKey  bool          // video before its first key picture is of no use...
	keyless  bool          // ...and there was none for too long
	keySince time.Time     // since when one is waited for
	bye      time.Time     // when its source said that it ends; zero while it has not
	heard    time.Time     // when its last packet came; at first, when PLAY began
	missed   bool          // it was told that it does not come
	stamp    uint32        // the timestamp of the last packet
	private  []byte        // the decoder's configuration in the header that is out
	codec    media.Codec   // and what it decodes
	stale    bool          // the header that is out does not fit the packets any more
	changed  time.Time     // when another payload type was taken
	past     media.Stats   // of the payload types before
	options  rtp.Options   // of the receiver
}

// describeTracks maps m= sections to tracks, in their order. Over TLS keys may come
// in SETUP, and nothing in the clear may go beside the connection.
func describeTracks(s *sdp.Session, tls, beside bool) []*track {
	tracks := make([]*track, 0, len(s.Media))
	allSendOnly := !slices.ContainsFunc(s.Media, func(m sdp.Media) bool { return !sendOnly(&m) })
	for i := range s.Media {
		if i == maxTracks {
			break
		}
		m := &s.Media[i]
		t := describeTrack(m)
		t.index = i
		t.group = describedGroup(s, m)
		t.secrecy = describedSecrecy(s, m)
		t.reporter = rand.Uint32() | 1 // any but 0
		switch {
		case t.problem != "":
		case sendOnly(m) && !allSendOnly:
			t.problem = "it is meant for talking back"
		case tls && beside && t.secrecy.profile == "":
			t.problem = inClear
		case !tls && t.secrecy.err != nil:
			t.problem = "it is encrypted: " + clean(strings.TrimPrefix(t.secrecy.err.Error(), "srtp: "))
		case t.control != "" && slices.ContainsFunc(tracks, func(o *track) bool {
			return o.problem == "" && o.control == t.control && o.format.PayloadType == t.format.PayloadType
		}):
			t.problem = "it is described twice"
		}
		tracks = append(tracks, t)
	}
	return tracks
}

// sendOnly reports a=sendonly: in the server's words, a backchannel.
func sendOnly(m *sdp.Media) bool {
	_, ok := m.Attribute("sendonly")
	return ok
}

// describeTrack takes the first payload type of a section that is supported.
func describeTrack(m *sdp.Media) *track {
	t := &track{control: m.Control, kind: media.Data}
	switch m.Type {
	case "video":
		t.kind = media.Video
	case "audio":
		t.kind = media.Audio
	default:
		t.problem = fmt.Sprintf("media of type %s are not supported", clean(m.Type))
		if len(m.Formats) > 0 && m.RTPMap[m.Formats[0]].Encoding != "" {
			t.format = formatOf(m, m.Formats[0])
			if _, err := rtp.NewDepacketizer(t.format); err != nil { // its name says more
				t.problem = clean(err.Error())
			}
		}
		return t
	}
	t.problem = "no payload is described"
	formats := m.Formats
	if len(formats) == 0 && isTransportStream(m) {
		formats = []uint8{33}
	}
	for i, pt := range formats {
		f := formatOf(m, pt)
		_, err := rtp.NewDepacketizer(f)
		switch {
		case err == nil && t.problem != "":
			t.format, t.problem = f, ""
		case err == nil && len(t.others) < maxFormats:
			t.others = append(t.others, f)
		case i == 0:
			t.format, t.problem = f, clean(err.Error())
		}
	}
	return t
}

// isTransportStream reports a section whose protocol says what it carries:
// MP2T/RTP/TCP, MP2T/UDP, RAW/RAW/UDP.
func isTransportStream(m *sdp.Media) bool {
	p := strings.ToUpper(m.Proto)
	return strings.HasPrefix(p, "MP2T") || strings.HasPrefix(p, "RAW/")
}

func formatOf(m *sdp.Media, pt uint8) rtp.Format {
	r := m.RTPMap[pt]
	if r.Encoding == "" && isTransportStream(m) {
		r.Encoding = "MP2T"
	}
	width, height := announcedSize(m, pt)
	return rtp.Format{
		PayloadType: pt,
		Encoding:    r.Encoding,
		ClockRate:   r.ClockRate,
		Channels:    r.Channels,
		Params:      m.FMTP[pt],
		BitRate:     m.BandwidthAS * 1000,
		Width:       width,
		Height:      height,
	}.Complete()
}

// info is the track as Info shows it.
func (t *track) info() media.Track {
	if t.receiver == nil {
		return media.Track{ID: t.index, Kind: t.kind, Codec: media.Codec(clean(t.format.Encoding)), Problem: t.problem}
	}
	m, _ := t.receiver.Track()
	m.ID, m.Problem = t.index, t.problem
	return m
}

// reconfigured reports whether a track that plays has another configuration than
// the header that is out says.
func (t *track) reconfigured() bool {
	if t.receiver == nil || t.problem != "" {
		return false
	}
	m, ready := t.receiver.Track()
	return ready && (m.Codec != t.codec || !bytes.Equal(m.Private, t.private))
}

// isVideo reports a track of pictures whose key pictures are known: a transport
// stream is not one.
func (t *track) isVideo() bool {
	m, _ := t.receiver.Track()
	return m.Kind == media.Video && m.Codec != media.MPEGTS
}

// setupOrder is the order of SETUP: video, then the rest, without what is not
// played. Some servers serve one track only.
func setupOrder(tracks []*track) []*track {
	var order []*track
	for _, t := range tracks {
		if t.problem == "" && t.kind == media.Video {
			order = append(order, t)
		}
	}
	for _, t := range tracks {
		if t.problem == "" && t.kind != media.Video {
			order = append(order, t)
		}
	}
	return order
}

// inClear is the problem of a track that would leave the encrypted connection.
const inClear = "over UDP it would come unencrypted"

// unplayable is ErrNoPlayableTrack with what each track's problem is; ErrTransport
// where another transport would do.
func unplayable(tracks []*track) error {
	if slices.ContainsFunc(tracks, func(t *track) bool { return t.problem == inClear }) {
		return fmt.Errorf("rtsp: %w: %s", ErrTransport, inClear)
	}
	if len(tracks) == 0 {
		return fmt.Errorf("rtsp: %w: the description has none", ErrNoPlayableTrack)
	}
	var problems []string
	for _, t := range tracks {
		if !slices.Contains(problems, t.problem) {
			problems = append(problems, t.problem)
		}
	}
	return fmt.Errorf("rtsp: %w: %s", ErrNoPlayableTrack, strings.Join(problems, ", "))
}
