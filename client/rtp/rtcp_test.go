package rtp

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tapedeck/client/peers"
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

// TestReportBytes is a report worked out by hand. Ten packets of 8 kHz, 20 ms
// apart, numbers 65530 to 3, of which 65533 and 1 are missing and 2 came 5 ms
// late; a sender report came 2.5 s before.
func TestReportBytes(t *testing.T) {
	r := newRig(t, Options{})
	r.report.ssrc, r.opt.Clock.cname = 0x11223344, "abcdef"
	for i := range uint16(10) {
		seq := 65530 + i
		at := epoch.Add(time.Duration(i) * 20 * ms)
		if seq == 2 {
			at = at.Add(5 * ms)
		}
		if seq == 65533 || seq == 1 {
			continue
		}
		r.RTP(packet{ssrc: 0xaaaa, seq: seq, ts: 7000 + uint32(i)*160, payload: []byte{0, byte(i)}}.raw(), at, r.emitted)
	}
	// Wall clock E0000102.80000000: in the middle 0102.8000.
	sr := hx("80 c8 0006 0000aaaa e0000102 80000000 00002000 00000009 00000100")
	if _, err := r.RTCP(sr, epoch.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	got := r.AppendReport(nil, epoch.Add(3500*ms))
	want := hx("81 c9 0007 11223344" + // one block, 8 words
		"0000aaaa" + // about
		"33 000002" + // 2 * 256 / 10 = 51 lost of 256; 2 lost
		"00010003" + // the first number again after one turn: 65536 + 3
		// 5 ms are 40 ticks: J1 = 40/16 = 2.5, then back by 40: J2 = 2.5 + (40 - 2.5)/16
		"00000004" +
		"01028000" + // the report's time
		"00028000" + // 2.5 s * 65536
		"81 ca 0004 11223344 01 06 616263646566 00 00 00 00")
	if !bytes.Equal(got, want) {
		t.Errorf("\ngot  % x\nwant % x", got, want)
	}
	// Nothing came since: nothing was lost since.
	got = r.AppendReport(nil, epoch.Add(8500*ms))
	copy(want[12:], hx("00"))
	copy(want[28:], hx("00078000")) // 7.5 s
	if !bytes.Equal(got, want) {
		t.Errorf("then\ngot  % x\nwant % x", got, want)
	}
}

// TestReportLimits: counts at their ends.
func TestReportLimits(t *testing.T) {
	r := newRig(t, Options{})
	r.send(packet{ssrc: 1, seq: 1, ts: 8})
	block := func() []byte { return checkReport(t, r.AppendReport(nil, r.now)) }
	block()
	r.seq.received += 1 << 24 // duplicates
	if b := block(); binary.BigEndian.Uint32(b[4:]) != 0x00800000 {
		t.Errorf("far more than was sent: % x", b[4:8])
	}
	r.seq.received -= 1 << 24
	r.seq.top += 1 << 24
	if b := block(); binary.BigEndian.Uint32(b[4:]) != 0xff7fffff {
		t.Errorf("far less than was sent: % x", b[4:8])
	}
	for i := range uint16(100) { // the largest step of all, again and again
		r.send(packet{ssrc: 1, seq: 2 + i, ts: 8 + uint32(i%2)<<31})
	}
	if j := binary.BigEndian.Uint32(block()[12:]); j < 1<<30 || j > 1<<31 {
		t.Errorf("jitter %#x", j)
	}
}

// TestReportsInTshark has a dissector that nobody here wrote look at reports.
func TestReportsInTshark(t *testing.T) {
	r := newRig(t, Options{})
	compounds := [][]byte{r.AppendReport(nil, epoch)}
	r.sendSeqs(1, 2, 4)
	compounds = append(compounds, r.AppendReport(nil, r.now))
	r.RTCP(senderReport(epoch, 1), r.now)
	compounds = append(compounds, r.AppendReport(nil, r.now.Add(time.Second)))
	r.sendSeqs(60000, 60001)
	compounds = append(compounds, r.AppendReport(nil, r.now.Add(2*time.Second)))

	// A capture (pcap) of raw IP: header, then for each packet time, size, IPv4, UDP.
	file := hx("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 65000000")
	for _, p := range compounds {
		size := uint32(28 + len(p))
		file = append(file, make([]byte, 8)...)
		file = binary.LittleEndian.AppendUint32(file, size)
		file = binary.LittleEndian.AppendUint32(file, size)
		file = append(file, 0x45, 0)
		file = binary.BigEndian.AppendUint16(file, uint16(size))
		file = append(file, hx("0000 0000 40 11 0000 7f000001 7f000001 1389 1389")...)
		file = binary.BigEndian.AppendUint16(file, uint16(size-20))
		file = append(append(file, 0, 0), p...)
	}
	path := filepath.Join(t.TempDir(), "reports.pcap")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	tshark := peers.Find(t, "tshark")
	cmd := exec.CommandContext(t.Context(), tshark, "-r", path, "-d", "udp.port==5001,rtcp", "-T", "fields", "-E", "separator=;",
		"-e", "rtcp.pt", "-e", "rtcp.ssrc.fraction", "-e", "rtcp.ssrc.cum_nr", "-e", "rtcp.length_check.bad", "-e", "_ws.expert.message", "-e", "_ws.malformed")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := "201,202;;;;;\n201,202;64;1;;;\n201,202;0;1;;;\n201,202;0;0;;;\n"
	if string(out) != want {
		t.Errorf("tshark says\n%s", out)
	}
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
