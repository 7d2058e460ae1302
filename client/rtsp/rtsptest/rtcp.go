package rtsptest

import (
	"encoding/binary"
	"time"
)

// RTCP packet types (RFC 3550, 12.1).
const (
	rtcpSR   = 200
	rtcpSDES = 202
	rtcpBYE  = 203
)

// cname names us in SDES.
const cname = "rtsptest@local"

// ntpEpoch is 1970 in NTP's seconds since 1900.
const ntpEpoch = 2208988800

// appendReport writes a compound packet: a sender report and our name
// (RFC 3550, 6.4.1 and 6.5), and a BYE (6.6) if there is an end.
//
//	| V=2 RC=0 | 200 | length 6 | SSRC | NTP time 64 | RTP time | packets | octets |
//	| V=2 SC=1 | 202 | length | SSRC | 1 | size | name | 0 to the next word |
//	| V=2 SC=1 | 203 | length 1 | SSRC |
func (t *track) appendReport(dst []byte, now time.Time, rtpTime uint32, bye bool) []byte {
	be := binary.BigEndian
	dst = append(dst, 0x80, rtcpSR, 0, 6)
	dst = be.AppendUint32(dst, t.ssrc)
	dst = be.AppendUint32(dst, uint32(now.Unix()+ntpEpoch))
	dst = be.AppendUint32(dst, uint32(uint64(now.Nanosecond())<<32/uint64(time.Second)))
	dst = be.AppendUint32(dst, rtpTime)
	dst = be.AppendUint32(dst, t.packets)
	dst = be.AppendUint32(dst, t.octets)

	const padding = 4 - (2+len(cname))%4 // at least one null octet ends the chunk
	dst = append(dst, 0x81, rtcpSDES, 0, byte(1+(2+len(cname)+padding)/4))
	dst = be.AppendUint32(dst, t.ssrc)
	dst = append(dst, 1, byte(len(cname)))
	dst = append(dst, cname...)
	dst = append(dst, make([]byte, padding)...)
	if bye {
		dst = append(dst, 0x81, rtcpBYE, 0, 1)
		dst = be.AppendUint32(dst, t.ssrc)
	}
	return dst
}
