package wire

import (
	"strconv"
	"strings"

	"tapedeck/client/quoted"
)

const maxPragmas = 256 // tokens of one head

// NoNumber is a number that says nothing: of a packet, of a place.
const NoNumber = 0xFFFFFFFF

// Pragma is one token of a Pragma header ([MS-WMSP] 2.2.1.4):
//
//	Pragma: no-cache, client-id=3320437311
//	Pragma: features="broadcast, playlist",timeout=60000
//	Pragma: stream-switch-entry=ffff:1:0 ffff:2:2
//
// There may be several such headers; names are compared without regard to case.
type Pragma struct {
	Name  string // as it was written
	Value string // without its quotes
}

// Pragmas are the tokens of all Pragma headers of a head.
type Pragmas []Pragma

// ParsePragmas reads the values of all Pragma headers. What it does not
// understand is kept as a name.
func ParsePragmas(lines []string) Pragmas {
	var all Pragmas
	for _, line := range lines {
		for _, token := range pragmaTokens(line) {
			name, value, _ := strings.Cut(strings.TrimSpace(token), "=")
			if name = strings.TrimSpace(name); name == "" {
				continue
			}
			if len(all) == maxPragmas {
				return all
			}
			all = append(all, Pragma{Name: name, Value: quoted.Unquote(value)})
		}
	}
	return all
}

// pragmaTokens cuts a line at its commas. A line of a log stands alone and may
// have some in it.
func pragmaTokens(line string) []string {
	const log = "log-line="
	if t := strings.TrimSpace(line); len(t) >= len(log) && strings.EqualFold(t[:len(log)], log) {
		return []string{t}
	}
	return quoted.Split(line, ',')
}

// Get is the value of a token, the last one where it stands several times.
func (p Pragmas) Get(name string) (string, bool) {
	for i := len(p) - 1; i >= 0; i-- {
		if strings.EqualFold(p[i].Name, name) {
			return p[i].Value, true
		}
	}
	return "", false
}

// Has reports a token that is there and not 0.
func (p Pragmas) Has(name string) bool {
	v, ok := p.Get(name)
	return ok && v != "0"
}

// Number is the value of a token that is a number of 32 bits.
func (p Pragmas) Number(name string) (uint32, bool) {
	v, ok := p.Get(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(v, 10, 32)
	return uint32(n), err == nil
}

// Offset is the value of a token that is two numbers of 32 bits, the high one
// first: stream-offset.
func (p Pragmas) Offset(name string) (uint64, bool) {
	v, _ := p.Get(name)
	high, low, ok := strings.Cut(v, ":")
	if !ok {
		return 0, false
	}
	h, errHigh := strconv.ParseUint(high, 10, 32)
	l, errLow := strconv.ParseUint(low, 10, 32)
	return h<<32 | l, errHigh == nil && errLow == nil
}

// Features is what a server says of a programme ([MS-WMSP] 2.2.1.4.8).
type Features uint16

const (
	FeatureBroadcast    Features = 1 << iota // all clients see the same place
	FeatureLast                              // the last entry of the playlist
	FeatureLive                              // from an encoder
	FeaturePlaylist                          // entries come one after another
	FeatureSeekable                          // it starts anywhere
	FeatureSkipBackward                      // to the entry before
	FeatureSkipForward                       // to the next entry
	FeatureStridable                         // it plays at other speeds
)

var featureNames = [...]string{"broadcast", "last", "live", "playlist", "seekable", "skipbackward", "skipforward", "stridable"}

// ParseFeatures reads the value of the token features: names with commas and
// perhaps blanks between them, or nothing.
func ParseFeatures(s string) Features {
	var f Features
	for name := range strings.SplitSeq(s, ",") {
		for i, known := range featureNames {
			if strings.EqualFold(strings.TrimSpace(name), known) {
				f |= 1 << i
			}
		}
	}
	return f
}

// String is the value of the token, without quotes.
func (f Features) String() string {
	var names []string
	for i, name := range featureNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}
