// Package mmstest is a Windows Media server for tests and the demo, in the
// manner of net/http/httptest: MMS over TCP, over UDP and over HTTP on one port,
// on demand and live, with the faults that servers and networks have.
//
//	film, err := mmstest.Film(mmstest.Sample())
//	s, err := mmstest.Start(mmstest.Options{Programmes: map[string]*mmstest.Programme{"film.asf": film}})
//	defer s.Close()
//	address.Parse(s.URL("mmst", "film.asf"))
//
// A Programme is one or several ASF files; a Reader of it gives packets at their
// pace, from a place on, of the chosen streams, and without their padding. Both
// protocols are built on it: MMST and MMSU in funnel*.go, MMSH in http*.go.
//
// It leaves out what no client of ours asks for: play at another speed, and
// servers in front of servers.
package mmstest

import (
	"time"
)

// Options say what a server serves, and what is wrong with it. The zero value of
// each field is a server of version 9 that does all as the specification has it.
type Options struct {
	// Programmes by their paths, without the first slash: "film.asf".
	Programmes map[string]*Programme

	// Version is how the server calls itself. Below 9 it says less: see the
	// sheet. Default: "9.1.1.3814".
	Version string

	Login Login

	// Speed is how much faster than the clock the programmes run. Default: 1.
	Speed float64

	// Burst is how much of a programme is sent at once where it begins. Default:
	// a second; negative: nothing.
	Burst time.Duration

	Padding Padding

	// MMS and HTTP are what becomes of connections of the protocol.
	MMS, HTTP Manner

	// Redirect is where those who ask for a path are sent.
	Redirect map[string]string

	Ping time.Duration // between two pings; default 30 s
	Idle time.Duration // without a start, a session of MMS ends; default an hour

	Funnel FunnelOptions // MMST and MMSU
	Web    WebOptions    // MMSH
}

// Login is what a client has to know.
type Login struct {
	Scheme         Scheme
	User, Password string
}

// Scheme is a way to log in.
type Scheme uint8

const (
	NoLogin Scheme = iota
	Basic
	NTLM
	Digest // of MMSH alone
)

// Padding is what becomes of the padding at the end of ASF packets.
type Padding uint8

const (
	PaddingCut    Padding = iota // it is cut, and its length becomes 0, as specified
	PaddingForgot                // it is cut, and its length is as it was: older servers
	PaddingKept                  // packets are sent as they are in the file
)

// Manner is what becomes of connections.
type Manner uint8

const (
	Serve  Manner = iota
	Refuse        // they are closed at once
	Silent        // nothing is ever said
)

func (o Options) withDefaults() Options {
	if o.Version == "" {
		o.Version = "9.1.1.3814"
	}
	if o.Speed == 0 {
		o.Speed = 1
	}
	switch {
	case o.Burst == 0:
		o.Burst = time.Second
	case o.Burst < 0:
		o.Burst = 0
	}
	if o.Ping == 0 {
		o.Ping = 30 * time.Second
	}
	if o.Idle == 0 {
		o.Idle = time.Hour
	}
	return o
}
