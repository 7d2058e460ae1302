package rtsp

import (
	"strings"
	"testing"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/sdp"
)

// FuzzMessage reads heads as replies and as requests, whole and byte by byte.
func FuzzMessage(f *testing.F) {
	for _, c := range responseCases {
		if len(c.text) <= 4096 {
			f.Add([]byte(c.text))
		}
	}
	f.Add([]byte("GET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\n"))
	f.Add([]byte("OPTIONS RTSP/1.0\n X\n\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		end, _, err := headEnd(in, 0)
		resume, first := 0, 0
		for n := 1; n <= len(in) && first == 0; n++ {
			var failed error
			if first, resume, failed = headEnd(in[:n], resume); failed != nil {
				if err == nil && end != 0 && n >= end {
					t.Fatalf("byte by byte %v, at once it ends at %d", failed, end)
				}
				return
			}
		}
		if err == nil && end != 0 && first != end {
			t.Fatalf("byte by byte it ends at %d, at once at %d", first, end)
		}
		if r, err := parseResponse(in); err == nil {
			if r.status < 100 || r.status > 999 || len(r.header) > maxHeaders {
				t.Fatalf("%+v", r)
			}
			if n, err := r.header.bodyLength(maxBody); err == nil && (n < 0 || n > maxBody) {
				t.Fatalf("a body of %d", n)
			}
			echo := request{method: "OPTIONS", target: "*"}
			for _, f := range r.header {
				echo.header.add("Session", f.value)
			}
			checkWritten(t, echo.append(nil), len(echo.header))
		}
		if r, err := parseRequest(in); err == nil && !isMethod(r.method) {
			t.Fatalf("%+v", r)
		}
	})
}

// checkWritten fails when what came from a peer breaks out of its line.
func checkWritten(t *testing.T, message []byte, headers int) {
	t.Helper()
	for _, line := range strings.Split(string(message), "\r\n") {
		if strings.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("%q", line)
		}
	}
	if n := strings.Count(string(message), "\r\n"); n != headers+2 {
		t.Fatalf("%d lines of %d headers", n, headers)
	}
}

func FuzzSession(f *testing.F) {
	for _, s := range []string{"12345678", "1$-_.+x;timeout=30", " ab ; Timeout = \"65\" ", "a;timeout=-1", "a;;timeout=;timeout=9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		id, timeout := parseSession(in)
		if len(id) > maxSessionID || strings.Contains(id, ";") || timeout < minSessionTimeout || timeout > maxSessionTimeout {
			t.Fatalf("%q, %v", id, timeout)
		}
		if i := keepaliveInterval(timeout); i < time.Second || i > 30*time.Second || i >= timeout {
			t.Fatalf("every %v of %v", i, timeout)
		}
	})
}

func FuzzControl(f *testing.F) {
	for _, s := range [][3]string{
		{"rtsp://h/a/", "*", "track1"}, {"rtsp://h/cam/r?channel=1&subtype=0", "", "trackID=0"}, {"rtsp://u:p@h/a", "/b", "?x"},
		{"192.168.1.2:554/a", "rtsp://0.0.0.0/", "rtsp://u:p@192.168.0.1/t"}, {"rtsp://rtsp://h/a", "//h", "../t\r\nX: y"}, {"rtsp://[::1]:1/", "rtsps://[::1]", "rtsp://[::1"},
	} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, base, session, control string) {
		const asked = "rtsp://cam.example:8554/live?x=1"
		b := baseURL(asked, header{{"Content-Base", base}})
		aggregate := sessionControl(b, session, asked)
		all := append(controlCandidates(aggregate, control, asked), b, aggregate, streamURL(aggregate, header{{"com.ses.streamID", control}}))
		if len(all) < 4 || len(all) > 6 {
			t.Fatalf("%q", all)
		}
		for _, u := range all {
			s, ok := splitURL(u)
			if !ok || strings.ContainsAny(u, " \r\n\t\x00") || len(u) > maxURL || strings.Contains(s.authority, "@") {
				t.Fatalf("%q of %q", u, all)
			}
		}
	})
}

func FuzzRedirect(f *testing.F) {
	for _, s := range []string{"/b", "b?x=1", "//h/b", "10.0.0.2:554/b", "rtsp://h/b", "rtsps://u:p@h/b", "http://h/", "refuse/x.wmv", "rtspt://h", "::1", "[::1]:5/b", ":554/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, location string) {
		for _, link := range []string{"rtsp://user:geheim@cam.example/live/a?x", "rtsps://user:geheim@[2001:db8::1]:322/a"} {
			a, err := address.Parse(link)
			if err != nil {
				t.Fatal(err)
			}
			to, err := follow(a, location)
			if err != nil {
				if strings.Contains(err.Error(), "geheim") && !strings.Contains(location, "geheim") {
					t.Fatal(err)
				}
				continue
			}
			_, known := map[string]bool{"rtsp": true, "rtsps": true, "rtspt": true, "rtspu": true}[to.Scheme]
			if !known || to.Host == "" || secure(a) && !secure(to) {
				t.Fatalf("%q leads to %+v", location, to)
			}
			if !strings.EqualFold(to.Host, a.Host) && to.Password == a.Password && !strings.Contains(location, "@") {
				t.Fatalf("%q takes the login to %s", location, to.Host)
			}
			if strings.ContainsAny(to.Target("rtsp"), " \r\n\x00") {
				t.Fatalf("%q", to.Target("rtsp"))
			}
		}
	})
}

// FuzzTracks goes from a description to what SETUP asks for.
func FuzzTracks(f *testing.F) {
	for _, s := range []string{soundSDP, filmSDP, twoTracks, tsSDP, "v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=framesize:96 1-2\na=cliprect:0,0,1,2\na=x-dimensions:1,2\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := sdp.Parse(body)
		if err != nil {
			return
		}
		tracks := describeTracks(s, false, false)
		if len(tracks) > maxTracks || len(setupOrder(tracks)) > len(tracks) {
			t.Fatalf("%d tracks", len(tracks))
		}
		for i, k := range tracks {
			info := k.info()
			if info.ID != i || k.format.Width < 0 || k.format.Height < 0 || k.problem == "" && k.format.ClockRate <= 0 {
				t.Fatalf("%+v", k)
			}
		}
		_, from, duration, onDemand := extent(s)
		if from < 0 || duration < from || onDemand != (duration > 0) {
			t.Fatalf("%v to %v, %v", from, duration, onDemand)
		}
		telcoTracks(tracks)
	})
}
