package player

import "syscall"

// processAttributes puts VLC into a session and a process group of its own, so
// that the terminal's Ctrl-C does not reach it, one signal ends all of it, and
// nothing in it can open our terminal; and under the user that it runs as.
func processAttributes(as account) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if as.switched {
		attr.Credential = &syscall.Credential{Uid: as.uid, Gid: as.gid, Groups: as.groups}
	}
	return attr
}

// signalGroup signals the process group that pid leads.
func signalGroup(pid int, sig syscall.Signal) error { return syscall.Kill(-pid, sig) }
