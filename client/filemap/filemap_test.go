package filemap

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tapedeck/client/media/clip"
	"tapedeck/client/peers"
)

// of is data as a file.
func of(data []byte) File {
	return File{Size: int64(len(data)), At: func(p []byte, off int64) int {
		if off < 0 || off >= int64(len(data)) {
			return 0
		}
		return copy(p, data[off:])
	}}
}

// Beginnings of files, as far as they matter.
var (
	matroska = "\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" +
		"\x15\x49\xa9\x66\x95" + // Info
		"\x2a\xd7\xb1\x83\x0f\x42\x40" + // TimestampScale 1,000,000
		"\x44\x89\x88\x40\xe7\x70\x00\x00\x00\x00\x00" + // Duration 48,000.0
		"\x1f\x43\xb6\x75"
	mp4Wide = "\x00\x00\x00\x10ftypisom\x00\x00\x00\x00" +
		"\x00\x00\x00\x84moov\x00\x00\x00\x7cmvhd\x01\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x03\xe8\x00\x00\x00\x00\x00\x00\x27\x10" + strings.Repeat("\x00", 84)
	fragments = "\x00\x00\x00\x10ftypisom\x00\x00\x00\x00" +
		"\x00\x00\x00\x44moov\x00\x00\x00\x24mvhd\x00\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\xe8\x00\x00\x00\x00" + strings.Repeat("\x00", 8) +
		"\x00\x00\x00\x18mvex\x00\x00\x00\x10mehd\x00\x00\x00\x00\x00\x00\x1b\x58" // 7000 of 1000
	segments = fragments[:16] + "\x00\x00\x00\x2cmoov" + fragments[24:60] +
		"\x00\x00\x00\x38sidx\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0a" + // version 0, timescale 10
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02" + // two segments
		"\x00\x00\x01\x00\x00\x00\x00\x14\x90\x00\x00\x00" + // 20 of 10
		"\x00\x00\x01\x00\x00\x00\x00\x1e\x90\x00\x00\x00" // 30 of 10
	flac = "fLaC\x80\x00\x00\x22\x10\x00\x10\x00\x00\x00\x00\x00\x00\x00" +
		"\x0b\xb8\x00\xf0\x00\x07\x53\x00" + // 48000 Hz, mono, 16 bits, 480000 samples
		strings.Repeat("\x00", 16)
	avi = "RIFF\x00\x00\x00\x00AVI LIST\x00\x00\x00\x00hdrlavih\x38\x00\x00\x00" +
		"\x40\x9c\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + // 40 ms a picture
		"\x7d\x00\x00\x00" // 125 pictures
	openDML = avi + "dmlh\xf8\x00\x00\x00\xfa\x00\x00\x00" // 250 in all
	wmv     = "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c" + strings.Repeat("\x00", 14) +
		"\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65" + "\x68\x00\x00\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 40) +
		"\x80\xc3\xc9\x01\x00\x00\x00\x00" + strings.Repeat("\x00", 8) + // 3 s
		"\xe8\x03\x00\x00\x00\x00\x00\x00" + "\x02\x00\x00\x00" + // of which 1 s of preroll; seekable
		"\x00\x10\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00" // packets of 4096 bytes
	flv  = "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00\x12\x00\x00\x20onMetaData\x00\x08duration\x00\x40\x14\x00\x00\x00\x00\x00\x00"
	wave = "RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x44\xac\x00\x00\x00\x01\x00\x00\x02\x00\x10\x00" +
		"data\x00\x02\x00\x00" + strings.Repeat("\x00", 512) // 256 bytes a second
)

// frame is an MPEG-1 layer III frame of 128 kbit/s, 48 kHz, mono: 384 bytes, 24 ms.
func frame(content string) string {
	f := "\xff\xfb\x94\xc0" + content
	return f + strings.Repeat("\x00", 384-len(f))
}

var (
	side17 = strings.Repeat("\x00", 17)
	xing   = frame(side17+"Xing\x00\x00\x00\x01\x00\x00\x00\xfa") + frame("")                                                                                 // 250 frames
	lame   = frame(side17 + "Info\x00\x00\x00\x0f\x00\x00\x00\xfb" + strings.Repeat("\x00", 108) + "LAME3.100" + strings.Repeat("\x00", 12) + "\x24\x02\x40") // 251, of which 576+576 samples are none
	vbri   = frame(strings.Repeat("\x00", 32)+"VBRI\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x7d") + frame("")                                     // 125 frames
	id3Tag = "ID3\x04\x00\x00\x00\x00\x00\x05hello"
)

var lengths = []struct {
	name, contentType, data string
	want                    time.Duration
}{
	{"MP4, index first", "video/mp4", string(clip.MP4()), clip.Duration},
	{"MP4, 64-bit times", "video/mp4", mp4Wide, 10 * time.Second},
	{"MP4 in fragments", "video/mp4", fragments, 7 * time.Second},
	{"MP4 with a segment index", "video/mp4", segments, 5 * time.Second},
	{"MP4, cut", "video/mp4", string(clip.MP4()[:20]), 0},
	{"MP4, a box of no size", "video/mp4", "\x00\x00\x00\x04ftypisom\x00\x00\x00\x00", 0},
	{"Matroska", "video/x-matroska", matroska, 48 * time.Second},
	{"Matroska, cut", "video/x-matroska", matroska[:30], 0},
	{"FLAC", "audio/flac", flac, 10 * time.Second},
	{"FLAC behind a tag", "audio/flac", id3Tag + flac, 10 * time.Second},
	{"AVI", "video/x-msvideo", avi, 5 * time.Second},
	{"AVI of several parts", "video/x-msvideo", openDML, 10 * time.Second},
	{"ASF", "video/x-ms-asf", wmv, 2 * time.Second},
	{"FLV", "video/x-flv", flv, 5 * time.Second},
	{"WAV", "audio/wav", wave, 2 * time.Second},
	{"MP3 of constant rate", "audio/mpeg", strings.Repeat(frame(""), 100), 2400 * time.Millisecond},
	{"MP3 with Xing's count", "audio/mpeg", id3Tag + xing, 6 * time.Second},
	{"MP3 by LAME", "audio/mpeg", lame + frame(""), 6 * time.Second},
	{"MP3 with Fraunhofer's count", "audio/mpeg", vbri, 3 * time.Second},
	{"something else", "video/x-unknown", matroska, 0},
	{"no Ogg", "application/ogg", matroska, 0},
	{"no transport stream", "video/mp2t", matroska, 0},
}

func TestLength(t *testing.T) {
	for _, tt := range lengths {
		got := Length(tt.contentType, of([]byte(tt.data)))
		if diff := got - tt.want; diff < -50*time.Millisecond || diff > 50*time.Millisecond {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		cut := of([]byte(tt.data))
		cut.At = func([]byte, int64) int { return 0 }
		if got := Length(tt.contentType, cut); got != 0 {
			t.Errorf("%s: %v out of nothing", tt.name, got)
		}
	}
}

// convert has ffmpeg write the clip as name, with args for how.
func convert(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	ffmpeg := peers.Find(t, "ffmpeg")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.mp4"), filepath.Join(dir, name)
	if err := os.WriteFile(in, clip.MP4(), 0o644); err != nil {
		t.Fatal(err)
	}
	args = append(append([]string{"-v", "error", "-i", in}, args...), out)
	if said, err := exec.Command(ffmpeg, args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, said)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestFilesOfFFmpeg: files that another program wrote.
func TestFilesOfFFmpeg(t *testing.T) {
	for _, c := range []struct {
		name, contentType string
		args              []string
		finds             bool
	}{
		{"end.mp4", "video/mp4", []string{"-c", "copy"}, false},
		{"clip.mkv", "video/x-matroska", []string{"-c", "copy"}, false},
		{"clip.avi", "video/x-msvideo", []string{"-c", "copy"}, false},
		{"clip.flv", "video/x-flv", []string{"-c", "copy"}, false},
		{"clip.wmv", "video/x-ms-asf", []string{"-c:v", "copy", "-c:a", "wmav2"}, false},
		{"vbr.mp3", "audio/mpeg", []string{"-vn", "-q:a", "4"}, false},
		{"cbr.mp3", "audio/mpeg", []string{"-vn", "-b:a", "64k", "-write_xing", "0"}, false},
		{"tone.flac", "audio/flac", []string{"-vn"}, false},
		{"vorbis.ogg", "application/ogg", []string{"-vn", "-c:a", "libvorbis"}, true},
		{"opus.ogg", "application/ogg", []string{"-vn", "-c:a", "libopus"}, true},
		{"flac.ogg", "audio/ogg; codecs=flac", []string{"-vn", "-c:a", "flac"}, true},
		{"theora.ogv", "application/ogg", []string{"-c:v", "libtheora", "-g", "50", "-c:a", "libvorbis"}, true},
		{"clip.ts", "video/mp2t", []string{"-c", "copy"}, true},
		{"sound.ts", "video/mp2t", []string{"-vn", "-c", "copy"}, true},
		{"late.ts", "video/mp2t", []string{"-c", "copy", "-output_ts_offset", "95430"}, true}, // its clock wraps on the way
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := of(convert(t, c.name, c.args...))
			if got := Length(c.contentType, f); got < clip.Duration-100*time.Millisecond || got > clip.Duration+250*time.Millisecond {
				t.Errorf("it lasts %v", got)
			}
			if Finds(c.contentType) != c.finds {
				t.Fatal("whose part is it to find the way?")
			}
			if !c.finds {
				return
			}
			asked := 0
			at := f.At
			f.At = func(p []byte, off int64) int { asked++; return at(p, off) }
			const most = 2500 * time.Millisecond // Theora's key frames are two seconds apart, Ogg's pages one
			for to := time.Duration(0); to < clip.Duration; to += 1700 * time.Millisecond {
				asked = 0
				p, ok := Find(c.contentType, f, to)
				if !ok || p.Time > to || p.Time < to-most || asked > 40 {
					t.Errorf("at %v: %+v, %v, asked %d times", to, p, ok, asked)
				}
			}
			if p, ok := Find(c.contentType, f, time.Hour); !ok || p.Offset >= f.Size || p.Time < clip.Duration-most {
				t.Errorf("behind the end: %+v, %v", p, ok)
			}
		})
	}
}

// TestKeyPictures: the byte is that of a key picture, each second one.
func TestKeyPictures(t *testing.T) {
	data := convert(t, "clip.ts", "-c", "copy")
	unmarked := append([]byte(nil), data...)
	for i := 0; i+tsPacket <= len(unmarked); i += tsPacket {
		if p := unmarked[i:]; p[3]&0x20 != 0 && p[4] > 0 {
			p[5] &^= 0x40 // as encoders do that do not mark them
		}
	}
	for name, data := range map[string][]byte{"marked": data, "not marked": unmarked} {
		for _, to := range []time.Duration{40 * time.Second, 41*time.Second - 1, 5500 * time.Millisecond} {
			p, ok := Find("video/mp2t", of(data), to)
			if !ok || p.Time != to.Truncate(time.Second) || p.Offset%tsPacket != 0 {
				t.Errorf("%s, at %v: %+v, %v", name, to, p, ok)
			}
		}
	}
}

// page is an Ogg page of one packet.
func page(flags byte, granule int64, packet string) string {
	b := append([]byte("OggS\x00"), flags)
	b = binary.LittleEndian.AppendUint64(b, uint64(granule))
	b = append(b, "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"...)
	return string(append(b, byte(len(packet)))) + packet
}

func FuzzFile(f *testing.F) {
	types := []string{"application/ogg", "video/mp2t", "video/mp4", "video/x-matroska", "audio/mpeg", "audio/aac", "audio/flac", "video/x-msvideo", "video/x-ms-asf", "video/x-flv", "audio/wav"}
	for _, tt := range lengths {
		for i, contentType := range types {
			if contentType == tt.contentType {
				f.Add(byte(i), int64(5), []byte(tt.data[:min(len(tt.data), 1000)]))
			}
		}
	}
	opus := page(2, 0, "OpusHead\x01\x01\x38\x01\x80\xbb\x00\x00\x00\x00\x00")
	f.Add(byte(0), int64(1), []byte(opus+page(0, 48000, "one")+page(0, 96000, "two")))
	unit := "\x47\x41\x00\x30\x07\x50\x00\x00\x00\x00\x00\x00\x00\x00\x01\xe0\x00\x00\x80\x80\x05\x21\x00\x01\x00\x01"
	f.Add(byte(1), int64(1), []byte(strings.Repeat(unit+strings.Repeat("\xff", tsPacket-len(unit)), 6)))
	f.Fuzz(func(t *testing.T, kind byte, seconds int64, data []byte) {
		contentType := types[int(kind)%len(types)]
		file := of(data)
		asked := 0
		at := file.At
		file.At = func(p []byte, off int64) int { asked++; return at(p, off) }
		if d := Length(contentType, file); d < 0 || d > maxLength {
			t.Errorf("it lasts %v", d)
		}
		p, ok := Find(contentType, file, time.Duration(seconds))
		if ok && (p.Offset < 0 || p.Offset >= file.Size) {
			t.Errorf("%+v in %d bytes", p, file.Size)
		}
		if asked > 20*maxSteps {
			t.Errorf("asked %d times", asked)
		}
	})
}
