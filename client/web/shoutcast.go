package web

import (
	"errors"
	"strings"

	"tapedeck/client/address"
)

// errShoutcastPage: SHOUTcast 1 and 2 answer those who call themselves Mozilla
// with a page about the station, at the address of its stream.
var errShoutcastPage = &notMedia{"SHOUTcast's page about the station"}

// behindPage is the address of the stream where such a page came from the root
// of a server: SHOUTcast sends the stream to everybody who asks for a path that
// begins with a semicolon.
func behindPage(err error, from address.Address) (address.Address, bool) {
	if !errors.Is(err, errShoutcastPage) || strings.Trim(from.Path, "/") != "" {
		return from, false
	}
	from.Path = "/;"
	return from, true
}
