package rtsp

import (
	"strings"

	"tapedeck/client/address"
)

// maxRedirects bounds a chain of redirects.
const maxRedirects = 5

// redirected is what the dialogue ends with when the server sends us elsewhere.
type redirected struct {
	status   *StatusError
	location string
}

func (r *redirected) Error() string { return r.status.Error() }
func (r *redirected) Unwrap() error { return r.status }

// follow is the address of a redirect from a to location. Only RTSP is
// followed, TLS is not given up, and the login stays with its host.
func follow(a address.Address, location string) (address.Address, error) {
	refuse := func(why string) (address.Address, error) {
		return a, &RedirectError{To: clean(location), Why: why}
	}
	location = cleanURL(location)
	switch {
	case location == "":
		return refuse("it names no place")
	case strings.HasPrefix(location, "/"):
		a.Path = location
		return a, nil
	case !strings.Contains(location, "://"):
		return refuse("it is not an address")
	}
	to, err := address.Parse(location)
	if err != nil {
		return refuse("it is not an address")
	}
	switch to.Scheme {
	case "rtsp", "rtspt", "rtspu":
		if secure(a) {
			return refuse("it gives up TLS")
		}
		if to.Scheme == "rtsp" {
			to.Scheme = a.Scheme // rtspt and rtspu were the user's choice
		}
	case "rtsps":
	default:
		return refuse("it is not RTSP")
	}
	if !to.HasUser && strings.EqualFold(to.Host, a.Host) {
		to.User, to.Password, to.HasUser = a.User, a.Password, a.HasUser
	}
	return to, nil
}
