package mmstest

// shift moves a packet of this film in time, by ms that wrap, and gives its
// objects the numbers that follow those of so many runs. It changes the packet
// where it lies (ASF Specification, 5.2): the send time in its head, and in each
// payload
//
//	stream(1)  object(0-4)  offset(0-4)  replicated(0-4) {size(4) time(4) ...}  [length(0-4)]  data
func (f *film) shift(b []byte, ms, runs uint32) {
	w := walk{b: b}
	if len(b) > 0 && b[0]&0x80 != 0 {
		w.skip(1 + int(b[0]&0x0F))
	}
	flags, properties := w.byte(), w.byte()
	w.field(flags >> 5) // length of the packet
	w.field(flags >> 1) // sequence
	w.field(flags >> 3) // length of the padding
	add(w.skip(4), ms)  // send time
	w.skip(2)           // duration
	count, length := 1, byte(0)
	if flags&1 != 0 {
		c := w.byte()
		count, length = int(c&0x3F), c>>6
	}
	for range count {
		stream := w.byte() & 0x7F
		object := w.field(properties >> 4)
		offset := w.field(properties >> 2)
		replicated := int(w.number(properties))
		if w.bad {
			return
		}
		add(object, runs*f.objects[stream])
		data := w.skip(replicated)
		switch {
		case replicated == 1:
			add(offset, ms) // the presentation time of compressed payloads
		case len(data) >= 8:
			add(data[4:8], ms)
		}
		if flags&1 == 0 {
			return
		}
		w.skip(int(w.number(length)))
	}
}

// walk goes through the fields of a packet.
type walk struct {
	b   []byte
	at  int
	bad bool
}

// skip takes n bytes; nil if they are not there.
func (w *walk) skip(n int) []byte {
	if n < 0 || n > len(w.b)-w.at {
		w.bad = true
		return nil
	}
	w.at += n
	return w.b[w.at-n : w.at : w.at]
}

func (w *walk) byte() byte {
	if b := w.skip(1); b != nil {
		return b[0]
	}
	return 0
}

// field takes a field whose width is given by the lowest two bits of a type.
func (w *walk) field(t byte) []byte {
	return w.skip([]int{0, 1, 2, 4}[t&3])
}

func (w *walk) number(t byte) (n uint32) {
	for i, c := range w.field(t) {
		n |= uint32(c) << (8 * i)
	}
	return n
}

// add adds to a number of any width, which wraps.
func add(field []byte, by uint32) {
	for i := range field {
		by += uint32(field[i])
		field[i] = byte(by)
		by >>= 8
	}
}
