package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"tapedeck/player/playback"
)

// TestWords: what is said to a person denies nothing that can be done, and
// hides nothing that is missing.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		event playback.Event
		want  string
	}{
		{playback.OpenedEvent{Protocol: "icy", Transport: "http/1.1", Live: true, NoSeek: "the stream is live"},
			"icy over http/1.1, live, seeks only within what has come: the stream is live"},
		{playback.OpenedEvent{Protocol: "http", Transport: "http/1.1", NoSeek: "the server has no ranges"},
			"http over http/1.1, cannot seek: the server has no ranges"},
		{playback.GapEvent{Position: 62, Missing: 12}, "00:00:12 are missing at 00:01:02"},
		{playback.RecordedEvent{Path: "x.mp3", Bytes: 9, Duration: 60, Gaps: 2, Missing: 12}, "x.mp3, 9 bytes, 00:01:00; 00:00:12 are missing (gaps: 2)"},
		{playback.RecordedEvent{Path: "x.mp3", Bytes: 9, Duration: 60}, "x.mp3, 9 bytes, 00:01:00"},
	} {
		if got := words(c.event); got != c.want {
			t.Errorf("%T: %q, want %q", c.event, got, c.want)
		}
	}
}

// TestProbeColumns: the times stand under one another, whatever the steps are
// called.
func TestProbeColumns(t *testing.T) {
	var out bytes.Buffer
	d := &doctor{show: newShow(newPrinter(&out, false), 0)}
	for _, name := range []string{"tcp", "setup multicast video", "a step with a name that is longer than any"} {
		d.event(playback.StepEvent{Rung: "session", Step: name, Took: 0.012, OK: true, Detail: "x"})
	}
	column := -1
	for line := range strings.Lines(out.String()) {
		at := strings.Index(line, " ms  x")
		if at = len([]rune(line[:max(at, 0)])); column >= 0 && at != column || at == 0 {
			t.Errorf("out of its column: %q", line)
		}
		column = at
	}
}

// TestPlainer has each mistake of the command line answered by what to write.
func TestPlainer(t *testing.T) {
	flags := pflag.NewFlagSet("x", pflag.ContinueOnError)
	flags.Duration("timeout", 0, "")
	for value, want := range map[string]string{"5": "--timeout 5: a time has a unit: 5s, 5m or 5h", "soon": "a time has a unit: 30s, 5m or 1h30m"} {
		if got := plainer(flags.Parse([]string{"--timeout", value})).Error(); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if err := errors.New("another"); plainer(err) != err {
		t.Error("another error is changed")
	}
	if got := openable("nosuch"); !strings.HasPrefix(got, "nosuch: no such file; a link begins with") {
		t.Errorf("%q", got)
	}
	if err := knownCharset("windows-1251"); err != nil {
		t.Error(err)
	}
	if err := knownCharset("nonsense"); err == nil {
		t.Error("a charset that nobody knows is taken")
	}
}
