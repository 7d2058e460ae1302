package player

import (
	"errors"
	"os/user"
	"slices"
	"testing"
)

func TestRunAs(t *testing.T) {
	known := map[string]*user.User{
		"nobody": {Uid: "65534", Gid: "65534", Username: "nobody", HomeDir: "/nonexistent"},
		"1000":   {Uid: "1000", Gid: "1000", Username: "ann", HomeDir: "/home/ann"},
	}
	lookup := func(name string) (*user.User, error) {
		if u := known[name]; u != nil {
			return u, nil
		}
		return nil, errors.New("unknown user")
	}
	nobody := account{switched: true, nobody: true, uid: 65534, gid: 65534, name: "nobody"}
	for _, c := range []struct {
		name string
		euid int
		env  map[string]string
		want account
	}{
		{"a user", 1000, map[string]string{"SUDO_UID": "7", "SUDO_GID": "7"}, account{}},
		{"sudo", 0, map[string]string{"SUDO_UID": "1000", "SUDO_GID": "1000"},
			account{switched: true, uid: 1000, gid: 1000, groups: []uint32{29, 1000}, name: "ann", home: "/home/ann"}},
		{"sudo by a user of no name", 0, map[string]string{"SUDO_UID": "7", "SUDO_GID": "8"}, account{switched: true, uid: 7, gid: 8, name: "7"}},
		{"root", 0, nil, nobody},
		{"sudo by root", 0, map[string]string{"SUDO_UID": "0", "SUDO_GID": "0"}, nobody},
		{"group of root", 0, map[string]string{"SUDO_UID": "7", "SUDO_GID": "0"}, nobody},
		{"nonsense", 0, map[string]string{"SUDO_UID": "-1", "SUDO_GID": "x"}, nobody},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := runAs(accounts{
				euid: func() int { return c.euid }, getenv: func(k string) string { return c.env[k] },
				lookup: lookup, byID: lookup,
				groupOf: func(*user.User) ([]string, error) { return []string{"0", "29", "1000", "x"}, nil },
			})
			if err != nil || got.switched != c.want.switched || got.nobody != c.want.nobody || got.uid != c.want.uid ||
				got.gid != c.want.gid || got.name != c.want.name || got.home != c.want.home || !slices.Equal(got.groups, c.want.groups) {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestRunAsNobodyMissing(t *testing.T) {
	want := errors.New("no such user")
	_, err := runAs(accounts{
		euid: func() int { return 0 }, getenv: func(string) string { return "" },
		lookup: func(string) (*user.User, error) { return nil, want },
	})
	if !errors.Is(err, want) {
		t.Errorf("%v", err)
	}
}

func TestEnvironment(t *testing.T) {
	base := []string{
		"HOME=/home/ann", "PATH=/bin", "LANG=de_DE.UTF-8", "LC_MESSAGES=de_DE", "LANGUAGE=de", "http_proxy=http://p", "HTTPS_PROXY=http://p",
		"VLC_VERBOSE=2", "DISPLAY=:0", "XDG_RUNTIME_DIR=/run/user/0", "SECRET=x", "XDG_CONFIG_HOME=/home/ann/.c",
	}
	exists := func(dirs ...string) func(string) bool {
		return func(dir string) bool { return slices.Contains(dirs, dir) }
	}
	for _, c := range []struct {
		name   string
		as     account
		exists func(string) bool
		want   []string
	}{
		{"ourselves", account{}, exists("/home/ann"), []string{
			"PATH=/bin", "DISPLAY=:0", "XDG_RUNTIME_DIR=/run/user/0", "SECRET=x", "XDG_CONFIG_HOME=/home/ann/.c", "LC_ALL=C.UTF-8", "HOME=/home/ann"}},
		{"no home", account{}, exists(), []string{
			"PATH=/bin", "DISPLAY=:0", "XDG_RUNTIME_DIR=/run/user/0", "SECRET=x", "XDG_CONFIG_HOME=/home/ann/.c", "LC_ALL=C.UTF-8", "HOME=/private"}},
		{"nobody", account{switched: true, nobody: true, uid: 65534, name: "nobody"}, exists("/home/ann"), []string{
			"PATH=/bin", "DISPLAY=:0", "LC_ALL=C.UTF-8", "HOME=/private", "USER=nobody", "LOGNAME=nobody", "XDG_RUNTIME_DIR=/private"}},
		{"sudo", account{switched: true, uid: 1000, name: "bob", home: "/home/bob"}, exists("/home/bob", "/run/user/1000"), []string{
			"PATH=/bin", "DISPLAY=:0", "LC_ALL=C.UTF-8", "HOME=/home/bob", "USER=bob", "LOGNAME=bob", "XDG_RUNTIME_DIR=/run/user/1000"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := environment(base, c.as, "/private", c.exists); !slices.Equal(got, c.want) {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
}
