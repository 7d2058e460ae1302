package playback

import (
	"path/filepath"
	"slices"
	"strings"
)

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

// kin are extensions that stand for the same container.
var kin = [][]string{
	{".mkv", ".mka", ".webm"}, {".ts", ".m2ts", ".mts", ".mpegts"}, {".mp4", ".m4a", ".m4v", ".mov"},
	{".ogg", ".oga", ".ogv", ".opus"}, {".asf", ".wmv", ".wma"}, {".mpg", ".mpeg", ".vob"},
}

// misnamed is the extension that would fit where path has that of another
// container; empty where it fits, has none, or one that nobody knows.
func misnamed(path, contentType string) string {
	has, fits := strings.ToLower(filepath.Ext(path)), Extension(contentType)
	known := false
	for _, e := range extensions {
		known = known || e == has
	}
	for _, family := range kin {
		if !slices.Contains(family, has) {
			continue
		}
		if slices.Contains(family, fits) {
			return ""
		}
		known = true
	}
	if !known || has == fits || fits == ".bin" {
		return ""
	}
	return fits
}
