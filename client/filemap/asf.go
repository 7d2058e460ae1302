package filemap

import (
	"time"

	"tapedeck/client/asf"
)

// asfLength is what the header says, as far as it lies in the beginning of the
// file; that of a broadcast says nothing.
func asfLength(f File) time.Duration {
	h, err := asf.Parse(f.read(0, window))
	if err != nil {
		return 0
	}
	return h.Duration
}
