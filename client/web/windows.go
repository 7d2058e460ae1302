package web

import (
	"errors"
	"strings"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

// WindowsMediaError is a Windows Media server, which streams over HTTP too, but
// in chunks of its own and to those who ask as its own players do ([MS-WMSP]): a
// link with mmsh:// is for that. Everybody else gets a list that leads to itself.
type WindowsMediaError struct {
	Link   address.Address // who answered, after redirects
	Public bool            // it is in the public network
}

func (e *WindowsMediaError) Error() string {
	return "http: a Windows Media server answers, which has its own protocol (mmsh://)"
}

// errFramed is what sniff says of the chunks.
var errFramed = errors.New("http: chunks of Windows Media")

// windowsMedia reports whether a Windows Media server or an encoder sent the
// head:
//
//	Server: Cougar/9.01.01.3841         Cougar 4.1.0.3921 of VLC, Rex/9.0 of encoders
//	Content-Type: application/x-mms-framed
func (r *reply) windowsMedia() bool {
	server := strings.ToLower(strings.TrimSpace(r.Header.Get("Server")))
	for _, name := range []string{"cougar", "rex"} {
		if rest, ok := strings.CutPrefix(server, name); ok && (rest == "" || rest[0] == '/' || rest[0] == ' ') {
			return true
		}
	}
	kind, _, _ := strings.Cut(strings.ToLower(r.Header.Get("Content-Type")), ";")
	switch strings.TrimSpace(kind) {
	case "application/vnd.ms.wms-hdr.asfv1", "application/x-mms-framed":
		return true
	}
	return false
}

// misasked reports whether a status may be about how we asked, or is a login that
// only the other protocol can do.
func misasked(status int) bool {
	switch status {
	case 400, 401, 405, 406, 501:
		return true
	}
	return false
}

// toWindowsMedia is the error that leads to the other protocol.
func (c *client) toWindowsMedia(r *reply) error {
	return media.At(media.RungReply, &WindowsMediaError{Link: r.from, Public: r.public || c.cfg.OnlyPublic})
}

// framed reports whether b begins with a chunk that stands at the beginning of
// such a stream, a header or metadata ([MS-WMSP] 2.2.3.1):
//
//	0  '$', with the highest bit in some   1  'H' or 'M'   2  length u16
//	4  location u32   8  incarnation, flags   10  the length once more
func framed(b []byte) bool {
	return len(b) >= 12 && b[0]&0x7f == '$' && (b[1] == 'H' || b[1] == 'M') &&
		b[2] == b[10] && b[3] == b[11]
}
