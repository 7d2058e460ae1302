package rtsp

import (
	"io"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/rtsp/rtsptest"
)

// TestGStreamerOnDemand plays files on demand: to a pause and on, to other
// places and to the end, which the server tells by BYE.
func TestGStreamerOnDemand(t *testing.T) {
	t.Parallel()
	base := rtsptest.StartGStreamer(t, "--file", clipAs(t, "mp4"), "--file", clipAs(t, "mkv"), "--file", clipAs(t, "ts"))
	tests := map[string]func(*testing.T){
		"a transport stream": func(t *testing.T) { withoutLength(t, base+"/vod-ts") },
	}
	for _, path := range []string{"/vod", "/vod-mkv"} {
		for _, scheme := range []string{"rtsp", "rtspt"} {
			tests[scheme+path] = func(t *testing.T) {
				s, _ := start(t, over(scheme, base)+path, Config{Timeouts: endByBYE})
				if i := s.Info(); i.Live || i.Duration.Round(time.Second) != clip.Duration || i.Can != (media.Capabilities{}) {
					t.Errorf("%+v", i)
				}
				onDemand(t, s, gstLeavesOut)
				toTheEnd(t, s, 3)
			}
		}
	}
	sideBySide(t, tests)
}

// gstLeavesOut bounds the packets that the server counts and does not send at a
// pause: one or two, in every twentieth.
const gstLeavesOut = 4

// endByBYE waits so long for a silent stream that a test fails where BYE is not
// heeded.
var endByBYE = Timeouts{End: time.Minute, Silence: time.Minute}

// toTheEnd goes close to the end, by the seek of that number, and waits for it.
func toTheEnd(t *testing.T, s *Session, seek int) {
	t.Helper()
	if _, err := s.Seek(t.Context(), 58*time.Second); err != nil {
		t.Fatal(err)
	}
	var data []byte
	var last time.Duration
	for {
		c, err := s.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v at %v", err, last)
		}
		if c.Seek == seek {
			data, last = append(append(data, c.Init...), c.Data...), c.Time
		}
	}
	if last < 59*time.Second {
		t.Errorf("the end is at %v", last)
	}
	decode(t, data).check(t, 58, 59, 45)
}

// withoutLength plays a file whose length the server does not know: "npt=0.7-".
// It would take a seek and start two seconds before; nobody is told that he can.
func withoutLength(t *testing.T, link string) {
	s, _ := start(t, link, Config{})
	if i := s.Info(); !i.Live || i.Duration != 0 || i.Can.NoSeek == "" {
		t.Errorf("%+v", i)
	}
	data, _ := record(t, s, 0, 1500*time.Millisecond)
	decode(t, data).check(t, 0, 1, 30)
}
