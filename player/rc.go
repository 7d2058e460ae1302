package player

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	commandTime = 5 * time.Second  // given to VLC to answer; it takes 2 s on a machine with ten times too much to do
	hungTime    = 15 * time.Second // without any answer VLC counts as hung and is ended
	maxCommand  = 1000             // bytes of a command; VLC cuts lines at 1024
	maxReplyRow = 4 << 10          // bytes of one line of a reply; the rest of it is dropped
	maxReply    = 2000             // lines of one reply; the rest is dropped
)

var (
	errNoAnswer = errors.New("no answer in time")
	errGone     = errors.New("the connection to VLC is closed")
	errCommand  = errors.New("the command cannot be sent")
)

// remote is the dialogue with VLC's oldrc interface over a Unix socket.
//
// A reply has no mark at its end: some commands say "add: returned 0", some
// print a number, some nothing at all. So each command is followed by a word
// that VLC cannot know, and its complaint about that word ends the reply:
//
//	> get_time
//	> tdQX2A.7
//	< 12
//	< Unknown command `tdQX2A.7'. Type `help' for help.
//
// The words are never used twice, so a reply that comes too late is recognised
// and dropped. Several commands go out in one write and cost one round trip.
type remote struct {
	conn   net.Conn
	notice func(change)  // called for each change, from the reading goroutine
	turn   chan struct{} // holds one token: one dialogue at a time
	gone   chan struct{} // closed when the connection is
	limit  time.Duration // commandTime, or a test's

	word string // what the words begin with: chance, so that no stream's title can hold one

	mu      sync.Mutex
	mark    uint64 // the number of the last word sent
	heard   uint64 // the number of the last word that came back
	pending *exchange
	silent  time.Time // since when VLC owes an answer; zero when it does not
}

// exchange is one dialogue that waits for its end.
type exchange struct {
	first, last uint64 // the numbers of its words
	replies     [][]string
	done        chan struct{}
}

// dialRemote connects to the socket. notice may be nil.
func dialRemote(ctx context.Context, path string, notice func(change)) (*remote, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	return newRemote(conn, notice), nil
}

// newRemote speaks on conn, which it owns from now on.
func newRemote(conn net.Conn, notice func(change)) *remote {
	r := &remote{
		conn: conn, notice: notice, word: "td" + rand.Text()[:8] + ".",
		turn: make(chan struct{}, 1), gone: make(chan struct{}), limit: commandTime,
	}
	r.turn <- struct{}{}
	go r.read()
	return r
}

// do sends the commands at once and returns the reply to each.
func (r *remote) do(ctx context.Context, commands ...string) ([][]string, error) {
	select {
	case <-r.turn:
		defer func() { r.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, fmt.Errorf("vlc: %w", context.Cause(ctx))
	case <-r.gone:
		return nil, fmt.Errorf("vlc: %w", errGone)
	}
	for _, c := range commands {
		if len(c) > maxCommand || strings.ContainsAny(c, "\r\n\x00") {
			return nil, fmt.Errorf("vlc: %s: %w", verb(c), errCommand)
		}
	}
	text, x := r.begin(commands)
	// The reply decides about a write that failed: the reader sees it too.
	_ = r.conn.SetWriteDeadline(time.Now().Add(r.limit))
	_, _ = io.WriteString(r.conn, text)

	timer := time.NewTimer(r.limit)
	defer timer.Stop()
	var err error
	select {
	case <-x.done:
		return x.replies, nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-timer.C:
		err = errNoAnswer
	case <-r.gone:
		err = errGone
	}
	r.mu.Lock()
	r.pending = nil
	r.mu.Unlock()
	return nil, fmt.Errorf("vlc: %s: %w", verb(commands[0]), err)
}

// begin makes the text of a dialogue and the place for its replies.
func (r *remote) begin(commands []string) (string, *exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	x := &exchange{first: r.mark + 1, replies: make([][]string, len(commands)), done: make(chan struct{})}
	for _, c := range commands {
		r.mark++
		b.WriteString(c)
		b.WriteString("\n" + r.word)
		b.WriteString(strconv.FormatUint(r.mark, 10))
		b.WriteByte('\n')
	}
	x.last = r.mark
	r.pending = x
	if r.silent.IsZero() {
		r.silent = time.Now()
	}
	return b.String(), x
}

// hung tells whether VLC has answered nothing for too long.
func (r *remote) hung() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.silent.IsZero() && time.Since(r.silent) > hungTime
}

// read takes VLC's lines until the connection ends.
func (r *remote) read() {
	defer close(r.gone)
	in := bufio.NewReaderSize(r.conn, maxReplyRow)
	for {
		row, err := in.ReadSlice('\n')
		line := clean(bytes.TrimRight(row, "\r\n"))
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n') // the rest of a line that is too long
		}
		if line != "" {
			r.take(line)
		}
		if err != nil {
			return
		}
	}
}

// take gives a line to the dialogue that waits for it, and a change to the
// listener.
func (r *remote) take(line string) {
	if c, ok := parseChange(line); ok && r.notice != nil {
		r.notice(c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	x := r.pending
	if mark, ok := r.parseMark(line); ok {
		r.heard = mark
		r.silent = time.Time{}
		if mark < r.mark {
			r.silent = time.Now() // it talks, and owes more
		}
		if x != nil && mark >= x.last {
			r.pending = nil
			close(x.done)
		}
		return
	}
	// The line belongs to the command after the last mark that was heard, which
	// may be one that nobody waits for any more.
	owner := r.heard + 1
	if x == nil || owner < x.first || owner > x.last {
		return
	}
	if reply := &x.replies[owner-x.first]; len(*reply) < maxReply {
		*reply = append(*reply, line)
	}
}

// parseMark finds one of our words in VLC's complaint about it.
func (r *remote) parseMark(line string) (uint64, bool) {
	_, rest, ok := strings.Cut(line, "`"+r.word)
	if !ok {
		return 0, false
	}
	digits, _, ok := strings.Cut(rest, "'")
	if !ok {
		return 0, false
	}
	mark, err := strconv.ParseUint(digits, 10, 64)
	return mark, err == nil && mark <= r.mark
}

// close ends the connection and waits for the reader.
func (r *remote) close() {
	r.conn.Close()
	<-r.gone
}

// verb is the first word of a command: what may be told of it.
func verb(command string) string {
	v, _, _ := strings.Cut(command, " ")
	return v
}
