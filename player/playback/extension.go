package playback

import "strings"

// extensions are the usual file extensions of containers, by their MIME types.
var extensions = map[string]string{
	"video/x-matroska": ".mkv", "audio/x-matroska": ".mka", "video/webm": ".webm", "audio/webm": ".webm",
	"video/mp2t": ".ts", "video/mp2p": ".mpg", "video/mpeg": ".mpg", "video/mp4": ".mp4", "audio/mp4": ".m4a",
	"audio/mpeg": ".mp3", "audio/aac": ".aac", "audio/aacp": ".aac", "audio/ac3": ".ac3", "audio/amr": ".amr",
	"audio/ogg": ".ogg", "application/ogg": ".ogg", "video/ogg": ".ogv", "audio/flac": ".flac",
	"audio/wav": ".wav", "audio/x-wav": ".wav", "audio/aiff": ".aiff", "video/x-flv": ".flv", "video/x-msvideo": ".avi",
	"video/x-ms-asf": ".asf", "application/vnd.rn-realmedia": ".rm", "image/jpeg": ".jpg", "multipart/x-mixed-replace": ".mjpeg",
}

// Extension is the usual file extension for bytes of a MIME type.
func Extension(contentType string) string {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	if e, ok := extensions[strings.TrimSpace(kind)]; ok {
		return e
	}
	return ".bin"
}
