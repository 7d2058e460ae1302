// Package clip is a small film built into the program, for its demo and its
// tests: 60 seconds of a running clock and a climbing tone, so that eye, ear
// and test can all tell the place.
//
// The picture (320x180, 25 a second, H.264 without B-frames, a key picture each
// second) shows the clock as mm:ss.f and, under it, the second as a row of
// eight blocks that SecondOfPicture reads. The sound (48 kHz mono) is a sine of
// 400 Hz in the first second and of 10 Hz more in each that follows, which Tone
// and SecondOfTone read. Both can be played in a loop: no sample of the tone
// jumps where the end meets the beginning.
//
// The clip was made once by make.sh; its results are committed. What this
// package leaves out is any way to play it: see the xxxtest packages.
//
//	for _, au := range clip.Video() {
//		send(au.Time, au.NALs)
//	}
package clip

import (
	_ "embed"
	"time"
)

// What the clip is.
const (
	Duration     = 60 * time.Second
	Width        = 320
	Height       = 180
	FrameRate    = 25
	SampleRate   = 48000
	Channels     = 1
	FrameSamples = 1024 // samples of sound in one AAC access unit
	ToneLevel    = 0.2  // amplitude of the tone, where 1 is full scale
)

const (
	toneFirst = 400.0 // Hz, in second 0
	toneStep  = 10.0  // Hz more in each second
	seconds   = int(Duration / time.Second)
)

var (
	//go:embed clip.mp4
	mp4 []byte
	//go:embed clip.h264
	annexB []byte
	//go:embed clip.aac
	adts []byte
	//go:embed tone.mp3
	mp3 []byte
)

// MP4 is the whole clip, picture and sound, with its index at the front. The
// slice is shared by all callers and must not be changed; that holds for
// everything that this package returns.
func MP4() []byte { return mp4 }

// MP3 is the sound alone at a constant 64 kbit/s, without tags.
func MP3() []byte { return mp3 }

// AAC is the sound alone, AAC-LC in ADTS frames.
func AAC() []byte { return adts }

// H264 is the picture alone in Annex B form.
func H264() []byte { return annexB }

// AccessUnit is one picture, or one run of FrameSamples samples of sound.
type AccessUnit struct {
	Time     time.Duration // from the clip's beginning
	Duration time.Duration
	Key      bool     // a decoder can start here; always true for sound
	NALs     [][]byte // picture: its NAL units without start codes
	Data     []byte   // sound: raw AAC, without the ADTS header
}

// Video is the clip's pictures in order: 1500 of them. Each begins with an
// access unit delimiter, each key picture goes on with its SPS and PPS.
func Video() []AccessUnit { return parsed().video }

// Audio is the clip's sound in order: 2813 units, the last of which ends 10 ms
// after the last picture.
func Audio() []AccessUnit { return parsed().audio }

// SPS is the picture's sequence parameter set, a NAL unit.
func SPS() []byte { return parsed().sps }

// PPS is the picture's picture parameter set, a NAL unit.
func PPS() []byte { return parsed().pps }

// AudioSpecificConfig is the sound's decoder configuration (ISO/IEC 14496-3,
// 1.6.2.1), two bytes.
func AudioSpecificConfig() []byte { return parsed().config }

// ToneAt is the frequency of the tone in Hz at time t of the clip, played in a
// loop.
func ToneAt(t time.Duration) float64 {
	return toneFirst + toneStep*float64(SecondAt(t))
}

// SecondAt is the whole second that picture and sound tell at time t of the
// clip, played in a loop.
func SecondAt(t time.Duration) int {
	return int((t%Duration + Duration) % Duration / time.Second)
}
