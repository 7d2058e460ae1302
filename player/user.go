package player

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// account is the user that VLC runs as. The zero value, with switched unset,
// is ourselves.
type account struct {
	switched bool // VLC runs as another user than we do
	nobody   bool // it has no home and no session: nothing to show or play with but what is open to all
	uid, gid uint32
	groups   []uint32
	name     string
	home     string
}

// accounts is what runAs asks of the system.
type accounts struct {
	euid    func() int
	getenv  func(string) string
	lookup  func(name string) (*user.User, error)
	byID    func(uid string) (*user.User, error)
	groupOf func(*user.User) ([]string, error)
}

var systemAccounts = accounts{
	euid:    os.Geteuid,
	getenv:  os.Getenv,
	lookup:  user.Lookup,
	byID:    user.LookupId,
	groupOf: (*user.User).GroupIds,
}

// runAs chooses the user for VLC, which refuses to run as root: whoever called
// sudo, who has the display and the sound, or else nobody.
func runAs(sys accounts) (account, error) {
	if sys.euid() != 0 {
		return account{}, nil
	}
	if uid, err := strconv.ParseUint(sys.getenv("SUDO_UID"), 10, 32); err == nil && uid != 0 {
		gid, err := strconv.ParseUint(sys.getenv("SUDO_GID"), 10, 32)
		if err == nil && gid != 0 {
			return sys.caller(uint32(uid), uint32(gid)), nil
		}
	}
	u, err := sys.lookup("nobody")
	if err != nil {
		return account{}, fmt.Errorf("vlc: it must not run as root, and there is no other user: %w", err)
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if uidErr != nil || gidErr != nil || uid == 0 {
		// macOS writes nobody as -2.
		uid, gid = 65534, 65534
	}
	return account{switched: true, nobody: true, uid: uint32(uid), gid: uint32(gid), name: "nobody"}, nil
}

// caller is the user who called sudo.
func (sys accounts) caller(uid, gid uint32) account {
	a := account{switched: true, uid: uid, gid: gid, name: strconv.FormatUint(uint64(uid), 10)}
	u, err := sys.byID(a.name)
	if err != nil {
		return a
	}
	a.name, a.home = u.Username, u.HomeDir
	ids, err := sys.groupOf(u)
	if err != nil {
		return a
	}
	for _, id := range ids {
		if g, err := strconv.ParseUint(id, 10, 32); err == nil && g != 0 {
			a.groups = append(a.groups, uint32(g))
		}
	}
	return a
}

// handedOn are the variables that another user's VLC is given of ours: where
// the display, the sound and the plugins are. The rest, which may hold root's
// secrets, stays here.
var handedOn = map[string]bool{
	"PATH": true, "TZ": true, "LD_LIBRARY_PATH": true, "VLC_PLUGIN_PATH": true, "VLC_DATA_PATH": true,
	"DISPLAY": true, "WAYLAND_DISPLAY": true, "XAUTHORITY": true,
	"PULSE_SERVER": true, "ALSA_CARD": true, "ALSA_CONFIG_PATH": true,
	"LIBVA_DRIVER_NAME": true, "VDPAU_DRIVER": true,
}

// environment makes VLC's environment from ours. dir is the private directory;
// exists tells whether a directory is there.
//
// The language is plain English because the replies are read by a program, and
// the proxy variables go because VLC would send our loopback address there.
func environment(base []string, as account, dir string, exists func(string) bool) []string {
	env := make([]string, 0, len(base)+6)
	home := as.home
	for _, kv := range base {
		key, value, _ := strings.Cut(kv, "=")
		switch upper := strings.ToUpper(key); {
		case key == "LANG", key == "LANGUAGE", strings.HasPrefix(key, "LC_"), key == "VLC_VERBOSE":
			continue
		case strings.HasSuffix(upper, "_PROXY"):
			continue
		case key == "HOME":
			if !as.switched {
				home = value
			}
			continue
		case as.switched && !handedOn[key]:
			continue
		}
		env = append(env, kv)
	}
	if home == "" || !exists(home) {
		home = dir
	}
	env = append(env, "LC_ALL=C.UTF-8", "HOME="+home)
	if as.switched {
		env = append(env, "USER="+as.name, "LOGNAME="+as.name, "XDG_RUNTIME_DIR="+as.runtimeDir(dir, exists))
	}
	return env
}

// runtimeDir is where the session of a switched user keeps its sockets; nobody
// has no session and gets the private directory.
func (a account) runtimeDir(dir string, exists func(string) bool) string {
	if a.nobody {
		return dir
	}
	if run := "/run/user/" + strconv.FormatUint(uint64(a.uid), 10); exists(run) {
		return run
	}
	return dir
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
