package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
	"tapedeck/client/web/webtest"
	"tapedeck/player/playback"
)

// container is a file that ffmpeg makes of the clip.
type container struct {
	name        string
	contentType string
	args        []string
	picture     bool
}

// TestContainers: files of each container are played, and seeked in to where
// picture and sound are those of the time that is asked for, which the position
// tells; how long they are is known.
func TestContainers(t *testing.T) {
	t.Parallel()
	copied, sound := []string{"-c", "copy"}, func(args ...string) []string { return append([]string{"-vn"}, args...) }
	for group, containers := range map[string][]container{
		"films": {
			{"end.mp4", "video/mp4", copied, true}, // its index is at the end
			{"clip.ts", "video/mp2t", copied, true},
			{"clip.avi", "video/x-msvideo", copied, true},
			{"clip.wmv", "video/x-ms-asf", []string{"-c:v", "wmv2", "-b:v", "400k", "-g", "25", "-c:a", "wmav2"}, true},
		},
		"MPEG sound": {
			{"vbr.mp3", "audio/mpeg", sound("-q:a", "4"), false},
			{"cbr.mp3", "audio/mpeg", sound("-b:a", "64k", "-write_xing", "0"), false},
			{"sound.ts", "video/mp2t", sound("-c", "copy"), false},
		},
		"other sound": {
			{"vorbis.ogg", "application/ogg", sound("-c:a", "libvorbis"), false},
			{"opus.ogg", "application/ogg", sound("-c:a", "libopus"), false},
			{"tone.flac", "audio/flac", sound(), false},
			{"flac.ogg", "application/ogg", sound("-c:a", "flac"), false},
		},
	} {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			for _, c := range containers {
				t.Run(c.name, func(t *testing.T) { c.check(t, r) })
			}
		})
	}
}

func (c container) check(t *testing.T, r *rig) {
	server := webtest.NewFile(c.name, c.contentType, c.make(t), webtest.FileOptions{})
	defer server.Close()
	is := channel{seeks: backAndOn}
	if c.picture {
		is.codecs = film
	}
	r.play(t, server.URL)
	is.checkPlays(t, r, 0)
	r.until(t, "the length", func() bool {
		d := r.look().Duration
		return d > clip.Duration-time.Second && d < clip.Duration+time.Second
	})
	asked := len(server.Requests())
	for _, to := range backAndOn {
		r.deck.Do(playback.SeekTo{To: to})
		await[playback.SeekingEvent](t, r, nil)
		is.checkPlays(t, r, to)
	}
	if again := len(server.Requests()); again > asked {
		t.Errorf("%d more requests for what was read already", again-asked)
	}
	r.deck.Do(playback.Stop{})
}

func (c container) make(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), c.name)
	args := append(append([]string{"-v", "error", "-i", clipFile(t)}, c.args...), path)
	if out, err := exec.Command(peers.Find(t, "ffmpeg"), args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
