package wire

import (
	"bytes"
	"encoding/binary"
	"time"
)

// Logging tells the server how it went, after a stop and after an end
// ([MS-MMSP] 2.2.4.12): 8 CLIENT_LOG, 1490 bytes without alignment, its strings
// in fields of fixed sizes:
//
//	   0 size 1490
//	   4 CLIENT_LOG_INFO: 0 size 1142 | 4 URL 260 | 264 channel 260 | 524 agent 64 | 588 page 260 |
//	     848 version, u64 | 856 language 16 | 872 player 40 | 912 program 32 | 944 version, u64 |
//	     952 duration, ms | 956 file size, u64 | 964 rate | 968 audio codec 64 | 1032 video codec 64 |
//	     1096 start, ms | 1100 played, ms | 1104 speed, i16 | 1106 buffering, u16 | 1110 buffering, ms |
//	     1114 bytes, u64 | 1122 packets | 1126 lost | 1130 0 | 1134 quality | 1138 hr
//	1146 openFileId | 1150 IP | 1154 DNS 260 | 1414 OS 16 | 1430 OS version, u64 | 1438 CPU 16 |
//	1454 protocol 8 | 1462 transport 8 | 1470 lost | 1474 longest loss | 1478 resends | 1482 recovered | 1486 resent
//
// What would tell of the user or the machine is "-" or nothing.
type Logging struct {
	OpenFileID uint32
	URL        string
	Agent      string // "NSPlayer/10.0.0.3802"
	Player     string // "{GUID}", new in every session
	UDP        bool

	Duration  time.Duration // of the file
	Start     time.Duration // where it was begun
	Played    time.Duration
	Bytes     uint64
	Packets   uint32
	Lost      uint32
	LongLoss  uint32 // the longest run of lost packets
	Requests  uint32 // for lost packets
	Recovered uint32 // packets that came of them
}

const (
	logSize     = 1490
	logInfoSize = 1142
	logMessage  = messageHead + logSize
)

func (l Logging) Append(dst []byte) []byte {
	dst, at := begin(dst, MIDLogging)
	log := make([]byte, logSize)
	le := binary.LittleEndian
	le.PutUint32(log, logSize)
	info := log[4:]
	le.PutUint32(info, logInfoSize)
	for _, f := range []struct {
		at, size int
		s        string
	}{
		{8, 260, l.URL}, {268, 260, ""}, {528, 64, l.Agent}, {592, 260, ""}, {860, 16, ""},
		{876, 40, l.Player}, {916, 32, ""}, {972, 64, ""}, {1036, 64, ""},
		{1154, 260, ""}, {1414, 16, ""}, {1438, 16, ""}, {1454, 8, "mms"}, {1462, 8, l.transport()},
	} {
		putText(log[f.at:f.at+f.size], f.s)
	}
	le.PutUint32(info[952:], milliseconds(l.Duration))
	le.PutUint32(info[1096:], milliseconds(l.Start))
	le.PutUint32(info[1100:], milliseconds(l.Played))
	le.PutUint16(info[1104:], 1)
	le.PutUint64(info[1114:], l.Bytes)
	le.PutUint32(info[1122:], l.Packets)
	le.PutUint32(info[1126:], l.Lost)
	le.PutUint32(info[1134:], l.quality())
	le.PutUint32(log[1146:], l.OpenFileID)
	le.PutUint32(log[1150:], 0xFFFFFFFF)
	for i, v := range []uint32{l.Lost + l.Recovered, l.LongLoss, l.Requests, l.Recovered, l.Recovered} {
		le.PutUint32(log[1470+4*i:], v)
	}
	return end(append(dst, log...), at)
}

// putText puts s into a field of fixed size with a NUL; "-" is nothing.
func putText(field []byte, s string) {
	if s == "" {
		s = "-"
	}
	copy(field[:len(field)-1], s)
}

func (l Logging) transport() string {
	if l.UDP {
		return "UDP"
	}
	return "TCP"
}

// quality is how much of the packets came, in percent.
func (l Logging) quality() uint32 {
	all := uint64(l.Packets) + uint64(l.Lost)
	if all == 0 {
		return 100
	}
	return uint32(100 * uint64(l.Packets) / all)
}

// ParseLogging reads a Logging.
func ParseLogging(m Message) (Logging, error) {
	if err := m.need(MIDLogging, logMessage); err != nil {
		return Logging{}, err
	}
	log := m.B[messageHead:]
	le := binary.LittleEndian
	if size := le.Uint32(log); size != logSize {
		return Logging{}, malformed("log of %d bytes", size)
	}
	info := log[4:]
	ms := func(at int) time.Duration { return time.Duration(le.Uint32(info[at:])) * time.Millisecond }
	l := Logging{
		OpenFileID: le.Uint32(log[1146:]),
		URL:        fieldText(log[8:268]),
		Agent:      fieldText(log[528:592]),
		Player:     fieldText(log[876:916]),
		UDP:        fieldText(log[1462:1470]) == "UDP",
		Duration:   ms(952),
		Start:      ms(1096),
		Played:     ms(1100),
		Bytes:      le.Uint64(info[1114:]),
		Packets:    le.Uint32(info[1122:]),
		Lost:       le.Uint32(info[1126:]),
		LongLoss:   le.Uint32(log[1474:]),
		Requests:   le.Uint32(log[1478:]),
		Recovered:  le.Uint32(log[1482:]),
	}
	return l, nil
}

func fieldText(field []byte) string {
	s, _, _ := bytes.Cut(field, []byte{0})
	if string(s) == "-" {
		return ""
	}
	return string(s)
}
