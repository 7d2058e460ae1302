package mms

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	keepPart = 0.65 // of the time that a session lives without a request
	maxLogs  = 8    // that wait to be sent
)

// keep is the keeper's goroutine: it holds the session while nothing is sent, and
// sends the logs that servers expect. ctx ends a while after close was called.
func (l *httpLink) keep(ctx context.Context) {
	timer := time.NewTimer(l.keepEvery())
	defer timer.Stop()
	for {
		select {
		case <-l.leave:
			l.sendLogs(ctx)
			return
		case <-l.due:
			l.sendLogs(ctx) // one that is under way may end while the link is closed
		case <-timer.C:
			if own, release, err := l.call(ctx); err == nil {
				l.hold(own)
				release()
			}
			timer.Reset(l.keepEvery())
		}
	}
}

func (l *httpLink) keepEvery() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Duration(float64(l.session.timeout) * keepPart)
}

// hold asks the server to keep the session ([MS-WMSP] 3.1.6.1). One that is lost
// in spite of it is begun anew by the next Play.
func (l *httpLink) hold(ctx context.Context) {
	s := l.cur.Load()
	if s != nil && !s.waiting.Load() && !s.logged.Load() {
		return // it sends
	}
	if s == nil && l.line.TryLock() {
		if c := l.pipe; c != nil {
			l.pipe = l.post(ctx, &httpAsk{step: "keepalive", method: "OPTIONS", new: true, star: true}, c)
			l.line.Unlock()
			return
		}
		l.line.Unlock()
	}
	l.post(ctx, &httpAsk{step: "keepalive", method: "POST", pragmas: []string{"no-cache", "xKeepAliveInPause=1"}}, nil)
}

// post sends a request of which only the session's numbers in the reply matter.
// It returns the connection on, where that can be used again.
func (l *httpLink) post(ctx context.Context, q *httpAsk, on *httpConn) *httpConn {
	r, err := l.ask(ctx, q, on, nil)
	if err != nil {
		return nil
	}
	if on != nil && r.discard(ctx, l.cfg.Timeouts.Reply) {
		return r.conn
	}
	r.conn.Close()
	return nil
}

// logOf makes the log of a stream that has ended, or is about to.
func (l *httpLink) logOf(s *httpStream) {
	if !s.logged.CompareAndSwap(false, true) {
		return
	}
	log := playedLog{
		guid: l.guid, url: "http://" + l.to.Authority() + requestPath(l.to.Path), at: time.Now(), from: s.from,
		played: time.Since(s.began), packets: l.packets.Load() - s.packets, bytes: l.bytes.Load() - s.bytes,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session.deaf || len(l.logs) == maxLogs {
		return
	}
	l.logs = append(l.logs, log)
	select {
	case l.due <- struct{}{}:
	default:
	}
}

// sendLogs sends what waits. A server that does not take one gets none.
func (l *httpLink) sendLogs(ctx context.Context) {
	for {
		l.mu.Lock()
		if len(l.logs) == 0 || l.session.deaf {
			l.logs = nil
			l.mu.Unlock()
			return
		}
		log, modern := l.logs[0], l.session.cougar && l.session.major >= 9
		l.logs = l.logs[1:]
		l.mu.Unlock()
		q := &httpAsk{step: "log", method: "POST", pragmas: []string{"no-cache"}}
		if modern {
			q.kind, q.body = "application/x-wms-LogStats;charset=UTF-8", log.xml()
		} else {
			q.pragmas = append(q.pragmas, "log-line="+log.line())
		}
		r, err := l.ask(ctx, q, nil, nil)
		if err == nil {
			r.conn.Close()
		}
		l.mu.Lock()
		l.session.deaf = l.session.deaf || err != nil || r.Status >= 400
		l.mu.Unlock()
	}
}

// playedLog is what a server wants to know of what was played ([MS-WMLOG] 2.5).
// It says nothing of this machine and its user.
type playedLog struct {
	guid, url      string
	at             time.Time
	from, played   time.Duration
	packets, bytes uint64
}

// logFields are the fields in the order in which they stand ([MS-WMLOG] 2.2.1).
// Those without a value here are "-".
var logFields = strings.Fields(`
	c-ip date time c-dns cs-uri-stem c-starttime x-duration c-rate c-status c-playerid c-playerversion
	c-playerlanguage cs-User-Agent cs-Referer c-hostexe c-hostexever c-os c-osversion c-cpu filelength filesize
	avgbandwidth protocol transport audiocodec videocodec c-channelURL sc-bytes c-bytes s-pkts-sent
	c-pkts-received c-pkts-lost-client c-pkts-lost-net c-pkts-lost-cont-net c-resendreqs c-pkts-recovered-ECC
	c-pkts-recovered-resent c-buffercount c-totalbuffertime c-quality s-ip s-dns s-totalclients s-cpu-util`)

// values are the fields that are known.
func (p *playedLog) values() map[string]string {
	at := p.at.UTC()
	return map[string]string{
		"c-ip": "0.0.0.0", "date": at.Format(time.DateOnly), "time": at.Format(time.TimeOnly), "cs-uri-stem": p.url,
		"c-starttime": fmt.Sprint(int(p.from.Seconds())), "x-duration": fmt.Sprint(int(p.played.Seconds())), "c-rate": "1",
		"c-status": "200", "c-playerid": p.guid, "c-playerversion": strings.TrimPrefix(player, "NSPlayer/"),
		"protocol": "http", "transport": "TCP", "c-bytes": fmt.Sprint(p.bytes), "c-pkts-received": fmt.Sprint(p.packets),
		"c-pkts-lost-client": "0", "c-pkts-lost-net": "0", "c-pkts-lost-cont-net": "0", "c-resendreqs": "0",
		"c-pkts-recovered-ECC": "0", "c-pkts-recovered-resent": "0", "c-buffercount": "1", "c-totalbuffertime": "0",
		"c-quality": "100",
	}
}

// each calls f with every field.
func (p *playedLog) each(f func(name, value string)) {
	values := p.values()
	for _, name := range logFields {
		v := values[name]
		if v == "" {
			v = "-"
		}
		f(name, v)
	}
}

// line is the log for servers before 9: values with blanks between them.
func (p *playedLog) line() string {
	var all []string
	p.each(func(_, value string) { all = append(all, strings.ReplaceAll(value, " ", "_")) })
	return strings.Join(all, " ")
}

var escapeXML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// xml is the log for newer ones.
func (p *playedLog) xml() string {
	var b strings.Builder
	b.WriteString("<XML>\r\n<Summary>" + escapeXML.Replace(p.line()) + "</Summary>\r\n")
	p.each(func(name, value string) {
		b.WriteString("<" + name + ">" + escapeXML.Replace(value) + "</" + name + ">\r\n")
	})
	b.WriteString("</XML>\r\n")
	return b.String()
}
