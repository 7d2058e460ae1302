package datagram

import (
	"encoding/binary"
	"net"
	"unsafe"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

// mmsg is the kernel's struct mmsghdr (recvmmsg(2)).
type mmsg struct {
	header unix.Msghdr
	size   uint32
}

// mmsgReader reads as x/net's PacketConns do, into the same messages each time,
// but makes nothing for each datagram: they make an address.
type mmsgReader struct {
	conn    *quietConn
	slots   []mmsg
	parts   []unix.Iovec
	senders []unix.RawSockaddrInet6 // the larger of the two kinds
	from    []net.UDPAddr

	attempt func(fd uintptr) bool // r.receive, made once
	got     int
	err     error
}

// NewReader is a Reader of c into messages, each of which has one buffer.
func NewReader(c Conn, messages []ipv4.Message) Reader {
	n := len(messages)
	r := &mmsgReader{
		conn: c.(*quietConn), slots: make([]mmsg, n), parts: make([]unix.Iovec, n),
		senders: make([]unix.RawSockaddrInet6, n), from: make([]net.UDPAddr, n),
	}
	for i, m := range messages {
		r.parts[i].Base = &m.Buffers[0][0]
		r.parts[i].SetLen(len(m.Buffers[0]))
		h := &r.slots[i].header
		h.Iov = &r.parts[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&r.senders[i]))
		r.from[i].IP = make(net.IP, 0, net.IPv6len)
	}
	r.attempt = r.receive
	return r
}

// ReadBatch waits for datagrams and takes those that are there.
func (r *mmsgReader) ReadBatch(messages []ipv4.Message, _ int) (int, error) {
	r.got, r.err = 0, nil
	if err := r.conn.Read(r.attempt); err != nil {
		return 0, err
	}
	if r.err != nil {
		return 0, r.err
	}
	for i := range r.got {
		messages[i].N = int(r.slots[i].size)
		messages[i].Addr = r.sender(i)
	}
	return r.got, nil
}

// receive is one system call; false: there is nothing yet.
func (r *mmsgReader) receive(fd uintptr) bool {
	for i := range r.slots {
		r.slots[i].header.Namelen = unix.SizeofSockaddrInet6
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.slots[0])), uintptr(len(r.slots)),
		unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		r.got = int(n)
	case unix.EAGAIN, unix.EINTR:
		return false
	default: // an ICMP answer to what was sent, for one
		r.err = errno
	}
	return true
}

// sender is where datagram i came from, nil where it cannot be told. It is
// valid until the next read.
func (r *mmsgReader) sender(i int) net.Addr {
	from := &r.from[i]
	switch six := &r.senders[i]; six.Family {
	case unix.AF_INET:
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(six))
		from.IP, from.Port = append(from.IP[:0], four.Addr[:]...), hostOrder(four.Port)
	case unix.AF_INET6:
		from.IP, from.Port = append(from.IP[:0], six.Addr[:]...), hostOrder(six.Port)
	default:
		return nil
	}
	return from
}

// hostOrder reads a port, which is in the network's order in memory.
func hostOrder(port uint16) int {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], port)
	return int(binary.BigEndian.Uint16(b[:]))
}
