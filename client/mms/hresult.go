package mms

import "fmt"

// HResult is how Windows programs say what became of a request ([MS-ERREF]
// section 2.1). A failure has the highest bit set; 1 is success with more to
// come.
//
//	31 30 29 28 27 26      16 15         0
//	 S  R  C  N  X  facility   code
//
// Facility 13 is the media server's (0xC00D....), 7 that of Windows
// (0x8007....).
type HResult uint32

// Failed reports a failure.
func (h HResult) Failed() bool { return int32(h) < 0 }

// facility says whose code it is.
func (h HResult) facility() int { return int(h>>16) & 0x7FF }

// String is what the code means, in words.
func (h HResult) String() string {
	if m, ok := meanings[h]; ok {
		return m.words
	}
	switch h.facility() {
	case 7:
		return fmt.Sprintf("Windows error %d (0x%08X)", uint16(h), uint32(h))
	case 13:
		return fmt.Sprintf("media server error 0x%08X", uint32(h))
	}
	return fmt.Sprintf("error 0x%08X", uint32(h))
}

// Class is what a refusal is about, and with it whether another way, another
// time or a login may help.
type Class uint8

const (
	Other     Class = iota // nobody knows
	Missing                // there is no such stream on the server, or not now
	Denied                 // it is there, and not for us
	Busy                   // the server has reached a limit
	Broken                 // it is damaged, or nothing that can be played
	Protected              // it is encrypted, and the key is somebody's else
	Unreached              // something between us and the media does not answer
	Unspoken               // the server does not speak this protocol, or not so
	Ended                  // it is over, and nothing is wrong
)

// Class is what the code is about.
func (h HResult) Class() Class {
	if m, ok := meanings[h]; ok {
		return m.class
	}
	return Other
}

// final reports an answer that would be the same over every way to the server.
func (c Class) final() bool {
	switch c {
	case Missing, Denied, Busy, Broken, Protected:
		return true
	case Other, Unreached, Unspoken, Ended:
	}
	return false
}

// ServerError is a server's refusal.
type ServerError struct {
	Step string // what was asked for: "open", "play"
	Code HResult
}

func (e *ServerError) Error() string { return fmt.Sprintf("mms: %s: %v", e.Step, e.Code) }

// Is lets a refusal match ErrProtected.
func (e *ServerError) Is(target error) bool {
	return target == ErrProtected && e.Code.Class() == Protected
}
