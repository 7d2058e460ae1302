package rtsp

import (
	"strconv"
	"strings"

	"tapedeck/client/sdp"
)

// maxSide bounds what a description may say of a picture: samples in a row or
// a column.
const maxSide = 16384

// announcedSize is how large a section says that its pictures are, in any of the
// ways in which cameras say it; 0 where it does not:
//
//	a=x-dimensions:2560,1920
//	a=framesize:26 2560-1920           3GPP TS 26.234, 5.3.3.2: type, size
//	a=cliprect:0,0,1920,2560           Apple: top, left, bottom, right
func announcedSize(m *sdp.Media, pt uint8) (width, height int) {
	if v, ok := m.Attribute("x-dimensions"); ok {
		if n := sides(v, 2); n != nil {
			return size(n[0], n[1])
		}
	}
	if v, ok := m.Attribute("framesize"); ok {
		kind, rest, _ := strings.Cut(v, " ")
		if n := sides(strings.ReplaceAll(rest, "-", ","), 2); n != nil && kind == strconv.Itoa(int(pt)) {
			return size(n[0], n[1])
		}
	}
	if v, ok := m.Attribute("cliprect"); ok {
		if n := sides(v, 4); n != nil {
			return size(n[3]-n[1], n[2]-n[0])
		}
	}
	return 0, 0
}

func size(width, height int) (int, int) {
	if width <= 0 || height <= 0 {
		return 0, 0
	}
	return width, height
}

// sides reads count numbers with commas between them, nil if that is not what s
// is.
func sides(s string, count int) []int {
	parts := strings.Split(s, ",")
	if len(parts) != count {
		return nil
	}
	list := make([]int, count)
	for i, p := range parts {
		n, err := strconv.Atoi(strings.TrimSpace(p))
		if err != nil || n < 0 || n > maxSide {
			return nil
		}
		list[i] = n
	}
	return list
}
