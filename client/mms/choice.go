package mms

import (
	"fmt"
	"slices"

	"tapedeck/client/asf"
	"tapedeck/client/media"
)

// selection is which streams of a programme are played. It is never written to
// once it is made.
type selection struct {
	head    *asf.Header
	streams []int
	on      [maxStream + 1]bool
	key     int // the stream whose key pictures a decoder starts at; 0 where there are no pictures
	rate    int // bits a second, as far as the header knows
}

// choose picks streams for at most limit bits a second; 0 is none.
func choose(h *asf.Header, limit int) (*selection, error) {
	x := selectionOf(h, asf.Choose(h, limit, ""))
	for _, n := range x.streams {
		if kind := h.Stream(n).Kind; kind == media.Video || kind == media.Audio {
			return x, nil
		}
	}
	if h.Protected || slices.ContainsFunc(h.Streams, func(s asf.Stream) bool { return s.Encrypted }) {
		return nil, fmt.Errorf("mms: %w", ErrProtected)
	}
	return nil, fmt.Errorf("mms: %w", ErrNoStream)
}

func selectionOf(h *asf.Header, streams []int) *selection {
	x := &selection{head: h}
	for _, n := range streams {
		s := h.Stream(n)
		if n < 1 || n > maxStream || s == nil || x.on[n] {
			continue
		}
		x.streams, x.on[n] = append(x.streams, n), true
		x.rate += s.BitRate
		if s.Kind == media.Video && x.key == 0 {
			x.key = n
		}
	}
	return x
}

// all is a decision about every stream of the header: a server sends nothing of
// those that it was told nothing of.
func (x *selection) all() []decision {
	d := make([]decision, 0, len(x.head.Streams))
	for _, s := range x.head.Streams {
		thin := sendNone
		if x.on[s.Number] {
			thin = sendAll
		}
		d = append(d, decision{stream: s.Number, thin: thin})
	}
	return d
}

// since are the decisions that lead from old to x: streams of one kind take each
// other's place.
func (x *selection) since(old *selection) []decision {
	var d []decision
	gone := slices.DeleteFunc(slices.Clone(old.streams), func(n int) bool { return x.on[n] })
	for _, n := range x.streams {
		if old.on[n] {
			continue
		}
		add := decision{stream: n, thin: sendAll}
		i := slices.IndexFunc(gone, func(g int) bool { return x.head.Stream(g).Kind == x.head.Stream(n).Kind })
		if i >= 0 {
			add.instead = gone[i]
			gone = slices.Delete(gone, i, i+1)
		}
		d = append(d, add)
	}
	for _, n := range gone {
		d = append(d, decision{stream: n, thin: sendNone})
	}
	return d
}

// found is x with what really comes: a stream that does not gives way to one of
// its kind that does, as where the server has chosen. Pictures that do not come
// are not waited for.
func (x *selection) found(seen *[maxStream + 1]bool) *selection {
	var streams []int
	for _, n := range x.streams {
		kind := x.head.Stream(n).Kind
		if !seen[n] && (kind == media.Video || kind == media.Audio) {
			for _, s := range x.head.Streams {
				if seen[s.Number] && s.Kind == kind && s.Problem == "" && !x.on[s.Number] && !slices.Contains(streams, s.Number) {
					n = s.Number
					break
				}
			}
		}
		streams = append(streams, n)
	}
	f := selectionOf(x.head, streams)
	if !seen[f.key] {
		f.key = 0
	}
	return f
}

// stepFactor is by how much less is tried at a time where a lower selection is
// looked for, and stepFloor where that ends.
const (
	stepFactor = 0.9
	stepFloor  = 8_000 // bits a second
)

// lower is the next selection of fewer bits a second; nil where there is none.
func (x *selection) lower() *selection {
	for limit := float64(x.rate); limit > stepFloor; limit *= stepFactor {
		if y := x.other(int(limit)); y != nil && y.rate < x.rate {
			return y
		}
	}
	return nil
}

// higher is the next selection of more bits a second, within limit.
func (x *selection) higher(limit int) *selection {
	top := x.other(limit)
	if top == nil || top.rate <= x.rate {
		return nil
	}
	for y := top.lower(); y != nil && y.rate > x.rate; y = y.lower() {
		top = y
	}
	return top
}

// other is another selection with as many streams of each kind, or nil.
func (x *selection) other(limit int) *selection {
	y := selectionOf(x.head, asf.Choose(x.head, limit, ""))
	if slices.Equal(x.streams, y.streams) || x.count(media.Video) != y.count(media.Video) || x.count(media.Audio) != y.count(media.Audio) {
		return nil
	}
	return y
}

func (x *selection) count(k media.Kind) int {
	n := 0
	for _, i := range x.streams {
		if x.head.Stream(i).Kind == k {
			n++
		}
	}
	return n
}

// hasChoice reports a header with several streams of a kind.
func hasChoice(h *asf.Header, x *selection) bool {
	for _, s := range h.Streams {
		if (s.Kind == media.Video || s.Kind == media.Audio) && !x.on[s.Number] {
			return true
		}
	}
	return false
}
