package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// Switches are the entries of all tokens stream-switch-entry, in order, which are
// written in hexadecimal ([MS-WMSP] 2.2.1.4.27):
//
//	ffff:2:0   stream 2 is wanted
//	ffff:2:2   it is not
//	1:3:0      stream 3 in place of stream 1
//
// Open clients leave a blank behind the last entry; what is no entry is skipped.
func (p Pragmas) Switches() []StreamEntry {
	var all []StreamEntry
	for _, token := range p {
		if !strings.EqualFold(token.Name, "stream-switch-entry") {
			continue
		}
		for entry := range strings.FieldsSeq(token.Value) {
			if e, ok := parseSwitch(entry); ok && len(all) < MaxStreams {
				all = append(all, e)
			}
		}
	}
	return all
}

func parseSwitch(s string) (StreamEntry, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return StreamEntry{}, false
	}
	var n [3]uint16
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 16, 16)
		if err != nil {
			return StreamEntry{}, false
		}
		n[i] = uint16(v)
	}
	return StreamEntry{From: n[0], To: n[1], Thin: Thinning(n[2])}, true
}

// AppendSwitches appends the two tokens that carry entries.
func AppendSwitches(dst []byte, entries []StreamEntry) []byte {
	dst = fmt.Appendf(dst, "stream-switch-count=%d,stream-switch-entry=", len(entries))
	for i, e := range entries {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = fmt.Appendf(dst, "%x:%x:%x", e.From, e.To, e.Thin)
	}
	return dst
}
