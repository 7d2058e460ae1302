package wire

import (
	"bytes"
	"strconv"
)

const (
	maxDescription = 1024 // values of a Metadata
	maxCDLName     = 1024 // bytes of a name
	maxCDLNumber   = 10   // digits of a length
)

// languageComma is the name that begins a block. [MS-WMSP] 2.2.4 counts its
// eight letters as seven.
var languageComma = []byte("language,")

// Types of values in a Metadata: those of VARIANT.
const (
	CDLInt    = 3
	CDLBool   = 11
	CDLString = 31
)

// Metadata is what comes before a header in $M ([MS-WMSP] 2.2.3.6 and 2.2.4):
// tokens as in a Pragma header, a zero, and a description of the content.
//
//	playlist-gen-id=1, broadcast-id=2, features="broadcast,playlist" NUL
//	8,language,31,5,en-us,5,title,31,9,Tom,Jerry CRLF
type Metadata struct {
	Tokens      Pragmas
	Description []Described
}

// Described is one value of a description:
//
//	length of the name , name , type , length of the value , value
//
// The lengths count bytes of UTF-8, for a value may have commas and line ends in
// it.
type Described struct {
	Language string // of the block that it stands in
	Name     string
	Type     int // CDLString and others
	Value    string
}

// ParseMetadata reads the whole of a Metadata. It takes what it can: a broken
// description ends where it breaks, and that is no error.
func ParseMetadata(b []byte) Metadata {
	head, rest, _ := bytes.Cut(b, []byte{0})
	m := Metadata{Tokens: ParsePragmas([]string{string(head)})}
	language := ""
	for len(m.Description) < maxDescription {
		var d Described
		var ok bool
		if d, rest, ok = cutDescribed(rest); !ok {
			break
		}
		if d.Name == "language" {
			language = d.Value
			continue
		}
		d.Language = language
		m.Description = append(m.Description, d)
	}
	return m
}

// Get is the first value with a name.
func (m *Metadata) Get(name string) (string, bool) {
	for _, d := range m.Description {
		if d.Name == name {
			return d.Value, true
		}
	}
	return "", false
}

// cutDescribed takes a value off the head of a description. Between values
// stands a comma, between blocks of one language CR LF.
func cutDescribed(b []byte) (d Described, rest []byte, ok bool) {
	b = bytes.TrimLeft(b, ",\r\n\x00")
	size, b, ok := cutCDLNumber(b)
	if bytes.HasPrefix(b, languageComma) {
		size = len(languageComma) - 1
	}
	if !ok || size > maxCDLName || size >= len(b) || b[size] != ',' {
		return d, nil, false
	}
	d.Name, b = string(b[:size]), b[size+1:]
	if d.Type, b, ok = cutCDLNumber(b); !ok {
		return d, nil, false
	}
	if size, b, ok = cutCDLNumber(b); !ok || size > len(b) {
		return d, nil, false
	}
	d.Value = string(b[:size])
	return d, b[size:], true
}

// cutCDLNumber takes a number and the comma behind it.
func cutCDLNumber(b []byte) (int, []byte, bool) {
	end := bytes.IndexByte(b[:min(len(b), maxCDLNumber+1)], ',')
	if end < 0 {
		return 0, nil, false
	}
	n, err := strconv.ParseUint(string(b[:end]), 10, 31)
	return int(n), b[end+1:], err == nil
}

// AppendMetadata appends a Metadata. The values of a language stand together.
func AppendMetadata(dst []byte, m *Metadata) []byte {
	for i, token := range m.Tokens {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(append(dst, token.Name...), '=')
		if _, err := strconv.ParseInt(token.Value, 10, 64); err == nil {
			dst = append(dst, token.Value...)
		} else {
			dst = append(append(append(dst, '"'), token.Value...), '"')
		}
	}
	dst = append(dst, 0)
	for i, d := range m.Description {
		if i == 0 || d.Language != m.Description[i-1].Language {
			if i > 0 {
				dst = append(dst, "\r\n"...)
			}
			dst = appendDescribed(dst, Described{Name: "language", Type: CDLString, Value: d.Language})
		}
		dst = appendDescribed(append(dst, ','), d)
	}
	return append(dst, "\r\n"...)
}

func appendDescribed(dst []byte, d Described) []byte {
	dst = strconv.AppendInt(dst, int64(len(d.Name)), 10)
	dst = append(append(append(dst, ','), d.Name...), ',')
	dst = append(strconv.AppendInt(dst, int64(d.Type), 10), ',')
	dst = append(strconv.AppendInt(dst, int64(len(d.Value)), 10), ',')
	return append(dst, d.Value...)
}
