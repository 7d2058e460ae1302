package main

import (
	"strings"
	"testing"
	"time"

	"tapedeck/client/hls/hlstest"
	"tapedeck/client/media/clip"
	"tapedeck/player/playback"
)

func serveHLS(t *testing.T, dir string) *hlstest.Server {
	s := hlstest.NewServer(dir)
	t.Cleanup(s.Close)
	return s
}

// realHLS plays what ffmpeg's muxer makes.
func realHLS(t *testing.T) {
	of := func(name, list, dir string, seeks []time.Duration) channel {
		return channel{name: name, url: serveHLS(t, dir).URL(list), protocol: "hls", transport: "http/1.1", codecs: film, seeks: seeks}
	}
	made := func(args ...string) string {
		return hlstest.Make(t, append([]string{"-hls_time", "6"}, args...)...)
	}
	live := serveHLS(t, hlstest.Live(t))
	event := serveHLS(t, hlstest.Live(t, "-hls_playlist_type", "event"))
	station := channel{name: "live", url: live.URL("film.m3u8"), protocol: "hls", transport: "http/1.1", codecs: film, sound: climbs, live: true}
	growing := station
	growing.name, growing.url, growing.seeks, growing.sound = "EVENT", event.URL("film.m3u8"), []time.Duration{time.Second}, place
	watchAll(t, []channel{
		of("on demand, with ranges", "film.m3u8", made("-hls_flags", "single_file"), backAndOn),
		of("MP4", "film.m3u8", made("-hls_segment_type", "fmp4"), justOn),
		of("AES-128", "film.m3u8", hlstest.Encrypted(t, "sixteen bytes ok", "-hls_time", "6"), justOn),
		of("separate sound", "master.m3u8", made("-map", "0:v", "-map", "0:a", "-var_stream_map", "v:0,agroup:a a:0,agroup:a,default:yes",
			"-master_pl_name", "master.m3u8", "film%v.m3u8"), justOn),
		station,
		growing,
	})
}

// TestHLSVariants: VLC plays on where the variant changes, to a larger picture
// and, when the line becomes slow, to a smaller one.
func TestHLSVariants(t *testing.T) {
	t.Parallel()
	server := serveHLS(t, hlstest.Make(t, "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-sc_threshold", "0", "-c:a", "aac",
		"-map", "0:v", "-map", "0:a", "-map", "0:v", "-map", "0:a", "-s:v:0", "320x180", "-b:v:0", "100k", "-s:v:1", "640x360",
		"-b:v:1", "2500k", "-minrate:v:1", "2500k", "-maxrate:v:1", "2500k", "-bufsize:v:1", "2500k", "-x264-params:v:1", "nal-hrd=cbr", "-var_stream_map", "v:0,a:0 v:1,a:1", "-master_pl_name", "master.m3u8", "-hls_time", "2", "film%v.m3u8"))
	server.Limit(600_000)
	r := newRig(t)
	c := channel{url: server.URL("master.m3u8"), protocol: "hls", codecs: film, seeks: justOn}
	r.play(t, c.url)
	await(t, r, func(n playback.NoteEvent) bool {
		return strings.HasPrefix(n.Message, "now 2.") && strings.HasSuffix(n.Message, "640x360")
	})
	c.checkPlays(t, r, 0)
	c.checkPast(t, r, r.look().Position+5*time.Second)
	server.Limit(60_000)
	await(t, r, func(n playback.NoteEvent) bool { return strings.HasSuffix(n.Message, "320x180") })
	c.checkPast(t, r, r.look().Position+8*time.Second)
	if n := r.look().Counts; n.LostPictures > clip.FrameRate || n.Displayed == 0 {
		t.Errorf("of the pictures: %+v", n)
	}
}

// checkPast plays until a place, where picture and sound are to be right.
func (c channel) checkPast(t *testing.T, r *rig, at time.Duration) {
	t.Helper()
	await(t, r, func(p playback.PositionEvent) bool { return p.Position > at.Seconds() })
	c.checkGoesOn(t, r)
	c.checkSound(t, r)
}

// TestHLSCut: the server goes away in the middle of a live stream, longer than
// the player can do without, and the stream comes back by itself.
func TestHLSCut(t *testing.T) {
	t.Parallel()
	server := serveHLS(t, hlstest.Live(t))
	r := newRig(t)
	c := channel{url: server.URL("film.m3u8"), protocol: "hls", codecs: film, sound: climbs, live: true}
	r.play(t, c.url)
	c.checkPlays(t, r, 0)
	server.Away(true)
	before := r.look().Counts.DecodedAudio
	await(t, r, func(s playback.StatsEvent) bool { // until nothing more is heard
		still := s.DecodedAudio == before
		before = s.DecodedAudio
		return still
	})
	server.Away(false)
	c.checkGoesOn(t, r)
	c.checkSound(t, r)
}
