package main

import (
	"strings"
	"testing"

	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/mms/mmstest"
)

// wm is what ffmpeg writes into ASF files: Windows Media's own codecs.
var wm = []string{string(media.WMV8), string(media.WMA2)}

// mmsWays are the transports that an opened event names, by their schemes.
var mmsWays = []struct{ scheme, transport string }{{"mmst", "tcp"}, {"mmsu", "udp"}, {"mmsh", "http/1.1"}}

func serveMMS(t *testing.T, o mmstest.Options) *mmstest.Server {
	t.Helper()
	made := mmstest.Make(t, mmstest.MakeOptions{Length: clip.Duration})
	film, err := mmstest.Film(made)
	if err != nil {
		t.Fatal(err)
	}
	live, err := mmstest.Live(made)
	if err != nil {
		t.Fatal(err)
	}
	o.Programmes = map[string]*mmstest.Programme{"film.asf": film, "live": live}
	s, err := mmstest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// realMMSOnDemand plays WMV and WMA over each of the three ways, looks at the
// clock in the picture and listens to the tone.
func realMMSOnDemand(t *testing.T) {
	s := serveMMS(t, mmstest.Options{})
	var all []channel
	for _, way := range mmsWays {
		all = append(all, channel{name: way.scheme, url: s.URL(way.scheme, "film.asf"), protocol: "mms", transport: way.transport, codecs: wm, seeks: backAndOn})
	}
	watchOn(t, newSeeingRig(t), all)
}

func realMMSLive(t *testing.T) {
	s := serveMMS(t, mmstest.Options{})
	var all []channel
	for _, way := range mmsWays {
		all = append(all, channel{name: way.scheme, url: s.URL(way.scheme, "live"), protocol: "mms", transport: way.transport, codecs: wm, sound: climbs, live: true})
	}
	theirs := mmstest.StartVLC(t, mmstest.Make(t, mmstest.MakeOptions{Length: clip.Duration}))
	all = append(all, channel{
		name: "VLC's server", url: strings.Replace(theirs, "http://", "mmsh://", 1), protocol: "mms", transport: "http/1.0",
		codecs: wm, sound: climbs, live: true,
	})
	watchOn(t, newSeeingRig(t), all)
}

// TestMMSRollover: the link that leaves the way open plays though datagrams are
// lost without a word.
func TestMMSRollover(t *testing.T) {
	t.Parallel()
	s := serveMMS(t, mmstest.Options{Funnel: mmstest.FunnelOptions{DropUDP: func(uint32) bool { return true }}})
	r := newSeeingRig(t)
	c := channel{url: s.URL("mms", "film.asf"), protocol: "mms", transport: "tcp", codecs: wm, seeks: justOn, note: "mmst"}
	c.check(t, r)
}
