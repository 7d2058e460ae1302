package web

import (
	"io"
	"time"
)

// body is what comes after the head, transfer coding removed. Read returns
// what is there and does not wait to fill p. A Read that ends by the deadline
// does no harm: the next one goes on where it stood.
type body interface {
	io.ReadCloser
	SetReadDeadline(t time.Time) error
}

// past is a deadline that ends a Read at once.
var past = time.Unix(1, 0)
