package rtp

import (
	"encoding/base64"
	"strings"

	"tapedeck/client/nal"
)

// maxSprop bounds the parameter sets in a description.
const maxSprop = 64 << 10 // bytes

// sprop yields the NAL units of an sprop-... parameter: a comma list of base64,
// with or without padding, in which some cameras leave Annex B start codes and
// zeros. What does not decode is left out.
func sprop(list string, yield func(nal []byte)) {
	if len(list) > maxSprop {
		return
	}
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimRight(strings.TrimSpace(part), "=")
		b, err := base64.RawStdEncoding.DecodeString(part)
		if err != nil {
			continue
		}
		nal.Split(b, yield)
	}
}
