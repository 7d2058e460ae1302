package asf

import (
	"bytes"
	"time"
)

// Keep is the header object and the data object's head of a broadcast of the
// chosen streams alone. It asks the player to wait for preroll and no longer
// than the header did; the presentation times in the packets are then ahead by
// h.Preroll less preroll, which Shift takes off them.
//
// What it says of sizes, counts and lengths is nothing, as encoders write it
// while they send; Finish puts that right in a file. Left out are also padding,
// signatures, the commands that open pages, and indexes of the streams.
func (h *Header) Keep(chosen []int, preroll time.Duration) []byte {
	k := keeper{Header: h, in: set(chosen), preroll: max(0, min(preroll, h.Preroll))}
	for i := range h.Streams {
		s := &h.Streams[i]
		k.encrypted = k.encrypted || s.Encrypted && k.in[s.Number]
	}
	dst := bytes.Clone(h.raw[:headerHead])
	children := 0
	for id, o := range objects(h.raw[headerHead:]) {
		before := len(dst)
		if id == fileProperties {
			dst = k.fileProperties(dst, o)
		} else {
			dst = k.object(dst, id, o)
		}
		if len(dst) > before {
			children++
		}
	}
	le.PutUint64(dst[16:], uint64(len(dst)))
	le.PutUint32(dst[24:], uint32(children))
	var id [16]byte // of the file
	if h.props > 0 {
		copy(id[:], h.raw[h.props+objectHead:])
	}
	dst = append(dst, dataObject...)
	dst = le.AppendUint64(dst, DataHead) // VLC takes no less; nobody bounds a broadcast by it
	dst = append(dst, id[:]...)
	return append(dst, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1)
}

// keeper writes the objects of a header anew.
type keeper struct {
	*Header
	in        [MaxStream + 1]bool
	written   [MaxStream + 1]bool
	preroll   time.Duration
	encrypted bool // one of the chosen streams is
	inside    bool // of the header extension
	proper    bool // the file properties are written
}

// object appends a child of the header, or nothing.
func (k *keeper) object(dst []byte, id guid, o []byte) []byte {
	switch id {
	case streamProperties:
		if k.take(o) {
			dst = append(dst, o...)
		}
		return dst
	case headerExtension:
		return k.extension(dst, o)
	case extendedStream:
		return k.extendedStream(dst, o)
	case bitrateExclusion, advancedExclusion:
		return k.list(dst, o, exclusionHead, 2, 2)
	case prioritization:
		return k.list(dst, o, objectHead+2, 4, 1)
	case streamBitrates:
		return k.list(dst, o, objectHead+2, 6, 1)
	case groupExclusion:
		return k.groups(dst, o)
	case metadata, metadataLibrary:
		return k.metadata(dst, o)
	case contentEncryption, extendedEncryption:
		if !k.encrypted {
			return dst
		}
	case fileProperties, dataObject, headerObject,
		paddingObject, digitalSignature, scriptCommand,
		indexParameters, mediaIndexParams, timecodeIndexParams, indexPlaceholder:
		return dst
	}
	return append(dst, o...)
}

// take reports whether the stream of these properties is to be kept, once.
func (k *keeper) take(o []byte) bool {
	if len(o) < propsFormat {
		return false
	}
	n := o[propsNumber] & 0x7f
	if !k.in[n] || k.written[n] {
		return false
	}
	k.written[n] = true
	return true
}

// fileProperties appends them as a broadcast has them.
func (k *keeper) fileProperties(dst, o []byte) []byte {
	if k.proper || !(&reading{Header: &Header{}}).fileProperties(o) {
		return dst
	}
	k.proper = true
	at := len(dst)
	dst = append(dst, o...)
	n := dst[at:]
	for _, place := range []int{propsSize, propsPackets, propsPlay, propsSend} {
		le.PutUint64(n[place:], 0)
	}
	le.PutUint64(n[propsPreroll:], uint64(k.preroll/time.Millisecond))
	le.PutUint32(n[propsFlags:], le.Uint32(n[propsFlags:])|flagBroadcast)
	le.PutUint32(n[propsLeast:], uint32(k.PacketSize))
	le.PutUint32(n[propsMost:], uint32(k.PacketSize))
	return dst
}

// extension writes the header extension anew (section 3.4).
//
//	24 id(16) | 40 6(2) | 42 size of the objects(4) | objects
func (k *keeper) extension(dst, o []byte) []byte {
	if k.inside || len(o) < extHead {
		return dst
	}
	k.inside = true
	at := len(dst)
	dst = append(dst, o[:extHead]...)
	for id, o := range objects(o[extHead:]) {
		dst = k.object(dst, id, o)
	}
	k.inside = false
	le.PutUint64(dst[at+16:], uint64(len(dst)-at))
	le.PutUint32(dst[at+42:], uint32(len(dst)-at-extHead))
	return dst
}

// extendedStream keeps those of the chosen streams, without what may follow.
func (k *keeper) extendedStream(dst, o []byte) []byte {
	if len(o) < extendedHead {
		return dst
	}
	n := int(le.Uint16(o[propsNumber:]))
	f, _ := extendedTail(o)
	if n > MaxStream || !k.in[n] || f.broken {
		return dst
	}
	at, tail := len(dst), len(o)-len(f.b)
	dst = append(dst, o[:tail]...)
	if inner := embedded(o, tail); inner != nil && k.take(inner) {
		dst = append(dst, inner...)
	}
	le.PutUint64(dst[at+16:], uint64(len(dst)-at))
	return dst
}

// list keeps the entries of the chosen streams in a list, whose length is the
// last two bytes of its head, and each of which begins with the stream's number.
// A list of fewer than least is left out.
func (k *keeper) list(dst, o []byte, head, entry, least int) []byte {
	if len(o) < head {
		return dst
	}
	at, n := len(dst), 0
	dst = append(dst, o[:head]...)
	b := o[head:]
	for range int(le.Uint16(o[head-2:])) {
		if len(b) < entry {
			break
		}
		if k.in[b[0]&0x7f] {
			dst = append(dst, b[:entry]...)
			n++
		}
		b = b[entry:]
	}
	if n < least {
		return dst[:at]
	}
	le.PutUint64(dst[at+16:], uint64(len(dst)-at))
	le.PutUint16(dst[at+head-2:], uint16(n))
	return dst
}

// groups keeps an exclusion between groups if all of them are chosen whole.
func (k *keeper) groups(dst, o []byte) []byte {
	f := fields(o, 40)
	for range f.u16() {
		for range f.u16() {
			if n := f.u16(); f.broken || n > MaxStream || !k.in[n] {
				return dst
			}
		}
	}
	if f.broken {
		return dst
	}
	return append(dst, o...)
}

// metadata keeps what is said of the chosen streams and of all of them, stream
// 0 (sections 4.7 and 4.8).
//
//	24 records(2) | { language(2) stream(2) length of the name(2) type(2) length(4) | name | value } ...
func (k *keeper) metadata(dst, o []byte) []byte {
	f := fields(o, objectHead)
	records := f.u16()
	if f.broken {
		return dst
	}
	at, n := len(dst), 0
	dst = append(dst, o[:objectHead+2]...)
	for range records {
		from := f.b
		f.u16()
		stream, name := f.u16(), f.u16()
		f.u16()
		f.bytes(uint64(f.number(4)) + uint64(name))
		if f.broken {
			break
		}
		if stream == 0 || stream <= MaxStream && k.in[stream] {
			dst = append(dst, from[:len(from)-len(f.b)]...)
			n++
		}
	}
	if n == 0 {
		return dst[:at]
	}
	le.PutUint64(dst[at+16:], uint64(len(dst)-at))
	le.PutUint16(dst[at+objectHead:], uint16(n))
	return dst
}
