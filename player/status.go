package player

import (
	"context"
	"slices"
	"strings"
	"time"

	"tapedeck/client/media"
)

// State is what VLC is doing.
type State uint8

const (
	Idle    State = iota // nothing was opened yet
	Opening              // nothing was seen or heard yet
	Playing              // pictures are shown or sound is played
	Paused
	Stopped // Stop was called, or someone stopped it in VLC's window
	Ended   // the source came to its end after something had been seen or heard
	Failed  // VLC could make nothing of it; Status.Problem says what it said
)

// String is the state's name in lower case.
func (s State) String() string {
	switch s {
	case Idle:
		return "idle"
	case Opening:
		return "opening"
	case Playing:
		return "playing"
	case Paused:
		return "paused"
	case Stopped:
		return "stopped"
	case Ended:
		return "ended"
	case Failed:
		return "failed"
	}
	return "unknown"
}

// Status is what can be known of VLC at one moment.
type Status struct {
	State    State
	Time     time.Duration // position in whole seconds, as VLC counts; 0 when nothing is open
	Length   time.Duration // in whole seconds; 0 when not known
	Counters               // of the source that is open, or was last
	Streams  []Stream      // empty until the demuxer has found them
	Volume   int           // percent; -1 where VLC does not say
	// Problem is what VLC said went wrong with this source, without control
	// bytes. A source may play on in spite of it: one track without a decoder.
	Problem string
}

// streamsAge is how old Streams may be: VLC gives picture sizes and decoded
// formats late, and a live stream may change.
const streamsAge = 5 * time.Second

// source is what is open, or was last.
type source struct {
	url        string
	opened     time.Time
	complained chan struct{} // closed when problem is set
	seen       bool          // VLC has had an input for it
	current    string        // the address that VLC's events are about
	finished   bool          // the input said that it came to its end
	broken     bool          // the input said that it failed
	stopped    bool          // Stop was called
	foreign    bool          // VLC went on to an address that it was not given
	problem    string
	givenUp    bool // it failed and was cleared away
	counters   Counters
	length     time.Duration
	streams    []Stream
	streamsAt  time.Time
}

// maxGiven is how many addresses are remembered as given to VLC: it may speak of
// the last few while it goes from one to the next.
const maxGiven = 32

// setSource makes address what everything that VLC tells from now on is about.
func (v *VLC) setSource(address string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.src = source{url: address, current: v.src.current, opened: time.Now(), complained: make(chan struct{})}
	v.volume.due = v.volume.set
	v.given = append(v.given[max(0, len(v.given)-maxGiven+1):], address)
}

// changed takes VLC's own news, in the goroutine that reads them.
func (v *VLC) changed(c change) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := &v.src
	switch {
	case c.kind == "new input":
		s.current = c.value
		switch c.value {
		case s.url:
			s.seen = true
		default:
			s.foreign = s.foreign || !slices.Contains(v.given, c.value)
		}
	case s.current != s.url:
	case c.event == "End":
		s.finished = true
	case c.event == "Error":
		s.broken = true
	}
}

// complaints are the words in VLC's output that mean trouble with a source.
var complaints = []string{
	"VLC is unable to open the MRL",
	"cannot be detected",
	"could not decode the format",
	"could not identify the audio or video codec",
	"is not supported",
}

// noWindow is what VLC's output says when there is no display after all.
const noWindow = "parent window not available"

// heard takes a line of VLC's output.
func (v *VLC) heard(line string) {
	if strings.Contains(line, noWindow) {
		v.mu.Lock()
		v.out.blind()
		v.mu.Unlock()
		return
	}
	for _, words := range complaints {
		if !strings.Contains(line, words) {
			continue
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		if strings.Contains(line, "'http") && !strings.Contains(line, "'"+v.src.url+"'") {
			return // about an address before this one
		}
		if v.src.problem == "" && v.src.url != "" {
			close(v.src.complained)
		}
		v.src.problem = complaint(line, v.src.url)
		return
	}
}

// complaint is a line of VLC's output without the parts that are about VLC:
// "[00007fd9] main input error: VLC is unable ..." and our own address.
func complaint(line, url string) string {
	if _, text, ok := strings.Cut(line, " error: "); ok {
		line = text
	}
	line = strings.ReplaceAll(line, "the MRL '"+url+"'", "the stream")
	line = strings.ReplaceAll(line, "'"+url+"'", "the stream")
	line = strings.TrimSuffix(line, " Check the log for details.")
	line = strings.TrimSuffix(line, " Have a look at the log for details.")
	return strings.TrimSuffix(line, ".")
}

// Status asks VLC what it is doing.
func (v *VLC) Status(ctx context.Context) (Status, error) {
	if err := v.begin(ctx); err != nil {
		return Status{}, err
	}
	defer v.finish()
	commands := []string{"status", "get_time", "get_length", "stats"}
	v.mu.Lock()
	if s := &v.src; s.seen && (time.Since(s.streamsAt) > streamsAge || len(s.streams) == 0) {
		commands = append(commands, "info")
	}
	v.mu.Unlock()
	replies, err := v.do(ctx, commands...)
	if err != nil {
		return Status{}, err
	}
	st, volumeReady := v.digest(replies)
	if volumeReady {
		if err := v.applyVolume(ctx); err != nil {
			return Status{}, err
		}
	}
	if st.State == Failed && !v.isGivenUp() {
		st.Problem, err = v.giveUp(ctx)
	}
	return st, err
}

func (v *VLC) isGivenUp() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.src.givenUp
}

// giveUp is for a source that VLC made nothing of, or something that was not
// wanted. It gives VLC's complaint, which comes by another way than its state,
// a moment to arrive, and sees that VLC goes on to nothing that the source named.
func (v *VLC) giveUp(ctx context.Context) (problem string, err error) {
	v.mu.Lock()
	complained := v.src.complained
	v.mu.Unlock()
	timer := time.NewTimer(complaintTime)
	defer timer.Stop()
	select {
	case <-complained:
	case <-timer.C:
	case <-ctx.Done():
	}
	if err := v.halt(ctx); err != nil {
		return "", err
	}
	_, err = v.do(ctx, "clear")
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.src.foreign:
		v.src.problem = foreignProblem
	case v.src.problem == "":
		v.src.problem = emptyProblem
	}
	v.src.givenUp = true
	return v.src.problem, err
}

// complaintTime is how long a complaint may be behind the state.
const complaintTime = 30 * time.Millisecond

// digest makes a Status of VLC's replies and keeps what the next one needs.
func (v *VLC) digest(replies [][]string) (st Status, volumeReady bool) {
	state := parseStatus(replies[0])
	v.mu.Lock()
	defer v.mu.Unlock()
	s := &v.src
	if c, ok := parseCounters(replies[3]); ok && s.seen && s.current == s.url {
		s.counters = c
	}
	if length := parseSeconds(replies[2]); length > 0 && s.seen {
		s.length = length
	}
	if len(replies) > 4 {
		if streams := parseStreams(replies[4]); len(streams) > 0 {
			s.streams = streams
			// Until something is seen the demuxer may be in the middle of naming them.
			if s.shown() && settled(streams) {
				s.streamsAt = time.Now()
			}
		}
	}
	st = Status{
		State: s.state(state, time.Now()), Length: s.length, Counters: s.counters,
		Streams: s.streams, Problem: s.problem,
	}
	if state == running || state == paused {
		st.Time = parseSeconds(replies[1])
	}
	return st, st.State == Playing && v.volume.due && s.counters.PlayedAudio > 0
}

const (
	// foreignProblem is said of a source that VLC took for a list of other
	// addresses. It is stopped there: what VLC opens must come through us.
	foreignProblem = "the stream is a playlist, not media"
	// emptyProblem is said where VLC ended without a word.
	emptyProblem = "VLC found nothing to play in the stream"
)

// shown tells whether something of the source was seen or heard.
func (s *source) shown() bool { return s.counters.Displayed > 0 || s.counters.PlayedAudio > 0 }

// state is what VLC is doing with the source, given what its playlist says.
func (s *source) state(deck deckState, now time.Time) State {
	shown := s.shown()
	switch {
	case s.url == "":
		return Idle
	case s.stopped:
		return Stopped
	case s.foreign, s.broken:
		return Failed
	case !s.seen:
		if s.problem != "" || deck == stopped && now.Sub(s.opened) > beginTime {
			return Failed
		}
		return Opening
	case s.finished && shown:
		return Ended
	case s.finished:
		return Failed
	case deck == paused:
		return Paused
	case deck == running && shown:
		return Playing
	case deck == running:
		return Opening
	case shown:
		return Stopped
	}
	return Failed
}

// settled tells whether nothing more is to be learned of the streams soon.
func settled(streams []Stream) bool {
	for _, s := range streams {
		if s.Codec == "" || s.Kind == media.Video && s.Width == 0 {
			return false
		}
	}
	return true
}
