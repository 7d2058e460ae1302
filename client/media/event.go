package media

import (
	"errors"
	"fmt"
	"time"
)

// Rung is a step of the ladder from an address to the first picture. Every
// failure happens at one of them, and names it.
type Rung string

const (
	RungAddress   Rung = "address"     // the text of the link
	RungName      Rung = "name"        // name lookup
	RungTCP       Rung = "tcp"         // the connection
	RungTLS       Rung = "tls"         // the handshake
	RungReply     Rung = "reply"       // the first answer: status line, OPTIONS, DESCRIBE
	RungSession   Rung = "session"     // SETUP and PLAY, or what the protocol has for them
	RungTransport Rung = "transport"   // the first media packet
	RungContainer Rung = "container"   // the first bytes that a demuxer understands
	RungCodec     Rung = "codec"       // the decoder has opened
	RungFrame     Rung = "first frame" // a picture was shown or sound was decoded
)

// RungError is a failure that knows its rung.
type RungError struct {
	Rung Rung
	Err  error
}

func (e *RungError) Error() string { return e.Err.Error() }
func (e *RungError) Unwrap() error { return e.Err }

// ErrCannot is under every error of Pause, Resume and Seek that says why the
// stream cannot do that: Info.Can knew it before.
var ErrCannot = errors.New("this stream cannot do that")

// At wraps err with the rung at which it happened. An error that already knows
// its rung, and nil, are returned as they are.
func At(r Rung, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(*RungError); ok {
		return err
	}
	return &RungError{Rung: r, Err: err}
}

// Event is something a session wants to be known while it opens and plays.
// The set is closed: Attempt, Step, Title, Aired, Note, Interrupted and Returned.
type Event interface{ event() }

// Attempt says that a way to the stream is about to be tried.
type Attempt struct {
	URL       string // redacted: safe to show
	Transport string // "tcp", "udp", "http"
}

// Step says that one step of the ladder has ended.
type Step struct {
	Rung   Rung
	Name   string        // what was done, in the protocol's word: "describe", "setup udp"
	Took   time.Duration // from the step's beginning
	Err    error         // nil when it held
	Detail string        // what was learned: an address, a status, a codec
}

// Title is what the server says is on from media time Time on. Who plays behind
// live hears it later than the server says it.
type Title struct {
	Text string
	Time time.Duration
}

// Aired says at which time of day the broadcaster sent what is at media time
// Time; what follows went on from there, until the next Aired.
type Aired struct {
	Time time.Duration
	At   time.Time
}

// Note is a sentence about something that changed by itself: a fallback, a
// reconnection, a quirk that was worked around.
type Note struct{ Text string }

// Interrupted says that the stream was lost, and after which wait it is tried
// again.
type Interrupted struct {
	Why  error
	Wait time.Duration
}

// Returned says that it is back, so long after its last media.
type Returned struct{ After time.Duration }

func (Attempt) event()     {}
func (Step) event()        {}
func (Title) event()       {}
func (Aired) event()       {}
func (Note) event()        {}
func (Interrupted) event() {}
func (Returned) event()    {}

// String is one line without control bytes of its own making; Detail and Err
// come from the network and are cleaned where they are made.
func (s Step) String() string {
	took := s.Took.Round(time.Millisecond)
	switch {
	case s.Err != nil:
		return fmt.Sprintf("%s failed after %v: %v", s.Name, took, s.Err)
	case s.Detail != "":
		return fmt.Sprintf("%s %v (%s)", s.Name, took, s.Detail)
	}
	return fmt.Sprintf("%s %v", s.Name, took)
}
