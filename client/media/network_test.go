package media

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"
)

func TestPlainly(t *testing.T) {
	at := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 554}
	op := func(err error) error {
		return fmt.Errorf("x: %w", &net.OpError{Op: "dial", Net: "tcp", Addr: at, Err: err})
	}
	other := errors.New("other")
	for _, c := range []struct {
		err  error
		want string
	}{
		{op(&net.DNSError{Err: "no such host", Name: "cam.example", IsNotFound: true}), "there is no host cam.example"},
		{&net.DNSError{Name: "cam.example", IsTimeout: true}, "the name server does not answer for cam.example"},
		{op(syscall.ECONNREFUSED), "nothing listens at 10.0.0.1:554"},
		{op(syscall.EHOSTUNREACH), "there is no way to the host at 10.0.0.1:554"},
		{syscall.ECONNRESET, "the other end cut the connection"},
		{other, "other"},
	} {
		got := Plainly(c.err)
		if got.Error() != c.want || !errors.Is(got, c.err) {
			t.Errorf("%v: %v", c.err, got)
		}
	}
	if Plainly(nil) != nil {
		t.Error("something of nothing")
	}
}
