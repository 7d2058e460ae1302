package web

import (
	"bytes"
	"mime"
	"strings"

	"tapedeck/client/audioframe"
	"tapedeck/client/media"
)

// sniffLimit is how many bytes are looked at to name a container: enough for
// two frames of MP3 at its highest bit rate after a cut one.
const sniffLimit = 4 << 10

// An MPEG transport stream is packets of 188 bytes, each with the same first byte.
const (
	tsPacket = 188
	tsSync   = 0x47
)

// container is what a body turned out to be.
type container struct {
	name        string             // as people write it; empty: not known
	contentType string             // MIME type; empty: believe the server
	start       int                // bytes before the first frame or packet
	frames      *audioframe.Syntax // MP3 and ADTS
	packets     int                // length of packets: MPEG-TS
	pushed      bool               // JPEG pictures, one after another
	track       media.Track
}

// selfSync reports whether a decoder can start anywhere in the stream.
func (c *container) selfSync() bool { return c.frames != nil || c.packets != 0 }

// A signature is bytes at a fixed place.
type signature struct {
	at          int
	magic       string
	name        string
	contentType string
}

var signatures = []signature{
	{4, "ftyp", "MP4", "video/mp4"},
	{4, "moov", "MP4", "video/mp4"},
	{4, "mdat", "MP4", "video/mp4"},
	{4, "styp", "MP4", "video/mp4"},
	{4, "moof", "MP4", "video/mp4"},
	{0, "OggS", "Ogg", "application/ogg"},
	{0, "fLaC", "FLAC", "audio/flac"},
	{0, "FLV\x01", "FLV", "video/x-flv"},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "ASF", "video/x-ms-asf"},
	{0, "\xff\xd8\xff", "JPEG", "image/jpeg"},
	{0, ".RMF", "RealMedia", "application/vnd.rn-realmedia"},
	{0, ".ra\xfd", "RealAudio", "audio/x-pn-realaudio"},
	{0, "\x00\x00\x01\xba", "MPEG-PS", "video/mp2p"},
	{0, "\x00\x00\x01\xb3", "MPEG video", "video/mpeg"},
	{0, "#!AMR", "AMR", "audio/amr"},
	{0, ".snd", "AU", "audio/basic"},
	{0, "MThd", "MIDI", "audio/midi"},
	{0, "wvpk", "WavPack", "audio/x-wavpack"},
	{0, "MAC ", "Monkey's Audio", "audio/x-ape"},
	{0, "caff", "CAF", "audio/x-caf"},
	{8, "AIFF", "AIFF", "audio/aiff"},
	{8, "AIFC", "AIFF", "audio/aiff"},
}

// things that are not media, by how they begin.
var foreign = []struct{ magic, what string }{
	{"\x1f\x8b\x08", "compressed data (gzip)"},
	{"PK\x03\x04", "an archive (zip)"},
	{"%PDF-", "a PDF document"},
	{"RTSP/1.", "an RTSP answer"},
}

// sniff names the container that begins with b. While certain is false more
// bytes may change the answer. announced is the server's content type, which
// decides only where the bytes do not.
func sniff(b []byte, announced string) (c container, certain bool, err error) {
	if isPush(b, announced) {
		c = pushedPictures(b)
		return c, c.track.Width > 0, nil
	}
	for _, s := range signatures {
		if len(b) >= s.at+len(s.magic) && string(b[s.at:s.at+len(s.magic)]) == s.magic {
			c = container{name: s.name, contentType: s.contentType}
			if c.name == "Ogg" {
				c.track = oggTrack(b)
			}
			if c.track.Codec == media.FLAC {
				c.contentType = "audio/ogg; codecs=flac" // players differ by that: RFC 5334, section 4
			}
			return c, true, nil
		}
	}
	for _, f := range foreign {
		if bytes.HasPrefix(b, []byte(f.magic)) {
			return c, true, &notMedia{f.what}
		}
	}
	switch {
	case framed(b):
		return c, true, errFramed
	case bytes.HasPrefix(b, []byte("\x1a\x45\xdf\xa3")):
		return ebml(b), true, nil
	case bytes.HasPrefix(b, []byte("RIFF")) && len(b) >= 12:
		if string(b[8:12]) == "WAVE" {
			return container{name: "WAV", contentType: "audio/wav"}, true, nil
		}
		return container{name: "AVI", contentType: "video/x-msvideo"}, true, nil
	case bytes.HasPrefix(b, []byte("ID3")):
		return id3(b)
	}
	if c, ok := transportStream(b); ok {
		return c, true, nil
	}
	if err := textual(b, announced); err != nil {
		return c, len(b) >= sniffLimit/4, err
	}
	if c, ok := frames(b, announced); ok {
		return c, true, nil
	}
	if bytes.HasPrefix(b, []byte("\x0b\x77")) { // too short a mark to come before the frames
		return container{name: "AC-3", contentType: "audio/ac3"}, true, nil
	}
	return byAnnouncement(announced), false, nil
}

// ebml tells WebM from other Matroska by the document type, which stands
// within the first few elements.
func ebml(b []byte) container {
	if bytes.Contains(b[:min(len(b), 64)], []byte("webm")) {
		return container{name: "WebM", contentType: "video/webm"}
	}
	return container{name: "Matroska", contentType: "video/x-matroska"}
}

// id3 is what stands behind an ID3v2 tag, as far as it is in b: MP3 nearly
// always.
//
//	"ID3" version(2) flags(1) size(4, seven bits each)
func id3(b []byte) (container, bool, error) {
	if len(b) >= 10 {
		size := 10 + (int(b[6]&0x7f)<<21 | int(b[7]&0x7f)<<14 | int(b[8]&0x7f)<<7 | int(b[9]&0x7f))
		if size+4 <= len(b) {
			if string(b[size:size+4]) == "fLaC" {
				return container{name: "FLAC", contentType: "audio/flac"}, true, nil
			}
			if c, ok := frames(b[size:], ""); ok {
				c.start += size
				return c, true, nil
			}
		} else if size > sniffLimit {
			return mp3After(size), true, nil
		}
	}
	return mp3After(0), false, nil
}

func mp3After(start int) container {
	return container{name: "MP3", contentType: "audio/mpeg", frames: audioframe.MPEGAudio, start: start,
		track: media.Track{Kind: media.Audio, Codec: media.MP3}}
}

// transportStream looks for packets in a row.
func transportStream(b []byte) (container, bool) {
	const least = 3
	for i := 0; i < min(tsPacket, len(b)-(least-1)*tsPacket); i++ {
		if inStep(b[i:]) {
			return container{name: "MPEG-TS", contentType: "video/mp2t", packets: tsPacket, start: i}, true
		}
	}
	return container{}, false
}

// inStep reports whether packets begin at the front of b and at the borders
// that follow, as far as b reaches and sense goes.
func inStep(b []byte) bool {
	const enough = 5
	for i := 0; i < min(len(b), enough*tsPacket); i += tsPacket {
		if b[i] != tsSync {
			return false
		}
	}
	return true
}

// frames looks for MP3 and ADTS, which have no signature but their frames. The
// announced type says which is tried first.
func frames(b []byte, announced string) (container, bool) {
	try := []*audioframe.Syntax{audioframe.MPEGAudio, audioframe.ADTS}
	if strings.Contains(announced, "aac") {
		try = []*audioframe.Syntax{audioframe.ADTS, audioframe.MPEGAudio}
	}
	for _, s := range try {
		f, at, _ := s.Find(b)
		if at < 0 {
			continue
		}
		c := container{name: string(f.Codec), contentType: "audio/mpeg", frames: s, start: at}
		if s == audioframe.ADTS {
			c.name, c.contentType = "AAC (ADTS)", "audio/aac"
		}
		c.track = media.Track{Kind: media.Audio, Codec: f.Codec, SampleRate: f.Rate, Channels: f.Channels, BitRate: f.BitRate}
		return c, true
	}
	return container{}, false
}

// oggTrack is the codec of the first logical stream, from the first packet,
// which stands behind the page's header and its segment table.
func oggTrack(b []byte) media.Track {
	if len(b) < 28 || len(b) < 27+int(b[26])+8 {
		return media.Track{}
	}
	first := b[27+int(b[26]):]
	for _, k := range []struct {
		magic string
		kind  media.Kind
		codec media.Codec
	}{
		{"\x01vorbis", media.Audio, media.Vorbis},
		{"OpusHead", media.Audio, media.Opus},
		{"\x7fFLAC", media.Audio, media.FLAC},
		{"Speex   ", media.Audio, "Speex"},
		{"\x80theora", media.Video, "Theora"},
	} {
		if bytes.HasPrefix(first, []byte(k.magic)) {
			return media.Track{Kind: k.kind, Codec: k.codec}
		}
	}
	return media.Track{}
}

// byAnnouncement believes the server, for want of anything better: VLC knows
// more containers than are listed here.
func byAnnouncement(announced string) container {
	kind, _, err := mime.ParseMediaType(announced)
	if err != nil {
		kind = strings.ToLower(strings.TrimSpace(announced))
	}
	switch kind {
	case "audio/mpeg", "audio/mp3":
		return mp3After(0)
	case "audio/aac", "audio/aacp":
		return container{name: "AAC (ADTS)", contentType: "audio/aac", frames: audioframe.ADTS,
			track: media.Track{Kind: media.Audio, Codec: media.AAC}}
	case "multipart/x-mixed-replace":
		return pushedPictures(nil)
	}
	return container{}
}
