package playlist

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// split reads everything with newLines. Lines that are too long are "LONG".
func split(t *testing.T, r io.Reader) (all []string, places []span) {
	t.Helper()
	in := newLines(r)
	for {
		line, long, err := in.next()
		if errors.Is(err, io.EOF) {
			return all, places
		}
		if err != nil {
			t.Fatal(err)
		}
		if long {
			line = []byte("LONG")
		}
		all = append(all, string(line))
		places = append(places, span{in.from, in.to})
	}
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", MaxLine+1)
	fits := long[1:]
	huge := strings.Repeat("y", 3*lineBuffer+7)
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a", []string{"a"}},
		{"a\nb", []string{"a", "b"}},
		{"a\r\nb\r\n", []string{"a", "b"}},
		{"a\rb\r", []string{"a", "b"}},
		{"a\r\r\nb\n\nc", []string{"a", "", "b", "", "c"}},
		{fits + "\nb", []string{fits, "b"}},
		{long + "\nb", []string{"LONG", "b"}},
		{"a\r\n" + huge + "\r\nb\rc", []string{"a", "LONG", "b", "c"}},
		{huge, []string{"LONG"}},
		{strings.Repeat("z", lineBuffer-1) + "\r\nb", []string{"LONG", "b"}},
		{strings.Repeat("z\r", lineBuffer/2) + "\nb", append(slices.Repeat([]string{"z"}, lineBuffer/2), "b")},
	} {
		got, places := split(t, strings.NewReader(c.text))
		if !slices.Equal(got, c.want) {
			t.Errorf("%.20q...: got %d lines, want %d", c.text, len(got), len(c.want))
		}
		if len(c.text) < 2*lineBuffer {
			slow, slowPlaces := split(t, iotest.OneByteReader(strings.NewReader(c.text)))
			if !slices.Equal(got, slow) || !slices.Equal(places, slowPlaces) {
				t.Errorf("%.20q...: byte by byte it reads differently", c.text)
			}
		}
		end := int64(0)
		for i, p := range places {
			if p.from != end {
				t.Fatalf("%.20q...: line %d begins at %d, the one before ended at %d", c.text, i+1, p.from, end)
			}
			end = p.to
		}
		if end != int64(len(c.text)) {
			t.Errorf("%.20q...: lines end at %d of %d", c.text, end, len(c.text))
		}
	}
}

func TestLinesError(t *testing.T) {
	broken := errors.New("broken")
	in := newLines(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)))
	if line, _, err := in.next(); string(line) != "a" || err != nil {
		t.Errorf("first line is %q, %v", line, err)
	}
	if _, _, err := in.next(); !errors.Is(err, broken) {
		t.Errorf("the second line gives %v", err)
	}
	in = newLines(stuck{})
	if _, _, err := in.next(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing gives %v", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }
