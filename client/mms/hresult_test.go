package mms

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tapedeck/client/login"
	"tapedeck/client/media"
)

func TestHResult(t *testing.T) {
	for _, c := range []struct {
		code   HResult
		failed bool
		class  Class
		words  string
	}{
		{0, false, Ended, "it went well"},
		{1, false, Ended, "it went well, and more follows"},
		{0x80070002, true, Missing, "there is no such stream on the server"},
		{0xC00D0049, true, Busy, "the server has reached its limit of viewers"},
		{0x80070431, true, Other, "Windows error 1073 (0x80070431)"},
		{0xC00D7777, true, Other, "media server error 0xC00D7777"},
		{0x12345678, false, Other, "error 0x12345678"},
	} {
		if c.code.Failed() != c.failed || c.code.Class() != c.class || c.code.String() != c.words {
			t.Errorf("%08X: failed %v, class %v, %q", uint32(c.code), c.code.Failed(), c.code.Class(), c.code)
		}
	}
	for code, m := range meanings {
		if code.Failed() != (m.class != Ended || code>>31 == 1) || m.words == "" || strings.HasSuffix(m.words, ".") {
			t.Errorf("%08X: %+v", uint32(code), m)
		}
	}
	for status, code := range statuses {
		if _, ok := meanings[code]; !ok {
			t.Errorf("%d: %08X means nothing", status, uint32(code))
		}
	}
}

// The rules of section 2.4: what is about the way leads on to the next one, what
// is about the stream does not.
func TestFinal(t *testing.T) {
	for _, code := range []HResult{
		0xC00D0012, 0xC00D00D1, 0xC00D00D2, 0xC00D00D3, 0xC00D2EE0, 0xC00D2EE8, 0xC00D2EF9, 0xC00D2EFA, 0xC00D2EFE,
		0x80004005, 0x8007274C, 0x80072746, 0xC00D0013,
	} {
		if final(&ServerError{"open", code}) {
			t.Errorf("%08X ends the rollover", uint32(code))
		}
	}
	for _, code := range []HResult{
		0x80070002, 0xC00D001A, 0x80070005, 0xC00D2EFB, 0xC00D145A, 0xC00D145E, 0xC00D000F, 0xC00D0049, 0xC00D002F, 0xC00D1581, 0xC00D0BBD,
	} {
		if !final(media.At(media.RungSession, fmt.Errorf("x: %w", &ServerError{"open", code}))) {
			t.Errorf("%08X does not end the rollover", uint32(code))
		}
	}
	for _, c := range []struct {
		err   error
		final bool
	}{
		{&StatusError{404, "Not Found"}, true},
		{&StatusError{403, "Forbidden"}, true},
		{&StatusError{503, "Busy"}, true},
		{&StatusError{400, "Bad Request"}, false},
		{&StatusError{500, "Oops"}, false},
		{&StatusError{599, ""}, false},
		{fmt.Errorf("%w: %w", ErrProtocol, &StatusError{404, "Not Found"}), false}, // of a plain web server
		{&login.Error{Refused: true}, true},
		{&MetafileError{}, true},
		{ErrSilent, false},
		{errors.New("anything"), false},
	} {
		if got := final(c.err); got != c.final {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

func TestServerError(t *testing.T) {
	err := fmt.Errorf("x: %w", &ServerError{"play", 0xC00D0BBD})
	if !errors.Is(err, ErrProtected) || ClassOf(err) != Protected {
		t.Error(err)
	}
	if errors.Is(&ServerError{"play", 0x80070005}, ErrProtected) {
		t.Error("access denied is no encryption")
	}
}
