// Package playback is the deck: it joins one session, its tape and one player,
// and is the only owner of that state.
//
// One goroutine runs the deck. It takes intents (what a person wants) and
// results (what a worker found out) from a mailbox, and publishes a State, a
// value, whenever something that can be seen has changed. Whatever may block
// (opening, seeking, talking to the player) happens in a worker that is
// cancelled when its stream is taken out and whose result carries the stream it
// belongs to, so that a late answer for an old stream is thrown away.
//
//	Do(Intent) ─┐                       ┌─> OnState(State)   the screen
//	            ├─> mailbox ─> the loop ┤
//	results  ───┘      ^                └─> OnEvent(Event)   plain mode
//	                   │
//	       workers: open · pump (session -> tape) · head (player) · recorder
//
// It knows no protocol and no terminal.
package playback

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"tapedeck/client"
	"tapedeck/client/media"
	"tapedeck/player/tape"
	"tapedeck/playlist"
)

const (
	// pollFast is how often the player is asked while its first picture is
	// awaited, pollPlaying how often while it plays.
	pollFast    = 40 * time.Millisecond
	pollPlaying = time.Second

	// startAgainAfter is how long it may make nothing of a stream before it is
	// given it from another place on, startLater behind the first.
	startAgainAfter = 4 * time.Second
	startLater      = 300 * time.Millisecond

	// firstFrameWait is how long the player may take from its first bytes to a
	// picture or a sound before the deck gives up.
	firstFrameWait = 20 * time.Second

	// readAhead is how far the pump may run ahead of the player on a stream
	// that waits for us.
	readAhead = 6 << 20

	// noteStays is for how many seconds of playing a note is shown.
	noteStays = 8
)

// Config is what a deck is made of. Open is required.
type Config struct {
	// Open opens an entry's stream and tells trace what happens on the way.
	Open func(ctx context.Context, e playlist.Entry, trace func(media.Event)) (client.Session, error)

	// Hint is a suggestion for a person whom err stopped; nil for none.
	Hint func(err error) string

	// Player starts the player, which reads what Feed offers. Where it is nil
	// nothing is decoded: the stream is read at its own pace and dropped.
	Player func(ctx context.Context) (Player, error)
	Feed   Feed

	// Unplayed is for recording alone: nothing reads the tape but the recorder.
	Unplayed bool

	Tape      tape.Limits
	RecordDir string // where recordings without a path go
	Volume    int    // percent at the start; 0 means 100

	OnState func(State) // called from the deck's goroutine; must not block
	OnEvent func(Event) // likewise

	// OnTitle is told each title when the server says it, once, with the entry
	// and the name that the stream gives itself; likewise.
	OnTitle func(e playlist.Entry, name string, t Title)
}

// Deck is safe for use from any goroutine. Run must be called once.
type Deck struct {
	cfg  Config
	mail *mailbox
}

// New returns a deck that does nothing until Run.
func New(cfg Config) *Deck {
	if cfg.OnState == nil {
		cfg.OnState = func(State) {}
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(Event) {}
	}
	if cfg.OnTitle == nil {
		cfg.OnTitle = func(playlist.Entry, string, Title) {}
	}
	if cfg.Hint == nil {
		cfg.Hint = func(error) string { return "" }
	}
	if cfg.Volume == 0 {
		cfg.Volume = 100
	}
	return &Deck{cfg: cfg, mail: newMailbox()}
}

// Do asks for in and returns at once.
func (d *Deck) Do(in Intent) { d.mail.post(in) }

// Run plays until ctx ends, then closes the session and the player, waits for
// all goroutines and returns the cause.
func (d *Deck) Run(ctx context.Context) error {
	// Workers outlive ctx for as long as it takes to end in order: a recording
	// is completed before its stream is closed.
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	l := &loop{cfg: &d.cfg, mail: d.mail, work: work}
	l.state.Volume = d.cfg.Volume
	if !d.cfg.Unplayed {
		l.head = newHead(l)
	}
	l.publish()
	l.run(ctx)
	l.stopRecording()
	l.eject()
	cancel(context.Cause(ctx))
	l.workers.Wait()
	return context.Cause(ctx)
}

// loop is the deck's state; only the goroutine of Run touches it, but for the
// mailbox and the wait group.
type loop struct {
	cfg     *Config
	mail    *mailbox
	workers sync.WaitGroup
	work    context.Context // ends when Run returns; the parent of every worker's

	state  State
	shown  State // what OnState was last given
	stream *stream
	head   *head // nil when Config.Unplayed
	closed <-chan struct{}

	recorder *recorder // nil while nothing is recorded

	timer  *time.Timer
	due    time.Time // when timer fires; zero when it is not set
	second time.Time // when the last once-a-second events were sent
	fading int       // seconds of playing for which State.Note stays
}

func (l *loop) run(ctx context.Context) {
	l.timer = time.NewTimer(time.Hour)
	defer l.timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.mail.signal:
			for _, m := range l.mail.take() {
				switch m := m.(type) {
				case Intent:
					l.state.Notice = ""
					l.obey(m)
				case func():
					m()
				}
			}
		case <-l.timer.C:
			l.due = time.Time{}
			l.tick()
		}
		l.publish()
		l.schedule()
	}
}

// obey carries out an intent.
func (l *loop) obey(in Intent) {
	switch in := in.(type) {
	case Play:
		l.play(in)
	case Stop:
		l.stop()
	case Pause:
		l.pause()
	case Resume:
		l.resume()
	case TogglePause:
		l.togglePause()
	case SeekTo:
		l.seek(in.To)
	case SeekBy:
		l.seekBy(in.By)
	case SeekPercent:
		l.seekPercent(in.Percent)
	case GoLive:
		l.goLive()
	case SetRate:
		l.setRate(in.Rate)
	case ShiftRate:
		l.shiftRate(in.Steps)
	case Volume:
		l.volume(in.Delta)
	case Mute:
		l.state.Muted = !l.state.Muted
		l.setVolume()
	case Record:
		l.record(in.Path)
	case StopRecord:
		l.stopRecord()
	}
}

// spawn runs f in a worker that Run waits for.
func (l *loop) spawn(f func()) {
	l.workers.Go(f)
}

// errEjected is the cause by which a stream's work is cancelled.
var errEjected = errors.New("another stream was chosen")

// play takes out what is in the deck and opens the entry.
func (l *loop) play(in Play) {
	l.eject()
	l.state = State{
		Phase: Connecting, Entry: in.Entry, Rate: 1,
		Notice: l.state.Notice, // where a recording went that this has ended
		Volume: l.state.Volume, Muted: l.state.Muted, Output: l.state.Output,
	}
	ctx, cancel := context.WithCancelCause(l.work)
	s := &stream{entry: in.Entry, start: in.Start, began: time.Now(), ctx: ctx, cancel: cancel, pace: place{rate: 1}, target: place{rate: 1}}
	l.stream = s
	trace := func(e media.Event) {
		l.mail.postNews(func() {
			if l.stream == s {
				l.traced(e)
			}
		})
	}
	before := l.closed
	l.spawn(func() {
		// Some providers allow one connection: the old stream ends first.
		if before != nil {
			select {
			case <-before:
			case <-ctx.Done():
				return
			}
		}
		session, err := l.cfg.Open(ctx, in.Entry, trace)
		l.mail.post(func() { l.opened(s, session, err) })
	})
}

// stop takes the stream out; what was in the deck stays shown.
func (l *loop) stop() {
	l.eject()
	if l.state.Phase != Failed {
		l.state.Phase = Stopped
	}
	l.state.Position, l.state.Behind, l.state.BitRate = 0, 0, 0
}

// eject ends the stream in the deck, without waiting: l.closed is closed when
// the server has been told.
func (l *loop) eject() {
	s := l.stream
	if s == nil {
		return
	}
	l.stopRecording()
	l.disarm(s)
	l.stream = nil
	s.cancel(errEjected)
	if l.head != nil {
		l.head.unload(s)
	}
	done := make(chan struct{})
	l.closed = done
	l.spawn(func() {
		defer close(done)
		s.pump.Wait()
		if s.session != nil {
			s.session.Close()
		}
	})
}

// fail ends the stream in the deck with what went wrong.
func (l *loop) fail(err error) {
	rung := media.RungAddress
	var at *media.RungError
	if errors.As(err, &at) {
		rung = at.Rung
	}
	l.failAt(string(rung), err)
}

func (l *loop) failAt(rung string, err error) {
	message, hint := err.Error(), l.cfg.Hint(err)
	l.announceTracks()
	l.eject()
	l.state.Phase = Failed
	l.state.Failure = &Failure{Rung: rung, Message: message, Hint: hint}
	l.state.BitRate = 0
	l.emit(ErrorEvent{Rung: rung, Message: message, Hint: hint, Err: err})
}

// refuse answers a request that cannot be met.
func (l *loop) refuse(why string) {
	l.state.Notice = why
	l.emit(RefusedEvent{Message: why})
}

// note tells of something that changed by itself. It fades after a while of
// playing.
func (l *loop) note(what string) {
	l.state.Note, l.fading = what, noteStays
	l.emit(NoteEvent{Message: what})
}

func (l *loop) emit(e Event) { l.cfg.OnEvent(e) }

// publish gives the state out if anything in it has changed.
func (l *loop) publish() {
	if s := l.stream; s != nil && s.titlesNew {
		l.state.Titles, s.titlesNew = slices.Clone(s.titles), false
	}
	if equal(l.state, l.shown) {
		return
	}
	l.shown = l.state
	l.cfg.OnState(l.state)
}
