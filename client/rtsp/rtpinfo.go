package rtsp

import (
	"math"
	"strconv"
	"strings"

	"tapedeck/client/quoted"
)

// maxInfos bounds the entries that are read of one RTP-Info header.
const maxInfos = 64

// rtpInfo is one entry of an RTP-Info header (RFC 2326 section 12.33): where
// a track's new range begins. All of it is a hint; servers get it wrong.
//
//	url=rtsp://host/a/track1;seq=45102;rtptime=12345678,url=rtsp://host/a/track2;seq=30211
//
// RTSP 2.0 writes it otherwise, and some servers of 1.0 do as well:
//
//	url="rtsp://host/a/track1" ssrc=0A13C760:seq=45102;rtptime=12345678
type rtpInfo struct {
	url     string
	seq     *uint16
	rtptime *uint32
}

func parseRTPInfo(value string) []rtpInfo {
	var infos []rtpInfo
	for _, entry := range splitEntries(value) {
		var info rtpInfo
		known := false
		for _, part := range quoted.Split(entry, ';') {
			for _, p := range infoParts(part) {
				known = info.set(p) || known
			}
		}
		if known && len(infos) < maxInfos {
			infos = append(infos, info)
		}
	}
	return infos
}

// splitEntries cuts at the commas that an entry's beginning follows: an URL may
// hold commas itself. Some lists end with one.
func splitEntries(value string) []string {
	var entries []string
	value = strings.TrimRight(value, ", \t")
	for _, e := range quoted.Split(value, ',') {
		if len(entries) > 0 && !startsEntry(e) {
			entries[len(entries)-1] += "," + e
			continue
		}
		entries = append(entries, e)
	}
	return entries
}

func startsEntry(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, key := range []string{"url=", "url =", "seq=", "rtptime=", "ssrc="} {
		if strings.HasPrefix(s, key) {
			return true
		}
	}
	return false
}

// infoParts takes RTSP 2.0's `url="U" ssrc=N:seq=N` apart.
func infoParts(part string) []string {
	part = strings.TrimSpace(part)
	const key = " ssrc="
	for i := 0; i+len(key) <= len(part); i++ { // case and bytes that are no text leave the places as they are
		if strings.EqualFold(part[i:i+len(key)], key) {
			ssrc, seq, _ := strings.Cut(part[i+1:], ":")
			return []string{part[:i], ssrc, seq}
		}
	}
	return []string{part}
}

func (i *rtpInfo) set(part string) (known bool) {
	key, v, ok := strings.Cut(part, "=")
	if !ok {
		return false
	}
	v = strings.TrimSpace(v)
	switch strings.ToLower(strings.TrimSpace(key)) {
	case "url":
		i.url = quoted.Unquote(v)
		return true
	case "seq":
		if n, err := strconv.ParseUint(v, 10, 16); err == nil {
			seq := uint16(n)
			i.seq = &seq
			return true
		}
	case "rtptime":
		// OMNY's cameras print it with a sign.
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= math.MinInt32 && n <= math.MaxUint32 {
			t := uint32(n)
			i.rtptime = &t
			return true
		}
	}
	return false
}

// infoFor finds the entry of the track that was set up with control as the
// index-th: by URL, by the end of the URL, or by position where there are as
// many entries as tracks.
func infoFor(infos []rtpInfo, control string, index, tracks int) rtpInfo {
	for _, i := range infos {
		if i.url == control {
			return i
		}
	}
	found, n := rtpInfo{}, 0
	for _, i := range infos {
		if i.url != "" && (strings.HasSuffix(control, "/"+lastElement(i.url)) || strings.HasSuffix(i.url, "/"+lastElement(control))) {
			found, n = i, n+1
		}
	}
	if n == 1 {
		return found
	}
	if len(infos) == tracks && index < len(infos) {
		return infos[index]
	}
	return rtpInfo{}
}

func lastElement(url string) string {
	return strings.TrimSuffix(url[strings.LastIndexByte(strings.TrimSuffix(url, "/"), '/')+1:], "/")
}
