package player

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestOutputs(t *testing.T) {
	x11 := []string{"/tmp/.X11-unix/X0"}
	session := map[string]string{"DISPLAY": ":0.0", "XDG_RUNTIME_DIR": "/run/user/1000"}
	for _, c := range []struct {
		name      string
		goos      string
		env       map[string]string
		reachable []string
		cards     []string
		cfg       Config
		as        account
		want      Outputs
	}{
		{"desktop", "linux", session, append([]string{"/run/user/1000/pulse/native"}, x11...), nil, Config{}, account{}, Outputs{}},
		{"PipeWire alone", "linux", session, append([]string{"/run/user/1000/pipewire-0"}, x11...), nil, Config{}, account{}, Outputs{}},
		{"card alone", "linux", session, append([]string{"/dev/snd/pcmC0D0p"}, x11...), []string{"/dev/snd/pcmC0D0p"}, Config{}, account{}, Outputs{}},
		{"card of another group", "linux", session, x11, []string{"/dev/snd/pcmC0D0p"}, Config{}, account{}, Outputs{Audio: Dummy, Notice: noSound}},
		{"remote display and sound", "linux", map[string]string{"DISPLAY": "host:10.0", "PULSE_SERVER": "host"}, nil, nil, Config{}, account{}, Outputs{}},
		{"Wayland", "linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": "/r", "PULSE_SERVER": "x"}, []string{"/r/wayland-0"}, nil, Config{}, account{}, Outputs{}},
		{"console", "linux", map[string]string{"XDG_RUNTIME_DIR": "/r"}, []string{"/r/pulse/native"}, nil, Config{}, account{}, Outputs{Video: Dummy, Notice: noDisplay}},
		{"stale DISPLAY", "linux", map[string]string{"DISPLAY": ":7", "PULSE_SERVER": "x"}, x11, nil, Config{}, account{}, Outputs{Video: Dummy, Notice: noDisplay}},
		{"no sound", "linux", session, x11, nil, Config{}, account{}, Outputs{Audio: Dummy, Notice: noSound}},
		{"server", "linux", nil, nil, nil, Config{}, account{}, Outputs{Audio: Dummy, Video: Dummy, Notice: noDevices}},
		{"macOS", "darwin", nil, nil, nil, Config{}, account{}, Outputs{}},
		{"chosen", "linux", nil, nil, nil, Config{Audio: Dummy, Video: None}, account{}, Outputs{Audio: Dummy, Video: None}},
		{"to a file", "linux", nil, nil, nil, Config{AudioFile: "x"}, account{}, Outputs{Video: Dummy, Notice: noDisplay}},
		{"sudo", "linux", map[string]string{"XDG_RUNTIME_DIR": "/run/user/0", "DISPLAY": ":0"}, append([]string{"/run/user/1000/pulse/native"}, x11...), nil, Config{}, account{switched: true, uid: 1000}, Outputs{}},
		{"root without sudo", "linux", session, []string{"/run/user/1000/pulse/native"}, nil, Config{}, account{switched: true, nobody: true, uid: 65534}, Outputs{Audio: Dummy, Video: Dummy, Notice: noDevices}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := surroundings{
				goos:      c.goos,
				getenv:    func(key string) string { return c.env[key] },
				reachable: func(_ account, path string) bool { return slices.Contains(c.reachable, path) },
				glob:      func(string) []string { return c.cards },
				exists:    func(string) bool { return true },
			}
			if got := s.outputs(c.cfg, c.as); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// A display that refuses VLC is told of as well as one that is missing.
func TestBlind(t *testing.T) {
	for _, c := range []struct{ before, want Outputs }{
		{Outputs{}, Outputs{Video: Dummy, Notice: noDisplay}},
		{Outputs{Audio: Dummy, Notice: noSound}, Outputs{Audio: Dummy, Video: Dummy, Notice: noDevices}},
		{Outputs{Video: Dummy}, Outputs{Video: Dummy}},
	} {
		got := c.before
		got.blind()
		if got != c.want {
			t.Errorf("%+v became %+v, want %+v", c.before, got, c.want)
		}
	}
}

func TestReachable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "socket")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !reachableBy(account{}, file) {
		t.Error("our own file cannot be reached by us")
	}
	if reachableBy(account{}, filepath.Join(dir, "none")) {
		t.Error("what is not there can be reached")
	}
	me := account{switched: true, uid: uint32(os.Geteuid())}
	other := account{switched: true, uid: 12345, gid: 12345, groups: []uint32{uint32(os.Getegid())}}
	for _, c := range []struct {
		as   account
		mode os.FileMode
		dir  os.FileMode
		want bool
	}{
		{me, 0o600, 0o700, true},
		{me, 0o066, 0o700, false},
		{other, 0o606, 0o755, false}, // its group may not
		{other, 0o660, 0o750, true},
		{other, 0o666, 0o700, false},
	} {
		if err := os.Chmod(file, c.mode); err != nil {
			t.Fatal(err)
		}
		if got := c.as.permits(file, 0o6); got != c.want && c.dir != 0o700 {
			t.Errorf("%+v, file %o: %v", c.as, c.mode, got)
		}
		if err := os.Chmod(dir, c.dir); err != nil {
			t.Fatal(err)
		}
		got := c.as.permits(file, 0o6) && c.as.permits(dir, 0o1)
		if got != c.want {
			t.Errorf("%+v, file %o in %o: %v, want %v", c.as, c.mode, c.dir, got, c.want)
		}
	}
}
