package player

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	settleTime = 3 * time.Second      // given to VLC to be in the state that it was told to be in
	seenTime   = time.Second          // given to VLC to begin with an address, before Open returns
	beginTime  = 10 * time.Second     // given to it in all
	settleTick = 4 * time.Millisecond // between two looks at its state
	openTries  = 3                    // someone may press pause in VLC's window meanwhile
	maxPercent = 200                  // the loudest volume
	fullVolume = 256                  // VLC's step for 100 %
)

var (
	// ErrAddress is what Open answers to anything but the address of a Feed.
	ErrAddress = errors.New("only a loopback address can be opened")
	// ErrUnmoved is that VLC did not do what it was told, in time.
	ErrUnmoved = errors.New("VLC does not follow")
)

// Open plays what is at address, which must be one of a Feed's, in place of
// what is open; the window stays. It returns when VLC has begun with the
// address, which does not mean that it can play it: Status tells.
func (v *VLC) Open(ctx context.Context, address string) error {
	if !loopback(address) {
		return fmt.Errorf("vlc: open: %w", ErrAddress)
	}
	if err := v.begin(ctx); err != nil {
		return err
	}
	defer v.finish()
	address = naming(address)
	if v.mustHalt(address) {
		if err := v.halt(ctx); err != nil {
			return err
		}
	}
	v.setSource(address)
	for range openTries {
		replies, err := v.do(ctx, "clear", "add "+address, "status")
		if err != nil {
			return err
		}
		if accepted(replies[1]) {
			return v.awaitInput(ctx)
		}
		// A paused VLC refuses everything but its hot keys. To stop it would
		// close its window, so it plays on for the moment that this takes.
		if err := v.resume(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("vlc: open: %w", ErrUnmoved)
}

// naming names the demuxer in the address of a Matroska stream. Without it VLC
// waits for 8 KiB to guess from, which at the pace of a telephone call is a
// second.
func naming(address string) string {
	if rest, ok := strings.CutPrefix(address, "http://"); ok && strings.HasSuffix(rest, matroskaSuffix) {
		return "http/mkv://" + rest
	}
	return address
}

// mustHalt tells whether what is open must be gone before address is added.
// Where it is the same address, because what is told of it must be about its
// last opening. Where it never came to play, because VLC takes it for an error
// if it is replaced, and pauses before the next: 100 ms at the first, twice as
// long at each more. Otherwise VLC replaces it by itself and keeps its window.
func (v *VLC) mustHalt(address string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.src.url == address || !v.src.shown()
}

// accepted tells whether VLC has taken an add.
func accepted(reply []string) bool {
	for _, line := range reply {
		if strings.HasPrefix(line, "Trying to add ") {
			return true
		}
	}
	return false
}

// awaitInput asks until VLC has an input for the address. VLC attaches its
// remote control to a new input only when the next command comes, and does not
// tell the end of an input that it was not attached to.
func (v *VLC) awaitInput(ctx context.Context) error {
	begun := func([]string) bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.src.seen || v.src.problem != ""
	}
	if err := v.until(ctx, seenTime, "is_playing", begun, nil); err != nil {
		return err
	}
	_, err := v.do(ctx, "is_playing")
	return err
}

// halt stops whatever is open, paused or not, and waits for it.
func (v *VLC) halt(ctx context.Context) error {
	// The hot key works in a pause too; a VLC without hot keys knows stop.
	if _, err := v.do(ctx, "key key-stop", "stop"); err != nil {
		return err
	}
	return v.until(ctx, settleTime, "status", func(reply []string) bool {
		return parseStatus(reply) == stopped
	}, ErrUnmoved)
}

// until repeats command until its reply is what is waited for. When the time is
// over it answers late.
func (v *VLC) until(ctx context.Context, limit time.Duration, command string, met func(reply []string) bool, late error) error {
	tick := time.NewTicker(settleTick)
	defer tick.Stop()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for {
		replies, err := v.do(ctx, command)
		if err != nil {
			return err
		}
		if met(replies[0]) {
			return nil
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			if late != nil {
				late = fmt.Errorf("vlc: %s: %w", verb(command), late)
			}
			return late
		case <-ctx.Done():
			return fmt.Errorf("vlc: %w", context.Cause(ctx))
		}
	}
}

// Stop closes what is open. VLC stays warm. Its connections to the feed are
// closed when Stop returns.
func (v *VLC) Stop(ctx context.Context) error {
	if err := v.begin(ctx); err != nil {
		return err
	}
	defer v.finish()
	v.mu.Lock()
	v.src.stopped = true
	v.mu.Unlock()
	if err := v.halt(ctx); err != nil {
		return err
	}
	_, err := v.do(ctx, "clear")
	return err
}

// Pause holds the picture and the sound. Paused already, or with nothing open,
// it does nothing.
func (v *VLC) Pause(ctx context.Context) error {
	if err := v.begin(ctx); err != nil {
		return err
	}
	defer v.finish()
	// The hot key pauses and never resumes, unlike the pause command.
	if _, err := v.do(ctx, "key key-pause"); err != nil {
		return err
	}
	return v.until(ctx, settleTime, "status", func(reply []string) bool {
		state := parseStatus(reply)
		return state == paused || state == stopped
	}, ErrUnmoved)
}

// Resume goes on from where Pause stopped; otherwise it does nothing.
func (v *VLC) Resume(ctx context.Context) error {
	if err := v.begin(ctx); err != nil {
		return err
	}
	defer v.finish()
	return v.resume(ctx)
}

func (v *VLC) resume(ctx context.Context) error {
	replies, err := v.do(ctx, "status")
	if err != nil {
		return err
	}
	if parseStatus(replies[0]) != paused {
		return nil
	}
	if _, err := v.do(ctx, "key key-play"); err != nil {
		return err
	}
	return v.until(ctx, settleTime, "status", func(reply []string) bool {
		return parseStatus(reply) != paused
	}, ErrUnmoved)
}

// Seek moves to the whole second at or before to, on a source that VLC can
// find its way in (Feed.File); on others VLC ignores it. It ends a pause.
func (v *VLC) Seek(ctx context.Context, to time.Duration) error {
	if err := v.begin(ctx); err != nil {
		return err
	}
	defer v.finish()
	if err := v.resume(ctx); err != nil {
		return err
	}
	_, err := v.do(ctx, "seek "+strconv.FormatInt(int64(max(to, 0)/time.Second), 10))
	return err
}

// SeekByte moves to the byte at off of size, on a source that VLC can find its
// way in, or to some bytes before it: VLC keeps the place as a part of the whole,
// in a float32. It is for containers in which VLC knows no way from a time to a
// byte over a network: transport streams and Ogg. It ends a pause.
func (v *VLC) SeekByte(ctx context.Context, off, size int64) error {
	if err := v.begin(ctx); err != nil {
		return err
	}
	defer v.finish()
	if err := v.resume(ctx); err != nil {
		return err
	}
	_, err := v.do(ctx, "seek "+percent(off, size))
	return err
}

// percent is the largest part of size that VLC can hold and that is no more
// than off.
func percent(off, size int64) string {
	if off <= 0 || size <= 0 {
		return "0%"
	}
	part := min(float32(float64(off)/float64(size)), 1)
	for int64(float64(part)*float64(size)) > off {
		part = math.Nextafter32(part, 0)
	}
	return strconv.FormatFloat(float64(part)*100, 'f', 12, 64) + "%"
}

// ErrRate is what SetRate answers to a speed that VLC is not told to play at.
var ErrRate = errors.New("VLC plays at 1×, 2×, 4× and 8×")

// SetRate plays at 1, 2, 4 or 8 times the speed until the next Open. VLC's
// control has no command for a number: it doubles.
func (v *VLC) SetRate(ctx context.Context, rate float64) error {
	commands := []string{"normal"}
	for r := rate; r > 1; r /= 2 {
		commands = append(commands, "fastforward")
	}
	if rate != float64(int(1)<<(len(commands)-1)) || rate > 8 {
		return fmt.Errorf("%w, not at %g×", ErrRate, rate)
	}
	if err := v.begin(ctx); err != nil {
		return err
	}
	defer v.finish()
	_, err := v.do(ctx, commands...)
	return err
}

// volume is the loudness that was asked for.
type volume struct {
	percent int
	set     bool // someone asked for one
	due     bool // VLC does not have it yet
}

// SetVolume sets the loudness, 100 being as recorded and 200 the most. VLC
// takes it only while something plays; otherwise it is kept until it does.
func (v *VLC) SetVolume(ctx context.Context, percent int) error {
	if err := v.begin(ctx); err != nil {
		return err
	}
	defer v.finish()
	v.mu.Lock()
	v.volume = volume{percent: min(max(percent, 0), maxPercent), set: true, due: true}
	v.mu.Unlock()
	return v.applyVolume(ctx)
}

// applyVolume tells VLC the loudness that it does not have yet.
func (v *VLC) applyVolume(ctx context.Context) error {
	v.mu.Lock()
	vol := v.volume
	v.mu.Unlock()
	if !vol.due {
		return nil
	}
	replies, err := v.do(ctx, "volume "+strconv.Itoa((vol.percent*fullVolume+50)/100))
	if err != nil {
		return err
	}
	for _, line := range replies[0] {
		// It says that it returned 0 whether it has done it or not.
		if c, ok := parseChange(line); ok && c.kind == "audio volume" {
			v.mu.Lock()
			v.volume.due = v.src.counters.PlayedAudio == 0 // again when there is sound
			v.mu.Unlock()
		}
	}
	return nil
}

// loopback tells whether address is plain HTTP on a loopback address with
// nothing in it that VLC's remote control could read as more than an address.
func loopback(address string) bool {
	for _, c := range []byte(address) {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '\\' {
			return false
		}
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Fragment != "" || len(address) > maxCommand/2 {
		return false
	}
	host, err := netip.ParseAddr(u.Hostname())
	return err == nil && host.IsLoopback()
}
