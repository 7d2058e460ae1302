package metafile

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// parseNSC reads a Windows Media station ([MS-MSB] 2.2.1): a multicast group,
// which is not played here, and mostly a link for those whom it does not reach.
//
//	[Address]
//	Name=029W000000000YJG1P05y0Gm1F04q0K01L05G0HG1I02m0801Y0700S00000
//	NSC Format Version=3.0
//	IP Address=239.192.48.180
//	IP Port=0x00004A41
//	Unicast URL=mms://host/station      "" where there is none
//	[Formats]
//	Format1=02X0000vu...                an ASF header
//
// A value is written as it is, or encoded; some writers encode all of them.
func parseNSC(s string) []Link {
	var l Link
	for line := range lines(s) {
		if line[0] == '[' && !strings.EqualFold(line, "[address]") {
			break
		}
		name, value, _ := strings.Cut(line, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "name":
			l.Title = nscText(value)
		case "unicast url":
			l.URL = nscText(value)
		}
	}
	return add(nil, l)
}

// nscHeader is what is encoded in front of the bytes of a value ([MS-MSB]
// 2.2.1.3.1): a checksum, a key u32 and the length u32, both big-endian.
const nscHeader = 9

// nscAlphabet is that of [MS-MSB] 2.2.1.3.2: six bits a character, as base64
// has them, without padding.
var nscAlphabet = base64.NewEncoding("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz{}").WithPadding(base64.NoPadding)

// nscText is a string as it was before it was encoded as "02", header, UTF-16 and
// its NUL. What is damaged is empty.
func nscText(value string) string {
	value = strings.TrimSpace(value)
	block, ok := strings.CutPrefix(value, "02")
	if !ok {
		return value
	}
	b, err := nscAlphabet.DecodeString(block)
	if err != nil || len(b) < nscHeader {
		return ""
	}
	size, sum := binary.BigEndian.Uint32(b[5:]), byte(0)
	if uint64(size) > uint64(len(b)-nscHeader) {
		return ""
	}
	for _, c := range b[1 : nscHeader+size] {
		sum ^= c
	}
	if sum != b[0] {
		return ""
	}
	text, _, _ := strings.Cut(wide(b[nscHeader:nscHeader+size], binary.LittleEndian), "\x00")
	return strings.TrimSpace(text)
}
