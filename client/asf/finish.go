package asf

import "io"

// Finish makes a file of size bytes of a stream that was saved in it: it writes
// the counts and lengths into the header, which then is no broadcast's anymore.
func Finish(f interface {
	io.ReaderAt
	io.WriterAt
}, size int64) error {
	return ErrFormat
}
