package mms

import "syscall"

// setLowWater sets how many bytes must be there before the kernel says that some
// are (SO_RCVLOWAT of tcp(7)).
func setLowWater(fd uintptr, bytes int) {
	_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, bytes)
}
