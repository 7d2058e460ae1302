package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"tapedeck/client/address"
	"tapedeck/client/media"
	"tapedeck/client/metafile"
	"tapedeck/client/mms"
	"tapedeck/client/rtsp"
	"tapedeck/client/web"
)

// Limits of what is followed from one link.
const (
	maxDepth = 4 // lists and changes of protocol, one behind another
	maxTries = 8 // links in all
)

var (
	errLoop    = errors.New("the list leads back to itself")
	errDepth   = fmt.Errorf("more than %d lists stand one behind another", maxDepth)
	errNoLinks = errors.New("the list has no links in it")
	errLocal   = errors.New("the list leads to a file of another machine")
	errGroup   = errors.New("the station sends to a multicast group alone, which is not played here")
)

// FormatError is a list of a kind that is not played.
type FormatError struct{ Format string }

func (e *FormatError) Error() string { return e.Format + " is not played here" }

// ChannelsError is a list of stations and not of one: nobody can say which was
// meant. A list whose links have several titles is one, or with more links than
// would be tried; only M3U and XSPF are used for such lists, the other formats
// name places where the same can be had.
type ChannelsError struct {
	Format   string
	Channels int
}

func (e *ChannelsError) Error() string {
	return fmt.Sprintf("this is a list of %d channels (%s); open it as a list", e.Channels, e.Format)
}

// TriedError says that nothing in a list opens.
type TriedError struct {
	Format string
	Tried  int
	Rung   media.Rung // at which the last link failed
	Last   error
}

func (e *TriedError) Error() string {
	return fmt.Sprintf("none of %d links in the %s list opens; the last fails at %q: %v", e.Tried, e.Format, e.Rung, e.Last)
}
func (e *TriedError) Unwrap() error { return e.Last }

// way leads from the link that a person gave to the place of the media, over
// lists and servers that point to another protocol.
type way struct {
	c       *Client
	seen    map[address.Address]bool
	windows map[string]bool // servers that were taken for Windows Media's over HTTP, host:port
	tries   int

	// Where the media were found.
	leaf    address.Address
	options Options
}

func (c *Client) way() *way {
	return &way{c: c, seen: make(map[address.Address]bool), windows: make(map[string]bool)}
}

// open opens a, or the first that opens of what it leads to.
func (w *way) open(ctx context.Context, a address.Address, o Options, depth int) (Session, error) {
	open, ok := protocols[a.Scheme]
	if !ok {
		return nil, media.At(media.RungAddress, &UnknownSchemeError{Scheme: shorten(a.Scheme)})
	}
	a.Host = strings.ToLower(a.Host)
	if w.seen[a] {
		return nil, media.At(media.RungContainer, errLoop)
	}
	w.seen[a] = true
	s, err := open(ctx, w.c, a, o)
	if err == nil {
		w.leaf, w.options = a, o
		return s, nil
	}
	if list, ok := listOf(a, err); ok {
		return w.through(ctx, list, o, depth)
	}
	to, public, ok := w.elsewhere(err, o)
	if !ok {
		return nil, err
	}
	if depth >= maxDepth {
		return nil, media.At(media.RungReply, errDepth)
	}
	if sameServer(a, to) && !to.HasUser {
		to.User, to.Password, to.HasUser = a.User, a.Password, a.HasUser
	}
	o.onlyPublic = o.onlyPublic || public
	return w.open(ctx, to, o, depth+1)
}

// elsewhere is the link of another protocol to which a server points.
func (w *way) elsewhere(err error, o Options) (to address.Address, public, ok bool) {
	var link string
	if r, found := errors.AsType[*web.WindowsMediaError](err); found {
		to, ok = w.overMMSH(r.Link)
		if ok {
			note(o, "a Windows Media server answers: asked again as its players do, "+to.String())
		}
		return to, r.Public, ok
	}
	if r, found := errors.AsType[*web.RedirectError](err); found {
		link, public = r.Link, r.Public
	}
	if r, found := errors.AsType[*rtsp.RedirectError](err); found {
		link, public = r.Link, r.Public
	}
	if r, found := errors.AsType[*mms.RedirectError](err); found {
		link, public = r.Link, r.Public
	}
	to, bad := address.Parse(link)
	if link == "" || bad != nil || protocols[to.Scheme] == nil {
		return to, false, false
	}
	note(o, "redirected to "+to.String())
	return to, public, true
}

// listOf is the list that came in place of media from a.
func listOf(a address.Address, err error) (*web.ListError, bool) {
	if list, ok := errors.AsType[*web.ListError](err); ok {
		return list, true
	}
	if list, ok := errors.AsType[*mms.MetafileError](err); ok {
		return &web.ListError{Link: a, ContentType: list.ContentType, Body: list.Body, Public: list.Public}, true
	}
	return nil, false
}

// through tries the links of a list one after another.
func (w *way) through(ctx context.Context, list *web.ListError, o Options, depth int) (Session, error) {
	format, links, _ := metafile.Parse(list.Body, list.ContentType)
	switch {
	case format == "":
		format = list.Format
		fallthrough
	case !followed[format]:
		return nil, media.At(media.RungContainer, &FormatError{Format: format})
	case len(links) == 0 && format == metafile.NSC:
		return nil, media.At(media.RungContainer, errGroup)
	case len(links) == 0:
		return nil, media.At(media.RungContainer, errNoLinks)
	case isChannels(format, links):
		return nil, media.At(media.RungContainer, &ChannelsError{Format: format, Channels: len(links)})
	case depth >= maxDepth:
		return nil, media.At(media.RungContainer, errDepth)
	}
	o.onlyPublic = o.onlyPublic || list.Public
	if format == metafile.NSC {
		note(o, "the station's multicast group is not played here: its unicast link is")
	}
	failed := &TriedError{Format: format}
	if to, ok := w.itself(list.Link, format, links); ok {
		note(o, "the ASX list leads to itself, as Windows Media servers' do: asked again as their players do, "+to.String())
		s, err := w.open(ctx, to, o, depth+1)
		if err == nil {
			return s, nil
		}
		w.tries, failed.Tried, failed.Last = w.tries+1, 1, err
	}
	for _, l := range links {
		if w.tries >= maxTries || ctx.Err() != nil {
			break
		}
		w.tries++
		failed.Tried++
		s, err := w.one(ctx, list, format, l, o, depth)
		if err == nil {
			return s, nil
		}
		failed.Last = err
	}
	switch {
	case ctx.Err() != nil:
		return nil, media.At(media.RungContainer, context.Cause(ctx))
	case failed.Tried == 0:
		return nil, media.At(media.RungContainer, fmt.Errorf("none of %d links opens", maxTries))
	case failed.Tried == 1:
		return nil, failed.Last
	}
	failed.Rung = media.RungContainer
	if at, ok := errors.AsType[*media.RungError](failed.Last); ok {
		failed.Rung = at.Rung
	}
	return nil, media.At(failed.Rung, failed)
}

// one tries one link of a list.
func (w *way) one(ctx context.Context, list *web.ListError, format string, l metafile.Link, o Options, depth int) (Session, error) {
	a, err := entry(list.Link, l.URL)
	if err != nil {
		note(o, fmt.Sprintf("a link of the %s list is left out: %v", format, err))
		return nil, media.At(media.RungAddress, err)
	}
	note(o, fmt.Sprintf("the %s list leads to %s", format, a))
	if l.UserAgent != "" {
		o.UserAgent = l.UserAgent
	}
	if l.Referer != "" {
		o.Referer = l.Referer
	}
	return w.open(ctx, a, o, depth+1)
}

// followed are the formats whose links lead to a stream.
var followed = map[string]bool{
	metafile.PLS: true, metafile.M3U: true, metafile.ASX: true,
	metafile.XSPF: true, metafile.RAM: true, metafile.SMIL: true, metafile.NSC: true,
}

func isChannels(format string, links []metafile.Link) bool {
	if format != metafile.M3U && format != metafile.XSPF {
		return false
	}
	titles := make(map[string]bool)
	for _, l := range links {
		if l.Title != "" {
			titles[l.Title] = true
		}
	}
	return len(links) > maxTries || len(titles) > 1
}

// entry is the address of a list's link. What is relative belongs to the list's
// own server, and a link without a scheme that names a host is HTTP. The
// password of the list's link is for its server alone.
func entry(list address.Address, link string) (address.Address, error) {
	switch {
	case strings.HasPrefix(link, `\`), len(link) > 2 && link[1] == ':' && (link[2] == '\\' || link[2] == '/'):
		return address.Address{}, errLocal
	case address.HasScheme(link):
	case namesHost(link):
		link = "http://" + link
	default:
		link = list.Resolve(link)
	}
	a, err := address.Parse(link)
	if err != nil {
		return a, err
	}
	if protocols[a.Scheme] == nil {
		return a, &UnknownSchemeError{Scheme: shorten(a.Scheme)}
	}
	if !a.HasUser && sameServer(list, a) {
		a.User, a.Password, a.HasUser = list.User, list.Password, list.HasUser
	}
	return a, nil
}

// sameServer reports two links to one server, by one protocol: a login for one
// is one for the other.
func sameServer(a, b address.Address) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) && a.Port == b.Port
}

// namesHost tells "host:8000/radio" from "dir/radio".
func namesHost(link string) bool {
	first := link
	if i := strings.IndexAny(link, "/?"); i >= 0 {
		first = link[:i]
	}
	host, port, ok := strings.Cut(first, ":")
	_, err := netip.ParseAddr(host)
	return ok && port != "" && strings.Trim(port, "0123456789") == "" || err == nil ||
		strings.HasPrefix(strings.ToLower(host), "www.")
}

func note(o Options, text string) {
	if o.Trace != nil {
		o.Trace(media.Note{Text: text})
	}
}
