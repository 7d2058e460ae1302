package player

import "strconv"

// Output is where sound or pictures go.
type Output uint8

const (
	// Auto is VLC's own choice, or Dummy where Detect finds no device.
	Auto Output = iota
	// Dummy decodes and shows or plays nothing.
	Dummy
	// None does not decode this kind at all.
	None
)

// defaultCaching is VLC's read-ahead for our loopback source. 300 ms is enough
// to hide the scheduler and is a good part of the time to the first picture.
const defaultCaching = 300

// arguments is VLC's command line: a pure function of the configuration, the
// socket's path and what outputs there are. No byte of a playlist or a server
// is ever among them.
//
// A user's own VLC settings stay in force, because the sound device, the
// picture's hardware decoding and the like are chosen there; --ignore-config
// would lose them. What in them would break the deck (a repeat, a stop time, a
// proxy, a second interface) is overruled one by one.
func arguments(cfg Config, out Outputs, socket, goos string) []string {
	caching := cfg.CachingMS
	if caching <= 0 {
		caching = defaultCaching
	}
	args := []string{
		// The only interface, and the only way in.
		"-I", "oldrc", "--rc-unix", socket, "--rc-fake-tty",
		"--extraintf=", "--no-lua", "--no-dbus", "--no-one-instance", "--no-media-library",

		// A source is opened once, read a little ahead and never looked up.
		"--no-auto-preparse", "--no-metadata-network-access",
		"--network-caching=" + strconv.Itoa(caching),

		// One item, once, from its beginning to its end.
		"--no-random", "--no-loop", "--no-repeat", "--input-repeat=0",
		"--no-play-and-exit", "--no-play-and-stop", "--no-play-and-pause", "--no-start-paused",
		"--start-time=0", "--stop-time=0", "--run-time=0", "--rate=1", "--input-slave=", "--sout=",

		// The deck shows what is on; the picture carries no words of VLC's.
		"--no-video-title-show", "--video-title=tapedeck", "--no-osd", "--no-sub-autodetect-file",
		"--no-color", "--verbose=0", "--no-file-logging", "--stats", "--no-interact",
	}
	args = append(args, soundArguments(cfg, out.Audio)...)
	return append(args, pictureArguments(out.Video, goos)...)
}

func soundArguments(cfg Config, sound Output) []string {
	switch {
	case cfg.AudioFile != "":
		return []string{"--audio", "--aout=afile", "--audiofile-file=" + cfg.AudioFile, "--audiofile-format=s16", "--audiofile-wav"}
	case sound == Dummy:
		return []string{"--audio", "--aout=dummy"}
	case sound == None:
		return []string{"--no-audio"}
	}
	return []string{"--audio"}
}

func pictureArguments(picture Output, goos string) []string {
	switch picture {
	case Dummy:
		// No display means no driver to ask for hardware decoding either.
		return []string{"--video", "--vout=dummy", "--avcodec-hw=none"}
	case None:
		return []string{"--no-video"}
	}
	if goos == "darwin" {
		return []string{"--video"}
	}
	return []string{"--video", "--vout=" + windows}
}

// windows are the picture outputs that draw in a window, best first, and the
// one that draws nowhere. Left to itself VLC goes on, where no window can be
// had, to those that draw with letters on the terminal, whose library ends the
// whole process when there is none.
const windows = "vdpau_display,gl,gles2,xcb_xv,xcb_x11,wl_shm,dummy,none"
