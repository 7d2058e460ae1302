package ts

func newPictures(*sink) elementary { return nil }

func opusType([]byte) (streamType, bool) { return streamType{}, false }
