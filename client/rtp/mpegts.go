package rtp

import (
	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// mpegTS is MP2T (RFC 2250, 2): a payload is whole transport packets (ISO/IEC
// 13818-1, 2.4.3), which pass as they are:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  sync 0x47    |E|S|P|        PID              |SC |AFC|  CC   |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	| (AFC>1) length|D|R|...
//
// S is payload_unit_start, R random_access_indicator. Senders that cut packets
// anywhere are put right by the cadence of the sync bytes.
type mpegTS struct {
	track media.Track
	rest  []byte // less than a packet, of senders that cut anywhere
}

const (
	tsPacket = 188
	tsSync   = 0x47
)

func newMPEGTS(f Format) (Depacketizer, error) {
	return &mpegTS{track: f.track(media.Video, media.MPEGTS)}, nil
}

func (d *mpegTS) Track() (media.Track, bool) { return d.track, true }
func (d *mpegTS) Reset()                     { d.rest = d.rest[:0] }

func (d *mpegTS) Depacketize(h *rtp.Header, payload []byte, lost bool, emit func(Unit)) error {
	if lost {
		d.Reset()
	}
	if len(payload)%tsPacket == 0 && tsRun(payload) == len(payload) {
		d.Reset()
		d.emit(h, payload, emit)
		return nil
	}
	d.rest = append(d.rest, payload...)
	start := tsStart(d.rest)
	data := d.rest[start:]
	data = data[:tsRun(data)]
	d.emit(h, data, emit)

	// What follows is the beginning of the next packet, or noise.
	next := d.rest[start+len(data):]
	noise := start > 0 || len(next) > 0 && next[0] != tsSync
	if len(next) > 0 && next[0] != tsSync {
		next = nil
	}
	d.rest = append(d.rest[:0], next...)
	if noise {
		return ErrMalformed
	}
	return nil
}

func (d *mpegTS) emit(h *rtp.Header, data []byte, emit func(Unit)) {
	if len(data) > 0 {
		emit(Unit{Timestamp: h.Timestamp, Key: tsKey(data), Data: data})
	}
}

// tsRun is the length of the whole packets that b begins with.
func tsRun(b []byte) int {
	n := 0
	for n+tsPacket <= len(b) && b[n] == tsSync {
		n += tsPacket
	}
	return n
}

// tsStart is where the packets begin in b: the first place with sync bytes at
// every 188th byte to the end, or at three in a row; len(b) if there is none.
func tsStart(b []byte) int {
	for i := range min(tsPacket, len(b)) {
		n, syncs := i, 0
		for n < len(b) && b[n] == tsSync && syncs < 3 {
			n += tsPacket
			syncs++
		}
		if n >= len(b) || syncs == 3 {
			return i
		}
	}
	return len(b)
}

// tsKey reports whether a player can begin in b: at a program association
// table, or where a packet says that it allows random access.
func tsKey(b []byte) bool {
	for ; len(b) >= tsPacket; b = b[tsPacket:] {
		if b[1]&0x40 == 0 {
			continue
		}
		pid := uint16(b[1]&0x1f)<<8 | uint16(b[2])
		adapted := b[3]&0x20 != 0 && b[4] > 0
		if pid == 0 || adapted && b[5]&0x40 != 0 {
			return true
		}
	}
	return false
}
