package mux

import (
	"time"

	"tapedeck/client/media"
)

// Track types of Matroska (RFC 9559 section 5.1.4.1.3).
const (
	typeVideo = 1
	typeAudio = 2
)

// appName fills MuxingApp and WritingApp, which a file must have.
const appName = "tapedeck"

// appendHeader writes all that comes before the first cluster: the EBML
// header, the beginning of a segment without an end, Info and Tracks.
func appendHeader(dst []byte, entries []byte) []byte {
	var b []byte
	b = appendUint(b, idEBMLVersion, 1)
	b = appendUint(b, idEBMLReadVersion, 1)
	b = appendUint(b, idEBMLMaxIDLength, 4)
	b = appendUint(b, idEBMLMaxSizeLength, 8)
	b = appendString(b, idDocType, "matroska")
	b = appendUint(b, idDocTypeVersion, 4)
	b = appendUint(b, idDocTypeReadVersion, 2) // SimpleBlock is of version 2
	dst = appendBytes(dst, idEBML, b)

	dst = appendOpen(dst, idSegment)

	b = appendUint(b[:0], idTimestampScale, uint64(time.Millisecond))
	b = appendString(b, idMuxingApp, appName)
	b = appendString(b, idWritingApp, appName)
	dst = appendBytes(dst, idInfo, b)

	return appendBytes(dst, idTracks, entries)
}

// appendTrack writes the TrackEntry with the given number.
func appendTrack(dst []byte, number uint64, t media.Track, f format, private []byte) []byte {
	var b []byte
	b = appendUint(b, idTrackNumber, number)
	b = appendUint(b, idTrackUID, number)
	b = appendUint(b, idTrackType, trackType(t))
	b = appendUint(b, idFlagLacing, 0)
	b = appendString(b, idLanguage, "und")
	b = appendString(b, idCodecID, f.id)
	if len(private) > 0 {
		b = appendBytes(b, idCodecPrivate, private)
	}
	if t.Codec == media.Opus {
		b = appendUint(b, idCodecDelay, uint64(opusDelay(private)))
	}
	if f.preRoll > 0 {
		b = appendUint(b, idSeekPreRoll, uint64(f.preRoll))
	}
	if t.Kind == media.Video {
		b = appendVideo(b, t)
	} else {
		b = appendAudio(b, t, f)
	}
	return appendBytes(dst, idTrackEntry, b)
}

func trackType(t media.Track) uint64 {
	if t.Kind == media.Video {
		return typeVideo
	}
	return typeAudio
}

// appendVideo says how large the picture is where that is known. Where it is
// not, there is no Video element, and the decoder finds the size by itself.
func appendVideo(dst []byte, t media.Track) []byte {
	if t.Width <= 0 || t.Height <= 0 {
		return dst
	}
	var b []byte
	b = appendUint(b, idPixelWidth, uint64(t.Width))
	b = appendUint(b, idPixelHeight, uint64(t.Height))
	return appendBytes(dst, idVideo, b)
}

func appendAudio(dst []byte, t media.Track, f format) []byte {
	var b []byte
	b = appendFloat(b, idSamplingFrequency, float64(t.SampleRate))
	b = appendUint(b, idChannels, uint64(t.Channels))
	if f.bitDepth > 0 {
		b = appendUint(b, idBitDepth, uint64(f.bitDepth))
	}
	return appendBytes(dst, idAudio, b)
}
