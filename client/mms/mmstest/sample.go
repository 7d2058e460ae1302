package mmstest

import (
	"sync"
	"time"

	"tapedeck/client/media/clip"
)

// The streams of Sample.
const (
	SamplePicture = 1 // H.264, as in the clip
	SampleKeys    = 2 // the same at a lower bit rate: its key pictures alone
	SampleSound   = 3 // AAC
)

const (
	samplePacket  = 1400 // fits into a datagram that nobody cuts
	samplePreroll = 1500 * time.Millisecond
)

// Sample is the built-in clip as an ASF file, without ffmpeg: 60 seconds, with
// key pictures, an index, and two bit rates of the picture that exclude each
// other. The slice is shared and must not be changed.
func Sample() []byte { return sample() }

var sample = sync.OnceValue(func() []byte {
	picture, keys, sound := sampleTracks()
	file := asfFile{
		packetSize: samplePacket, preroll: samplePreroll, duration: clip.Duration,
		tracks: []*asfTrack{picture, keys, sound},
	}
	return exclude(file.write(), []int{SamplePicture, SampleKeys})
})

func sampleTracks() (picture, keys, sound *asfTrack) {
	picture = &asfTrack{number: SamplePicture, format: videoFormat("H264", clip.Width, clip.Height)}
	keys = &asfTrack{number: SampleKeys, format: picture.format}
	for _, au := range clip.Video() {
		u := asfUnit{time: au.Time, key: au.Key, data: annexB(au.NALs)}
		picture.units = append(picture.units, u)
		if au.Key {
			keys.units = append(keys.units, u)
		}
	}
	const waveAAC = 0x00FF
	sound = &asfTrack{number: SampleSound, sound: true, format: audioFormat(waveAAC, clip.SampleRate, clip.Channels, clip.AudioSpecificConfig())}
	for _, au := range clip.Audio() {
		sound.units = append(sound.units, asfUnit{time: au.Time, key: true, data: au.Data})
	}
	return picture, keys, sound
}

func annexB(nals [][]byte) (b []byte) {
	for _, n := range nals {
		b = append(append(b, 0, 0, 0, 1), n...)
	}
	return b
}
