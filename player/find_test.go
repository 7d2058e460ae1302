package player

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tapedeck/client/peers"
)

// system is a finder of a system that has these programs and files.
func system(onPath map[string]string, files ...string) finder {
	return finder{
		lookPath: func(name string) (string, error) {
			if path := onPath[name]; path != "" {
				return path, nil
			}
			return "", exec.ErrNotFound
		},
		executable: func(path string) bool {
			for _, f := range files {
				if f == path {
					return true
				}
			}
			return false
		},
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name   string
		system finder
		named  string
		want   string // the path, or a part of the error
		found  bool
	}{
		{"on PATH", system(map[string]string{"vlc": "/opt/bin/vlc"}, "/usr/bin/vlc"), "", "/opt/bin/vlc", true},
		{"usual place", system(nil, "/snap/bin/vlc"), "", "/snap/bin/vlc", true},
		{"macOS", system(nil, "/Applications/VLC.app/Contents/MacOS/VLC"), "", "/Applications/VLC.app/Contents/MacOS/VLC", true},
		{"named path", system(nil, "/x/my vlc"), "/x/my vlc", "/x/my vlc", true},
		{"named program", system(map[string]string{"nvlc": "/usr/bin/nvlc"}), "nvlc", "/usr/bin/nvlc", true},
		{"named and missing", system(map[string]string{"vlc": "/usr/bin/vlc", "apt-get": "/a"}, "/usr/bin/vlc"), "/x/vlc", `at "/x/vlc": install it with: sudo apt-get install vlc`, false},
		{"Debian", system(map[string]string{"apt-get": "/usr/bin/apt-get", "brew": "/b"}), "", "VLC was not found: install it with: sudo apt-get install vlc-bin", false},
		{"Fedora", system(map[string]string{"dnf": "/usr/bin/dnf"}), "", "sudo dnf install vlc", false},
		{"Arch", system(map[string]string{"pacman": "/usr/bin/pacman"}), "", "sudo pacman -S vlc", false},
		{"Homebrew", system(map[string]string{"brew": "/b/brew"}), "", "brew install --cask vlc", false},
		{"anything else", system(nil), "", "https://www.videolan.org/vlc/", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, err := c.system.find(c.named)
			switch {
			case c.found && (err != nil || path != c.want):
				t.Errorf("%q, %v", path, err)
			case !c.found && (!errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v", err)
			}
		})
	}
}

func TestFindReal(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "vlc")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{plain, dir, filepath.Join(dir, "none")} {
		if _, err := Find(path); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := os.Chmod(plain, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := Find(plain); err != nil || got != plain {
		t.Errorf("%q, %v", got, err)
	}
}

var versionCases = []struct{ answer, want string }{
	{"VLC media player 3.0.24 Vetinari (revision 3.0.24-rc1-0-g6de05adcba)\nVLC version 3.0.24 Vetinari (3.0.24-x)\n", "3.0.24"},
	{"warning: something\nVLC version 4.0.0-dev Otto Chriek\n", "4.0.0-dev"},
	{"VLC is not supposed to be run as root. Sorry.\n", ""},
	{"", ""},
}

func TestParseVersion(t *testing.T) {
	for _, c := range versionCases {
		got, err := parseVersion(c.answer)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q: %q, %v", c.answer, got, err)
		}
	}
}

func TestVersion(t *testing.T) {
	got, err := Version(t.Context(), peers.Find(t, "vlc"))
	if err != nil || !strings.Contains(got, ".") {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := Version(t.Context(), fakePath(t, "exit")); err == nil {
		t.Error("a program that fails has a version")
	}
}
