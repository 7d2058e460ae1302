package rtsptest

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tapedeck/client/media/clip"
)

// source is what one path serves.
type source struct {
	live     bool
	shared   bool          // one timeline for all clients of the server
	duration time.Duration // of what is not live
	length   time.Duration // after which what is live ends; 0: endless
	unpaced  bool          // as fast as the client takes it
	absolute bool          // controls are given as absolute addresses
	streams  []stream
}

// stream is one track of a source: units in order, each a picture or a run of
// sound that is sent at one time.
type stream interface {
	// media is the stream's part of the description, without its control.
	media() string
	// clock is the rate of the stream's RTP time, and payload its type.
	clock() int64
	payload() byte
	// unit is unit n, ok false behind the last one.
	unit(n int) (u unit, ok bool)
	// index is the number of the first unit at or after t.
	index(t time.Duration) int
	// pack gives the RTP payloads of u in order, each in two parts. They are
	// valid during the call. last marks the unit's end.
	pack(u unit, emit func(head, rest []byte, last bool))
}

// unit is what a stream sends at one time.
type unit struct {
	ticks int64 // media time on the stream's clock
	parts [][]byte
}

// Payload types and clocks.
const (
	videoPayload = 96
	audioPayload = 97
	videoClock   = 90000
	videoTicks   = videoClock / clip.FrameRate // of one picture
)

var errNoSource = errors.New("rtsptest: nothing is served there")

// source finds what path serves.
func (s *Server) source(path string) (*source, error) {
	name, query, _ := strings.Cut(path, "?")
	limited := strings.HasPrefix(query, "seconds=")
	switch name {
	case "/live":
		length, err := seconds(query, 0)
		return &source{live: true, shared: true, absolute: limited, length: length,
			streams: []stream{pictures{loop: true}, sound{loop: true}}}, err
	case "/vod":
		length, err := seconds(query, clip.Duration)
		return &source{duration: length, absolute: limited, streams: []stream{pictures{}, sound{}}}, err
	case "/bench":
		return newBench(query)
	}
	return nil, errNoSource
}

// seconds is the time that a query asks for, at most the clip's.
func seconds(query string, otherwise time.Duration) (time.Duration, error) {
	text, ok := strings.CutPrefix(query, "seconds=")
	if !ok {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if d := time.Duration(n) * time.Second; err == nil && d > 0 && d <= clip.Duration {
		return d, nil
	}
	return 0, errNoSource
}

// describe is the session description (RFC 4566, RFC 2326 appendix C).
func (s *source) describe(base string) string {
	var b strings.Builder
	b.WriteString("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=tapedeck clip\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n")
	if s.live {
		b.WriteString("a=range:npt=now-\r\n")
	} else {
		fmt.Fprintf(&b, "a=range:npt=0-%.0f\r\n", s.duration.Seconds())
	}
	for i, stream := range s.streams {
		b.WriteString(stream.media())
		if s.absolute {
			fmt.Fprintf(&b, "a=control:%s/%s%d\r\n", base, trackMark, i)
		} else {
			fmt.Fprintf(&b, "a=control:%s%d\r\n", trackMark, i)
		}
	}
	return b.String()
}

// keyBefore is the time of the last key picture at or before t.
func keyBefore(t time.Duration) time.Duration { return t.Truncate(time.Second) }

// pictures is the clip's picture.
type pictures struct{ loop bool }

func (pictures) clock() int64  { return videoClock }
func (pictures) payload() byte { return videoPayload }
func (pictures) media() string { return h264Media(40) }

// h264Media describes the clip's pictures at a rate in kbit/s (RFC 6184, 8.2.1).
func h264Media(rate int) string {
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("m=video 0 RTP/AVP %d\r\nb=AS:%d\r\na=rtpmap:%d H264/%d\r\n"+
		"a=fmtp:%d packetization-mode=1;profile-level-id=%s;sprop-parameter-sets=%s,%s\r\n",
		videoPayload, rate, videoPayload, videoClock,
		videoPayload, strings.ToUpper(hex.EncodeToString(clip.SPS()[1:4])), encode(clip.SPS()), encode(clip.PPS()))
}

func (p pictures) unit(n int) (unit, bool) {
	all := clip.Video()
	if n >= len(all) && !p.loop {
		return unit{}, false
	}
	return unit{ticks: int64(n) * videoTicks, parts: all[n%len(all)].NALs}, true
}

func (pictures) index(t time.Duration) int { return ceil(t, videoTicks, videoClock) }

func (pictures) pack(u unit, emit func(head, rest []byte, last bool)) { packH264(u.parts, emit) }

// sound is the clip's sound, unitsPerPacket units in each of ours. In the loop
// every second round begins half a unit late, so that the sound never stops:
// two rounds are 5625 units exactly.
type sound struct{ loop bool }

const (
	unitsPerPacket = 3
	soundTicks     = unitsPerPacket * clip.FrameSamples
	unitsInTwo     = int64(2*clip.Duration/time.Second) * clip.SampleRate / clip.FrameSamples
)

func (sound) clock() int64  { return clip.SampleRate }
func (sound) payload() byte { return audioPayload }

// media describes the sound (RFC 3640, 4.1 and 3.3.6).
func (sound) media() string {
	return fmt.Sprintf("m=audio 0 RTP/AVP %d\r\nb=AS:48\r\na=rtpmap:%d mpeg4-generic/%d/%d\r\n"+
		"a=fmtp:%d streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=%s\r\n",
		audioPayload, audioPayload, clip.SampleRate, clip.Channels, audioPayload, hex.EncodeToString(clip.AudioSpecificConfig()))
}

func (s sound) unit(n int) (unit, bool) {
	all := clip.Audio()
	u := unit{ticks: int64(n) * soundTicks}
	for i := int64(n) * unitsPerPacket; i < int64(n+1)*unitsPerPacket; i++ {
		at := i
		if s.loop {
			at = 2 * i % unitsInTwo / 2
		}
		if at < int64(len(all)) {
			u.parts = append(u.parts, all[at].Data)
		}
	}
	return u, len(u.parts) > 0
}

func (sound) index(t time.Duration) int { return ceil(t, soundTicks, clip.SampleRate) }

func (sound) pack(u unit, emit func(head, rest []byte, last bool)) { packAAC(u.parts, emit) }

// ceil is the number of the first unit of ticks at or after t.
func ceil(t time.Duration, ticks, clock int64) int {
	return int((toTicks(t, clock) + ticks - 1) / ticks)
}

// toTicks is t on a clock, rounded to the nearest tick. Seconds go apart from
// the rest so that no product overflows.
func toTicks(t time.Duration, clock int64) int64 {
	return int64(t/time.Second)*clock + (int64(t%time.Second)*clock+int64(time.Second)/2)/int64(time.Second)
}

// toTime is ticks of a clock as time.
func toTime(ticks, clock int64) time.Duration {
	return time.Duration(ticks/clock)*time.Second + time.Duration(ticks%clock*int64(time.Second)/clock)
}
