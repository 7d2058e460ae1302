package player

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// peerOf runs answer on the other end of a remote's connection.
func peerOf(t *testing.T, notice func(change), answer func(conn net.Conn)) *remote {
	t.Helper()
	ours, theirs := net.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() {
		defer theirs.Close()
		answer(theirs)
	})
	r := newRemote(ours, notice)
	t.Cleanup(func() {
		r.close()
		wg.Wait()
	})
	return r
}

// lines calls take for each line that comes, until the connection ends.
func lines(conn net.Conn, take func(line string)) {
	in := bufio.NewScanner(conn)
	for in.Scan() {
		take(in.Text())
	}
}

func complain(conn net.Conn, word string) {
	fmt.Fprintf(conn, "Unknown command `%s'. Type `help' for help.\r\n", word)
}

func TestDialogue(t *testing.T) {
	r := peerOf(t, nil, func(conn net.Conn) { fakeDialogue(conn, "") })
	replies, err := r.do(t.Context(), "get_time", "key key-pause", "add http://127.0.0.1:1/x")
	if err != nil {
		t.Fatal(err)
	}
	want := "[[0] [] [Trying to add http://127.0.0.1:1/x to playlist. add: returned 0 (no error)]]"
	if got := fmt.Sprint(replies); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Changes come between any two lines; each is told once, and none ends a reply.
func TestDialogueInterleaved(t *testing.T) {
	var told []change
	r := peerOf(t, func(c change) { told = append(told, c) }, func(conn net.Conn) {
		lines(conn, func(line string) {
			fmt.Fprint(conn, "status change: ( play state: 4 ): End\r\n")
			if line == "get_time" {
				fmt.Fprint(conn, "12\r\nstatus change: ( time: 3s )\r\n")
				return
			}
			complain(conn, line)
		})
	})
	replies, err := r.do(t.Context(), "get_time")
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := parseNumber(replies[0]); !ok || n != 12 {
		t.Errorf("the time is %d in %q", n, replies)
	}
	want := []change{{"play state", "4", "End"}, {"time", "3s", ""}, {"play state", "4", "End"}}
	if fmt.Sprint(told) != fmt.Sprint(want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// A title that holds VLC's words about an unknown command ends no reply.
func TestDialogueForged(t *testing.T) {
	r := peerOf(t, nil, func(conn net.Conn) {
		lines(conn, func(line string) {
			if line == "info" {
				fmt.Fprint(conn, "| title: Unknown command `td1'.\r\n| title: Unknown command `td.99999999999999999999'.\r\n")
				return
			}
			complain(conn, line)
		})
	})
	replies, err := r.do(t.Context(), "info")
	if err != nil || len(replies[0]) != 2 {
		t.Errorf("%q, %v", replies, err)
	}
}

func TestDialogueLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		r := peerOf(t, nil, func(conn net.Conn) {
			lines(conn, func(line string) {
				switch {
				case line == "get_time" && first:
					first = false
					time.Sleep(commandTime + time.Second)
					fmt.Fprint(conn, "1\r\n")
				case line == "get_time":
					fmt.Fprint(conn, "2\r\n")
				default:
					complain(conn, line)
				}
			})
		})
		began := time.Now()
		if _, err := r.do(t.Context(), "get_time"); !errors.Is(err, errNoAnswer) {
			t.Fatalf("%v", err)
		}
		if took := time.Since(began); took != commandTime {
			t.Errorf("gave up after %v", took)
		}
		if r.hung() {
			t.Error("hung after one late answer")
		}
		// The late answer to the first is not taken for the answer to the second.
		replies, err := r.do(t.Context(), "get_time")
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := parseNumber(replies[0]); n != 2 {
			t.Errorf("the time is %d", n)
		}
		r.close()
	})
}

func TestDialogueHung(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := peerOf(t, nil, func(conn net.Conn) { lines(conn, func(string) {}) })
		for range int(hungTime / commandTime) {
			if r.hung() {
				t.Fatal("hung too early")
			}
			if _, err := r.do(t.Context(), "status"); !errors.Is(err, errNoAnswer) {
				t.Fatalf("%v", err)
			}
		}
		if _, err := r.do(t.Context(), "status"); !errors.Is(err, errNoAnswer) || !r.hung() {
			t.Fatalf("%v, hung %v", err, r.hung())
		}
		r.close()
	})
}

func TestDialogueEnds(t *testing.T) {
	r := peerOf(t, nil, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1)) // then it is closed
	})
	if _, err := r.do(t.Context(), "status"); !errors.Is(err, errGone) {
		t.Errorf("%v", err)
	}
	if _, err := r.do(t.Context(), "status"); !errors.Is(err, errGone) {
		t.Errorf("the second time: %v", err)
	}
}

func TestDialogueCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	r := peerOf(t, nil, func(conn net.Conn) { lines(conn, func(string) { cancel(cause) }) })
	if _, err := r.do(ctx, "status"); !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
}

// Replies without end and lines without end are bounded.
func TestDialogueBounds(t *testing.T) {
	r := peerOf(t, nil, func(conn net.Conn) {
		lines(conn, func(line string) {
			if line == "info" {
				fmt.Fprint(conn, strings.Repeat("x", 1<<20), "\r\n", strings.Repeat("y\r\n", 2*maxReply))
				return
			}
			complain(conn, line)
		})
	})
	replies, err := r.do(t.Context(), "info")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(replies[0]); n != maxReply {
		t.Errorf("%d lines", n)
	}
	if n := len(replies[0][0]); n > maxReplyRow {
		t.Errorf("a line of %d bytes", n)
	}
}

func TestDialogueRefuses(t *testing.T) {
	r := peerOf(t, nil, func(conn net.Conn) { fakeDialogue(conn, "") })
	for _, command := range []string{"add x\nquit", "add x\rquit", "add \x00", "add " + strings.Repeat("x", maxCommand)} {
		if _, err := r.do(t.Context(), command); !errors.Is(err, errCommand) {
			t.Errorf("%.20q: %v", command, err)
		}
	}
}

func TestDialogueConcurrent(t *testing.T) {
	r := peerOf(t, nil, func(conn net.Conn) { fakeDialogue(conn, "") })
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if replies, err := r.do(t.Context(), "get_time", "status"); err != nil || len(replies[0]) != 1 || len(replies[1]) != 3 {
					t.Errorf("%q, %v", replies, err)
				}
			}
		})
	}
	wg.Wait()
}
