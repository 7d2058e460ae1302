package mmstest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"tapedeck/client/asf"
	"tapedeck/client/media"
	"tapedeck/client/mms/wire"
)

func on(streams ...uint16) (entries []wire.StreamEntry) {
	for _, s := range streams {
		entries = append(entries, wire.StreamEntry{From: wire.NoStream, To: s})
	}
	return entries
}

// TestSample: the built-in film is what its header says.
func TestSample(t *testing.T) {
	h, err := asf.Parse(Sample())
	if err != nil {
		t.Fatal(err)
	}
	if h.PacketSize != samplePacket || h.Duration != time.Minute || h.Preroll != samplePreroll || h.Broadcast || !h.Seekable || h.Title == "" {
		t.Errorf("%+v", h)
	}
	if len(h.Streams) != 3 || h.Streams[0].Codec != media.H264 || h.Streams[0].Width != 320 || h.Streams[2].Codec != media.AAC ||
		h.Streams[0].BitRate <= h.Streams[1].BitRate || h.Streams[1].BitRate == 0 {
		t.Errorf("%+v", h.Streams)
	}
	if len(h.Exclusions) != 1 || h.Exclusions[0].By != asf.Bitrate {
		t.Errorf("%+v", h.Exclusions)
	}
	f, err := takeApart(Sample(), false)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.pictures[SamplePicture]) != 60 || len(f.pictures[SampleKeys]) != 60 || len(f.sounds[SampleSound]) != 2813 || uint64(len(f.packets)) != h.Packets {
		t.Errorf("%d, %d key pictures, %d sounds, %d packets of %d", len(f.pictures[1]), len(f.pictures[2]), len(f.sounds[3]), len(f.packets), h.Packets)
	}
	at := 0
	for i, s := range f.pictures[SamplePicture] {
		if s.time != time.Duration(i)*time.Second || s.packet < at {
			t.Errorf("key picture %d at %v in packet %d", i, s.time, s.packet)
		}
		at = s.packet
	}
	index := Sample()[bytes.LastIndex(Sample(), guid("33000890-E5B1-11CF-89F4-00A0C90349CB")):]
	e, ok := asf.IndexAt(index, 42500*time.Millisecond, samplePreroll)
	if want := f.pictures[SamplePicture][42].packet; !ok || int(e.Packet) != want {
		t.Errorf("the index leads to %d, %v, not to %d", e.Packet, ok, want)
	}
}

// TestPadding: the three ways in which packets are sent give the same packets.
func TestPadding(t *testing.T) {
	p := filmOf(t, short(t, 2))
	shorter := 0
	for _, padding := range []Padding{PaddingCut, PaddingForgot, PaddingKept} {
		r := p.Read(0, Place{}, padding, Pace{Speed: 1})
		r.Select(on(SamplePicture, SampleSound))
		n := 0
		for item := r.Next(); item.Kind == Media; item = r.Next() {
			want, _ := asf.Filter(nil, p.films[0].packets[item.Number], samplePacket, r.on)
			back, err := asf.Restore(nil, item.Data, samplePacket)
			if err != nil || !bytes.Equal(back, want) {
				t.Fatalf("%d: packet %d differs: %v", padding, item.Number, err)
			}
			field := int(binary.LittleEndian.Uint16(item.Data[5:])) // of the padding's length
			cut := samplePacket - len(item.Data)
			switch padding {
			case PaddingCut:
				if field != 0 {
					t.Fatalf("padding of %d in a packet of %d", field, len(item.Data))
				}
			case PaddingForgot:
				if field != cut {
					t.Fatalf("padding of %d, and %d cut", field, cut)
				}
			case PaddingKept:
				if cut != 0 {
					t.Fatalf("%d cut", cut)
				}
			}
			if cut > 0 {
				shorter++
			}
			n++
		}
		if n == 0 {
			t.Error("no packets")
		}
	}
	if shorter == 0 {
		t.Error("no packet was cut")
	}
}

// TestPace: a burst, then by the clock.
func TestPace(t *testing.T) {
	p := filmOf(t, short(t, 4))
	now := time.Now()
	r := p.Read(0, Place{Time: time.Second}, PaddingCut, Pace{Now: now, Speed: 2, Burst: time.Second})
	r.Select(on(SamplePicture))
	item := r.Next()
	if d := item.Due.Sub(now); d != -500*time.Millisecond {
		t.Errorf("the first is due after %v", d)
	}
	for item.Kind == Media {
		item = r.Next()
	}
	if d := item.Due.Sub(now); item.Kind != End || d != time.Second {
		t.Errorf("the end is due after %v", d)
	}
}

// payloads looks at all payloads of a packet.
func payloads(t *testing.T, item Item, do func(asf.Payload)) {
	t.Helper()
	var p asf.Packet
	if err := p.Parse(item.Data, samplePacket); err != nil {
		t.Fatal(err)
	}
	for pl := (asf.Payload{}); p.Next(&pl); {
		do(pl)
	}
}

// TestSwitch: a stream that replaces another one begins with a key picture, and
// the other goes on until then.
func TestSwitch(t *testing.T) {
	p := filmOf(t, short(t, 4))
	r := p.Read(0, Place{}, PaddingCut, Pace{Speed: 1})
	r.Select(on(SampleKeys, SampleSound))
	var order []int
	for item := r.Next(); item.Kind == Media; item = r.Next() {
		payloads(t, item, func(pl asf.Payload) {
			if pl.Stream == SampleSound || len(order) > 0 && order[len(order)-1] == pl.Stream {
				return
			}
			if order = append(order, pl.Stream); pl.Stream == SamplePicture && (!pl.Key || pl.Offset != 0) {
				t.Error("it begins in the middle")
			}
		})
		if len(order) == 1 && item.Number > 5 {
			r.Select([]wire.StreamEntry{{From: SampleKeys, To: SamplePicture}})
		}
	}
	if len(order) != 2 || order[0] != SampleKeys || order[1] != SamplePicture {
		t.Errorf("%v", order)
	}
	r.Select([]wire.StreamEntry{{From: SamplePicture, To: wire.NoStream}, {From: 300, To: 5000, Thin: wire.ThinNone}})
	if r.on(SamplePicture) || !r.on(SampleSound) {
		t.Error("a stream that nothing replaces is on")
	}
}

// TestThinning: key pictures alone.
func TestThinning(t *testing.T) {
	p := filmOf(t, short(t, 4))
	r := p.Read(0, Place{}, PaddingCut, Pace{Speed: 1})
	r.Select([]wire.StreamEntry{{From: wire.NoStream, To: SamplePicture, Thin: wire.ThinKeys}})
	keys, whole := 0, 0
	for item := r.Next(); item.Kind == Media; item = r.Next() {
		payloads(t, item, func(pl asf.Payload) {
			if pl.Key && pl.Offset == 0 {
				keys++
			}
			if pl.Offset == 0 {
				whole++
			}
		})
	}
	if keys != 4 || whole > 2*keys+4 {
		t.Errorf("%d key pictures among %d", keys, whole)
	}
}

// TestNoFilm: what is no ASF file is refused.
func TestNoFilm(t *testing.T) {
	b := short(t, 1)
	for name, file := range map[string][]byte{
		"nothing":    nil,
		"text":       []byte(strings.Repeat("no film ", 100)),
		"no packets": b[:len(b)/50],
		"cut":        b[:100],
	} {
		if _, err := Film(file); err == nil {
			t.Errorf("%s is a film", name)
		}
	}
	if _, err := Live(); !errors.Is(err, errFiles) {
		t.Errorf("without a file: %v", err)
	}
}

// TestShiftCompressed: the times of compressed payloads move too.
func TestShiftCompressed(t *testing.T) {
	b := []byte{
		0x82, 0, 0, 0x00, 0x5D, // no padding, one payload
		0xF0, 0xFF, 0xFF, 0xFF, 0, 0, // send time, duration
		1, 7, 0x00, 0x01, 0, 0, // stream, object, time 256
		1, 40, // a byte of replicated data: the step
		1, 0xAA, 1, 0xBB,
	}
	f := film{}
	f.objects[1] = 3
	f.shift(b, 0x20, 2)
	if send, at := binary.LittleEndian.Uint32(b[5:]), binary.LittleEndian.Uint32(b[13:]); send != 0x10 || at != 0x120 || b[12] != 13 {
		t.Errorf("sent at %x, shown at %x, object %d", send, at, b[12])
	}
}

// FuzzShift: files are our own, or a test's; they are read all the same.
func FuzzShift(f *testing.F) {
	whole, err := takeApart(Sample(), false)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole.packets[0])
	f.Add(whole.packets[9][:40])
	f.Fuzz(func(t *testing.T, b []byte) {
		was := len(b)
		whole.shift(b, 1000, 3)
		if len(b) != was {
			t.Fatal("another length")
		}
	})
}
