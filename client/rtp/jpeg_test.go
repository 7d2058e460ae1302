package rtp

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"testing"

	"github.com/pion/rtp"

	"tapedeck/client/media"
)

// made is a picture of w by h with the headers that belong to it: type, restart
// interval, Q below 128.
func made(kind byte, restart uint16, q, w, h int, scan string) []byte {
	head := jpegHeader{kind: kind, restart: restart, width: w, height: h}
	head.tables.scale(q)
	var d jpeg
	d.makeHeaders(&head)
	return append(d.made, hx(scan)...)
}

// tabled is one with tables that came in-band: n bytes of v each.
func tabled(wide bool, w, h int, luma, chroma byte, scan string) []byte {
	head := jpegHeader{kind: 1, width: w, height: h}
	for i, v := range []byte{luma, chroma} {
		head.tables.wide[i] = wide
		for j := range head.tables.data[i] {
			if wide || j < jpegTableSize {
				head.tables.data[i][j] = v
			}
		}
	}
	var d jpeg
	d.makeHeaders(&head)
	return append(d.made, hx(scan)...)
}

// values is n bytes of v in hex.
func values(n int, v string) string {
	return string(bytes.Repeat([]byte(v), n))
}

var jpegCases = []depackCase{
	{
		name: "one packet, types 0 and 1",
		in: []step{
			{ts: 1, marker: true, payload: hx("00 000000 | 00 32 | 28 1e | aa bb ff d9")},
			{ts: 2, marker: true, payload: hx("00 000000 | 01 50 | 28 1e | cc dd ff d9")},
		},
		want: []wantUnit{{1, true, made(0, 0, 50, 320, 240, "aabbffd9")}, {2, true, made(1, 0, 80, 320, 240, "ccddffd9")}},
	},
	{
		name: "in parts, without an end, Q out of range",
		in: []step{
			{ts: 1, payload: hx("00 000000 | 01 00 | 28 1e | aa bb")},
			{ts: 1, payload: hx("00 000002 | 01 00 | 28 1e | cc")},
			{ts: 1, marker: true, payload: hx("00 000003 | 01 00 | 28 1e | dd")},
			{ts: 2, marker: true, payload: hx("00 000000 | 01 7f | 28 1e | aa")},
		},
		want: []wantUnit{{1, true, made(1, 0, 1, 320, 240, "aabbccdd ffd9")}, {2, true, made(1, 0, 100, 320, 240, "aa ffd9")}},
	},
	{
		name: "restart markers",
		in: []step{
			{ts: 1, payload: hx("00 000000 | 41 32 | 28 1e | 0014 ffff | aa")},
			{ts: 1, marker: true, payload: hx("00 000001 | 41 32 | 28 1e | 0014 ffff | bb ff d9")},
		},
		want: []wantUnit{{1, true, made(1, 20, 50, 320, 240, "aabbffd9")}},
	},
	{
		name: "tables in-band: two, one for both, of 16 bits; kept by Q",
		in: []step{
			{ts: 1, marker: true, payload: hx("00 000000 | 01 ff | 28 1e | 00 00 0080" + values(64, "02") + values(64, "03") + "| aa ff d9")},
			{ts: 2, marker: true, payload: hx("00 000000 | 01 80 | 28 1e | 00 00 0040" + values(64, "04") + "| bb ff d9")},
			{ts: 3, marker: true, payload: hx("00 000000 | 01 81 | 28 1e | 00 03 0100" + values(128, "05") + values(128, "06") + "| cc ff d9")},
			{ts: 4, marker: true, payload: hx("00 000000 | 01 80 | 28 1e | 00 00 0000 | dd ff d9")},
		},
		want: []wantUnit{
			{1, true, tabled(false, 320, 240, 2, 3, "aaffd9")},
			{2, true, tabled(false, 320, 240, 4, 4, "bbffd9")},
			{3, true, tabled(true, 320, 240, 5, 6, "ccffd9")},
			{4, true, tabled(false, 320, 240, 4, 4, "ddffd9")},
		},
	},
	{
		name:   "the size is the description's where that fits: exact, or above 2040",
		format: Format{Width: 2560, Height: 1438},
		in: []step{
			{ts: 1, marker: true, payload: hx("00 000000 | 01 32 | 40 b4 | aa ff d9")}, // 320 is 256+64
			{ts: 2, marker: true, payload: hx("00 000000 | 01 32 | 00 00 | bb ff d9")},
			{ts: 3, marker: true, payload: hx("00 000000 | 01 32 | 28 1e | cc ff d9")},
		},
		want: []wantUnit{
			{1, true, made(1, 0, 50, 2560, 1438, "aaffd9")},
			{2, true, made(1, 0, 50, 2560, 1438, "bbffd9")},
			{3, true, made(1, 0, 50, 320, 240, "ccffd9")},
		},
	},
	{
		name: "a size of 0 stands for 2048",
		in:   []step{{ts: 1, marker: true, payload: hx("00 000000 | 01 32 | 00 90 | aa ff d9")}},
		want: []wantUnit{{1, true, made(1, 0, 50, 2048, 1152, "aaffd9")}},
	},
	{
		name: "no marker; two pictures of one time",
		in: []step{
			{ts: 1, payload: hx("00 000000 | 01 32 | 28 1e | aa ff d9")},
			{ts: 2, payload: hx("00 000000 | 01 32 | 28 1e | bb ff d9")},
			{ts: 2, payload: hx("00 000000 | 01 32 | 28 1e | cc ff d9")},
			{ts: 3, payload: hx("00 000000 | 01 32 | 28 1e | dd ff d9")},
		},
		want: []wantUnit{
			{1, true, made(1, 0, 50, 320, 240, "aaffd9")},
			{2, true, made(1, 0, 50, 320, 240, "bbffd9")},
			{2, true, made(1, 0, 50, 320, 240, "ccffd9")},
		},
	},
	{
		name: "loss: of the beginning, of the middle, of the end; an offset that does not fit",
		in: []step{
			{ts: 1, lost: true, marker: true, payload: hx("00 000010 | 01 32 | 28 1e | bb ff d9")},
			{ts: 2, payload: hx("00 000000 | 01 32 | 28 1e | aa")},
			{ts: 2, lost: true, marker: true, payload: hx("00 000002 | 01 32 | 28 1e | cc ff d9")},
			{ts: 3, payload: hx("00 000000 | 01 32 | 28 1e | aa")},
			{ts: 4, lost: true, marker: true, payload: hx("00 000000 | 01 32 | 28 1e | dd ff d9")},
			{ts: 5, payload: hx("00 000000 | 01 32 | 28 1e | aa bb")},
			{ts: 5, marker: true, payload: hx("00 000001 | 01 32 | 28 1e | bb ff d9")}, // overlaps
		},
		want: []wantUnit{{4, true, made(1, 0, 50, 320, 240, "ddffd9")}},
		err:  ErrMalformed,
	},
	{name: "headers only", in: []step{{marker: true, payload: hx("00 000000 | 01 32 | 28 1e")}}},
	{name: "no header", in: []step{{payload: hx("00 000000 01 32 28")}}, err: ErrMalformed},
	{name: "no restart header", in: []step{{payload: hx("00 000000 40 32 28 1e 00 00")}}, err: ErrMalformed},
	{name: "no table header", in: []step{{payload: hx("00 000000 01 ff 28 1e 00 00")}}, err: ErrMalformed},
	{name: "tables beyond the packet", in: []step{{payload: hx("00 000000 01 ff 28 1e 00 00 0080 02")}}, err: ErrMalformed},
	{name: "tables of an odd size", in: []step{{payload: hx("00 000000 01 ff 28 1e 00 00 0041" + values(65, "02"))}}, err: ErrMalformed},
	{name: "no tables, and none before", in: []step{{payload: hx("00 000000 01 80 28 1e 00 00 0000 aa")}}, err: ErrMalformed},
	{name: "no tables at Q 255", in: []step{
		{marker: true, payload: hx("00 000000 | 01 ff | 28 1e | 00 00 0040" + values(64, "02") + "| aa ff d9")},
		{payload: hx("00 000000 01 ff 28 1e 00 00 0000 aa")},
	}, want: []wantUnit{{0, true, tabled(false, 320, 240, 2, 2, "aaffd9")}}, err: ErrMalformed},
	{name: "a type that nobody knows", in: []step{{payload: hx("00 000000 02 32 28 1e aa")}}, err: ErrMalformed},
	{name: "a type above 127", in: []step{{payload: hx("00 000000 80 32 28 1e aa")}}, err: ErrMalformed},
}

func init() {
	for i := range jpegCases {
		jpegCases[i].format.PayloadType = 26
	}
}

func TestJPEG(t *testing.T) { testDepacketizer(t, jpegCases) }

func FuzzJPEG(f *testing.F) {
	fuzzDepacketizer(f, jpegCases, func(t *testing.T, u wantUnit) {
		checkVideo(t, u)
		if !u.key || !bytes.HasPrefix(u.data, []byte{0xff, jpegSOI}) || !bytes.HasSuffix(u.data, []byte{0xff, jpegEOI}) {
			t.Fatalf("key %v, % x", u.key, u.data)
		}
	})
}

// TestJPEGDecodes sends what Go's own encoder makes, without its headers, and
// has Go's decoder look at what comes out: every value must be the same.
func TestJPEGDecodes(t *testing.T) {
	src := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for y := range 48 {
		for x := range 64 {
			src.Set(x, y, color.RGBA{uint8(4 * x), uint8(5 * y), uint8(x * y), 255})
		}
	}
	for _, q := range []int{5, 49, 50, 75, 99} {
		var file bytes.Buffer
		if err := stdjpeg.Encode(&file, src, &stdjpeg.Options{Quality: q}); err != nil {
			t.Fatal(err)
		}
		want, err := stdjpeg.Decode(bytes.NewReader(file.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		tables, scan := cutJPEG(t, file.Bytes())
		inBand := binary.BigEndian.AppendUint16(hx("00 00"), uint16(len(tables)))
		for _, in := range []struct {
			q     byte
			extra []byte
		}{{byte(q), nil}, {255, append(inBand, tables...)}} {
			first := append([]byte{0, 0, 0, 0, 1, in.q, 8, 6}, in.extra...)
			half := len(scan) / 2
			second := []byte{0, 0, byte(half >> 8), byte(half), 1, in.q, 8, 6}
			d, _ := NewDepacketizer(Format{Encoding: "jpeg"})
			out, err := feed(d, []step{{payload: append(first, scan[:half]...)}, {marker: true, payload: append(second, scan[half:]...)}})
			if err != nil || len(out) != 1 {
				t.Fatalf("Q %d: %d pictures, error %v", in.q, len(out), err)
			}
			got, err := stdjpeg.Decode(bytes.NewReader(out[0].data))
			if err != nil {
				t.Fatalf("Q %d: %v", in.q, err)
			}
			if a, b := got.(*image.YCbCr), want.(*image.YCbCr); a.Rect != b.Rect || !bytes.Equal(a.Y, b.Y) || !bytes.Equal(a.Cb, b.Cb) || !bytes.Equal(a.Cr, b.Cr) {
				t.Errorf("Q %d: another picture", in.q)
			}
		}
	}
}

// cutJPEG takes the quantization tables and the data out of a file.
func cutJPEG(t *testing.T, b []byte) (tables, scan []byte) {
	for b = b[2:]; len(b) > 4; {
		marker, size := b[1], int(binary.BigEndian.Uint16(b[2:]))
		body := b[4 : 2+size]
		b = b[2+size:]
		switch marker {
		case jpegDQT:
			for ; len(body) >= 65; body = body[65:] {
				tables = append(tables, body[1:65]...)
			}
		case jpegSOS:
			return tables, b
		}
	}
	t.Fatal("no scan")
	return nil, nil
}

// TestJPEGExtension: the size and the tables that ONVIF cameras put into the
// header's extension.
func TestJPEGExtension(t *testing.T) {
	const table = "ffdb 0043 00"
	payload := hx("00 000000 | 01 32 | 00 00 | aa ff d9")
	for _, c := range []struct {
		name, extension string
		width, height   int
		extra           string
	}{
		{"all of it", "ffd8 | ffff" + table + values(64, "07") + "| ffc0 0011 08 0780 0f00 03 012200 021101 031101 | ff", 3840, 1920, table + values(64, "07")},
		{"cut off", "ffd8 ffc0 0011 08 0780 0f00 03", 2048, 2048, ""},
		{"sizes of nothing", "ffd8 ffdb 0000 ffc0 0011", 2048, 2048, ""},
		{"zeros", "00000000", 2048, 2048, ""},
		{"nothing", "", 2048, 2048, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ext := hx(c.extension)
			for len(ext)%4 != 0 {
				ext = append(ext, 0xff)
			}
			raw := binary.BigEndian.AppendUint16(hx("90 9a 0001 00000001 00000002 | ffd8"), uint16(len(ext)/4))
			var h rtp.Header
			payload, ok := readPacket(&h, append(append(raw, ext...), payload...))
			if !ok {
				t.Fatal("no packet")
			}
			d, _ := NewDepacketizer(Format{Encoding: "JPEG"})
			var got []byte
			if err := d.Depacketize(&h, payload, false, func(u Unit) { got = bytes.Clone(u.Data) }); err != nil {
				t.Fatal(err)
			}
			want := made(1, 0, 50, c.width, c.height, "aaffd9")
			if c.extra != "" {
				sos := bytes.Index(want, []byte{0xff, jpegSOS})
				want = bytes.Join([][]byte{want[:sos], hx(c.extra), want[sos:]}, nil)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("% x\nwant % x", got, want)
			}
			if track, ready := d.Track(); !ready || track.Width != c.width || track.Height != c.height {
				t.Errorf("%v, %dx%d", ready, track.Width, track.Height)
			}
		})
	}
}

func TestJPEGTrack(t *testing.T) {
	testTrack(t, Format{PayloadType: 26}, media.JPEG, &trackStep{}, []trackStep{
		{hx("00 000010 | 01 32 | 28 1e | aa"), false, 0, 0, ""},
		{hx("00 000000 | 01 32 | 28 1e | aa"), true, 320, 240, ""},
		{hx("00 000000 | 01 32 | 50 3c | aa"), true, 640, 480, ""},
	})
}

// TestJPEGSizes: 8 bits in the payload, and nothing else tells.
func TestJPEGSizes(t *testing.T) {
	for _, c := range [][4]int{
		{512, 1440, 2560, 1440}, {512, 1920, 2560, 1920}, {256, 1296, 2304, 1296}, {544, 1944, 2592, 1944},
		{640, 1520, 2688, 1520}, {1024, 1728, 3072, 1728}, {1792, 112, 3840, 2160},
		{1440, 512, 1440, 2560}, // upright
		{640, 480, 640, 480}, {1920, 1080, 1920, 1080}, {704, 288, 704, 288}, {1280, 480, 1280, 480}, {1080, 1920, 1080, 1920},
		{288, 352, 288, 352}, {2048, 1536, 2048, 1536}, {512, 512, 512, 512}, {8, 2040, 8, 2040}, {2040, 8, 2040, 8},
	} {
		if w, h := unwrapJPEG(c[0], c[1]); w != c[2] || h != c[3] {
			t.Errorf("%dx%d becomes %dx%d, want %dx%d", c[0], c[1], w, h, c[2], c[3])
		}
	}
	testTrack(t, Format{PayloadType: 26}, media.JPEG, nil, []trackStep{
		{hx("00 000000 | 01 32 | 40 b4 | aa"), true, 2560, 1440, ""},
		{hx("00 000000 | 01 32 | e0 0e | aa"), true, 3840, 2160, ""},
	})
}

// TestJPEGLimits: 24 bits of offset have room for 16 MiB.
func TestJPEGLimits(t *testing.T) {
	d, _ := NewDepacketizer(Format{PayloadType: 26})
	const part = 60000
	in := []step{{ts: 1, payload: append(hx("00 000000 01 32 28 1e"), make([]byte, part)...)}}
	for at := part; at < maxVideoUnit+part; at += part {
		p := binary.BigEndian.AppendUint32(nil, uint32(at))
		in = append(in, step{ts: 1, payload: append(append(p, hx("01 32 28 1e")...), make([]byte, part)...)})
	}
	out, err := feed(d, append(in, step{ts: 2, marker: true, payload: hx("00 000000 01 32 28 1e aa")}))
	if err != ErrTooLarge || len(out) != 1 || out[0].ts != 2 {
		t.Errorf("error %v, %d units", err, len(out))
	}
}
