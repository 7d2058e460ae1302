package rtp

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

const (
	rtcpReceiver = "80 c9 0001 00000001"
	rtcpName     = "81 ca 0003 0000aaaa 01 04 61626364 00 00"
	// Hanwha: the list has no end, the chunk is cut short.
	rtcpHanwha = "81 ca 0002 0000aaaa 01 02 6162"
	rtcpBye    = "81 cb 0001 0000aaaa"
)

var rtcpCases = []struct {
	name, raw string
	bye       bool
	bad       bool
}{
	{name: "receiver report and name", raw: rtcpReceiver + rtcpName},
	{name: "a name without an end, then BYE", raw: rtcpHanwha + rtcpBye, bye: true},
	{name: "BYE", raw: rtcpBye, bye: true},
	{name: "BYE of others", raw: "81 cb 0001 0000bbbb"},
	{name: "BYE of two", raw: "82 cb 0002 0000bbbb 0000aaaa", bye: true},
	{name: "BYE of nobody", raw: "80 cb 0000", bye: true},
	{name: "BYE that names more than it has", raw: "9f cb 0001 0000bbbb"},
	{name: "BYE whose reason is too long", raw: "81 cb 0002 0000aaaa ff 616263", bye: true},
	{name: "BYE whose length is", raw: "81 cb ffff 0000aaaa", bye: true},
	{name: "APP, XR and types that nobody knows in front", raw: "80 cc 0002 00000001 53455331 80 cf 0000 80 00 0000" + rtcpBye, bye: true},
	{name: "another version in between", raw: rtcpReceiver + "00 c8 0000" + rtcpBye, bye: true},
	{name: "a sender report cut short", raw: "80 c8 0006 0000aaaa 00000001"},
	{name: "31 blocks that are not there", raw: "9f c9 0001 00000001" + rtcpBye, bye: true},
	{name: "odd bytes behind", raw: rtcpBye + "81 cb", bye: true},
	{name: "nothing", raw: "", bad: true},
	{name: "too short", raw: "80 c8 00", bad: true},
	{name: "another version", raw: "40 c8 0000", bad: true},
}

func TestRTCP(t *testing.T) {
	for _, c := range rtcpCases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, Options{})
			r.send(packet{ssrc: 0xaaaa, seq: 1})
			bye, err := r.RTCP(hx(c.raw), epoch)
			if bye != c.bye || (err != nil) != c.bad {
				t.Errorf("bye %v, %v; want %v, bad %v", bye, err, c.bye, c.bad)
			}
		})
	}
}

func FuzzRTCP(f *testing.F) {
	for _, c := range rtcpCases {
		f.Add(hx(c.raw))
	}
	f.Add(senderReport(epoch, 1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := newRig(t, Options{})
		r.RTCP(raw, epoch)
		r.send(packet{ssrc: 0xaaaa, seq: 1})
		r.RTCP(raw, epoch)
		checkReport(t, r.AppendReport(nil, epoch))
	})
}

// checkReport walks a compound of ours and returns its report block.
func checkReport(t *testing.T, raw []byte) (block []byte) {
	t.Helper()
	var types []byte
	var ours []byte
	for len(raw) > 0 {
		if len(raw) < 8 || raw[0]>>6 != 2 {
			t.Fatalf("% x is no RTCP", raw)
		}
		size := 4 * (int(binary.BigEndian.Uint16(raw[2:])) + 1)
		if size > len(raw) {
			t.Fatalf("a length of %d in % x", size, raw)
		}
		if ours != nil && !bytes.Equal(ours, raw[4:8]) {
			t.Fatal("two sources in a report")
		}
		ours = raw[4:8]
		types = append(types, raw[1])
		switch raw[1] {
		case rtcpRR:
			if block = raw[8:size]; len(block) != 24*int(raw[0]&0x1f) {
				t.Fatalf("%d bytes of %d blocks", len(block), raw[0]&0x1f)
			}
		case rtcpSDES:
			n := int(raw[9])
			if raw[0]&0x1f != 1 || raw[8] != sdesCNAME || n == 0 || 10+n >= size || raw[10+n] != 0 {
				t.Fatalf("the name is % x", raw[:size])
			}
		}
		raw = raw[size:]
	}
	if !bytes.Equal(types, []byte{rtcpRR, rtcpSDES}) {
		t.Fatalf("a compound of %v", types)
	}
	return block
}

func TestReport(t *testing.T) {
	r := newRig(t, Options{Reorder: true})
	if b := checkReport(t, r.AppendReport(nil, epoch)); len(b) != 0 {
		t.Errorf("a block about nothing: % x", b)
	}
	be := binary.BigEndian
	check := func(what string, fraction byte, lost int32, highest, jitter, last, delay uint32) {
		t.Helper()
		prefix := []byte{1, 2, 3}
		out := r.AppendReport(prefix, r.now)
		if !bytes.Equal(out[:3], prefix) {
			t.Error("what stood before it is changed")
		}
		b := checkReport(t, out[3:])
		got := []uint32{be.Uint32(b), uint32(b[4]), be.Uint32(b[4:]) & 0xffffff, be.Uint32(b[8:]), be.Uint32(b[12:]), be.Uint32(b[16:]), be.Uint32(b[20:])}
		want := []uint32{0xaaaa, uint32(fraction), uint32(lost) & 0xffffff, highest, jitter, last, delay}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: field %d is %d, want %d", what, i, got[i], want[i])
			}
		}
	}
	for i := range uint16(100) { // every fourth is lost, over the wrap
		if i%4 != 3 {
			r.send(packet{ssrc: 0xaaaa, seq: 65500 + i, ts: uint32(i)*8 + 8})
		} else {
			r.now = r.now.Add(ms)
		}
	}
	check("a quarter lost", 24*256/99, 24, 65536+62, 0, 0, 0)

	sr := senderReport(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), 100)
	sr[6], sr[7] = 0xaa, 0xaa
	r.RTCP(sr, r.now)
	last := be.Uint32(sr[10:])
	r.now = r.now.Add(1499 * ms)
	r.send(packet{ssrc: 0xaaaa, seq: 64, ts: 1600 * 8})
	// One more came, after one more that did not; it was sent when it came.
	check("after a sender report", 128, 25, 65536+64, 0, last, 1500*65536/1000)
	r.send(packet{ssrc: 0xaaaa, seq: 64, ts: 1601 * 8}, packet{ssrc: 0xaaaa, seq: 64, ts: 1602 * 8})
	check("duplicates count as received", 0, 23, 65536+64, 0, last, 1502*65536/1000)
}

// Steady jitter of d is d in the end (RFC 3550, A.8).
func TestJitter(t *testing.T) {
	r := newRig(t, Options{})
	for i := range uint16(500) {
		late := time.Duration(i%2) * 10 * ms
		r.at(epoch.Add(time.Duration(i)*20*ms+late), i, tick(0xffffff00, time.Duration(i)*20*ms))
	}
	b := checkReport(t, r.AppendReport(nil, epoch))
	if j := binary.BigEndian.Uint32(b[12:]); j < 78 || j > 80 { // 10 ms is 80 ticks
		t.Errorf("jitter %d", j)
	}
}

func TestOneNameForASession(t *testing.T) {
	a, b := two(t)
	x, y := a.AppendReport(nil, epoch), b.AppendReport(nil, epoch)
	if !bytes.Equal(x[16:], y[16:]) {
		t.Errorf("% x and % x", x[16:], y[16:])
	}
	if bytes.Equal(x[4:8], y[4:8]) {
		t.Error("two streams report as one source")
	}
}
