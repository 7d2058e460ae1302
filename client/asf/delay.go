package asf

import "encoding/binary"

// Delay moves the send time of a whole packet by ms. A player that is asked to
// wait for less than the file's preroll (Keep) begins sooner only if packets are
// sent as much later: VLC 3.0.24 buffers until the send time has passed the
// presentation times, from which it takes the preroll off.
func Delay(packet []byte, ms uint32) error {
	var p Packet
	if err := p.Parse(packet, len(packet)); err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(packet[p.sent:], p.send+ms)
	return nil
}
