package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tapedeck/client"
	"tapedeck/client/mms/mmstest"
	"tapedeck/client/peers"
)

// benchMMSRate is how fast the programme comes whose receivers are measured,
// bits a second; it is a film of benchMMSLength, in a loop and faster than the
// clock.
const (
	benchMMSRate   = 50_000_000
	benchMMSLength = 30 * time.Second
)

// mms is the CPU time for each gigabyte that comes over MMS, beside ffmpeg.
func (b *bench) mms(t *testing.T) {
	film := filepath.Join(t.TempDir(), "film.asf")
	made := mmstest.Make(t, mmstest.MakeOptions{Length: benchMMSLength, Rates: []int{2_000_000}})
	if err := os.WriteFile(film, made, 0o600); err != nil {
		t.Fatal(err)
	}
	server := startTalker(t, "TestBenchMMSServer", mmsFileVariable+"="+film)
	url := server.answer()
	for _, scheme := range []string{"mmst", "mmsh"} {
		link := scheme + strings.TrimPrefix(url, "mmst")
		job, _ := json.Marshal(receiverJob{Link: link, Channels: 1})
		child := startTalker(t, "TestBenchReceiver", receiverVariable+"="+string(job))
		child.answer() // it is open
		var before, after received
		count := func(r *received) {
			if err := json.Unmarshal([]byte(child.ask()), r); err != nil {
				t.Fatal(err)
			}
		}
		ours := mmsReceiving(t, server, func() { count(&before) }, func() { count(&after) }, child.cmd)
		child.end()

		theirs := exec.CommandContext(t.Context(), peers.Find(t, "ffmpeg"), "-nostdin", "-v", "quiet",
			"-i", link, "-map", "0", "-c", "copy", "-f", "asf", "-y", os.DevNull)
		if err := theirs.Start(); err != nil {
			t.Fatal(err)
		}
		ffmpeg := mmsReceiving(t, server, func() {}, func() {}, theirs)
		_ = theirs.Process.Kill()
		_ = theirs.Wait() // killed

		counts := after.since(before)
		t.Logf("%s: ours %.2f, ffmpeg %.2f s/GB; %+v", scheme, ours, ffmpeg, counts)
		b.add("receiving, per GB, "+strings.ToUpper(scheme)+", 50 Mbit/s", fmt.Sprintf("%.2f s", ours),
			fmt.Sprintf("ffmpeg -c copy: %.2f s", ffmpeg), ratio(ours, ffmpeg), "≤ 0.5")
		b.add("its allocations per packet", fmt.Sprintf("%.3f", float64(counts.Mallocs)/float64(max(counts.Packets, 1))), "", "", "0")
	}
	b.mmsSilence(t)
}

// mmsReceiving waits until a receiver gets packets, and measures it for a while.
func mmsReceiving(t *testing.T, server *talker, start, end func(), receiver *exec.Cmd) (perGB float64) {
	t.Helper()
	sent := func() (n float64) {
		if _, err := fmt.Sscan(server.ask(), &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for first, stop := sent(), time.Now().Add(ptyPatience); sent() < first+benchMMSRate/8; <-time.After(20 * time.Millisecond) {
		if time.Now().After(stop) {
			t.Fatal("nothing is sent")
		}
	}
	<-time.After(receiveWarm)
	start()
	before, bytes := cpuTime(t, []*exec.Cmd{receiver}), sent()
	<-time.After(receiveStretch)
	perGB = (cpuTime(t, []*exec.Cmd{receiver}) - before).Seconds() / (sent() - bytes) * 1e9
	end()
	return perGB
}

// mmsFileVariable has the film that TestBenchMMSServer serves.
const mmsFileVariable = "TAPEDECK_BENCH_MMS"

// TestBenchMMSServer is the server's process: it says its address, and then for
// each line how many bytes of media it has sent.
func TestBenchMMSServer(t *testing.T) {
	path := os.Getenv(mmsFileVariable)
	if path == "" {
		t.Skip("started by TestBench only")
	}
	film, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	live, err := mmstest.Live(film)
	if err != nil {
		t.Fatal(err)
	}
	entry, _ := live.Entry(0)
	rate := float64(len(film)) * 8 / benchMMSLength.Seconds()
	srv, err := mmstest.Start(mmstest.Options{
		Programmes: map[string]*mmstest.Programme{"film": live}, Speed: benchMMSRate / rate,
		Funnel: mmstest.FunnelOptions{Legacy: true}, // ffmpeg takes every file for number 1
	})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	fmt.Println(srv.URL("mmst", "film"))
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(srv.Stats().Packets * entry.PacketSize)
	}
}

// mmsSilence is the time to the first media of an mms:// link where UDP is
// dropped on the way, against one that has TCP from the start.
func (b *bench) mmsSilence(t *testing.T) {
	film, err := mmstest.Film(mmstest.Sample())
	if err != nil {
		t.Fatal(err)
	}
	srv, err := mmstest.Start(mmstest.Options{
		Programmes: map[string]*mmstest.Programme{"film": film},
		Funnel:     mmstest.FunnelOptions{DropUDP: func(uint32) bool { return true }},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	var first, second, alone []time.Duration
	for range silentRuns {
		visitor := new(client.Client)
		first = append(first, firstMedia(t, visitor, srv.URL("mms", "film")))
		second = append(second, firstMedia(t, visitor, srv.URL("mms", "film")))
		alone = append(alone, firstMedia(t, new(client.Client), srv.URL("mmst", "film")))
	}
	t.Logf("UDP dropped: %v, again %v; MMST alone %v", first, second, alone)
	more := func(d time.Duration) string { return fmt.Sprintf("+%.2f s", (d - median(alone)).Seconds()) }
	b.add("first media, mms://, UDP silently dropped, first visit", millis(median(first)), "MMST alone: "+millis(median(alone)), more(median(first)), "≤ +2 s")
	b.add("the same, second visit", millis(median(second)), "MMST alone: "+millis(median(alone)), more(median(second)), "+0 s")
}
