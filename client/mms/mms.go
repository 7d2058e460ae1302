// Package mms plays from Windows Media servers: MMS over TCP and over UDP
// ([MS-MMSP]) and its successor over HTTP ([MS-WMSP]), which bring the same ASF
// packets.
//
//	mms://host/film    whichever way is open: UDP, then TCP, then HTTP (rollover)
//	mmsu:// mmst:// mmsh://   one of them
//
//	        control                        media
//	UDP     TCP 1755, messages             datagrams to a port that we named
//	TCP     TCP 1755, messages             the same connection
//	HTTP    GET and POST, port 80 or 8080  the body of the reply, in chunks that begin with '$'
//
// A way that is open is a link: it describes the programme, starts and stops
// it, and gives its packets. A Session is what the rest of the program sees of
// one; it chooses among the streams of several bit rates, restores what was cut
// from the packets on the wire, and keeps the time.
//
//	s, err := mms.Open(ctx, a, mms.Config{})
//
// The files of the session:
//
//	open.go, route.go, rollover.go, memory.go   which ways are tried, and when
//	verdict.go, hresult.go, meanings.go         what a refusal means, and whether another way may help
//	link.go                                     what a way offers
//	session.go, turn.go                         play, pause, seek: calls of link.play
//	next.go, reader.go                          packets to chunks
//	programme.go                                a header, and the next one
//	choice.go, adapt.go                         which streams, and others where the link is too slow
//	steward.go                                  what is asked of the server while it plays
//
// The wire formats are in package wire, ASF itself in client/asf.
package mms
