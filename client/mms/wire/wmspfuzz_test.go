package wire

import (
	"slices"
	"testing"
)

// FuzzChunks: no body breaks the buffer, and how it is cut into reads changes
// nothing.
func FuzzChunks(f *testing.F) {
	for _, row := range chunkRows {
		if len(row.body) < 4096 {
			f.Add([]byte(row.body))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		whole, left, err := feed(t, body, 1<<20)
		cut, cutLeft, cutErr := feed(t, body, 3)
		if (err == nil) != (cutErr == nil) || !slices.EqualFunc(whole, cut, sameChunk) || err == nil && left != cutLeft {
			t.Fatalf("at once %v, %v; cut %v, %v", whole, err, cut, cutErr)
		}
		var p Pieces
		for i := range whole {
			if made, err := p.Add(&whole[i]); err != nil || len(made) > len(body) {
				return
			}
		}
	})
}

func FuzzPragmas(f *testing.F) {
	for _, row := range pragmaRows {
		if len(row.lines) > 0 {
			f.Add(row.lines[0])
		}
	}
	f.Add(`stream-switch-count=2,stream-switch-entry=ffff:1:0 ffff:2:2`)
	f.Add(`stream-offset=1:2,features="broadcast, live"`)
	f.Fuzz(func(t *testing.T, line string) {
		p := ParsePragmas([]string{line})
		p.Number("client-id")
		p.Offset("stream-offset")
		want := p.Switches()
		if got := ParsePragmas([]string{string(AppendSwitches(nil, want))}).Switches(); !slices.Equal(got, want) {
			t.Fatalf("%v became %v", want, got)
		}
		v, _ := p.Get("features")
		if got := ParseFeatures(v); ParseFeatures(got.String()) != got {
			t.Fatalf("%q became %q", v, got)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	for _, row := range metadataRows {
		f.Add([]byte(row.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := ParseMetadata(b)
		again := ParseMetadata(AppendMetadata(nil, &m))
		if !slices.Equal(again.Description, m.Description) {
			t.Fatalf("%+v became %+v", m.Description, again.Description)
		}
	})
}
