//go:build !linux

package mms

func setLowWater(uintptr, int) {}
