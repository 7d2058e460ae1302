package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// benchVariable names the file that TestBench writes its table to; without it
// nothing is measured.
const benchVariable = "TAPEDECK_BENCH"

// TestBench is `make bench`: it measures the program beside its peers in one
// run, and writes a table. It asserts nothing: figures depend on the machine.
func TestBench(t *testing.T) {
	path := os.Getenv(benchVariable)
	if path == "" {
		t.Skip("make bench measures")
	}
	testBinary(t)
	b := &bench{began: time.Now(), load: loadAverage()}
	t.Run("paint", b.paint)
	t.Run("memory", b.memory)
	t.Run("starts", b.starts)
	t.Run("frames", b.frames)
	t.Run("work", b.work)
	t.Run("passing", b.passing)
	t.Run("receive", b.receive)
	t.Run("silence", b.silence)
	t.Run("mms", b.mms)
	if err := os.WriteFile(path, []byte(b.report()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// bench is one run of all measures.
type bench struct {
	began time.Time
	load  string
	rows  []benchRow
}

// benchRow is a line of the table.
type benchRow struct{ what, ours, peer, ratio, aim string }

func (b *bench) add(what, ours, peer, ratio, aim string) {
	b.rows = append(b.rows, benchRow{what, ours, peer, ratio, aim})
}

// report is the whole of BENCH.md.
func (b *bench) report() string {
	var out strings.Builder
	fmt.Fprintf(&out, benchHead, machine(), b.began.UTC().Format("2006-01-02 15:04"), b.load, loadAverage(), strings.Join(versions(), ", "))
	out.WriteString("| measure | tapedeck | beside it | ratio | aim |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range b.rows {
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", r.what, r.ours, r.peer, r.ratio, r.aim)
	}
	out.WriteString(benchNotes)
	return out.String()
}

const benchHead = `# Figures

What ` + "`make bench`" + ` measured last: tapedeck and a peer side by side in one run, medians of several. The ratios are
what counts; the figures are the machine's.

- machine: %s
- when: %s UTC; load average before: %s, after: %s
- with: %s

`

const benchNotes = `
How it is measured:

- **First entry**: from the start of the process in a pseudo-terminal to the first entry of the list on the screen. The
  peer shows the same file.
- **First picture over HTTP**, and after a seek: from Enter (in the same process, ` + "`deck.Do`" + `) or VLC's ` + "`add`" + ` or ` + "`seek`" + ` to the
  moment in which VLC shows the picture, which it writes to a pipe in place of a window. Both VLCs are warm and read
  300 ms ahead; deck and VLC take turns. After a seek it is the first picture of that place, by the clock in it. A server
  50 ms away gives each answer after that time.
- **First picture of RTSP**: to the first picture that VLC counts as displayed. Its count moves every quarter of a second,
  so the time is reckoned back: the count that is seen first, less one, at 25 pictures a second; in brackets, when it was
  seen.
- **Work**: user and system seconds of the one process, from its start to its end, for each gigabyte (10⁹ bytes) that it
  gives to another process: tapedeck's engine to curl in VLC's place, ffmpeg to cat. The server sends H.264 pictures
  of 250 kB, interleaved, as fast as it is read ("unpaced") or at 50 Mbit/s. Over HTTP nginx sends a gigabyte as fast as
  it is read, and curl gives it to a pipe; a file with ranges is written to the disc on its way.
- **Receiving**: the time that the threads of the receivers run (the kernel's count), in a stretch of some seconds at a
  steady rate, for each gigabyte that is sent in it: RTP in, chunks of the container out, nobody takes them further. The
  server is another process. Channels are in one process of ours and in one of GStreamer's; of ffmpeg each has its own.
  Allocations are those of our whole process in that stretch, by its packets.
  Over MMS it is ffmpeg's WMV and WMA in packets of 3 kB, in a loop and faster than the clock. Both spend some 10 to 20 ms
  a second there: the figures of single runs differ by half.
- **First media**: from the link to the first bytes that a decoder can start with, without VLC. Where UDP is silently
  dropped SETUP and PLAY succeed and nothing comes.
- **Memory**: the resident set of the program alone, without VLC, whose own stands beside it. "anonymous" leaves out
  the pages of the program's file; "peak" is the most there was since the start.
`

// median is the middle one of some values.
func median[T ~int64 | ~float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// ratio is ours by theirs.
func ratio[T ~int64 | ~float64](ours, theirs T) string {
	if theirs == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", float64(ours)/float64(theirs))
}

// millis prints a time of less than some seconds.
func millis(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000) }

func machine() string {
	model := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(text), "model name\t: "); ok {
			model, _, _ = strings.Cut(rest, "\n")
		}
	}
	kernel, _ := exec.Command("uname", "-sr").Output()
	return fmt.Sprintf("%d cores, %s, %s", runtime.NumCPU(), model, strings.TrimSpace(string(kernel)))
}

func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// versions are those of the peers.
func versions() []string {
	all := []string{runtime.Version()}
	for _, ask := range [][]string{{"vlc", "--version"}, {"ffmpeg", "-version"}, {"curl", "--version"}, {"less", "--version"}, {"gst-launch-1.0", "--version"}} {
		cmd := exec.Command(ask[0], ask[1:]...)
		asNobody(cmd)
		out, err := cmd.Output()
		if err != nil && len(out) == 0 {
			continue
		}
		words := strings.Fields(string(out))
		for _, w := range words {
			if w[0] >= '0' && w[0] <= '9' {
				all = append(all, ask[0]+" "+w)
				break
			}
		}
	}
	return all
}
