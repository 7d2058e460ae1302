package rtp

import (
	"fmt"
	"strings"
	"unicode"
)

// UnsupportedError says that there is no depacketizer for a payload format.
type UnsupportedError struct {
	Encoding string // as the server wrote it, without control characters
	Meaning  string // in words, where the name alone tells few people what it is
}

func (e *UnsupportedError) Error() string {
	if e.Meaning != "" {
		return fmt.Sprintf("payload %s (%s) is not supported", e.Encoding, e.Meaning)
	}
	return fmt.Sprintf("payload %s is not supported", e.Encoding)
}

// meanings is what people may not know by its name, by name in upper case: what
// VLC 3.0.24 has no decoder for, and what is neither sound nor pictures.
var meanings = map[string]string{
	"CN":                 "comfort noise",
	"G729":               "speech that VLC cannot decode",
	"H266":               "VVC, which VLC cannot decode",
	"ILBC":               "speech that VLC cannot decode",
	"MP1S":               "MPEG-1 system stream",
	"MP2P":               "MPEG program stream",
	"PS":                 "MPEG program stream",
	"RED":                "redundant packets",
	"RTX":                "packets sent again",
	"SMPTE336M":          "KLV metadata",
	"T140":               "text",
	"TELEPHONE-EVENT":    "telephone keys",
	"ULPFEC":             "error correction",
	"VND.ONVIF.METADATA": "what the camera notices, in XML",
	"X-QT":               "QuickTime",
	"X-QUICKTIME":        "QuickTime",
}

const maxName = 40 // bytes of an encoding's name that are shown

func unsupported(f Format) error {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, f.Encoding)
	if name == "" {
		name = fmt.Sprintf("type %d", f.PayloadType)
	}
	return &UnsupportedError{
		Encoding: strings.ToValidUTF8(name[:min(len(name), maxName)], ""),
		Meaning:  meanings[strings.ToUpper(name)],
	}
}
