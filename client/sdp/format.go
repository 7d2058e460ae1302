package sdp

import (
	"slices"
	"strconv"
	"strings"
)

// finish makes sense of a=rtpmap and a=fmtp, which needs the whole description:
// cameras put them under the wrong medium, or name a payload type that is not
// on the m= line.
func (p *parser) finish() {
	s := p.session
	maps := map[uint8]RTPMap{}
	params := map[uint8]map[string]string{}
	readFormats(s.Attributes, maps, params)
	for i := range s.Media {
		m := &s.Media[i]
		m.RTPMap = map[uint8]RTPMap{}
		m.FMTP = map[uint8]map[string]string{}
		readFormats(m.Attributes, m.RTPMap, m.FMTP)
		for pt, r := range m.RTPMap {
			keepFirst(maps, pt, r)
		}
		for pt, f := range m.FMTP {
			keepFirst(params, pt, f)
		}
	}
	for i := range s.Media {
		s.Media[i].complete(maps, params)
	}
	s.Media = dedupe(s.Media)
}

func keepFirst[V any](m map[uint8]V, pt uint8, v V) {
	if _, ok := m[pt]; !ok {
		m[pt] = v
	}
}

func readFormats(list []Attribute, maps map[uint8]RTPMap, params map[uint8]map[string]string) {
	for _, a := range list {
		end := strings.IndexAny(a.Value, blank)
		if end < 0 {
			continue
		}
		pt, ok := payloadType(a.Value[:end])
		if !ok {
			continue
		}
		rest := a.Value[end:]
		switch strings.ToLower(a.Key) {
		case "rtpmap":
			if r, ok := parseRTPMap(rest); ok {
				keepFirst(maps, pt, r)
			}
		case "fmtp":
			if params[pt] == nil {
				params[pt] = map[string]string{}
			}
			parseFMTP(rest, params[pt])
		}
	}
}

// complete fills in what other sections say of this medium's payload types.
func (m *Media) complete(maps map[uint8]RTPMap, params map[uint8]map[string]string) {
	known := false
	for _, pt := range m.Formats {
		if r, ok := maps[pt]; ok {
			keepFirst(m.RTPMap, pt, r)
		}
		if _, ok := m.RTPMap[pt]; ok || pt < 96 {
			known = true
		}
	}
	if !known {
		// None of the m= line's types means anything: those that the section
		// describes are the ones it sends.
		own := make([]uint8, 0, len(m.RTPMap))
		for pt := range m.RTPMap {
			own = append(own, pt)
		}
		slices.Sort(own)
		for _, pt := range own {
			m.addFormat(pt)
		}
	}
	for _, pt := range m.Formats {
		if f, ok := params[pt]; ok {
			keepFirst(m.FMTP, pt, f)
		}
	}
	// One format and one line of parameters belong together, whatever the
	// number on the line.
	if len(m.Formats) == 1 && len(m.FMTP) == 1 {
		for _, f := range m.FMTP {
			keepFirst(m.FMTP, m.Formats[0], f)
		}
	}
}

// dedupe drops a section that repeats an earlier one: same control, same types.
func dedupe(list []Media) []Media {
	kept := list[:0]
	for _, m := range list {
		again := slices.ContainsFunc(kept, func(k Media) bool {
			return m.Control != "" && k.Control == m.Control && k.Type == m.Type &&
				slices.Equal(k.Formats, m.Formats)
		})
		if !again {
			kept = append(kept, m)
		}
	}
	return kept
}

// parseRTPMap reads "H264/90000" or "opus/48000/2". Clock and channels may be
// missing or nonsense, which is 0.
func parseRTPMap(s string) (RTPMap, bool) {
	parts := strings.Split(strings.TrimSpace(s), "/")
	r := RTPMap{Encoding: strings.TrimSpace(parts[0])}
	if len(parts) > 1 {
		r.ClockRate = number(parts[1], 31)
	}
	if len(parts) > 2 {
		r.Channels = number(parts[2], 8)
	}
	return r, r.Encoding != ""
}

func number(s string, bits int) int {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, bits)
	if err != nil {
		return 0
	}
	return int(n)
}

// parseFMTP reads "key=value;key=value". Blanks may stand around '=' and ';',
// the ';' may be missing or doubled, and a comma list may have blanks in it. A
// value goes from the first '=' on: base64 ends in more of them.
func parseFMTP(s string, into map[string]string) {
	for len(into) < MaxParameters {
		s = strings.TrimLeft(s, blank+";")
		if s == "" {
			return
		}
		i := strings.IndexAny(s, "=;"+blank)
		if i < 0 {
			i = len(s)
		}
		key, value := strings.ToLower(s[:i]), ""
		s = strings.TrimLeft(s[i:], blank)
		if rest, ok := strings.CutPrefix(s, "="); ok {
			value, s = fmtpValue(strings.TrimLeft(rest, blank))
		}
		if _, ok := into[key]; !ok && key != "" {
			into[key] = value
		}
	}
}

// fmtpValue cuts a value off the front of s.
func fmtpValue(s string) (value, rest string) {
	if strings.HasPrefix(s, `"`) {
		if i := strings.IndexByte(s[1:], '"'); i >= 0 {
			return s[1 : 1+i], s[i+2:]
		}
	}
	end := 0
	for {
		i := strings.IndexAny(s[end:], ";"+blank)
		if i < 0 {
			return s, ""
		}
		end += i
		if s[end] == ';' {
			return strings.TrimRight(s[:end], blank), s[end:]
		}
		next := end + len(s[end:]) - len(strings.TrimLeft(s[end:], blank))
		// A blank ends the value unless a comma stands on one side of it.
		if s[max(end-1, 0)] != ',' && (next >= len(s) || s[next] != ',') {
			return s[:end], s[next:]
		}
		end = next
	}
}
