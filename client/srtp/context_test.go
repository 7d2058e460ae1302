package srtp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/pion/srtp/v3"
)

// peer encrypts as a sender that is not ours: pion by itself.
func peer(t testing.TB, k Keys) *srtp.Context {
	t.Helper()
	m := k.Masters[0]
	p, err := srtp.CreateContext(m.Key, m.Salt, suites[k.Suite].profile, srtp.MasterKeyIndicator(m.MKI))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func plainRTP(ssrc uint32, seq uint16, size int) []byte {
	p := make([]byte, rtpHeader+size)
	p[0], p[1] = 0x80, 96
	binary.BigEndian.PutUint16(p[2:], seq)
	binary.BigEndian.PutUint32(p[8:], ssrc)
	for i := range size {
		p[rtpHeader+i] = byte(i + int(seq))
	}
	return p
}

// senderReport is an SR without blocks.
func senderReport(ssrc uint32) []byte {
	p := make([]byte, 28)
	p[0], p[1], p[3] = 0x80, 200, 6
	binary.BigEndian.PutUint32(p[4:], ssrc)
	p[20] = 0x55
	return p
}

func encrypt(t testing.TB, p *srtp.Context, plain []byte) []byte {
	t.Helper()
	e, err := p.EncryptRTP(nil, plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func mustContext(t testing.TB, in, out Keys) *Context {
	t.Helper()
	c, err := NewContext(in, out)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContextSuites(t *testing.T) {
	for s := range suites {
		for _, mki := range []int{0, 4} {
			k := NewKeys(Suite(s), mki)
			p, c := peer(t, k), mustContext(t, k, k)
			for seq := uint16(65530); seq != 20; seq++ { // over the wrap
				want := plainRTP(1, seq, 100)
				e := encrypt(t, p, want)
				got, err := c.RTP(e)
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%v, mki %d, packet %d: %v", Suite(s), mki, seq, err)
				}
				if _, err := c.RTP(e); err == nil {
					t.Fatalf("%v: packet %d came twice", Suite(s), seq)
				}
				e[20] ^= 1
				if _, err := c.RTP(e); err == nil {
					t.Fatalf("%v: packet %d was changed", Suite(s), seq)
				}
			}
			report := senderReport(1)
			e, err := p.EncryptRTCP(nil, report, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.RTCP(e); err != nil || !bytes.Equal(got, report) {
				t.Errorf("%v: a report: %v", Suite(s), err)
			}
			if e, err = c.AppendRTCP([]byte("$"), senderReport(77)); err != nil || e[0] != '$' || bytes.Contains(e, senderReport(77)[8:]) && !(Suite(s) >= NullSHA1x80) {
				t.Errorf("%v: our report: %v", Suite(s), err)
			}
			if got, err := peer(t, k).DecryptRTCP(nil, e[1:], nil); err != nil || !bytes.Equal(got, senderReport(77)) {
				t.Errorf("%v: our report: %v", Suite(s), err)
			}
		}
	}
}

// TestContextMisfit has a sender with other keys, and one whose packets come
// again after it.
func TestContextMisfit(t *testing.T) {
	k := NewKeys(AESCM128SHA1x80, 0)
	wrong, right, c := peer(t, NewKeys(AESCM128SHA1x80, 0)), peer(t, k), mustContext(t, k, k)
	for n := 1; n <= 50; n++ {
		if _, err := c.RTP(encrypt(t, wrong, plainRTP(1, uint16(n), 50))); !errors.Is(err, ErrMisfit) || c.Misfits() != n {
			t.Fatalf("%v, %d misfits of %d", err, c.Misfits(), n)
		}
	}
	if _, err := c.RTP(encrypt(t, right, plainRTP(1, 51, 50))); err != nil || c.Misfits() != 0 {
		t.Errorf("%v, %d misfits", err, c.Misfits())
	}
	if _, err := c.RTP(encrypt(t, wrong, plainRTP(1, 52, 50))); !errors.Is(err, ErrMisfit) || c.Misfits() != 1 {
		t.Errorf("%v, %d misfits", err, c.Misfits())
	}
	named := mustContext(t, NewKeys(AESCM128SHA1x80, 4), k)
	if _, err := named.RTP(encrypt(t, wrong, plainRTP(1, 1, 50))); !errors.Is(err, ErrMisfit) {
		t.Errorf("a name that nobody has: %v", err)
	}
}

// TestContextROC joins streams that have run for a while.
func TestContextROC(t *testing.T) {
	for _, c := range []struct {
		name       string
		told, real uint32
		known      bool
		lost       int // packets until it is found; -1: never
	}{
		{"told", 7, 7, true, 0},
		{"told, and wrapped since", 7, 8, true, searchAfter - 1},
		{"not told", 0, 0, false, 0},
		{"not told, wrapped twice", 0, 2, false, searchAfter - 1},
		{"not told, too late", 0, 5, false, -1},
	} {
		k := NewKeys(AEADAES128GCM, 0)
		p := peer(t, k)
		p.SetROC(1, c.real)
		in := k
		if c.known {
			in.Sources = []Source{{1, c.told}}
		}
		ctx := mustContext(t, in, k)
		lost := -1
		for n := range 3 * searchAfter {
			if _, err := ctx.RTP(encrypt(t, p, plainRTP(1, uint16(100+n), 20))); err == nil {
				lost = n
				break
			}
		}
		if lost != c.lost {
			t.Errorf("%s: found after %d packets, want %d", c.name, lost, c.lost)
		}
	}
}

// TestContextSenders has more senders than are followed: the one that was silent
// longest is forgotten, and a stranger's packets make no state at all.
func TestContextSenders(t *testing.T) {
	k := NewKeys(AESCM128SHA1x80, 0)
	p, c := peer(t, k), mustContext(t, k, k)
	var first []byte
	for ssrc := range uint32(3 * maxSources) {
		e := encrypt(t, p, plainRTP(ssrc, 1, 20))
		if ssrc == 1 {
			first = e
		}
		if _, err := c.RTP(e); err != nil {
			t.Fatal(err)
		}
		if _, err := c.RTP(encrypt(t, p, plainRTP(0, uint16(2+ssrc), 20))); err != nil { // always heard
			t.Fatal(err)
		}
	}
	if len(c.senders) != maxSources || c.senders[0].ssrc != 0 {
		t.Errorf("%d senders", len(c.senders))
	}
	if _, err := c.RTP(first); err != nil { // forgotten, and new again
		t.Error(err)
	}
	stranger := peer(t, NewKeys(AESCM128SHA1x80, 0))
	for ssrc := range uint32(1000) {
		if _, err := c.RTP(encrypt(t, stranger, plainRTP(1000+ssrc, 1, 20))); err == nil {
			t.Fatal("a stranger got in")
		}
	}
	if len(c.senders) != maxSources {
		t.Errorf("%d senders", len(c.senders))
	}
}

// TestContextMasters has two keys at once, told apart by their names.
func TestContextMasters(t *testing.T) {
	a, b := NewKeys(AESCM128SHA1x80, 4), NewKeys(AESCM128SHA1x80, 4)
	c := mustContext(t, Keys{Suite: a.Suite, Masters: []Master{a.Masters[0], b.Masters[0]}}, a)
	for i, k := range []Keys{a, b, a} {
		if _, err := c.RTP(encrypt(t, peer(t, k), plainRTP(1, uint16(i+1), 20))); err != nil {
			t.Errorf("key %d: %v", i, err)
		}
	}
}

func TestNewContextRefuses(t *testing.T) {
	good := NewKeys(AESCM128SHA1x80, 0)
	twice := NewKeys(AESCM128SHA1x80, 4)
	twice.Masters = append(twice.Masters, twice.Masters[0])
	for _, bad := range []Keys{
		{},
		{Suite: 99, Masters: good.Masters},
		{Suite: AESCM256SHA1x80, Masters: good.Masters},
		{Suite: AESCM128SHA1x80, Masters: []Master{{Key: make([]byte, 16), Salt: make([]byte, 14), MKI: make([]byte, 200)}}},
		twice,
	} {
		if _, err := NewContext(bad, good); err == nil {
			t.Errorf("%d masters of suite %v are taken", len(bad.Masters), bad.Suite)
		}
		if _, err := NewContext(good, bad); err == nil {
			t.Errorf("%d masters of suite %v are taken", len(bad.Masters), bad.Suite)
		}
	}
}

// TestContextAllocations holds the promise of the hot path.
func TestContextAllocations(t *testing.T) {
	for _, s := range []Suite{AESCM128SHA1x80, AEADAES128GCM, NullSHA1x80} {
		k := NewKeys(s, 0)
		p, c := peer(t, k), mustContext(t, k, k)
		packets := make([][]byte, 2000)
		for i := range packets {
			packets[i] = encrypt(t, p, plainRTP(1, uint16(i), 1200))
		}
		for _, e := range packets[:100] {
			c.RTP(e)
		}
		next := 100
		n := testing.AllocsPerRun(1000, func() {
			if _, err := c.RTP(packets[next]); err != nil {
				t.Fatal(err)
			}
			next++
		})
		if n != 0 {
			t.Errorf("%v: %v allocations for a packet", s, n)
		}
	}
}

func BenchmarkContext(b *testing.B) {
	for _, s := range []Suite{AESCM128SHA1x80, AEADAES128GCM} {
		b.Run(s.String(), func(b *testing.B) {
			k := NewKeys(s, 0)
			p, c := peer(b, k), mustContext(b, k, k)
			packets := make([][]byte, 1<<14)
			for i := range packets {
				packets[i] = encrypt(b, p, plainRTP(1, uint16(i), 1400))
			}
			b.SetBytes(1412)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				if i%len(packets) == 0 {
					c = mustContext(b, k, k)
				}
				if _, err := c.RTP(packets[i%len(packets)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzContext feeds packets as they come, and as they come through a key that
// fits: whoever has the keys may be hostile too.
func FuzzContext(f *testing.F) {
	k := NewKeys(AESCM128SHA1x80, 4)
	for _, p := range [][]byte{plainRTP(1, 1, 30), plainRTP(1, 1, 0), senderReport(1), {0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xBE, 0xDE, 0xff, 0xff}, {0x8f, 96}, {}} {
		f.Add(uint8(0), p)
		f.Add(uint8(4), p)
	}
	f.Fuzz(func(t *testing.T, n uint8, b []byte) {
		k := k
		k.Suite = Suite(n) % Suite(len(suites))
		if size := suites[k.Suite]; size.key != 16 || size.salt != 14 {
			k = NewKeys(k.Suite, 4)
		}
		p, c := peer(t, k), mustContext(t, k, k)
		check := func(b []byte) {
			for _, take := range []func([]byte) ([]byte, error){c.RTP, c.RTCP} {
				if out, err := take(b); err == nil && len(out) > len(b) {
					t.Errorf("%d bytes of %d", len(out), len(b))
				}
			}
			if len(c.senders) > maxSources {
				t.Errorf("%d senders", len(c.senders))
			}
		}
		check(b)
		if e, err := p.EncryptRTP(nil, b, nil); err == nil {
			check(e)
		}
		if e, err := p.EncryptRTCP(nil, b, nil); err == nil {
			check(e)
		}
	})
}
