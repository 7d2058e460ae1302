package web

import (
	"os"

	"golang.org/x/sys/unix"
)

// pastCache has what is written to file go to the disc without a copy in the
// system's cache, in which only what is in memory anyway would stand again. Some
// file systems refuse to, or refuse the first write.
func pastCache(file *os.File) { direct(file, unix.O_DIRECT) }

// throughCache takes that back.
func throughCache(file *os.File) { direct(file, 0) }

func direct(file *os.File, flag int) {
	if flags, err := unix.FcntlInt(file.Fd(), unix.F_GETFL, 0); err == nil {
		_, _ = unix.FcntlInt(file.Fd(), unix.F_SETFL, flags&^unix.O_DIRECT|flag) // else as it was
	}
}
