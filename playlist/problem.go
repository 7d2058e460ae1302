package playlist

import (
	"errors"
	"fmt"
)

var (
	// ErrStream is returned for an M3U with HLS tags: it is one stream, to be
	// played, and not a list.
	ErrStream = errors.New("it is an HLS stream, not a list")
	// ErrNotAList is returned for what is neither M3U nor PLS.
	ErrNotAList = errors.New("it is not a playlist")
	// ErrUnwritable is returned for an entry that no list can hold: its
	// address is empty, has a line break in it or would read as a comment.
	ErrUnwritable = errors.New("it cannot be written to a list")
)

// maxProblems is how many problems are kept word for word; all are counted.
const maxProblems = 100

// Problem is what was wrong with one line.
type Problem struct {
	Line   int // from 1
	Reason string
}

func (p Problem) String() string { return fmt.Sprintf("line %d: %s", p.Line, p.Reason) }

// Problems says what was left out of a list that could be read otherwise. Read
// returns it as its error after every entry was handed over.
type Problems struct {
	Name  string // of the list
	Total int
	First []Problem // at most 100
}

func (p *Problems) Error() string {
	lines := "lines"
	if p.Total == 1 {
		lines = "line"
	}
	return fmt.Sprintf("%s: %d %s left out, first %s", p.Name, p.Total, lines, p.First[0])
}

func (p *Problems) add(line int, reason string) {
	if p.Total++; len(p.First) < maxProblems {
		p.First = append(p.First, Problem{line, reason})
	}
}
