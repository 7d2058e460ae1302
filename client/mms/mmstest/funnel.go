package mmstest

import (
	"bufio"
	"net"
	"sync"
)

// FunnelOptions are what only MMST and MMSU have.
type FunnelOptions struct {
	// Legacy is for clients that expect what no specification promises: the file
	// has the number 1, and wrong numbers are passed over.
	Legacy bool

	// RefuseUDP answers DisconnectedFunnel to who wants datagrams.
	RefuseUDP bool

	// DropUDP says which packets get lost, DuplicateUDP which come twice, and
	// DelayUDP after how many others one comes; by their number in the session
	// from 0 on. They are not asked about what is sent again.
	DropUDP, DuplicateUDP func(seq uint32) bool
	DelayUDP              func(seq uint32) int

	FunnelInfo int // how many ReportFunnelInfo answer; default 1, 3 for a packet pair

	HeaderPieces int        // into how many data packets the header is cut; default 1
	MiddlePieces bool       // pieces between the first and the last have flags 0
	ReadBlock    ReportTime // when ReportReadBlock comes

	LateData int // packets of the last play that come after its end

	Chaos Chaos // how bytes are put into TCP segments
}

// ReportTime is when ReportReadBlock comes.
type ReportTime uint8

const (
	ReportBefore ReportTime = iota // before the header
	ReportAfter                    // after it
	ReportNever
)

// Chaos is how bytes are put into TCP segments; the bits may be combined.
type Chaos uint8

const (
	ChaosBytes  Chaos = 1 << iota // messages are written byte by byte
	ChaosSplit                    // data packets are cut in the middle of their heads
	ChaosTwo                      // a message comes with a Ping in one write
	ChaosJoined                   // a message comes with a Ping in one packet
)

type funnels struct {
	mu sync.Mutex
}

func (s *Server) serveFunnel(c net.Conn, r *bufio.Reader) {}

func (s *Server) datagrams() {}
