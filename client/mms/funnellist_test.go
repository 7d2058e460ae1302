package mms

import (
	"bytes"
	"io"
	"testing"

	"tapedeck/client/mms/mmstest"
)

// TestFunnelList: the next entry of a server's list comes with its header, over
// TCP by itself, over UDP when it is played.
func TestFunnelList(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			list, err := mmstest.Film(mmstest.Sample(), mmstest.Sample())
			if err != nil {
				t.Fatal(err)
			}
			s := onDemand(t, mmstest.Options{Speed: 40, Programmes: map[string]*mmstest.Programme{"list": list}})
			f := mustDial(t, s.URL(scheme, "list"))
			mustPlay(t, f, request{})
			var packets, headers int
			for {
				it, err := f.next(t.Context())
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if it.header == nil {
					packets++
					continue
				}
				headers++
				if !bytes.Equal(it.header.header, f.programme().header) || it.chose != (scheme == "mmsu") {
					t.Errorf("%+v", it.header)
				}
				if it.chose {
					mustPlay(t, f, request{})
				}
			}
			if n := len(filePackets(t)); headers != 1 || packets != 2*n {
				t.Errorf("%d headers and %d packets, want 1 and %d", headers, packets, 2*n)
			}
		})
	}
}

// TestFunnelLiveList: broadcasts go on, also those of servers that say 0 at every
// end.
func TestFunnelLiveList(t *testing.T) {
	for _, version := range []string{"9.1.1.3814", "4.1.0.3934"} {
		for _, scheme := range bothWays {
			t.Run(version+" "+scheme, func(t *testing.T) {
				t.Parallel()
				list, err := mmstest.Live(mmstest.Sample(), mmstest.Sample())
				if err != nil {
					t.Fatal(err)
				}
				s := onDemand(t, mmstest.Options{Version: version, Speed: 60, Programmes: map[string]*mmstest.Programme{"live": list}})
				f := mustDial(t, s.URL(scheme, "live"))
				if p := f.programme(); !p.broadcast || p.seekable || p.duration != 0 {
					t.Errorf("%+v", p)
				}
				mustPlay(t, f, request{})
				packets := 0
				for headers := 0; headers < 2; {
					it := mustNext(t, f)
					if it.header == nil {
						packets++
						continue
					}
					headers++
					if it.chose {
						mustPlay(t, f, request{})
					}
				}
				if packets < len(filePackets(t))/2 {
					t.Errorf("%d packets", packets)
				}
			})
		}
	}
}

// TestFunnelStopInList: a list is stopped at any moment, and played on.
func TestFunnelStopInList(t *testing.T) {
	for _, scheme := range bothWays {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			list, err := mmstest.Live(mmstest.Sample(), mmstest.Sample())
			if err != nil {
				t.Fatal(err)
			}
			s := onDemand(t, mmstest.Options{Speed: 300, Programmes: map[string]*mmstest.Programme{"live": list}})
			f := mustDial(t, s.URL(scheme, "live"))
			for n := range 40 {
				mustPlay(t, f, request{})
				for range n % 7 {
					if it := mustNext(t, f); it.chose {
						mustPlay(t, f, request{})
					}
				}
				if n%2 == 0 {
					if err := f.stop(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}
