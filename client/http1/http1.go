// Package http1 reads HTTP/1.x as servers really send it: heads with bare line
// feeds, lines that are none and names without blanks behind them, SHOUTcast's
// "ICY 200 OK", bodies that are chunked, counted, or end with the connection.
//
//	reader := http1.Reader{Conn: conn}
//	raw, err := reader.Next()
//	head, err := http1.Parse(raw)
//	body, err := http1.NewBody(conn, head, reader.Rest, done)
//
// It reads replies from a connection that its owner made, and on which its owner
// wrote the request; it makes none, follows no redirect and logs nobody in. That
// is each protocol's own: a radio's server is asked in another way than a Windows
// Media server.
package http1
