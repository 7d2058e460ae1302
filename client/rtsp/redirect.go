package rtsp

import (
	"fmt"
	"net/netip"
	"strings"

	"tapedeck/client/address"
	"tapedeck/client/media"
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

// origin is where a session's connection goes, for the redirects that come on it.
type origin struct {
	a          address.Address
	onlyPublic bool // it goes to the outside
}

// MovedError says that the server has moved a stream while it was played: it is
// to be opened at To, with Config.OnlyPublic as it is here. Redirects before the
// first packet are followed by Open.
type MovedError struct {
	To         address.Address
	OnlyPublic bool
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("rtsp: the server moves the stream to %s", clean(e.To.String()))
}

// Unwrap lets it match ErrRedirect where nobody follows it.
func (e *MovedError) Unwrap() error { return ErrRedirect }

// moved takes a REDIRECT in the middle of the stream (RFC 2326 section 10.10).
// A place in the media at which to move, in its Range, is now for us: nothing is
// gained by waiting for it.
func (s *Session) moved(location string) error {
	to, err := follow(s.from.a, location)
	if err != nil {
		return media.At(media.RungSession, err)
	}
	return media.At(media.RungSession, &MovedError{to, s.from.onlyPublic})
}

// follow is the address of a redirect from a to location. Only RTSP is
// followed, and from a tunnel HTTP; TLS is not given up, and the login stays with
// its host.
func follow(a address.Address, location string) (address.Address, error) {
	refuse := func(why string) (address.Address, error) {
		return a, &RedirectError{To: clean(location), Why: why}
	}
	location = cleanURL(location)
	path, _, _ := strings.Cut(location, "?")
	switch {
	case location == "":
		return refuse("it names no place")
	case strings.HasSuffix(strings.ToLower(path), ".wmv"):
		// "refuse/unavailable_media.wmv": a film that tells why, for others.
		return refuse("the server refuses the link with a film about it")
	case strings.Contains(path, "://"):
	case namesHost(location):
		location = plainScheme(a) + "://" + strings.TrimPrefix(location, "//")
	default:
		u, ok := splitURL(resolve(a.Target("rtsp"), location))
		if !ok {
			return refuse("it is not an address")
		}
		a.Path = u.path
		return a, nil
	}
	to, err := address.Parse(location)
	if err != nil {
		return refuse("it is not an address")
	}
	switch to.Scheme {
	case "rtsp", "rtspt", "rtspu":
		if secure(a) && !tunnelled(a) {
			return refuse("it gives up TLS")
		}
		if to.Scheme == "rtsp" || tunnelled(a) {
			to.Scheme = a.Scheme // how the media come is the user's choice
		}
	case "rtsps":
		to.Scheme = overTLS(a.Scheme)
	case "http", "ws":
		if secure(a) {
			return refuse("it gives up TLS")
		}
		if !tunnelled(a) {
			return a, notRTSP(location)
		}
		to.Scheme = a.Scheme
	case "https", "wss":
		if !tunnelled(a) {
			return a, notRTSP(location)
		}
		to.Scheme = overTLS(a.Scheme)
	default:
		return refuse("it is not RTSP")
	}
	if !to.HasUser && strings.EqualFold(to.Host, a.Host) {
		to.User, to.Password, to.HasUser = a.User, a.Password, a.HasUser
	}
	return to, nil
}

func notRTSP(location string) *RedirectError {
	return &RedirectError{To: clean(location), Why: "it is not RTSP", Link: location}
}

// namesHost reports a Location without a scheme that names a host all the same:
// "//host/b", or "10.0.0.1:554/b", which some write for an address.
func namesHost(location string) bool {
	if strings.HasPrefix(location, "//") {
		return true
	}
	authority, _, _ := strings.Cut(location, "/")
	host, port, _ := strings.Cut(authority, ":")
	_, err := netip.ParseAddr(host)
	return err == nil || port != "" && strings.Trim(port, "0123456789") == ""
}

// plainScheme is the scheme of a server's own words that keeps to a.
func plainScheme(a address.Address) string {
	scheme := "rtsp"
	if tunnelled(a) {
		scheme = "http"
	}
	if secure(a) {
		scheme += "s"
	}
	return scheme
}
