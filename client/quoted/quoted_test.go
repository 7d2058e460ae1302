package quoted

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
	}{
		{``, []string{``}},
		{`a,b`, []string{`a`, `b`}},
		{`a="x,y",b`, []string{`a="x,y"`, `b`}},
		{`a="x\",y",b`, []string{`a="x\",y"`, `b`}},
		{`a="x,y`, []string{`a="x,y`}},
		{`,,`, []string{``, ``, ``}},
	} {
		if got := Split(c.in, ','); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestUnquote(t *testing.T) {
	for in, want := range map[string]string{
		``: ``, ` a `: `a`, `"a"`: `a`, `"a \"b\" \\"`: `a "b" \`, `"a" b`: `a`, `"a`: `a`, `"a\`: `a\`,
	} {
		if got := Unquote(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
