package rtp

import (
	"bytes"
	"strings"
	"testing"

	"tapedeck/client/media"
)

// bin reads bits with blanks between them and fills up with zeros.
func bin(s string) []byte {
	s = strings.ReplaceAll(s, " ", "")
	out := make([]byte, (len(s)+7)/8)
	for i := range len(s) {
		out[i/8] |= (s[i] - '0') << (7 - i%8)
	}
	return out
}

// Pictures as short as they can be: the header, and groups with the beginning
// of a macroblock.
const (
	h261QCIF = "0000000000000001 0000 00001 000 0 11 0"
	h261CIF  = "0000000000000001 0000 00001 000 1 11 1 10101010 0" // with spare information
	h261MB   = "01000 0 1 0001 101010"                             // quantiser, address 1, Intra
	h261MBQ  = "01000 1 11110000 0 00000001111 1 0000001 10101010" // spare information, stuffing, Intra with quantiser
	h261MBP  = "01000 0 1 1 0110"                                  // Inter
	h261MB2  = "01000 0 011 0001 101010"                           // address 2, Intra
)

func h261Picture(header string, groups ...string) []byte {
	for i, g := range groups {
		header += "0000000000000001" + []string{"0001", "0011", "0101"}[i%3] + g
	}
	return bin(header)
}

var (
	h261I = h261Picture(h261QCIF, h261MB, h261MB, h261MBQ)
	h261P = h261Picture(h261QCIF, h261MB, h261MB, h261MBP)
)

// h261Cut cuts a picture at the given bits into payloads with that flag I.
func h261Cut(pic []byte, intra bool, cuts ...int) (out [][]byte) {
	from := 0
	for _, to := range append(cuts, 8*len(pic)) {
		part, first, last := cutBits(pic, from, to, true)
		head := []byte{byte(first)<<5 | byte(last)<<2 | 1, 0, 0, 0}
		if intra {
			head[0] |= 2
		}
		out = append(out, append(head, part...))
		from = to
	}
	return out
}

func h261Steps(ts uint32, payloads [][]byte) (out []step) {
	for i, p := range payloads {
		out = append(out, step{ts: ts, marker: i == len(payloads)-1, payload: p})
	}
	return out
}

var h261Cases = []depackCase{
	{
		name: "one packet a picture; a key picture looks like one",
		in:   append(h261Steps(1, h261Cut(h261I, false)), h261Steps(2, h261Cut(h261P, false))...),
		want: []wantUnit{{1, true, h261I}, {2, false, h261P}},
	},
	{
		name: "cut between bits",
		in: append(h261Steps(1, h261Cut(h261I, false, 33, 60, 61, 88)),
			h261Steps(2, h261Cut(h261P, false, 64, 75))...),
		want: []wantUnit{{1, true, h261I}, {2, false, h261P}},
	},
	{
		name: "I set in all packets makes a key picture, in some it does not",
		in: append(h261Steps(1, h261Cut(h261P, true, 50)),
			step{ts: 2, payload: h261Cut(h261P, true, 50)[0]},
			step{ts: 2, marker: true, payload: h261Cut(h261P, false, 50)[1]}),
		want: []wantUnit{{1, true, h261P}, {2, false, h261P}},
	},
	{
		name: "a picture that does not begin with a byte",
		in:   []step{{ts: 1, marker: true, payload: append([]byte{3 << 5, 0, 0, 0}, bin("111"+strings.Repeat("0", 15)+"1 0000 00001 000 0 11 0 1111")...)}},
		want: []wantUnit{{1, false, bin(h261QCIF + "1111 0")}},
	},
	{
		name: "no marker; another picture of that time",
		in: []step{
			{ts: 1, payload: h261Cut(h261I, false)[0]},
			{ts: 2, payload: h261Cut(h261P, false)[0]},
			{ts: 2, payload: h261Cut(h261P, false)[0]},
			{ts: 3, payload: h261Cut(h261P, false)[0]},
		},
		want: []wantUnit{{1, true, h261I}, {2, false, h261P}, {2, false, h261P}},
	},
	{
		name: "loss: of the beginning, of the middle, of the end",
		in: []step{
			{ts: 1, lost: true, marker: true, payload: h261Cut(h261I, false, 40)[1]},
			{ts: 2, payload: h261Cut(h261I, false, 40, 60)[0]},
			{ts: 2, lost: true, marker: true, payload: h261Cut(h261I, false, 40, 60)[2]},
			{ts: 3, payload: h261Cut(h261I, false, 40)[0]},
			{ts: 4, lost: true, marker: true, payload: h261Cut(h261P, false)[0]},
		},
		want: []wantUnit{{4, false, h261P}},
	},
	{
		name: "a picture that ends in its header",
		in:   []step{{ts: 1, marker: true, payload: hx("00 00 00 00 | 00 01 00")}},
	},
	{name: "no header", in: []step{{payload: hx("00 00 00")}}, err: ErrMalformed},
	{name: "nothing behind the header", in: []step{{marker: true, payload: hx("00 00 00 00")}}},
	{
		name: "SBIT and EBIT are more than there is",
		in:   []step{{payload: h261Cut(h261I, false, 40)[0]}, {marker: true, payload: hx("fc 00 00 00 | ff")}},
		err:  ErrMalformed,
	},
}

func init() {
	for i := range h261Cases {
		h261Cases[i].format.PayloadType = 31
	}
}

func TestH261(t *testing.T) { testDepacketizer(t, h261Cases) }
func FuzzH261(f *testing.F) { fuzzDepacketizer(f, h261Cases, checkVideo) }

func TestH261Intra(t *testing.T) {
	cif := func(groups ...string) []byte {
		for len(groups) < h261GroupsCIF {
			groups = append(groups, h261MB)
		}
		return h261Picture(h261CIF, groups...)
	}
	for _, c := range []struct {
		name   string
		pic    []byte
		groups int
		want   bool
	}{
		{"QCIF", h261I, 3, true},
		{"one group refers to another picture", h261P, 3, false},
		{"one group begins with a later macroblock", h261Picture(h261QCIF, h261MB, h261MB2, h261MB), 3, false},
		{"a group is missing", h261Picture(h261QCIF, h261MB, h261MB), 3, false},
		{"CIF", cif(), 12, true},
		{"CIF, one group is not", cif(h261MB, h261MBP), 12, false},
		{"zeros to the end", append(bytes.Clone(h261I), make([]byte, 1000)...), 3, true},
		{"cut off in a group", h261I[:len(h261I)-6], 3, false},
		{"spare information without end", append(bin(h261QCIF+"0000000000000001 0001 01000"), bytes.Repeat([]byte{0xff}, 100)...), 3, false},
		{"stuffing without end", bin(h261QCIF + "0000000000000001 0001 01000 0" + strings.Repeat("00000001111", 100)), 3, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := h261Intra(c.pic, c.groups); got != c.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestH261Track(t *testing.T) {
	testTrack(t, Format{PayloadType: 31}, media.H261, &trackStep{}, []trackStep{
		{h261Cut(h261I, false, 40)[1], false, 0, 0, ""},
		{h261Cut(h261I, false)[0], true, 176, 144, ""},
		{h261Cut(h261Picture(h261CIF, h261MB), false)[0], true, 352, 288, ""},
	})
}

func TestH261Limits(t *testing.T) {
	testPictureLimits(t, Format{PayloadType: 31}, h261Cut(h261I, false)[0], hx("00 00 00 00"), h261Cut(h261I, false)[0])
}
