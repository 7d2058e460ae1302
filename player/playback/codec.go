package playback

import (
	"cmp"
	"strings"

	"tapedeck/client/media"
	"tapedeck/player"
)

// codecs are our words for the player's four letters.
var codecs = map[string]media.Codec{
	"h264": media.H264, "avc1": media.H264, "hevc": media.H265, "hev1": media.H265, "hvc1": media.H265,
	"vp80": media.VP8, "vp90": media.VP9, "av01": media.AV1, "theo": media.Theora,
	"mjpg": media.JPEG, "jpeg": media.JPEG, "mp1v": media.MPEG1Video, "mp2v": media.MPEG2Video, "mpgv": media.MPEG2Video,
	"mp4v": media.MPEG4Video, "h263": media.H263,
	"mp4a": media.AAC, "aac": media.AAC, "adts": media.AAC, "mpga": media.MP3, "mp3": media.MP3, "mp2": media.MP2,
	"a52": media.AC3, "ac-3": media.AC3, "eac3": media.EAC3, "opus": media.Opus, "vorb": media.Vorbis, "flac": media.FLAC,
	"spx": media.Speex, "mlaw": media.PCMU, "ulaw": media.PCMU, "alaw": media.PCMA,
}

// codecOf names what the player calls by its four letters, or by a word.
func codecOf(s player.Stream) media.Codec {
	name := cmp.Or(s.FourCC, s.Codec)
	if c, ok := codecs[strings.TrimSpace(strings.ToLower(name))]; ok {
		return c
	}
	return media.Codec(name)
}
