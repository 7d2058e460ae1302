package rtp

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tapedeck/client/media"
	"tapedeck/client/mux"
	"tapedeck/client/nal"
)

// TestStaticTypes is RFC 3551's table, and what Bosch makes of 35: as it is
// announced without a=rtpmap, and with one that leaves things out.
func TestStaticTypes(t *testing.T) {
	for _, c := range []struct {
		pt        uint8
		encoding  string
		clock, ch int
		played    bool
	}{
		{0, "PCMU", 8000, 1, true},
		{1, "", 90000, 0, false},
		{2, "G726-32", 8000, 1, true},
		{3, "GSM", 8000, 1, true},
		{4, "G723", 8000, 1, true},
		{5, "DVI4", 8000, 1, true},
		{6, "DVI4", 16000, 1, true},
		{7, "LPC", 8000, 1, false},
		{8, "PCMA", 8000, 1, true},
		{9, "G722", 8000, 1, true},
		{10, "L16", 44100, 2, true},
		{11, "L16", 44100, 1, true},
		{12, "QCELP", 8000, 1, true},
		{13, "CN", 8000, 1, false},
		{14, "MPA", 90000, 0, true},
		{15, "G728", 8000, 1, false},
		{16, "DVI4", 11025, 1, true},
		{17, "DVI4", 22050, 1, true},
		{18, "G729", 8000, 1, false},
		{19, "", 90000, 0, false},
		{25, "CelB", 90000, 0, false},
		{26, "JPEG", 90000, 0, true},
		{28, "nv", 90000, 0, false},
		{31, "H261", 90000, 0, true},
		{32, "MPV", 90000, 0, true},
		{33, "MP2T", 90000, 0, true},
		{34, "H263", 90000, 0, true},
		{35, "H264", 90000, 0, true},
		{36, "", 90000, 0, false},
		{96, "", 90000, 0, false},
	} {
		f := Format{PayloadType: c.pt}
		for range 2 {
			got := f.Complete()
			if got.Encoding != c.encoding || got.ClockRate != c.clock || got.Channels != c.ch {
				t.Errorf("%+v: %+v", f, got)
			}
			f.Encoding = c.encoding // a=rtpmap names it, and no more
		}
		var u *UnsupportedError
		if _, err := NewDepacketizer(f); (err == nil) != c.played || err != nil && !errors.As(err, &u) {
			t.Errorf("type %d: %v", c.pt, err)
		}
	}
	// a=rtpmap counts, whatever the number.
	for _, f := range []Format{
		{PayloadType: 0, Encoding: "L16", ClockRate: 16000, Channels: 2},
		{PayloadType: 10, Encoding: "L16", ClockRate: 8000, Channels: 1},
		{PayloadType: 35, Encoding: "VP8", ClockRate: 90000},
	} {
		if got := f.Complete(); got.Encoding != f.Encoding || got.ClockRate != f.ClockRate || got.Channels != f.Channels {
			t.Errorf("%+v became %+v", f, got)
		}
	}
	// And without a clock it is the encoding's.
	for _, c := range []struct {
		encoding string
		clock    int
	}{{"amr-wb", 16000}, {"Opus", 48000}, {"h264", 90000}, {"X-FOO", 90000}} {
		for _, told := range []int{0, -1, maxClockRate + 1} {
			if got := (Format{PayloadType: 99, Encoding: c.encoding, ClockRate: told}).Complete(); got.ClockRate != c.clock {
				t.Errorf("%s at %d: %+v", c.encoding, told, got)
			}
		}
	}
}

// TestEveryEncoding: each row of the table has its depacketizer among the streams
// of which no packet may cost an allocation, and what it makes has its place in
// Matroska.
func TestEveryEncoding(t *testing.T) {
	hot := map[string]bool{}
	for _, s := range hotStreams {
		d, err := NewDepacketizer(s.format)
		if err != nil {
			t.Fatal(err)
		}
		hot[fmt.Sprintf("%T", d)] = true
	}
	for name := range encodings {
		f := Format{PayloadType: 96, Encoding: name}
		if name == "MULTIOPUS" {
			f = multiopus("6", "0,4,1,2,3,5", "4", "2")
		}
		d, err := NewDepacketizer(f)
		if err != nil || !hot[fmt.Sprintf("%T", d)] {
			t.Errorf("%s: %T, %v", name, d, err)
		}
		m, _ := d.Track()
		if len(m.Private) == 0 {
			m.Private = []byte{1} // it comes in-band
		}
		if _, err := mux.New([]media.Track{m}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDescription: what a server says of a stream, down to the configuration in
// hex or base64, and a packet.
func FuzzDescription(f *testing.F) {
	for _, cases := range [][]depackCase{h264Cases, h265Cases, aacCases, latmCases, mp4vCases, theoraCases, vorbisCases, amrCases, opusCases} {
		for _, c := range cases[:min(len(cases), 8)] {
			var params strings.Builder
			for k, v := range c.format.Params {
				fmt.Fprintf(&params, "%s=%s;", k, v)
			}
			f.Add(c.format.Encoding, c.format.ClockRate, c.format.Channels, params.String(), c.in[0].payload)
		}
	}
	f.Add("H264", 90000, 0, "sprop-parameter-sets="+b64(sps640, pps264), hx(idr))
	f.Add("H265", 90000, 0, "sprop-vps="+b64(vps265)+";sprop-sps="+b64(sps265)+";sprop-pps="+b64(pps265), hx(idr265))
	f.Add("MP4V-ES", 90000, 0, "config="+hex.EncodeToString(hx(mp4vXvid)), hx(mp4vI))
	f.Fuzz(func(t *testing.T, encoding string, clock, channels int, params string, payload []byte) {
		format := Format{PayloadType: 96, Encoding: encoding, ClockRate: clock, Channels: channels, Params: map[string]string{}}
		for p := range strings.SplitSeq(params, ";") {
			k, v, _ := strings.Cut(p, "=")
			format.Params[k] = v
		}
		d, err := NewDepacketizer(format)
		var u *UnsupportedError
		switch {
		case errors.As(err, &u):
			return
		case err != nil:
			t.Fatal(err)
		}
		for range 2 {
			m, ready := d.Track()
			if m.Codec == "" || min(m.Width, m.Height, m.SampleRate, m.Channels) < 0 || max(m.Width, m.Height) > 2*nal.MaxPicture || m.SampleRate > maxClockRate ||
				m.Channels > 255 || len(m.Private) > 2*maxXiphConfig+3*nal.MaxSets*(nal.MaxSetSize+2) {
				t.Fatalf("%v: %v, %dx%d, %d Hz, %d channels, %d bytes", ready, m.Codec, m.Width, m.Height, m.SampleRate, m.Channels, len(m.Private))
			}
			feed(d, []step{{ts: 1, marker: true, payload: payload}, {ts: 2, marker: true, payload: payload}})
		}
	})
}
