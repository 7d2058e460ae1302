package hls

import (
	"slices"
	"strings"
)

// keySystems are the systems that protect media beyond AES-128, by KEYFORMAT.
var keySystems = map[string]string{
	"com.apple.streamingkeydelivery":                "FairPlay",
	"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed": "Widevine",
	"com.widevine": "Widevine",
	"urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95": "PlayReady",
	"com.microsoft.playready":                       "PlayReady",
	"urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e": "ClearKey",
	"org.w3.clearkey":                               "ClearKey",
}

// chooseKey finds among the keys of a segment the one that can be used. Where
// there is none guard names what protects it; both are empty where it is in the
// clear.
func chooseKey(keys []attributes) (key *keyTag, guard string) {
	for _, a := range keys {
		method, system := a["METHOD"], keySystem(a)
		switch {
		case method == "NONE" || method == "":
			return nil, ""
		case method == "AES-128" && system == "" && a["URI"] != "" && len(a["URI"]) <= maxURI:
			return &keyTag{uri: a["URI"], iv: a.bits("IV", 16)}, ""
		case system != "":
			guard = join(guard, system)
		default:
			guard = join(guard, text(method))
		}
	}
	return nil, guard
}

// keySystem names the system of an EXT-X-KEY; empty for plain keys.
func keySystem(a attributes) string {
	format := a["KEYFORMAT"]
	if format == "" || strings.EqualFold(format, "identity") {
		return ""
	}
	if name, ok := keySystems[strings.ToLower(format)]; ok {
		return name
	}
	return text(format)
}

// join adds a name to a list of names, once; a list that is long enough stays.
func join(list, name string) string {
	const enough = 300 // bytes
	switch {
	case list == "":
		return name
	case len(list) > enough || slices.Contains(strings.Split(list, ", "), name):
		return list
	}
	return list + ", " + name
}
