package player

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

func fakeVLC()    {}
func fakeParent() {}

func watchFor(t *testing.T, v *VLC, what string, d time.Duration) {
	last := ""
	end := time.Now().Add(d)
	t0 := time.Now()
	for time.Now().Before(end) {
		st, err := v.Status(t.Context())
		if err != nil {
			t.Log(err)
			return
		}
		s := fmt.Sprintf("%v time %v len %v shown %v played %v lostp %v problem %q", st.State, st.Time, st.Length, st.Displayed > 0, st.PlayedAudio > 0, st.LostPictures, st.Problem)
		if s != last {
			t.Logf("%s %v %s", what, time.Since(t0).Round(time.Millisecond), s)
			last = s
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestExplore(t *testing.T) {
	p := os.Getenv("VLCPATH")
	v, err := Start(t.Context(), Config{Path: p, Audio: Dummy, Video: Dummy, LogFile: "/tmp/vlc-h/explore.log"})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	f := newFeed(t)
	off := "/tmp/vlc-h/offsetlive.mkv"
	exec.Command("ffmpeg", "-y", "-v", "error", "-i", sample(t, "mkv"), "-c", "copy", "-output_ts_offset", "1000", "-f", "matroska", "-live", "1", off).Run()
	vp9 := "/tmp/vlc-h/prores.mkv"
	exec.Command("ffmpeg", "-y", "-v", "error", "-t", "5", "-i", sample(t, "mkv"), "-c:v", "libx264", "-c:a", "wavpack", "-f", "matroska", vp9).Run()
	bad := "/tmp/vlc-h/bad.mkv"
	b, _ := os.ReadFile(sample(t, "mkv"))
	for i := range len(b) - 16 {
		if string(b[i:i+15]) == "V_MPEG4/ISO/AVC" {
			copy(b[i:], "V_XXXX4/ISO/XXX")
		}
	}
	os.WriteFile(bad, b, 0o644)
	streamOf := func(path, ct string) string {
		data, _ := os.ReadFile(path)
		return f.Stream(ct, func() (io.ReadCloser, error) { return newPacedReader(data, len(data)/20, len(data)/40), nil })
	}
	step := func(what, url string, d time.Duration) {
		t0 := time.Now()
		if err := v.Open(t.Context(), url); err != nil {
			t.Log(what, err)
		}
		t.Log("open took", time.Since(t0))
		watchFor(t, v, what, d)
	}
	os.Setenv("DISPLAY", ":77")
	v, err = Start(t.Context(), Config{Path: p, Audio: Dummy, LogFile: "/tmp/vlc-h/explore.log"})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	step("bogus display", streamOf(sample(t, "ts"), "video/mp2t"), 3*time.Second)
	step("bogus display mkv", streamOf(sample(t, "mkv"), "video/x-matroska"), 3*time.Second)
}
func TestExploreAlsa(t *testing.T) {
	v, err := Start(t.Context(), Config{Path: "/tmp/vlc-h/vlcalsa", Video: Dummy, LogFile: "/tmp/vlc-h/explore.log"})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	f := newFeed(t)
	v.Open(t.Context(), offerFile(t, f, "audio/mpeg", sample(t, "mp3")))
	t.Log(v.SetVolume(t.Context(), 50))
	r, err := v.do(t.Context(), "volume", "status")
	t.Log(r)
	watchFor(t, v, "alsa", 2*time.Second)
	r, err = v.do(t.Context(), "volume", "status", "volume 300", "volume")
	t.Log(r, err)
}
