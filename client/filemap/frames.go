package filemap

import (
	"encoding/binary"
	"time"

	"tapedeck/client/audioframe"
)

// framesLength is how long a file of bare frames plays: as the header in its
// first frame says, else by the rate of the frames that can be seen.
func framesLength(contentType string, f File) time.Duration {
	syntax := audioframe.MPEGAudio
	if contentType == "audio/aac" {
		syntax = audioframe.ADTS
	}
	start := int64(id3Size(f.read(0, 10)))
	b := f.read(start, window)
	first, at, _ := syntax.Find(b)
	if at < 0 {
		return 0
	}
	b, start = b[at:], start+int64(at)
	if syntax == audioframe.MPEGAudio {
		if d := counted(b, first); d > 0 {
			return d
		}
	}
	bytes, samples := 0, 0
	for bytes < len(b) {
		frame, ok := syntax.Parse(b[bytes:])
		if !ok || frame.Size <= 0 || bytes+frame.Size > len(b) {
			break
		}
		bytes, samples = bytes+frame.Size, samples+frame.Samples
	}
	if bytes == 0 {
		return 0
	}
	return ticks(float64(f.Size-start)/float64(bytes)*float64(samples), float64(first.Rate))
}

// counted reads the count of frames that encoders put into an otherwise silent
// first frame, behind its header and its side information: Xing's (by LAME and
// ffmpeg, "Info" where the rate is constant) or Fraunhofer's.
//
//	"Xing" flags u32 (1: frames, 2: bytes, 4: table, 8: quality)
//	  frames u32  bytes u32  table 100  quality u32
//	  "LAME..." 9 bytes, 12 bytes, delay 12 bits, padding 12 bits
//	"VBRI" version u16 delay u16 quality u16 bytes u32 frames u32
func counted(b []byte, f audioframe.Frame) time.Duration {
	side := 32
	switch older, mono := f.Samples == 576, f.Channels == 1; {
	case older && mono:
		side = 9
	case older || mono:
		side = 17
	}
	if b := b[min(len(b), 4+side):]; len(b) >= 12 && (string(b[:4]) == "Xing" || string(b[:4]) == "Info") && b[7]&1 != 0 {
		samples := float64(be32(b[8:])) * float64(f.Samples)
		at := 12
		for i, size := range []int{0, 4, 100, 4} {
			if i > 0 && b[7]&(1<<i) != 0 {
				at += size
			}
		}
		if b = b[min(len(b), at):]; len(b) >= 24 && (string(b[:3]) == "LAM" || string(b[:3]) == "Lav") {
			samples -= float64(int(b[21])<<4|int(b[22])>>4) + float64(int(b[22]&15)<<8|int(b[23]))
		}
		return ticks(samples, float64(f.Rate))
	}
	if b := b[min(len(b), 4+32):]; len(b) >= 18 && string(b[:4]) == "VBRI" {
		return ticks(float64(binary.BigEndian.Uint32(b[14:]))*float64(f.Samples), float64(f.Rate))
	}
	return 0
}
