package cut

import "encoding/binary"

func flvTagOf(kind byte, ms int, data string) []byte {
	b := []byte{kind, byte(len(data) >> 16), byte(len(data) >> 8), byte(len(data)), byte(ms >> 16), byte(ms >> 8), byte(ms), byte(ms >> 24), 0, 0, 0}
	return binary.BigEndian.AppendUint32(append(b, data...), uint32(len(b)+len(data)))
}

func flvHeader(flags byte) []byte {
	return []byte("FLV\x01" + string(flags) + "\x00\x00\x00\x09\x00\x00\x00\x00")
}

const (
	flvMeta = "\x02\x00\x0aonMetaData\x08\x00\x00\x00\x00\x00\x00\x09"
	flvAVC  = "\x17\x00\x00\x00\x00\x01avcC" // key, sequence header
	flvAAC  = "\xaf\x00\x12\x10"
	flvKey  = "\x17\x01\x00\x00\x00picture"
	flvMore = "\x27\x01\x00\x00\x00another"
	flvTone = "\xaf\x01sound"
)

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// film is two seconds of it, from ms on.
func film(ms int) []byte {
	return join(flvTagOf(9, ms, flvKey), flvTagOf(8, ms+10, flvTone), flvTagOf(9, ms+500, flvMore),
		flvTagOf(9, ms+1000, flvKey), flvTagOf(8, ms+1010, flvTone), flvTagOf(9, ms+1500, flvMore))
}

func flvSamples() []sample {
	begin := join(flvHeader(5), flvTagOf(18, 0, flvMeta), flvTagOf(9, 0, flvAVC), flvTagOf(8, 0, flvAAC))
	other := join(flvHeader(5), flvTagOf(9, 0, flvAVC+"2"))
	sound := join(flvHeader(4), flvTagOf(8, 0, flvAAC), flvTagOf(8, 0, flvTone), flvTagOf(8, 1000, flvTone))
	promised := join(flvHeader(5), flvTagOf(8, 0, flvTone), flvTagOf(8, 3001, flvTone), flvTagOf(8, 4000, flvTone))
	enhanced := join(flvHeader(1), flvTagOf(9, 0, "\x90hvc1config"), flvTagOf(9, 40, "\x91hvc1\x00\x00\x00key"), flvTagOf(9, 80, "\xa1hvc1\x00\x00\x00no"))
	damaged := join(begin, film(0), []byte("\x09\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00damage, not a tag at all"), film(2000))
	n := len(begin)
	return []sample{
		{"plain", "FLV", join(begin, film(3600_000)), []string{"0s from 1h0m0s header 93", "1s from 1h0m0s"}, 0},
		{"an encoder that begins anew", "FLV", join(begin, film(5000), other, film(0)),
			[]string{"0s from 5s header 93", "1s from 5s", "1.5s from -1.5s header 39", "2.5s from -1.5s"}, 0},
		{"a clock that is set", "FLV", join(begin, film(0), film(100_000)),
			[]string{"0s header 93", "1s", "1.5s from 1m38.5s header 93", "2.5s from 1m38.5s"}, 0},
		{"sound", "FLV", sound, []string{"0s header 32", "1s"}, 0},
		{"a picture that never comes", "FLV", promised, []string{"3.001s header 13", "4s"}, 0},
		{"H.265 in Enhanced RTMP", "FLV", enhanced, []string{"0s from 40ms header 39"}, 0},
		{"damaged", "FLV", damaged, []string{"0s header 93", "1s", "2s", "3s"}, len(damaged) - n - 2*len(film(0)) - 20},
		{"without a beginning", "FLV", []byte("FLV\x01\x05\xff\xff\xff\xff rubbish"), nil, 7},
	}
}
