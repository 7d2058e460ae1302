package player

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Outputs is where VLC's sound and pictures go, and what a person is told of it.
type Outputs struct {
	Audio, Video Output
	Notice       string // what is missing here: "no display: sound only"; empty when nothing is
}

// The sentences of Outputs.Notice.
const (
	noDisplay = "no display: sound only"
	noSound   = "no sound device: picture only"
	noDevices = "no display and no sound device: decoded, not shown"
)

// surroundings is what detection asks of the system.
type surroundings struct {
	goos   string
	getenv func(string) string
	// reachable tells whether the user that VLC runs as may open the path for
	// reading and writing.
	reachable func(as account, path string) bool
	glob      func(pattern string) []string
	exists    func(dir string) bool
}

var systemSurroundings = surroundings{
	goos:      runtime.GOOS,
	getenv:    os.Getenv,
	reachable: reachableBy,
	glob: func(pattern string) []string {
		found, _ := filepath.Glob(pattern) // the patterns are ours and well formed
		return found
	},
	exists: isDir,
}

// outputs fills what the configuration leaves to us. A kind that the caller has
// chosen is taken as chosen and not told about.
func (s surroundings) outputs(cfg Config, as account) Outputs {
	out := Outputs{Audio: cfg.Audio, Video: cfg.Video}
	if cfg.Audio == Auto && cfg.AudioFile == "" && !s.sound(as) {
		out.Audio, out.Notice = Dummy, noSound
	}
	if cfg.Video == Auto && !s.display(as) {
		out.blind()
	}
	return out
}

// blind says that pictures go nowhere, unless the caller wanted it so.
func (o *Outputs) blind() {
	if o.Video != Auto {
		return
	}
	o.Video = Dummy
	if o.Notice == noSound {
		o.Notice = noDevices
	} else {
		o.Notice = noDisplay
	}
}

// display looks for a display server that VLC's user can reach. A remote one
// is believed to be there.
func (s surroundings) display(as account) bool {
	if s.goos == "darwin" {
		return true
	}
	if name := s.getenv("WAYLAND_DISPLAY"); name != "" {
		if !filepath.IsAbs(name) {
			name = filepath.Join(s.runtimeDir(as), name)
		}
		if s.reachable(as, name) {
			return true
		}
	}
	name := s.getenv("DISPLAY")
	number, local := strings.CutPrefix(strings.TrimPrefix(name, "unix"), ":")
	if !local {
		return name != ""
	}
	number, _, _ = strings.Cut(number, ".")
	return s.reachable(as, "/tmp/.X11-unix/X"+number)
}

// runtimeDir is where the session of VLC's user keeps its sockets.
func (s surroundings) runtimeDir(as account) string {
	if as.switched {
		return as.runtimeDir("", s.exists)
	}
	return s.getenv("XDG_RUNTIME_DIR")
}

// sound looks for a sound server that VLC's user can reach, then for a card.
func (s surroundings) sound(as account) bool {
	if s.goos == "darwin" || s.getenv("PULSE_SERVER") != "" {
		return true
	}
	sockets := []string{"/run/pulse/native", "/var/run/pulse/native"}
	if dir := s.runtimeDir(as); dir != "" {
		sockets = append(sockets, filepath.Join(dir, "pulse/native"), filepath.Join(dir, "pipewire-0"))
	}
	for _, path := range sockets {
		if s.reachable(as, path) {
			return true
		}
	}
	for _, path := range s.glob("/dev/snd/pcm*p") {
		if s.reachable(as, path) {
			return true
		}
	}
	// The Open Sound System of the BSDs.
	return strings.HasSuffix(s.goos, "bsd") && s.reachable(as, "/dev/dsp")
}
