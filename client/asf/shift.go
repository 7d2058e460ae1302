package asf

// Shift takes sent off a packet's send time and shown off the presentation times
// of its payloads, all in milliseconds, in place. Both are on clocks that wrap;
// what would be before 0 becomes 0.
//
// VLC shows a picture when the send times of what it reads have reached its
// presentation time less the preroll. A header that asks for less of a preroll
// has it begin earlier, and is right, only if the presentation times are that
// much earlier.
func Shift(packet []byte, size int, sent, shown uint32) error {
	var p Packet
	if err := p.Parse(packet, size); err != nil {
		return err
	}
	le.PutUint32(packet[p.sent:], earlier(p.send, sent))
	for {
		r, ok := p.record()
		if !ok {
			return p.err
		}
		if r.time == 0 {
			continue
		}
		field := packet[r.time : r.time+r.wide]
		if r.wide == 4 {
			le.PutUint32(field, earlier(le.Uint32(field), shown))
		} else {
			setNumber(field, number(field)-min(shown, number(field)))
		}
	}
}

func earlier(ms, by uint32) uint32 {
	left := ms - by
	if by > ms && int32(left) < 0 {
		return 0
	}
	return left
}
