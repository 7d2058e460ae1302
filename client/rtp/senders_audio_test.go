package rtp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tapedeck/client/media"
	"tapedeck/client/media/clip"
	"tapedeck/client/mux"
	"tapedeck/client/rtp"
)

// Of the sound that is sent.
const (
	toneHz     = 440.0
	toneLength = 2 * time.Second
)

// peerPatience is how long a peer may take on a busy machine.
const peerPatience = time.Minute

// A soundSender is a payloader of GStreamer, the sound that it is fed, and what
// must come out of VLC.
type soundSender struct {
	name     string
	rate     int // samples a second
	channels int
	launch   string // from raw sound to the payloader
	codec    media.Codec
	step     time.Duration // from frame to frame; 0: as they come
	short    time.Duration // by which VLC's sound may be shorter than what was sent
}

var soundSenders = []soundSender{
	{"MP3", 44100, 2, "lamemp3enc ! mpegaudioparse ! rtpmpapay", media.MP3, 1152 * time.Second / 44100, 0},
	{"MP2", 48000, 2, "twolamemp2enc bitrate=192 ! mpegaudioparse ! rtpmpapay", media.MP2, 24 * time.Millisecond, 0},
	{"MP2 in parts", 48000, 2, "twolamemp2enc bitrate=384 ! mpegaudioparse ! rtpmpapay mtu=500", media.MP2, 24 * time.Millisecond, 0},
	{"LATM", 44100, 2, "avenc_aac ! aacparse ! rtpmp4apay", media.AAC, 1024 * time.Second / 44100, 0},
	{"AAC", 48000, 2, "avenc_aac ! aacparse ! rtpmp4gpay", media.AAC, 1024 * time.Second / 48000, 0},
	{"G722", 16000, 1, "avenc_g722 ! rtpg722pay", media.G722, 0, 0},
	{"G726-16", 8000, 1, "avenc_g726 bitrate=16000 ! rtpg726pay force-aal2=false", media.G726, 0, 0},
	{"G726-32", 8000, 1, "avenc_g726 bitrate=32000 ! rtpg726pay force-aal2=false", media.G726, 0, 0},
	{"AAL2-G726-32", 8000, 1, "avenc_g726 bitrate=32000 ! rtpg726pay force-aal2=false ! application/x-rtp,encoding-name=AAL2-G726-32", media.G726, 0, 0},
	{"L8", 8000, 1, "audioconvert ! rtpL8pay", media.L8, 0, 0},
	{"L16", 44100, 2, "audioconvert ! rtpL16pay", media.L16, 0, 0},
	{"L24", 48000, 2, "audioconvert ! rtpL24pay", media.L24, 0, 0},
	{"PCMU", 8000, 1, "mulawenc ! rtppcmupay", media.PCMU, 0, 0},
	{"GSM", 8000, 1, "gsmenc ! rtpgsmpay min-ptime=80000000", media.GSM, 20 * time.Millisecond, 0},
	{"AC3", 48000, 2, "avenc_ac3 bitrate=128000 ! ac3parse ! rtpac3pay", media.AC3, 32 * time.Millisecond, 0},
	{"AC3 in parts", 48000, 2, "avenc_ac3 bitrate=448000 ! ac3parse ! rtpac3pay", media.AC3, 32 * time.Millisecond, 0},
	{"Vorbis", 44100, 2, "vorbisenc ! rtpvorbispay", media.Vorbis, 0, vorbisUnsent},
	{"Vorbis, its configuration in-band", 44100, 2, "vorbisenc ! rtpvorbispay config-interval=1", media.Vorbis, 0, vorbisUnsent},
	{"Speex", 8000, 1, "speexenc ! rtpspeexpay", media.Speex, 20 * time.Millisecond, 0},
	{"Speex, three frames a packet", 16000, 1, "speexenc nframes=3 ! rtpspeexpay", media.Speex, 20 * time.Millisecond, 0},
	{"Speex at 32 kHz", 32000, 1, "speexenc nframes=2 ! rtpspeexpay", media.Speex, 20 * time.Millisecond, 0},
	{"AMR", 8000, 1, "amrnbenc ! rtpamrpay min-ptime=60000000", media.AMR, 20 * time.Millisecond, 0},
	{"AMR-WB", 16000, 1, "voamrwbenc ! rtpamrpay", media.AMRWB, 20 * time.Millisecond, 0},
	{"Opus", 48000, 2, "opusenc ! rtpopuspay", media.Opus, 20 * time.Millisecond, 0},
	{"Opus of 5.1", 48000, 6, "opusenc ! rtpopuspay", media.Opus, 20 * time.Millisecond, 0},
}

// TestSoundDescribedBeforeItCame makes the header before the first frame tells
// what the sound is, as happens where a picture comes first.
func TestSoundDescribedBeforeItCame(t *testing.T) {
	for _, s := range []soundSender{
		{"MP2 of one channel, 32 kHz", 32000, 1, "twolamemp2enc ! mpegaudioparse ! rtpmpapay", media.MP3, 0, 0},
		{"AC-3 of one channel, 44.1 kHz, by a clock of 90 kHz", 44100, 1, "avenc_ac3 ! ac3parse ! rtpac3pay", media.AC3, 0, 0},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			source := fmt.Sprintf("audiotestsrc freq=%v volume=0.4 num-buffers=100 samplesperbuffer=%d ! audio/x-raw,rate=%d,channels=%d",
				toneHz, s.rate/50, s.rate, s.channels)
			format, packets := gstreamer(t, source+" ! "+s.launch)
			late := format
			late.ClockRate = 90000
			d, err := rtp.NewDepacketizer(late)
			if err != nil {
				t.Fatal(err)
			}
			early, ready := d.Track()
			if !ready || early.SampleRate != 0 || early.Codec != s.codec {
				t.Errorf("ready %v: %+v", ready, early)
			}
			_, units := depacketize(t, format, packets)
			hear(t, early, units, s.rate, 0)
		})
	}
}

// vorbisUnsent is what GStreamer's payloader keeps to itself at the end.
const vorbisUnsent = 400 * time.Millisecond

// TestGStreamerSoundInVLC sends a tone by GStreamer's payloaders and hears it
// from VLC.
func TestGStreamerSoundInVLC(t *testing.T) {
	for _, s := range soundSenders {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			source := fmt.Sprintf("audiotestsrc freq=%v volume=0.4 num-buffers=100 samplesperbuffer=%d ! audio/x-raw,rate=%d,channels=%d",
				toneHz, s.rate/50, s.rate, s.channels)
			if s.channels > 2 {
				source += ",channel-mask=(bitmask)0x3f"
			}
			format, packets := gstreamer(t, source+" ! "+s.launch)
			if strings.Contains(s.name, "in-band") {
				delete(format.Params, "configuration")
			}
			track, units := depacketize(t, format, packets)
			if track.Codec != s.codec || track.Channels != s.channels || track.SampleRate != s.rate {
				t.Errorf("the track is %+v", track)
			}
			checkSteps(t, units, s.step)
			hear(t, track, units, s.rate, s.short)
		})
	}
}

// checkSteps checks that frames follow each other at equal times. The first few
// may not: encoders move their beginning by their delay.
func checkSteps(t *testing.T, units []media.Packet, step time.Duration) {
	t.Helper()
	for i := 5; step > 0 && i < len(units); i++ {
		if d := units[i].Time - units[i-1].Time - step; d.Abs() > 100*time.Microsecond {
			t.Errorf("frame %d of %d is %v after the one before, want %v", i, len(units), units[i].Time-units[i-1].Time, step)
			return
		}
	}
}

// gstreamer runs a pipeline that ends in a payloader and returns what it says of
// the stream, and its packets.
func gstreamer(t *testing.T, launch string) (rtp.Format, [][]byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "packets")
	args := append([]string{"-v"}, strings.Fields(launch+" ! rtpstreampay ! filesink location="+file)...)
	out := runPeer(t, "gst-launch-1.0", args...)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var packets [][]byte // RFC 4571: each with its length in front
	for len(raw) >= 2 {
		n := int(binary.BigEndian.Uint16(raw))
		if n > len(raw)-2 {
			t.Fatal("the last packet is cut off")
		}
		packets = append(packets, raw[2:2+n])
		raw = raw[2+n:]
	}
	i := bytes.LastIndex(out, []byte("caps = application/x-rtp,"))
	if i < 0 || len(packets) == 0 {
		t.Fatalf("%d packets, and this was said:\n%s", len(packets), out)
	}
	line, _, _ := bytes.Cut(out[i:], []byte("\n"))
	return capsFormat(t, string(line)), packets
}

var capsField = regexp.MustCompile(`, ([\w-]+)=\(\w+\)("(?:[^"\\]|\\.)*"|[^,]*)`)

// capsFormat reads GStreamer's words for what SDP says.
func capsFormat(t *testing.T, caps string) rtp.Format {
	t.Helper()
	f := rtp.Format{Params: map[string]string{}}
	for _, m := range capsField.FindAllStringSubmatch(caps, -1) {
		value := strings.ReplaceAll(strings.Trim(m[2], `"`), `\`, "")
		n, _ := strconv.Atoi(value)
		switch m[1] {
		case "encoding-name":
			f.Encoding = value
		case "clock-rate":
			f.ClockRate = n
		case "payload":
			f.PayloadType = uint8(n)
		case "encoding-params":
			f.Channels = n
		case "media", "ssrc", "timestamp-offset", "seqnum-offset":
		default:
			f.Params[strings.ToLower(m[1])] = value
		}
	}
	return f
}

// depacketize puts packets, in order, through a Receiver.
func depacketize(t *testing.T, f rtp.Format, packets [][]byte) (media.Track, []media.Packet) {
	t.Helper()
	d, err := rtp.NewDepacketizer(f)
	if err != nil {
		t.Fatalf("%+v: %v", f, err)
	}
	r := rtp.NewReceiver(0, f, d, rtp.Options{Reorder: true})
	var units []media.Packet
	emit := func(p media.Packet) {
		p.Data = bytes.Clone(p.Data)
		units = append(units, p)
	}
	now := time.Now()
	for i, raw := range packets {
		if err := r.RTP(raw, now.Add(time.Duration(i)*time.Millisecond), emit); err != nil {
			t.Errorf("packet %d of %d bytes: %v", i, len(raw), err)
		}
	}
	r.Poll(now.Add(time.Hour), emit)
	if s := r.Stats(); s.Packets != uint64(len(packets)) {
		t.Errorf("%d packets were sent: %+v", len(packets), s)
	}
	track, ready := r.Track()
	if !ready || len(units) == 0 {
		t.Fatalf("ready %v, %d units of %d packets of %+v", ready, len(units), len(packets), f)
	}
	return track, units
}

// hear muxes units, has VLC play them into a file, and listens to it.
func hear(t *testing.T, track media.Track, units []media.Packet, rate int, short time.Duration) {
	t.Helper()
	samples, got := playInVLC(t, track, units)
	if got != rate {
		t.Errorf("VLC plays %d Hz, want %d", got, rate)
	}
	const slack = 150 * time.Millisecond // encoders' padding and delay
	length := time.Duration(len(samples)) * time.Second / time.Duration(got)
	if length < toneLength-short-slack || length > toneLength+slack {
		t.Errorf("VLC plays %v", length)
	}
	if hz, level := clip.Tone(samples, got); math.Abs(hz-toneHz) > 3 || level < 0.05 {
		t.Errorf("VLC plays %.1f Hz at a level of %.3f", hz, level)
	}
}

// playInVLC returns the sound that VLC makes of units.
func playInVLC(t *testing.T, track media.Track, units []media.Packet) (samples []int16, rate int) {
	t.Helper()
	w, err := mux.New([]media.Track{track})
	if err != nil {
		t.Fatal(err)
	}
	stream := w.Init()
	for _, u := range units {
		stream, _ = w.Append(stream, u)
	}
	home, err := os.MkdirTemp("", "tapedeck-rtp") // one that another user may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	in, out := filepath.Join(home, "in.mkv"), filepath.Join(home, "out.wav")
	if err := errors.Join(os.WriteFile(in, stream, 0o644), os.Chmod(home, 0o755)); err != nil {
		t.Fatal(err)
	}
	log := runAs(t, home, "vlc", "-I", "dummy", "--ignore-config", "--no-auto-preparse", "--no-color", "-vv", "--demux=mkv",
		"--aout=afile", "--audiofile-file="+out, "--audiofile-format=s16", "--audiofile-wav", in, "vlc://quit")
	file, err := os.Open(out)
	if err != nil {
		t.Fatalf("VLC plays nothing: %v\n%s", err, log)
	}
	defer file.Close()
	samples, rate, err = clip.ReadWAV(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	return samples, rate
}

// runPeer runs a real program and returns what it prints.
func runPeer(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	return runAs(t, "", name, args...)
}

// runAs runs a real program; with a home, as another user when this one is root,
// which VLC refuses.
func runAs(t *testing.T, home, name string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatal("missing peer: " + name)
	default:
		t.Skip("missing peer: " + name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), peerPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if home != "" {
		cmd.Dir = home
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_RUNTIME_DIR="+home)
		if os.Getuid() == 0 {
			cmd.SysProcAttr.Credential = anotherUser(t, home)
		}
	}
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s\n%s", name, args, err, out, &problems)
	}
	if home != "" {
		out = append(out, problems.Bytes()...)
	}
	return out
}

// anotherUser is nobody, who then owns home.
func anotherUser(t *testing.T, home string) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(home, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
