package hls

var (
	transportStream = container{"MPEG-TS", nil}
	fragmentedMP4   = container{"MP4", nil}
	packedAudio     = container{"packed audio", nil}
)

func titleOf(tag []byte) (string, bool) { return string(tag), true }
