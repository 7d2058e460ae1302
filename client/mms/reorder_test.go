package mms

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media"
)

// ordering drives a reorder through a script, and writes down what comes out:
//
//	12       packet 12 of this play: its place in the file is 12, and its number too
//	12/300   its place is 12, its number 300
//	~12      packet 12 of an earlier play
//	|        another play begins
//	+50ms    time passes; what is due is done
//	.12      the server has sent all: up to place 12
//	.        the same, and nobody knows up to where
type ordering struct {
	r   reorder
	now time.Time
	out []string
}

func newOrdering(resends bool) *ordering {
	o := &ordering{now: time.Unix(1000, 0)}
	o.r = newReorder(func(location uint32, packet []byte) {
		o.out = append(o.out, fmt.Sprint(location))
		if binary.LittleEndian.Uint32(packet) != location {
			o.out = append(o.out, "another one's bytes")
		}
	})
	o.r.resends, o.r.rtt = resends, 20*time.Millisecond
	return o
}

func (o *ordering) run(script string) {
	for _, s := range strings.Fields(script) {
		switch s[0] {
		case '|':
			o.r.restart()
			o.out = append(o.out, "|")
		case '+':
			d, _ := time.ParseDuration(s[1:])
			o.pass(d)
		case '.':
			var last uint32
			_, err := fmt.Sscan(s[1:], &last)
			o.r.finish(o.now, last, err == nil)
			o.pass(0)
			if o.r.empty() {
				o.out = append(o.out, "end")
			}
		default:
			o.packet(s)
		}
	}
}

func (o *ordering) packet(s string) {
	s, stale := strings.CutPrefix(s, "~")
	place, number, two := strings.Cut(s, "/")
	if !two {
		number = place
	}
	var location, seq uint32
	fmt.Sscan(place, &location)
	fmt.Sscan(number, &seq)
	o.r.take(o.now, location, byte(seq), binary.LittleEndian.AppendUint32(nil, location), !stale)
	o.pass(0)
}

// pass lets time pass, and wakes when it is asked to.
func (o *ordering) pass(d time.Duration) {
	until := o.now.Add(d)
	for {
		o.r.expire(o.now)
		o.r.ask(o.now, func(seqs []uint32) {
			o.out = append(o.out, "?"+strings.Trim(strings.ReplaceAll(fmt.Sprint(seqs), " ", ","), "[]"))
		})
		at := o.r.deadline()
		if at.IsZero() || at.After(until) {
			break
		}
		if at.Before(o.now) {
			o.out = append(o.out, "wakes in vain")
			break
		}
		o.now = at
	}
	o.now = until
}

// count is 12 13 14 ... up to a number.
func span(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "%d ", i)
	}
	return b.String()
}

func TestReorder(t *testing.T) {
	for _, c := range []struct {
		name, in, out string
		stats         media.Stats // but Bytes
	}{
		{"in order", "0 1 2 .2", "0 1 2 end", media.Stats{Packets: 3}},
		{"swapped", "0 2 1 3", "0 1 2 3", media.Stats{Packets: 4, Reordered: 1}},
		{"twice", "0 1 1 0 2 2", "0 1 2", media.Stats{Packets: 3, Duplicates: 3}},
		{"twice while held", "0 2 2 1", "0 1 2", media.Stats{Packets: 3, Reordered: 1, Duplicates: 1}},
		{"lost and sent again", "0 2 +29ms +1ms 1", "0 ?1 1 2", media.Stats{Packets: 3, Reordered: 1}},
		{"asked for three times", "0 2 3 +2s", "0 ?1 ?1 ?1 2 3", media.Stats{Packets: 3, Lost: 1}},
		{"too late", "0 2 +2s 1 1", "0 ?1 ?1 ?1 2", media.Stats{Packets: 2, Lost: 1, Reordered: 2}},
		{"a gap of some", "0 1 6 7 +30ms 4 2 +220ms 3 5", "0 1 ?2,3,4,5 2 ?3,5 3 4 5 6 7", media.Stats{Packets: 8, Reordered: 4}},
		{"more than one request", "0 41 +30ms", "0 " + "?" + commas(1, 32) + " ?" + commas(33, 40), media.Stats{Packets: 1}},
		{"requests have a distance", "0 2 +20ms 4 +15ms", "0 ?1", media.Stats{Packets: 1}},
		{"and come then", "0 2 +20ms 4 +60ms", "0 ?1 ?3", media.Stats{Packets: 1}},
		{"the first is lost", "1 2 +30ms 0", "?0 0 1 2", media.Stats{Packets: 3, Reordered: 1}},
		{"numbers wrap", span(0, 300), span(0, 300), media.Stats{Packets: 301}},
		{"lost around the wrap", span(0, 254) + "257 258 +30ms 255 256", span(0, 254) + "?255,256 255 256 257 258", media.Stats{Packets: 259, Reordered: 2}},
		{"126 lost", "0 127 +2s", "0 " + asked(1, 126) + "127", media.Stats{Packets: 2, Lost: 126}},
		{"127 lost", "0 128 129", "0 128 129", media.Stats{Packets: 3, Lost: 127}},
		{"200 lost", "0 201 202", "0 201 202", media.Stats{Packets: 3, Lost: 200}},
		{"255 lost", "0 256 257", "0 256 257", media.Stats{Packets: 3, Lost: 255}},
		{"the window is full", "0 " + span(2, 129), "0 " + span(2, 129), media.Stats{Packets: 129, Lost: 1}},
		{"very late", span(0, 200) + "10", span(0, 200), media.Stats{Packets: 201, Reordered: 1}},
		{"gaps in the file", "0/0 5/1 6/2 900/3", "0 5 6 900", media.Stats{Packets: 4}},
		{"a broadcast begins its file again", "50/0 51/1 0/2 1/3", "50 51 0 1", media.Stats{Packets: 4}},
		{"begins anywhere", "1000/77 1001/78", "1000 1001", media.Stats{Packets: 2}},

		{"another play", "0 1 | 70/2 71/3", "0 1 | 70 71", media.Stats{Packets: 4}},
		{"another play loses its first", "0 1 | 71/3 +30ms 70/2", "0 1 | ?2 70 71", media.Stats{Packets: 4, Reordered: 1}},
		{"stale ones first", "0 1 | ~2 ~3 70/4", "0 1 | 70", media.Stats{Packets: 3}},
		{"stale ones later", "0 1 | 70/5 ~4 71/6", "0 1 | 70 71", media.Stats{Packets: 4}},
		{"stale ones sent again", "0 1 | 70/5 +30ms ~2 ~3 ~4", "0 1 | ?2,3,4 70", media.Stats{Packets: 3}},
		{"stale ones that never came", "0 1 | 70/5 71/6 +1s", "0 1 | ?2,3,4 70 71", media.Stats{Packets: 4}},
		{"stale ones of a play of which nothing came", "| ~0 ~1 ~2 9/3", "| 9", media.Stats{Packets: 1}},
		{"a play skips 255", span(0, 254) + "| 5/256 6/257", span(0, 254) + "| 5 6", media.Stats{Packets: 257}},
		{"a play skips 255 behind a lost one", span(0, 253) + "| 5/256 +30ms ~254", span(0, 253) + "| ?254 5", media.Stats{Packets: 255}},
		{"each play counts from 0", span(0, 99) + "| 5/0 6/1", span(0, 99) + "| 5 6", media.Stats{Packets: 102}},
		{"far off", span(0, 9) + "| 5/100 6/101", span(0, 9) + "| 5 6", media.Stats{Packets: 12}},
		{"nothing of before is given", "0 2 3 | 70/4", "0 | 70", media.Stats{Packets: 2}},

		{"the end with a gap", "0 2 .2 +30ms 1 .2", "0 ?1 1 2 end", media.Stats{Packets: 3, Reordered: 1}},
		{"the last is lost", "0 1 .2 +2s", "0 1 ?2", media.Stats{Packets: 2}},
		{"the last is late", "0 1 .2 2 .2", "0 1 2 end", media.Stats{Packets: 3}},
		{"the last but one is lost", "0 1 .3 3 +30ms 2", "0 1 ?2 2 3", media.Stats{Packets: 4, Reordered: 1}},
		{"the end of what is live", "0 1 . +2s 5", "0 1 ?" + commas(2, 17), media.Stats{Packets: 2, Reordered: 0, Duplicates: 1}},
	} {
		o := newOrdering(true)
		o.run(c.in)
		o.r.stats.Bytes = 0
		if got, want := strings.Join(o.out, " "), strings.TrimSpace(c.out); got != want || o.r.stats != c.stats {
			t.Errorf("%s:\n got %s %+v\nwant %s %+v", c.name, got, o.r.stats, want, c.stats)
		}
	}
}

func commas(from, to int) string {
	return strings.ReplaceAll(strings.TrimSpace(span(from, to)), " ", ",")
}

// asked is three rounds of requests for a range.
func asked(from, to int) string {
	var b strings.Builder
	for range maxAsks {
		for at := from; at <= to; at += 32 {
			fmt.Fprintf(&b, "?%s ", commas(at, min(at+31, to)))
		}
	}
	return b.String()
}

// TestReorderWithoutResends: a gap is waited for only as long as datagrams
// overtake each other.
func TestReorderWithoutResends(t *testing.T) {
	o := newOrdering(false)
	o.run("0 2 +99ms 4 +1ms 3 +99ms")
	if got := strings.Join(o.out, " "); got != "0 2 3 4" {
		t.Error(got)
	}
}

// TestReorderHold: on a slow link there is time for the answers.
func TestReorderHold(t *testing.T) {
	for rtt, want := range map[time.Duration]time.Duration{
		0: time.Second, 200 * time.Millisecond: 1230 * time.Millisecond, time.Minute: 2 * time.Second,
	} {
		r := reorder{resends: true, rtt: rtt}
		if got := r.hold(&slot{}); got != want {
			t.Errorf("%v: %v, want %v", rtt, got, want)
		}
	}
}

// FuzzReorder: whatever comes, nothing is given twice or before what precedes it,
// and what is waited for ends.
func FuzzReorder(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 1, 1, 0, 3, 3, 0, 2, 2})
	f.Add([]byte{0, 0, 0, 2, 0, 0, 1, 9, 9, 3, 200, 200, 0, 255, 40})
	f.Add([]byte{0, 128, 1, 4, 0, 0, 0, 0, 129, 1, 4, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		given := 0
		r := newReorder(func(uint32, []byte) { given++ })
		r.resends = true
		now := time.Unix(1000, 0)
		sent := 0
		for ; len(script) >= 3; script = script[3:] {
			op, a, b := script[0], script[1], script[2]
			switch op % 5 {
			case 0, 1:
				sent++
				r.take(now, uint32(a)+uint32(b)<<8, a, []byte{a}, op%5 == 0)
			case 2:
				r.restart()
			case 3:
				now = now.Add(time.Duration(a) * 10 * time.Millisecond)
				r.expire(now)
				r.ask(now, func(s []uint32) {
					if len(s) == 0 || len(s) > 32 || !slices.IsSorted(s) && s[0] < 1<<31 {
						t.Fatalf("%d", s)
					}
				})
			case 4:
				r.finish(now, uint32(a), b&1 == 0)
			}
			if given > sent || r.end-r.next > reorderWindow || r.end-r.high-1 > reorderWindow {
				t.Fatalf("%d given of %d; %d %d %d", given, sent, r.next, r.high, r.end)
			}
		}
		r.expire(now.Add(2 * maxHold))
		if !r.empty() {
			t.Fatalf("waits for %d up to %d", r.next, r.end)
		}
	})
}
