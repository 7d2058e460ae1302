package asf

import (
	"testing"
)

func TestShift(t *testing.T) {
	for _, c := range []struct {
		name        string
		send, shown uint32 // taken off
		wantSend    uint32
		wantTime    uint32
	}{
		{"nothing", 0, 0, 1000, 555},
		{"both", 300, 55, 700, 500},
		{"before the beginning", 3000, 600, 0, 0},
		{"over the wrap", 1<<32 - 5000, 1<<32 - 5000, 6000, 5555}, // what was before the wrap is 5 s earlier
	} {
		layouts(func(l layout) {
			if l.replicated == 0 || l.padding == 0 || l.correction != "" {
				return
			}
			parts := []part{{head: 0x81, object: 3, data: "a picture", copied: join(sized(20, 555), []byte("xyz"))}}
			b := l.packet(160, parts...)
			if err := Shift(b, 160, c.send, c.shown); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			var p Packet
			var pl Payload
			if err := p.Parse(b, 160); err != nil || !p.Next(&pl) || p.Send() != c.wantSend || pl.Time != c.wantTime || string(pl.Data) != "a picture" {
				t.Fatalf("%s: %+v: sent at %d, shown at %d, %v", c.name, l, p.Send(), pl.Time, err)
			}
		})
	}
}

// TestShiftLongUp: an encoder that has been up for a month is not before 0.
func TestShiftLongUp(t *testing.T) {
	const up = 1<<32 - 5000
	b := common.packetAt(up, packetSize, part{head: 1, copied: sized(3, up), data: "abc"})
	var p Packet
	var pl Payload
	if err := Shift(b, packetSize, 0, 2800); err != nil || p.Parse(b, packetSize) != nil || p.Send() != up || !p.Next(&pl) || pl.Time != up-2800 {
		t.Errorf("%v, sent at %d, shown at %d", err, p.Send(), pl.Time)
	}
}

// TestShiftGroup: the time of a group of objects is where others have their
// offset.
func TestShiftGroup(t *testing.T) {
	b := []byte{0x00, 0x5d, 0xe8, 0x03, 0x00, 0x00, 0x00, 0x00, // sent at 1000
		0x01, 0x07, 0x2b, 0x02, 0x00, 0x00, 0x01, 0x28, // object 7 at 555, one each 40 ms
		0x01, 'a', 0x01, 'b'}
	if err := Shift(b, len(b), 400, 55); err != nil {
		t.Fatal(err)
	}
	var p Packet
	var pl Payload
	if err := p.Parse(b, len(b)); err != nil || p.Send() != 600 || !p.Next(&pl) || pl.Time != 500 || !p.Next(&pl) || pl.Time != 540 {
		t.Errorf("%d %+v %v", p.Send(), pl, err)
	}
}

func TestShiftAllocatesNothing(t *testing.T) {
	b := layout{padding: 1, object: 1, offset: 3, replicated: 1}.packet(160, part{head: 0x81, object: 3, data: "a", copied: sized(1, 555)})
	if n := testing.AllocsPerRun(100, func() { Shift(b, 160, 0, 0) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
