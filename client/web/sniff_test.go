package web

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"tapedeck/client/web/webtest"
)

// packets are n packets of a transport stream, the first byte of each payload
// counting up.
func packets(n int) []byte {
	var b []byte
	for i := range n {
		p := bytes.Repeat([]byte{0xff}, tsPacket)
		p[0], p[1], p[2], p[3], p[4] = tsSync, 0x1f, 0xff, 0x10, byte(i)
		b = append(b, p...)
	}
	return b
}

// adtsFrames are n frames of AAC-LC, 44,100 Hz, stereo, 200 bytes each.
func adtsFrames(n int) []byte {
	const size = 200
	f := make([]byte, size)
	copy(f, []byte{0xff, 0xf1, 0x50, 0x80 | size>>11, size >> 3 & 0xff, size&7<<5 | 0x1f, 0xfc})
	return bytes.Repeat(f, n)
}

var sniffCases = []struct {
	name, data, announced, want string
	playlist                    string
	foreign                     bool
}{
	{name: "matroska", data: "\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", want: "Matroska"},
	{name: "webm", data: "\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", want: "WebM"},
	{name: "mp4", data: "\x00\x00\x00\x18ftypisom", want: "MP4"},
	{name: "ogg", data: "OggS\x00\x02", want: "Ogg"},
	{name: "flac", data: "fLaC\x00", want: "FLAC"},
	{name: "flv", data: "FLV\x01\x05", want: "FLV"},
	{name: "avi", data: "RIFF\x00\x00\x00\x00AVI LIST", want: "AVI"},
	{name: "wav", data: "RIFF\x00\x00\x00\x00WAVEfmt ", want: "WAV"},
	{name: "asf", data: "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6", want: "ASF"},
	{name: "jpeg", data: "\xff\xd8\xff\xe0", want: "JPEG"},
	{name: "ts", data: string(packets(5)), want: "MPEG-TS"},
	{name: "ts joined", data: "xyz" + string(packets(5)), want: "MPEG-TS"},
	{name: "mp3", data: string(webtest.SilentMP3(time.Second)), want: "MP3"},
	{name: "mp3 joined", data: strings.Repeat("x", 300) + string(webtest.SilentMP3(time.Second)), want: "MP3"},
	{name: "mp3 with a tag", data: "ID3\x04\x00\x00\x00\x00\x00\x05hello" + string(webtest.SilentMP3(time.Second)), want: "MP3"},
	{name: "mp3 announced", data: "abc", announced: "audio/mpeg", want: "MP3"},
	{name: "adts", data: string(adtsFrames(5)), want: "AAC (ADTS)"},
	{name: "adts announced wrongly", data: string(adtsFrames(5)), announced: "audio/mpeg", want: "AAC (ADTS)"},
	{name: "unknown", data: "\x00\x01\x02", announced: "video/x-new", want: ""},
	{name: "cameras", data: "--b\r\nContent-Type: image/jpeg\r\n\r\n", announced: "multipart/x-mixed-replace;boundary=b", want: "pushed pictures"},
	{name: "html", data: "\r\n<!DOCTYPE html><html>", foreign: true},
	{name: "html announced", data: "Please log in", announced: "text/html; charset=utf-8", foreign: true},
	{name: "json", data: `{"error":"no"}`, announced: "application/json", foreign: true},
	{name: "text", data: "no such stream", announced: "text/plain", foreign: true},
	{name: "one that begins like Windows Media's chunks", data: "$Hello, world", announced: "text/plain", foreign: true},
	{name: "gzip", data: "\x1f\x8b\x08\x00", foreign: true},
	{name: "m3u", data: "#EXTM3U\n#EXTINF:-1,a\nhttp://x/", playlist: "M3U"},
	{name: "bare m3u", data: "http://x/\n", announced: "audio/x-mpegurl", playlist: "M3U"},
	{name: "ram", data: "rtsp://x/a.rm\n", announced: "audio/x-pn-realaudio", playlist: "RAM"},
	{name: "hls", data: "\xef\xbb\xbf#EXTM3U\n#EXT-X-VERSION:3\n", playlist: "HLS"},
	{name: "pls", data: "[playlist]\nFile1=http://x/", playlist: "PLS"},
	{name: "asx", data: "<ASX version=\"3.0\">", playlist: "ASX"},
	{name: "reference", data: "[Reference]\r\nRef1=http://x/", playlist: "ASX"},
	{name: "xspf", data: "<?xml version=\"1.0\"?><playlist xmlns=\"http://xspf.org/ns/0/\">", playlist: "XSPF"},
	{name: "dash", data: "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash\">", playlist: "DASH"},
}

func TestSniff(t *testing.T) {
	for _, c := range sniffCases {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := sniff([]byte(c.data), c.announced)
			var list *ListError
			switch {
			case c.playlist != "":
				if !errors.As(err, &list) || list.Format != c.playlist || !errors.Is(err, ErrNotMedia) {
					t.Errorf("%v, want the playlist %s", err, c.playlist)
				}
			case c.foreign:
				if !errors.Is(err, ErrNotMedia) || errors.As(err, &list) {
					t.Errorf("%q, %v", got.name, err)
				}
			case err != nil || got.name != c.want:
				t.Errorf("%q, %v; want %q", got.name, err, c.want)
			}
		})
	}
}

func TestSniffTrack(t *testing.T) {
	got, _, _ := sniff(append(make([]byte, 100), webtest.SilentMP3(time.Second)...), "")
	if got.start != 100 || got.track.SampleRate != 44100 || got.track.Channels != 2 || got.track.BitRate != 128000 {
		t.Errorf("%+v", got)
	}
	opus := "OggS\x00\x02" + strings.Repeat("\x00", 20) + "\x01\x13OpusHead\x01\x02"
	if got, _, _ := sniff([]byte(opus), ""); got.track.Codec != "Opus" {
		t.Errorf("%+v", got)
	}
}

func FuzzSniff(f *testing.F) {
	for _, c := range sniffCases {
		f.Add([]byte(c.data), c.announced)
	}
	f.Fuzz(func(t *testing.T, data []byte, announced string) {
		c, _, err := sniff(data[:min(len(data), sniffLimit)], announced)
		if err == nil && c.frames == nil && c.start > len(data) {
			t.Errorf("begins at %d of %d", c.start, len(data))
		}
	})
}
