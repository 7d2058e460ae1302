package mms

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tapedeck/client/mms/wire"
	"tapedeck/client/words"
)

const (
	// unset is a place that says nothing: of a packet, an offset.
	unset = "stream-offset=4294967295:4294967295,packet-num=4294967295,max-duration=0"
	// rightAway asks servers from 9 on to send the beginning as fast as it goes,
	// so that the player's buffer is full sooner.
	rightAway = "LinkBW=2147483647, AccelBW=2147483647, AccelDuration=10000"

	knownToUs = "com.microsoft.wm.srvppair, com.microsoft.wm.sswitch, com.microsoft.wm.predstrm"
)

// Limits of what a server has us repeat.
const (
	maxCookies = 16
	maxCookie  = 4 << 10 // bytes
)

// How long a session lives without a request. Servers say it in milliseconds.
const (
	defaultKeep = 60 * time.Second
	leastKeep   = time.Second
	mostKeep    = time.Hour
)

// httpAsk is a request ([MS-WMSP] 2.2.2). Whoever does not call himself a player
// gets a list that leads to one; older ones get less: no Metadata before 9, and a
// script command in place of a redirect before 7.
//
//	GET /film.asf HTTP/1.0
//	User-Agent: NSPlayer/9.0.0.2980
//	Host: server
//	Pragma: xClientGUID={...}
//	Pragma: client-id=3320437311
//	Pragma: no-cache,rate=1.000,stream-time=0,...
//	Pragma: stream-switch-entry=ffff:1:0 ffff:2:2
type httpAsk struct {
	step    string // its name in errors
	method  string
	new     bool // HTTP/1.1
	star    bool // of the whole server
	pragmas []string
	kind    string // content type of body
	body    string
}

// target is what the request line names.
func (q *httpAsk) target(l *httpLink) string {
	if q.star {
		return "*"
	}
	return requestPath(l.to.Path)
}

// requestPath is a path as HTTP has it: other letters than those of ASCII, and
// what would end the line, in percent-encoding; the rest byte for byte.
func requestPath(path string) string {
	var b strings.Builder
	if !strings.HasPrefix(path, "/") {
		b.WriteByte('/')
	}
	for i := range len(path) {
		if c := path[i]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// bytes is the request with a header of a login.
func (q *httpAsk) bytes(l *httpLink, name, login string) []byte {
	version := "1.0"
	if q.new {
		version = "1.1"
	}
	b := make([]byte, 0, 1024)
	b = fmt.Appendf(b, "%s %s HTTP/%s\r\nAccept: */*\r\nUser-Agent: %s\r\nHost: %s\r\n", q.method, q.target(l), version, player, l.to.Authority())
	b = append(b, "X-Accept-Authentication: NTLM, Negotiate, Digest, Basic\r\nSupported: "+knownToUs+"\r\nPragma: xClientGUID="+l.guid+"\r\n"...)
	l.mu.Lock()
	if l.session.id != "" {
		b = append(b, "Pragma: client-id="+l.session.id+"\r\n"...)
	}
	if len(l.session.cookies) > 0 {
		b = append(b, "Cookie: "+strings.Join(l.session.cookies, "; ")+"\r\n"...)
	}
	l.mu.Unlock()
	for _, p := range q.pragmas {
		b = append(b, "Pragma: "+p+"\r\n"...)
	}
	if login != "" {
		b = append(b, name+": "+login+"\r\n"...)
	}
	if q.method == "POST" {
		if q.kind != "" {
			b = append(b, "Content-Type: "+q.kind+"\r\n"...)
		}
		b = append(b, "Content-Length: "+strconv.Itoa(len(q.body))+"\r\n"...)
	}
	if !q.new {
		b = append(b, "Connection: Keep-Alive\r\n"...)
	}
	return append(append(b, "\r\n"...), q.body...)
}

// switches are the lines that carry decisions: nothing else may stand on the
// second one. All of it in hexadecimal.
func switches(d []decision) []string {
	if len(d) == 0 {
		return nil
	}
	count, list, _ := strings.Cut(string(wire.AppendSwitches(nil, entries(d))), ",")
	return []string{count, list}
}

// place is the line that says where to begin. A server looks at the time first,
// unless it is 0, then at the packet.
func place(r *request) string {
	if r.packet != 0 {
		return fmt.Sprintf("no-cache,rate=1.000,stream-time=0,stream-offset=4294967295:4294967295,packet-num=%d,max-duration=0", r.packet)
	}
	ms := min(max(r.from, 0).Milliseconds(), wire.NoNumber-1)
	return fmt.Sprintf("no-cache,rate=1.000,stream-time=%d,%s", ms, unset)
}

// heard takes in what every reply may say of the server and the session.
func (l *httpLink) heard(r *httpReply) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.session
	if id, ok := r.pragmas.Number("client-id"); ok {
		s.id = strconv.FormatUint(uint64(id), 10)
	}
	if entry, ok := r.pragmas.Number("playlist-gen-id"); ok {
		s.entry = strconv.FormatUint(uint64(entry), 10)
	}
	if ms, ok := r.pragmas.Number("timeout"); ok && ms > 0 {
		s.timeout = min(max(time.Duration(ms)*time.Millisecond, leastKeep), mostKeep)
	}
	if server := r.Header.Get("Server"); server != "" {
		s.server = words.Line(server, maxErrorWords)
		s.cougar, s.major = productOf(server)
	}
	if features := r.Header.Values("Supported"); len(features) > 0 {
		all := strings.ToLower(strings.Join(features, ","))
		s.choose = strings.Contains(all, "com.microsoft.wm.sswitch")
		s.predict = strings.Contains(all, "com.microsoft.wm.predstrm")
	}
	for _, line := range r.Header.Values("Set-Cookie") {
		s.cookie(line)
	}
}

// cookie keeps a cookie for the session's requests, which are all to one server
// and one path.
func (s *httpSession) cookie(line string) {
	pair, _, _ := strings.Cut(line, ";")
	pair = strings.TrimSpace(pair)
	name, _, ok := strings.Cut(pair, "=")
	if !ok || name == "" || len(pair) > maxCookie {
		return
	}
	for i, known := range s.cookies {
		if strings.HasPrefix(known, name+"=") {
			s.cookies[i] = pair
			return
		}
	}
	if len(s.cookies) < maxCookies {
		s.cookies = append(s.cookies, pair)
	}
}
