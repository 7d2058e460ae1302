// Package asf reads and rewrites Advanced Systems Format, the container of
// Windows Media: its header, its data packets, and what a saved stream needs to
// be a file (Advanced Systems Format Specification, revision 01.20.05).
//
//	Header (30 bytes: GUID size count(4) 1 2) { File Properties, Stream Properties ... }
//	Data (50 bytes: GUID size file(16) packets(8) 1 1)  packet packet ...
//	[Simple Index ...]
//
// All numbers are little endian; each object begins with its GUID (16 bytes)
// and its size (8), which counts these 24. A server sends the header and the
// first 50 bytes of the data object as one piece, then packets.
//
//	h, err := asf.Parse(piece)
//	chosen := asf.Choose(h, 0, "de")
//	init := h.Keep(chosen, 300*time.Millisecond)
//	packet, err = asf.Restore(packet[:0], received, h.PacketSize)
//	err = asf.Shift(packet, h.PacketSize, 0, earlier)
//
// It knows bytes only: no network, no files but through io.ReaderAt, and it does
// not put objects together nor decode them.
package asf

import "errors"

// Everything that is read here comes from a network.
const (
	MaxHeader = 1 << 20 // bytes of a header object
	MaxPacket = 1 << 16 // bytes of a packet
	MaxStream = 127     // the highest stream number; they begin at 1
	MinPacket = 13      // bytes of the smallest packet that says anything

	DataHead = 50 // bytes of the data object in front of its packets
)

// ErrFormat is under every error of bytes that are not what they ought to be.
var ErrFormat = errors.New("malformed ASF")
