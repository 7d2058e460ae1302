//go:build !linux

package web

import "os"

// Both do nothing: see direct_linux.go.
func pastCache(*os.File)    {}
func throughCache(*os.File) {}
