//go:build !linux

package player

import "syscall"

// dieWithParent does nothing where the kernel has no parent-death signal; the
// guard does the work.
func dieWithParent(*syscall.SysProcAttr, string) bool { return false }
