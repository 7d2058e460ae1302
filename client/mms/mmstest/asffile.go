package mmstest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"tapedeck/client/asf"
)

// asfFile is a file to be written: Header, Data, Simple Index (ASF
// Specification, 3 to 6).
type asfFile struct {
	packetSize int
	preroll    time.Duration
	duration   time.Duration
	tracks     []*asfTrack
}

// asfTrack is one stream.
type asfTrack struct {
	number int
	sound  bool
	format []byte // WAVEFORMATEX; or width, height and BITMAPINFOHEADER
	units  []asfUnit
}

// asfUnit is an object: a picture or some sound.
type asfUnit struct {
	time time.Duration
	key  bool
	data []byte
}

var (
	guidHeader     = guid("75B22630-668E-11CF-A6D9-00AA0062CE6C")
	guidData       = guid("75B22636-668E-11CF-A6D9-00AA0062CE6C")
	guidFile       = guid("8CABDCA1-A947-11CF-8EE4-00C00C205365")
	guidStream     = guid("B7DC0791-A9B7-11CF-8EE6-00C00C205365")
	guidExtension  = guid("5FBF03B5-A92E-11CF-8EE3-00C00C205365")
	guidExtension2 = guid("ABD3D211-A9BA-11CF-8EE6-00C00C205365")
	guidExclusion  = guid("D6E229DC-35DA-11D1-9034-00A0C90349BE")
	guidByBitRate  = guid("D6E22A01-35DA-11D1-9034-00A0C90349BE")
	guidBitRates   = guid("7BF875CE-468D-11D1-8D82-006097C9A2B2")
	guidContent    = guid("75B22633-668E-11CF-A6D9-00AA0062CE6C")
	guidAudio      = guid("F8699E40-5B4D-11CF-A8FD-00805F5C442B")
	guidVideo      = guid("BC19EFC0-5B4D-11CF-A8FD-00805F5C442B")
	guidNoRepair   = guid("20FB5700-5B55-11CF-A8FD-00805F5C442B")
	guidID         = guid("7A9EDECC-1A7E-4DEC-8000-C10CF00D1E55") // of files of ours
)

// guid is the bytes of a GUID: its first three groups are little endian.
func guid(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		panic("mmstest: GUID " + s)
	}
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return b
}

// object is an object with its head of 24 bytes.
func object(id []byte, body ...[]byte) []byte {
	b := slices.Concat(id, make([]byte, 8), bytes.Join(body, nil))
	binary.LittleEndian.PutUint64(b[16:], uint64(len(b)))
	return b
}

// numbers are fields: byte, uint16, uint32 and uint64.
func numbers(fields ...any) (b []byte) {
	for _, f := range fields {
		b, _ = binary.Append(b, binary.LittleEndian, f) // it knows all these types
	}
	return b
}

// hundredNanos is a time in the unit of files.
func hundredNanos(d time.Duration) uint64 { return uint64(d / 100) }

func millis(d time.Duration) uint32 { return uint32(d / time.Millisecond) }

func (f *asfFile) write() []byte {
	packets, index := f.packets()
	data := object(guidData, guidID, numbers(uint64(len(packets)), uint16(0x0101)), bytes.Join(packets, nil))
	simple := asf.AppendIndex(nil, time.Second, index)
	header := f.header(len(packets), 0)
	header = f.header(len(packets), len(header)+len(data)+len(simple))
	return slices.Concat(header, data, simple)
}

func (f *asfFile) header(packets, size int) []byte {
	const seekable = 2
	var total uint32
	var streams [][]byte
	rates := numbers(uint16(len(f.tracks)))
	for _, t := range f.tracks {
		rate := t.bitRate(f.duration)
		total += rate
		rates = append(rates, numbers(uint16(t.number), rate)...)
		streams = append(streams, t.properties())
	}
	properties := object(guidFile, guidID, numbers(
		uint64(size), uint64(0), uint64(packets),
		hundredNanos(f.duration+f.preroll), hundredNanos(f.duration), uint64(millis(f.preroll)),
		uint32(seekable), uint32(f.packetSize), uint32(f.packetSize), total,
	))
	extension := object(guidExtension, guidExtension2, numbers(uint16(6), uint32(0)))
	title := utf16NUL("A clock and a climbing tone")
	content := object(guidContent, numbers(uint16(len(title)), [4]uint16{}), title)
	children := slices.Concat([][]byte{properties, extension, content}, streams, [][]byte{object(guidBitRates, rates)})
	return object(guidHeader, numbers(uint32(len(children)), byte(1), byte(2)), bytes.Join(children, nil))
}

func (t *asfTrack) properties() []byte {
	kind := guidVideo
	if t.sound {
		kind = guidAudio
	}
	return object(guidStream, kind, guidNoRepair,
		numbers(uint64(0), uint32(len(t.format)), uint32(0), uint16(t.number), uint32(0)), t.format)
}

// bitRate is that of the whole stream.
func (t *asfTrack) bitRate(duration time.Duration) uint32 {
	n := 0
	for _, u := range t.units {
		n += len(u.data)
	}
	return uint32(float64(8*n) / duration.Seconds())
}

// videoFormat is the type-specific data of a picture: width, height, 2, the
// size of a BITMAPINFOHEADER, and that.
func videoFormat(fourCC string, width, height int) []byte {
	const bitmapInfo, planes, depth = 40, 1, 24
	w, h := uint32(width), uint32(height)
	return slices.Concat(
		numbers(w, h, byte(2), uint16(bitmapInfo), uint32(bitmapInfo), w, h, uint16(planes), uint16(depth)),
		[]byte(fourCC), numbers(w*h*depth/8), make([]byte, 16))
}

// audioFormat is a WAVEFORMATEX.
func audioFormat(tag uint16, rate, channels int, private []byte) []byte {
	const bytesPerSecond, block, bits = 5000, 1, 16
	return append(numbers(tag, uint16(channels), uint32(rate), uint32(bytesPerSecond), uint16(block), uint16(bits),
		uint16(len(private))), private...)
}

// exclude has the header of a file say that streams exclude each other, as they
// are the same in several bit rates.
func exclude(file []byte, streams []int) []byte {
	list := numbers(uint16(len(streams)))
	for _, s := range streams {
		list = append(list, numbers(uint16(s))...)
	}
	mutex := object(guidExclusion, guidByBitRate, list)
	le := binary.LittleEndian
	end := le.Uint64(file[16:])
	out := slices.Concat(file[:end], mutex, file[end:])
	le.PutUint64(out[16:], end+uint64(len(mutex)))
	le.PutUint32(out[24:], le.Uint32(out[24:])+1)
	if at := bytes.Index(out, guidFile); at >= 0 {
		le.PutUint64(out[at+40:], uint64(len(out)))
	}
	return out
}
