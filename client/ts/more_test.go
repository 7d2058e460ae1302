package ts

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tapedeck/client/media"
)

// TestProblems announces what is not played, and what is played but not sent as
// it should be.
func TestProblems(t *testing.T) {
	for _, c := range []struct {
		kind        byte
		descriptors string
		codec       media.Codec
		kindOf      media.Kind
		problem     string // a part of it
	}{
		{0x1b, "", media.H264, media.Video, ""},
		{0x24, "", media.H265, media.Video, ""},
		{0x04, "", media.MP3, media.Audio, ""},
		{0x11, "", media.AAC, media.Audio, ""},
		{0x10, "", media.MPEG4Video, media.Video, "MPEG-4 Visual in MPEG-TS is not supported"},
		{0x82, "", "DTS", media.Audio, "DTS in MPEG-TS"},
		{0x06, "6a01 00", media.AC3, media.Audio, ""},
		{0x06, "0a04656e6700 7a0100", media.EAC3, media.Audio, ""},
		{0x06, "0504 41432d33", media.AC3, media.Audio, ""},
		{0x06, "0504 48455643", media.H265, media.Video, ""},
		{0x06, "5908 656e6710 00010001", "DVB subtitles", media.Data, "DVB subtitles"},
		{0x06, "05044f707573 7f028009", media.Opus, media.Audio, "channels"},
		{0x06, "05ff", "", media.Data, "type 0x06"},
		{0x06, "", "", media.Data, "streams of type 0x06 are not supported"},
		{0x15, "260b ffff 4b4c5641 ff 00 000f 00", "", media.Data, "type 0x15"},
		{0x15, "", "ID3", media.Data, ""},
		{0xdb, "", media.H264, media.Video, "protected"},
		{0xcf, "", media.AAC, media.Audio, "protected"},
		{0x99, "", "", media.Data, "type 0x99"},
	} {
		m := newMaker()
		m.programs(0, 1)
		m.program(pmtAt, 1, 0, announced{c.kind, videoAt, c.descriptors})
		d := New()
		feed(t, d, m.out, len(m.out))
		got := d.Tracks()
		if len(got) != 1 || got[0].Codec != c.codec || got[0].Kind != c.kindOf ||
			!strings.Contains(got[0].Problem, c.problem) || (c.problem == "") != (got[0].Problem == "") {
			t.Errorf("type %#02x, descriptors %q: %+v", c.kind, c.descriptors, got)
		}
	}
}

func TestScrambled(t *testing.T) {
	m := newMaker()
	m.tables()
	m.video(1*second, annexB(aud, sps, pps, idr))
	m.out[len(m.out)-packetSize+3] |= 0x80
	m.sound(1*second, slices.Concat(adts(30, 1), adts(30, 2)))
	d := New()
	compare(t, feed(t, d, m.out, 100), []unit{{1, 1 * second, true, adts(30, 1)[7:]}, {1, 1*second + frameTicks, true, adts(30, 2)[7:]}})
	if p := d.Tracks()[0].Problem; !strings.Contains(p, "scrambled") || !d.Known() {
		t.Errorf("known %v, problem %q", d.Known(), p)
	}
	m.out = nil
	m.video(2*second, annexB(aud, sps, pps, idr))
	compare(t, feed(t, d, m.out, 100), []unit{{0, 2 * second, true, sized(aud, sps, pps, idr)}})
	if p := d.Tracks()[0].Problem; p != "" {
		t.Errorf("problem %q", p)
	}
}

// TestReset goes on with another part of the stream, and with another stream:
// the counters and times mean nothing then, and the parameter sets are others.
func TestReset(t *testing.T) {
	m := newMaker()
	m.tables()
	m.video(3*second, annexB(aud, sps, pps, idr))
	m.video(4*second, append(annexB(aud, inter), noise(300)...))
	d := New()
	var list []unit
	if err := d.Write(m.out[:len(m.out)-50], collect(&list)); err != nil {
		t.Fatal(err)
	}
	d.Reset()
	if len(d.Tracks()) != 2 || d.Tracks()[0].Private == nil {
		t.Errorf("%+v", d.Tracks())
	}
	other := strings.Replace(sps, "64001e", "640028", 1)
	m = newMaker()
	m.tables()
	m.video(1*second, annexB(aud, other, pps, idr))
	list = append(list, feed(t, d, m.out, len(m.out))...)
	compare(t, list, []unit{
		{0, 3 * second, true, sized(aud, sps, pps, idr)},
		{0, 1 * second, true, sized(aud, other, pps, idr)},
	})
	if p := d.Tracks()[0].Private; p[3] != 0x28 || p[5] != 0xe1 {
		t.Errorf("private %x", p)
	}
}

func TestNoTransportStream(t *testing.T) {
	yield := func(media.Packet) { t.Error("a packet") }
	d := New()
	var err error
	for n := 0; err == nil && n < 2*maxNoise; n += 1000 {
		err = d.Write(slices.Repeat([]byte{'x'}, 1000), yield)
	}
	if !errors.Is(err, ErrNotTS) {
		t.Errorf("error %v", err)
	}
	d = New()
	if err := d.Write([]byte("<html>GG</html>"), yield); err != nil {
		t.Error(err)
	}
	if err := d.Flush(yield); !errors.Is(err, ErrNotTS) {
		t.Errorf("error %v", err)
	}
	if err := New().Flush(yield); err != nil { // an empty segment
		t.Error(err)
	}
}

// TestBounds gathers what never ends.
func TestBounds(t *testing.T) {
	m := newMaker()
	m.programs(0, 1)
	m.program(pmtAt, 1, 0, announced{0x1b, videoAt, ""}, announced{0x0f, soundAt, ""}, announced{0x15, 0x102, ""},
		announced{0x02, 0x103, ""}, announced{0x06, 0x104, "05044f707573 7f028002"})
	d := New()
	ignore := func(media.Packet) {}
	if err := d.Write(m.out, ignore); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		pid   uint16
		first string
	}{
		{videoAt, "00000001 09f0 00000001 " + sps + "00000001" + pps + "00000001 6588"},
		{soundAt, "fff14c83ffff fc"},
		{0x102, "494433 0400 00 7f7f7f7f"},
		{0x103, mpegSequence},
		{0x104, "7fe0"},
	} {
		m := newMaker()
		m.payload(c.pid, pesOf(0xe0, 0, 0, false, append(hx(c.first), make([]byte, 200)...)))
		if err := d.Write(m.out, ignore); err != nil {
			t.Fatal(err)
		}
		for n := 0; n < 2*maxVideoUnit; n += 64 << 10 {
			m.out = m.out[:0]
			for range 64 << 10 / 184 {
				m.packet(c.pid, false, nil, slices.Repeat([]byte{0xff}, 184))
			}
			if err := d.Write(m.out, ignore); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, p := range d.streams {
		n := 0
		switch es := p.es.(type) {
		case *video:
			n = cap(es.stream) + cap(es.unit)
		case *audio:
			n = cap(es.buf)
		case *tags:
			n = cap(es.buf)
		case *pictures:
			n = cap(es.buf)
		case *opus:
			n = cap(es.buf)
		}
		if n > 3*maxVideoUnit {
			t.Errorf("track %d keeps %d bytes", i, n)
		}
	}
	if d.Stats().Damaged == 0 {
		t.Error("nothing is counted")
	}
}

// timeTag is a tag with the time of a segment of packed audio.
func timeTag(ticks string) []byte {
	return hx("494433 0400 00 0000003f | 50524956 00000035 0000 | " +
		"636f6d2e6170706c652e73747265616d696e672e7472616e73706f727453747265616d54696d657374616d7000 |" + ticks)
}

func TestPacked(t *testing.T) {
	mp3 := func(fill byte) []byte { // layer III, 64 kbit/s, 48 kHz, mono: 192 bytes, 1152 samples
		return append(hx("fffb54c4"), slices.Repeat([]byte{fill}, 188)...)
	}
	ac3 := func(fill byte) []byte { // 48 kHz, 32 kbit/s: 128 bytes, 1536 samples
		return append(hx("0b77 0000 00 40 40"), slices.Repeat([]byte{fill}, 121)...)
	}
	tag := timeTag("00000000 00015f90")
	wrap := timeTag("00000001 ffffffff")
	text := hx("494433 0300 00 0000000c | 54495432 00000002 0000 | 00 41")
	for _, c := range []struct {
		name     string
		segments [][]byte
		want     []unit
	}{
		{"AAC", [][]byte{slices.Concat(tag, adts(30, 1), adts(30, 2))},
			[]unit{{1, second, true, tag}, {0, second, true, adts(30, 1)[7:]}, {0, second + frameTicks, true, adts(30, 2)[7:]}}},
		{"MP3, with a title", [][]byte{slices.Concat(tag, text, mp3(1), mp3(2))},
			[]unit{{1, second, true, tag}, {1, second, true, text}, {0, second, true, mp3(1)}, {0, second + 2160, true, mp3(2)}}},
		{"AC-3", [][]byte{slices.Concat(tag, ac3(1), ac3(2))},
			[]unit{{1, second, true, tag}, {0, second, true, ac3(1)}, {0, second + 2880, true, ac3(2)}}},
		{"the time wraps", [][]byte{slices.Concat(wrap, adts(30, 1)), slices.Concat(tag, adts(30, 2))},
			[]unit{{1, 1<<33 - 1, true, wrap}, {0, 1<<33 - 1, true, adts(30, 1)[7:]}, {1, 1<<33 + second, true, tag}, {0, 1<<33 + second, true, adts(30, 2)[7:]}}},
		{"no time: from 0, and on from the segment before", [][]byte{slices.Concat(adts(30, 1), adts(30, 2)), slices.Concat(text, adts(30, 3))},
			[]unit{{0, 0, true, adts(30, 1)[7:]}, {0, frameTicks, true, adts(30, 2)[7:]}, {1, 2 * frameTicks, true, text}, {0, 2 * frameTicks, true, adts(30, 3)[7:]}}},
		{"noise in front", [][]byte{slices.Concat(tag, hx("00ff f1 4c 80 0000"), adts(30, 1), adts(30, 2))},
			[]unit{{1, second, true, tag}, {0, second, true, adts(30, 1)[7:]}, {0, second + frameTicks, true, adts(30, 2)[7:]}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, size := range []int{1, 7, 64, 1 << 20} {
				d := NewPacked()
				var got []unit
				for _, s := range c.segments {
					got = append(got, feed(t, d, s, size)...)
				}
				compare(t, got, c.want)
				if !d.Known() || d.Tracks()[0].SampleRate != 48000 {
					t.Errorf("%+v", d.Tracks())
				}
			}
		})
	}
	d := NewPacked()
	yield := func(media.Packet) {}
	if err := d.Write([]byte("<html>no such segment</html>"), yield); err != nil {
		t.Error(err)
	}
	if err := d.Flush(yield); !errors.Is(err, ErrNotAudio) {
		t.Errorf("error %v", err)
	}
	if err := d.Write(slices.Repeat([]byte{'x'}, 2*maxSearch), yield); !errors.Is(err, ErrNotAudio) {
		t.Errorf("error %v", err)
	}
	d.Reset()
	compare(t, feed(t, d, slices.Concat(tag, adts(30, 1)), 100), []unit{{1, second, true, tag}, {0, second, true, adts(30, 1)[7:]}})
}
