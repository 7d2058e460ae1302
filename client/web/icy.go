package web

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// Limits of ICY.
const (
	maxICYMeta     = 255 * 16 // bytes of one block, by the protocol
	maxICYInterval = 16 << 20 // bytes between blocks
)

var errMetaInt = errors.New("http: the server's icy-metaint is not a number of bytes")

// icy takes the titles out of a body in which they stand every interval bytes.
//
//	media (interval bytes) | n | title (16 n bytes, padded with 0) | media ...
//
// It works in place and without allocating, however the body is cut; only a
// title that changes costs something.
type icy struct {
	radio    bool // the server speaks ICY at all
	interval int  // 0: no titles in the body
	letters  *letters
	titles   *titles

	toMeta  int  // media bytes to the next block
	inMeta  bool // within a block, its length being known
	missing int  // bytes of the block to come
	n       int
	block   [maxICYMeta]byte
	last    [maxICYMeta]byte // the last block that was not empty
	lastLen int
	passed  int64 // media bytes so far
}

// newICY reads what the headers say.
func newICY(r *reply, words *letters, titles *titles) (*icy, error) {
	d := &icy{radio: r.Proto == "icy", letters: words, titles: titles}
	for name := range r.Header {
		d.radio = d.radio || strings.HasPrefix(name, "Icy-")
	}
	// Some send the number twice, as "16000,16000".
	v, _, _ := strings.Cut(r.Header.Get("Icy-Metaint"), ",")
	if v = strings.TrimSpace(v); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > maxICYInterval {
			return nil, errMetaInt
		}
		d.interval, d.toMeta = n, n
	}
	return d, nil
}

// filter moves the media in p to its front and returns its length.
func (d *icy) filter(p []byte) (n int) {
	if d.interval == 0 {
		d.passed += int64(len(p))
		return len(p)
	}
	for i := 0; i < len(p); {
		switch {
		case d.toMeta > 0:
			k := min(d.toMeta, len(p)-i)
			if i != n {
				copy(p[n:], p[i:i+k])
			}
			i, n, d.toMeta, d.passed = i+k, n+k, d.toMeta-k, d.passed+int64(k)
		case !d.inMeta:
			d.inMeta, d.missing, d.n = true, int(p[i])*16, 0
			i++
		default:
			k := copy(d.block[d.n:d.n+d.missing], p[i:])
			i, d.n, d.missing = i+k, d.n+k, d.missing-k
		}
		if d.inMeta && d.missing == 0 {
			d.blockEnds()
		}
	}
	return n
}

func (d *icy) blockEnds() {
	d.inMeta, d.toMeta = false, d.interval
	block := d.block[:d.n]
	if len(block) == 0 || bytes.Equal(block, d.last[:d.lastLen]) {
		return
	}
	d.lastLen = copy(d.last[:], block)
	if title, ok := streamTitle(string(block)); ok {
		d.titles.found(d.passed, tidy(d.letters.words(title)))
	}
}

// streamTitle finds the title, in the station's character set, in a block such as
//
//	StreamTitle='Don't; stop';StreamUrl='';
//
// Nothing is escaped there, so the value ends at the first "';" behind which
// the block ends or another name='... begins.
func streamTitle(block string) (title string, ok bool) {
	block, _, _ = strings.Cut(block, "\x00")
	const key = "streamtitle="
	i := indexFold(block, key)
	if i < 0 {
		return "", false
	}
	value := block[i+len(key):]
	if !strings.HasPrefix(value, "'") {
		value, _, _ = strings.Cut(value, ";")
		return value, true
	}
	value = value[1:]
	for from := 0; ; {
		j := strings.Index(value[from:], "';")
		if j < 0 {
			// Cut off by the server, or closed without the semicolon.
			return strings.TrimSuffix(strings.TrimRight(value, " ;\r\n"), "'"), true
		}
		if end := from + j; endsValue(value[end+2:]) {
			return value[:end], true
		}
		from += j + 2
	}
}

// endsValue reports whether rest is what may stand behind a value: nothing, or
// the next name and its value.
func endsValue(rest string) bool {
	rest = strings.TrimLeft(rest, " \r\n")
	name := strings.TrimLeft(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
	return rest == "" || len(name) < len(rest) && strings.HasPrefix(name, "=")
}

// indexFold is strings.Index for an ASCII key in lower case, in any case. The
// text may be in any charset, which strings.ToLower would bend.
func indexFold(s, key string) int {
	for i := 0; i+len(key) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(key)], key) {
			return i
		}
	}
	return -1
}

// icyBitRate reads "128", "128,128" or "Quality 4" as bits a second, 0 where
// there is no number. Some servers give bits instead of kilobits.
func icyBitRate(s string) int {
	s, _, _ = strings.Cut(s, ",")
	s, _, _ = strings.Cut(s, ".") // "128.0"
	n, err := strconv.Atoi(strings.TrimSpace(s))
	switch {
	case err != nil || n <= 0 || n > 1<<30:
		return 0
	case n < 8000:
		return n * 1000
	}
	return n
}
