package mms

import "fmt"

// HResult is how Windows programs say what became of a request ([MS-ERREF]): a
// failure has the highest bit set, and 1 is success with more to come.
type HResult uint32

// Failed reports a failure.
func (h HResult) Failed() bool { return int32(h) < 0 }

// ServerError is a server's refusal.
type ServerError struct {
	Step string // what was asked for: "open", "play"
	Code HResult
}

func (e *ServerError) Error() string {
	return fmt.Sprintf("mms: %s: 0x%08X", e.Step, uint32(e.Code))
}
