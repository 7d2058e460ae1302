package hls

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Limits of a media playlist.
const (
	maxSegments = 1 << 16
	maxKeys     = 8              // that stand together before a segment, one for each key system
	maxSpan     = 24 * time.Hour // of one segment, or of an offset
	maxSide     = 1 << 15        // luma samples of a picture's side
)

// defaultTarget is the target duration of a list that tells nothing of time.
const defaultTarget = 10 * time.Second

// playlist is a media playlist: segments, one after the other, each as long as
// its EXTINF says.
//
//	#EXTM3U
//	#EXT-X-TARGETDURATION:6          how often it may be asked for
//	#EXT-X-MEDIA-SEQUENCE:2680       the number of the first segment
//	#EXT-X-KEY:METHOD=AES-128,URI="key"
//	#EXT-X-MAP:URI="init.mp4"
//	#EXTINF:5.994,
//	2680.m4s
//	#EXT-X-DISCONTINUITY
//	#EXTINF:6.006,
//	2681.m4s
//	#EXT-X-ENDLIST                   no more will come
type playlist struct {
	target    time.Duration
	segments  []segment
	ended     bool          // EXT-X-ENDLIST
	event     bool          // PLAYLIST-TYPE is EVENT: it only grows
	onDemand  bool          // PLAYLIST-TYPE is VOD
	numbered  bool          // it has a MEDIA-SEQUENCE
	start     time.Duration // EXT-X-START, from the end where negative
	hasStart  bool
	hold      time.Duration // HOLD-BACK of EXT-X-SERVER-CONTROL; 0: not told
	variables variables
}

// segment is one Media Segment.
type segment struct {
	uri      string // as it is written
	sequence int64
	era      int64         // discontinuity sequence number: timestamps of one era go together
	at       time.Duration // the sum of the durations before it in this list
	duration time.Duration
	bytes    byteRange
	key      *keyTag // nil: it is in the clear, or protected
	guard    string  // the system that protects it; empty for none
	init     *initTag
	date     time.Time // EXT-X-PROGRAM-DATE-TIME, carried on; zero: not told
	gap      bool      // it is known not to be there
}

func (s *segment) end() time.Duration { return s.at + s.duration }

// byteRange is a part of a resource; size 0 is the whole.
type byteRange struct{ from, size int64 }

// keyTag is EXT-X-KEY with METHOD=AES-128.
type keyTag struct {
	uri string
	iv  []byte // nil: the segment's sequence number
}

// initTag is EXT-X-MAP. Tags that say the same share one.
type initTag struct {
	uri   string
	bytes byteRange
	key   *keyTag
	seq   int64 // whose number is the IV where the key has none
}

func (p *playlist) live() bool { return !p.ended && !p.onDemand }

// absolute reports that nothing leaves the list at its front: places in it are
// times of the programme.
func (p *playlist) absolute() bool { return p.event || !p.live() }

// duration is the length of all segments together.
func (p *playlist) duration() time.Duration {
	if len(p.segments) == 0 {
		return 0
	}
	return p.segments[len(p.segments)-1].end()
}

// first and next are the sequence numbers of the first segment and of the one
// that will follow the last.
func (p *playlist) first() int64 {
	if len(p.segments) == 0 {
		return 0
	}
	return p.segments[0].sequence
}

func (p *playlist) next() int64 { return p.first() + int64(len(p.segments)) }

// number is the segment with a sequence number; nil where it is not in the list.
func (p *playlist) number(seq int64) *segment {
	if i := seq - p.first(); i >= 0 && i < int64(len(p.segments)) {
		return &p.segments[i]
	}
	return nil
}

// looksLikePlaylist tells a playlist without #EXTM3U from a web page.
func looksLikePlaylist(body []byte) bool {
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(body, []byte("#EXT")) || bytes.HasPrefix(body, []byte("#")) && bytes.Contains(body, []byte("\n#EXT"))
}

// parser gathers a media playlist. The fields are those of the segment that is
// about to come.
type parser struct {
	list  *playlist
	fill  filler    // of the list's variables
	query string    // of the playlist's own address
	from  variables // the master playlist's

	seq, era  int64
	at        time.Duration
	duration  time.Duration
	timed     bool // there was an EXTINF with a time
	bytes     byteRange
	lastURI   string // of the segment before, for a range without an offset
	lastEnd   int64
	keys      []attributes
	inKeys    bool // the last line was a key: another one stands beside it
	key       *keyTag
	guard     string
	init      *initTag
	date      time.Time
	gap       bool
	hasTarget bool
	any       bool // there was a tag of a playlist
}

// parsePlaylist reads a media playlist. Unknown tags are skipped, and so is what
// cannot be read of the known ones; what makes the list useless is an error.
func parsePlaylist(body []byte, query string, master variables) (*playlist, error) {
	if !looksLikePlaylist(body) {
		return nil, errNotPlaylist
	}
	p := &parser{list: &playlist{variables: make(variables)}, query: query, from: master}
	p.fill.variables = p.list.variables
	if err := eachLine(body, p.line); err != nil {
		return nil, err
	}
	if !p.any {
		return nil, errNotPlaylist
	}
	p.list.setTarget(p.hasTarget)
	return p.list, nil
}

// setTarget bounds the target duration, and finds one where the list has none.
func (p *playlist) setTarget(given bool) {
	longest := time.Duration(0)
	for i := range p.segments {
		longest = max(longest, p.segments[i].duration)
	}
	if !given || p.target <= 0 {
		p.target = (longest + time.Second - 1).Truncate(time.Second)
	}
	if p.target == 0 {
		p.target = defaultTarget
	}
	p.target = max(p.target, minTarget)
}

func (p *parser) line(line string) error {
	if !strings.HasPrefix(line, "#") {
		p.inKeys = false
		return p.segment(p.fill.fill(line))
	}
	name, value, ok := tag(line)
	if !ok {
		return nil // a comment
	}
	p.any = p.any || name == "#EXTINF" || strings.HasPrefix(name, "#EXT-X-")
	if name != "#EXT-X-KEY" {
		p.inKeys = false
	}
	value = p.fill.fill(value)
	switch name {
	case "#EXTINF":
		seconds, _, _ := strings.Cut(value, ",")
		if p.duration, p.timed = parseSeconds(seconds); p.duration < 0 {
			p.duration, p.timed = 0, false // -1, as in lists of stations
		}
	case "#EXT-X-BYTERANGE":
		if size, at, ok := parseRange(value); ok {
			p.bytes = byteRange{at, size}
		}
	case "#EXT-X-DISCONTINUITY":
		p.era++
	case "#EXT-X-KEY":
		p.keyTag(parseAttributes(value))
	case "#EXT-X-MAP":
		p.initTag(parseAttributes(value))
	case "#EXT-X-PROGRAM-DATE-TIME":
		p.date = parseDate(value)
	case "#EXT-X-GAP":
		p.gap = true
	default:
		p.ofList(name, value)
	}
	return nil
}

// ofList takes the tags that are about the whole list.
func (p *parser) ofList(name, value string) {
	l := p.list
	switch name {
	case "#EXT-X-TARGETDURATION":
		l.target, p.hasTarget = parseSeconds(value) // some write 6.006
		l.target = (l.target + time.Second/2).Truncate(time.Second)
	case "#EXT-X-MEDIA-SEQUENCE":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 && n < math.MaxInt64-maxSegments && len(l.segments) == 0 {
			p.seq, l.numbered = n, true
		}
	case "#EXT-X-DISCONTINUITY-SEQUENCE":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 && n < math.MaxInt64-maxSegments && len(l.segments) == 0 {
			p.era = n
		}
	case "#EXT-X-SKIP": // part of a delta update, which is never asked for
		if n := parseAttributes(value).number("SKIPPED-SEGMENTS"); n < maxSegments && len(l.segments) == 0 {
			p.seq += n
		}
	case "#EXT-X-ENDLIST":
		l.ended = true
	case "#EXT-X-PLAYLIST-TYPE":
		l.event, l.onDemand = value == "EVENT", value == "VOD"
	case "#EXT-X-START":
		if a := parseAttributes(value); a["TIME-OFFSET"] != "" {
			l.start, l.hasStart = parseSeconds(a["TIME-OFFSET"])
		}
	case "#EXT-X-SERVER-CONTROL":
		if d, ok := parseSeconds(parseAttributes(value)["HOLD-BACK"]); ok && d > 0 {
			l.hold = d
		}
	case "#EXT-X-DEFINE":
		l.variables.define(parseAttributes(value), p.from, p.query)
	}
}

// segment takes the line that names one.
func (p *parser) segment(uri string) error {
	l := p.list
	if len(l.segments) == maxSegments {
		return &playlistError{fmt.Sprintf("the playlist has more than %d segments", maxSegments)}
	}
	if len(uri) > maxURI {
		return errLongURI
	}
	if p.bytes.size > 0 && p.bytes.from < 0 { // goes on where the one before ended
		p.bytes.from = 0
		if uri == p.lastURI {
			p.bytes.from = p.lastEnd
		}
	}
	p.lastURI, p.lastEnd = uri, p.bytes.from+p.bytes.size
	if p.lastEnd < 0 {
		return errBadRange
	}
	d := p.duration
	if !p.timed {
		d = defaultTarget
		if p.hasTarget {
			d = max(l.target, minTarget)
		}
	}
	l.segments = append(l.segments, segment{
		uri: uri, sequence: p.seq, era: p.era, at: p.at, duration: d, bytes: p.bytes,
		key: p.key, guard: p.guard, init: p.init, date: p.date, gap: p.gap,
	})
	p.seq++
	p.at += d
	if !p.date.IsZero() {
		p.date = p.date.Add(d)
	}
	p.bytes, p.duration, p.timed, p.gap = byteRange{}, 0, false, false
	return nil
}

// keyTag takes one EXT-X-KEY. Those that stand together are ways to the same
// key, for the systems that their KEYFORMATs name.
func (p *parser) keyTag(a attributes) {
	if !p.inKeys {
		p.keys = p.keys[:0]
	}
	p.inKeys = true
	if len(p.keys) < maxKeys {
		p.keys = append(p.keys, a)
	}
	p.key, p.guard = chooseKey(p.keys)
}

func (p *parser) initTag(a attributes) {
	t := initTag{uri: a["URI"], key: p.key, seq: p.seq}
	if t.uri == "" || len(t.uri) > maxURI {
		return
	}
	if size, at, ok := parseRange(a["BYTERANGE"]); ok {
		t.bytes = byteRange{max(at, 0), size}
	}
	if o := p.init; o != nil && o.uri == t.uri && o.bytes == t.bytes && o.key == t.key {
		return
	}
	p.init = &t
}

// parseDate reads ISO 8601 as servers write it; the zero time where it is none.
func parseDate(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}
