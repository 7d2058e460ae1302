package player

import "syscall"

// dieWithParent asks the kernel to kill the child when the thread that starts
// it ends, which the starter keeps until the child's own end. It reports
// whether that is enough: not for a snap, whose starter is set-user-ID and
// loses the request on its way.
func dieWithParent(attr *syscall.SysProcAttr, path string) bool {
	attr.Pdeathsig = syscall.SIGKILL
	return !isSnap(path)
}
