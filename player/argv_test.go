package player

import (
	"slices"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		name    string
		cfg     Config
		out     Outputs
		goos    string
		want    []string // among the arguments
		without []string // not the beginning of any
	}{
		{"default", Config{}, Outputs{}, "linux",
			[]string{"oldrc", "/run/rc", "--rc-fake-tty", "--network-caching=300", "--audio", "--video", "--vout=" + windows, "--no-auto-preparse", "--sout="},
			[]string{"--aout", "--ignore-config", "--avcodec-hw"}},
		{"macOS", Config{}, Outputs{}, "darwin", []string{"--video"}, []string{"--vout"}},
		{"caching", Config{CachingMS: 1000}, Outputs{}, "linux", []string{"--network-caching=1000"}, nil},
		{"no devices", Config{}, Outputs{Audio: Dummy, Video: Dummy}, "linux", []string{"--aout=dummy", "--vout=dummy", "--avcodec-hw=none"}, nil},
		{"neither", Config{}, Outputs{Audio: None, Video: None}, "linux", []string{"--no-audio", "--no-video"}, []string{"--aout", "--vout"}},
		{"to a file", Config{AudioFile: "/tmp/a b.wav"}, Outputs{Audio: Dummy}, "linux", []string{"--aout=afile", "--audiofile-file=/tmp/a b.wav"}, []string{"--aout=dummy"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := arguments(c.cfg, c.out, "/run/rc", c.goos)
			for _, w := range c.want {
				if !slices.Contains(args, w) {
					t.Errorf("%s is missing in %q", w, args)
				}
			}
			for _, w := range c.without {
				if slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, w) }) {
					t.Errorf("%s is in %q", w, args)
				}
			}
			for i, a := range args {
				if !strings.HasPrefix(a, "-") && (i == 0 || args[i-1] != "-I" && args[i-1] != "--rc-unix") {
					t.Errorf("%q would be opened as an address", a)
				}
			}
		})
	}
}
