package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

// eye sees the pictures that one VLC shows, in the moment in which it shows
// them: VLC writes them to a pipe in place of a window.
type eye struct {
	path   string
	frames chan frame
}

// frame is one picture that was shown.
type frame struct {
	at     time.Time
	second int // of the clip; -1 where the picture does not tell
}

// eyeQueue is how many pictures may wait to be looked at: half a minute of them.
const eyeQueue = 30 * clip.FrameRate

func newEye(t *testing.T) *eye {
	t.Helper()
	dir, err := os.MkdirTemp(workDir, "eye-")
	if err != nil {
		t.Fatal(err)
	}
	e := &eye{path: filepath.Join(dir, "pictures"), frames: make(chan frame, eyeQueue)}
	if err := syscall.Mkfifo(e.path, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, e.path} { // whatever the umask says
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	// Open for writing too: it is there before VLC comes and after it has gone.
	pipe, err := os.OpenFile(e.path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.watch(pipe)
	}()
	t.Cleanup(func() {
		pipe.Close()
		<-ended
	})
	return e
}

// watch takes VLC's pictures: a line about the format for each window that it
// would open, and before each picture the line "FRAME".
func (e *eye) watch(pipe io.Reader) {
	const luma = clip.Width * clip.Height
	picture := make([]byte, luma*3/2)
	in := bufio.NewReaderSize(pipe, len(picture))
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		if string(line) != "FRAME\n" {
			continue
		}
		f := frame{at: time.Now(), second: -1}
		if _, err := io.ReadFull(in, picture); err != nil {
			return
		}
		if second, ok := clip.SecondOfPicture(picture[:luma], clip.Width, clip.Height); ok {
			f.second = second
		}
		select {
		case e.frames <- f:
		default: // nobody looks
		}
	}
}

// arguments make VLC show its pictures here.
func (e *eye) arguments() []string { return []string{"--vout=yuv", "--yuv-file=" + e.path} }

// program is a VLC that shows its pictures here whatever it is told.
func (e *eye) program(t *testing.T) string {
	t.Helper()
	path := e.path + ".sh"
	text := fmt.Sprintf("#!/bin/sh\nexec %s \"$@\" --vout=yuv --yuv-file=%s\n", peers.Find(t, "vlc"), e.path)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// forget drops what was seen until now.
func (e *eye) forget() {
	for len(e.frames) > 0 {
		<-e.frames
	}
}

// see is how long after began the first picture that fits is shown.
func (e *eye) see(t *testing.T, began time.Time, fits func(second int) bool) time.Duration {
	t.Helper()
	end := time.NewTimer(ptyPatience)
	defer end.Stop()
	for {
		select {
		case f := <-e.frames:
			if f.at.After(began) && fits(f.second) {
				return f.at.Sub(began)
			}
		case <-end.C:
			t.Fatal("no such picture was shown")
		}
	}
}
