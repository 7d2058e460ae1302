package filemap

import (
	"bytes"
	"encoding/binary"
	"time"
)

// asfProperties is the id of the file properties object (ASF, section 3.2).
const asfProperties = "\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65"

// asfLength reads the file properties. The preroll, in milliseconds, is
// contained in the play time, in units of 100 ns.
//
//	id 16  size u64  file id 16  file size u64  created u64  packets u64
//	play time u64  send time u64  preroll u64  flags u32 (1: broadcast)
func asfLength(f File) time.Duration {
	b := f.read(0, window)
	i := bytes.Index(b, []byte(asfProperties))
	if i < 0 || len(b) < i+92 {
		return 0
	}
	b = b[i:]
	if b[88]&1 != 0 {
		return 0
	}
	play, preroll := binary.LittleEndian.Uint64(b[64:]), binary.LittleEndian.Uint64(b[80:])
	return ticks(float64(play)-float64(preroll)*1e4, 1e7)
}
