package client

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tapedeck/client/login"
	"tapedeck/client/media"
	"tapedeck/client/mms"
)

func TestHintsOfMMS(t *testing.T) {
	refusal := func(code mms.HResult) error {
		return media.At(media.RungSession, &mms.ServerError{Step: "open", Code: code})
	}
	for _, c := range []struct {
		err  error
		hint string // a part of it
		back bool   // the stream may come back by itself
	}{
		{refusal(0x80070002), "check the path", true},
		{refusal(0xC00D145E), "check the path", true},
		{refusal(0x80070005), "user:password@", false},
		{refusal(0xC00D0049), "busy", true},
		{refusal(0xC00D0BBD), "only the provider's own player", false},
		{refusal(0xC00D1581), "damaged", false},
		{refusal(0x80004005), "try again", true},
		{media.At(media.RungSession, fmt.Errorf("mms: %w", &login.Error{})), "user:password@", false},
		{media.At(media.RungSession, fmt.Errorf("mms: %w", mms.ErrForced)), "use mms://", false},
		{media.At(media.RungTransport, fmt.Errorf("mms: %w", mms.ErrSilent)), "firewall", true},
		{media.At(media.RungCodec, fmt.Errorf("mms: %w", mms.ErrNoStream)), "of a kind that is not played", false},
		{media.At(media.RungReply, &mms.StatusError{Code: 404, Reason: "Not Found"}), "check the path", true},
		{media.At(media.RungReply, &mms.TriedError{Err: refusal(0xC00D0049), Tried: []string{"mmsu"}}), "busy", true},
		{mms.ErrClosed, "", false},
	} {
		if hint := Hint(c.err); !strings.Contains(hint, c.hint) || c.hint == "" && hint != "" {
			t.Errorf("%v: %q", c.err, hint)
		}
		if got := passing(c.err); got != c.back {
			t.Errorf("%v: comes back %v", c.err, got)
		}
	}
}

func TestElsewhereOfMMS(t *testing.T) {
	w := new(Client).way()
	to, public, ok := w.elsewhere(media.At(media.RungReply, &mms.RedirectError{Link: "rtsp://h/a", Public: true}), Options{})
	if to.Scheme != "rtsp" || to.Host != "h" || !public || !ok {
		t.Error(to, public, ok)
	}
	if _, _, ok := w.elsewhere(errors.New("no"), Options{}); ok {
		t.Error("an error leads somewhere")
	}
}
