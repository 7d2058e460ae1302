package rtp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	pion "github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"tapedeck/client/media"
	"tapedeck/client/mux"
	"tapedeck/client/rtp"
	"tapedeck/player"
)

// videoSenders are payloaders that nobody here wrote. Each sends two seconds
// of pictures, 25 a second, with a key picture each half second or so.
var videoSenders = []struct {
	name          string
	launch        string // GStreamer's encoder and payloader
	encode        string // ffmpeg's encoder and a file's ending, where launch begins with a parser
	codec         media.Codec
	width, height int
	keys          int // the fewest key pictures that are right
}{
	{"VP8", "vp8enc deadline=1 keyframe-max-dist=12 ! rtpvp8pay pt=96 picture-id-mode=2", "", media.VP8, 320, 180, 4},
	{"VP9", "vp9enc deadline=1 cpu-used=8 keyframe-max-dist=12 ! rtpvp9pay pt=96 picture-id-mode=1", "", media.VP9, 320, 180, 4},
	// avenc_mpeg4 of GStreamer 1.22 gives all pictures one time, so ffmpeg encodes.
	{"MPEG-4 Visual", "qtdemux ! mpeg4videoparse ! rtpmp4vpay pt=96", "-c:v mpeg4 -g 12 .mp4", media.MPEG4Video, 320, 180, 4},
	{"MPEG-4 Visual, B-frames, in-band headers", "qtdemux ! mpeg4videoparse ! rtpmp4vpay pt=96 config-interval=-1", "-c:v mpeg4 -bf 2 -g 12 .mp4", media.MPEG4Video, 320, 180, 4},
	{"MPEG-2 video", "mpeg2enc format=3 max-gop-size=12 ! mpegvideoparse ! rtpmpvpay pt=32", "", media.MPEG2Video, 320, 180, 4},
	// rtpmpvpay takes no MPEG-1; ffmpeg sends it.
	{"MPEG-1 video", "", "-c:v mpeg1video -g 12 .mkv", media.MPEG1Video, 320, 180, 4},
	{"JPEG", "jpegenc ! rtpjpegpay pt=26", "", media.JPEG, 320, 184, sentPictures}, // the height is rounded up
	{"Theora", "theoraenc keyframe-force=12 ! rtptheorapay pt=96", "", media.Theora, 320, 180, 4},
	{"H.263+", "avenc_h263p gop-size=12 ! rtph263ppay pt=96", "", media.H263, 352, 288, 4},
	{"H.263, RFC 2190", "avenc_h263 gop-size=12 ! rtph263pay pt=34", "", media.H263, 352, 288, 4},
	{"H.261", "avenc_h261 gop-size=12 ! rtph261pay pt=31", "", media.H261, 352, 288, 4},
	{"AV1", "", "-c:v libaom-av1 -usage realtime -cpu-used 8 -g 12 .ivf", media.AV1, 320, 180, 4},
}

const (
	sentPictures = 50
	pictureTime  = time.Second / 25
)

// TestVideoSenders: what comes out of the depacketizer has the right size, key
// pictures and times, ffmpeg decodes every picture of the muxed stream without
// a complaint, and VLC shows them.
func TestVideoSenders(t *testing.T) {
	for _, s := range videoSenders {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			height := s.height
			if s.codec == media.JPEG {
				height = 180
			}
			source := fmt.Sprintf("videotestsrc num-buffers=%d pattern=smpte ! video/x-raw,format=I420,width=%d,height=%d,framerate=25/1", sentPictures, s.width, height)
			clip := filepath.Join(t.TempDir(), "clip")
			if s.encode != "" {
				args := strings.Fields(s.encode)
				clip += args[len(args)-1]
				args[len(args)-1] = clip
				runPeer(t, "ffmpeg", append(strings.Fields(fmt.Sprintf("-nostdin -v error -f lavfi -i testsrc=size=%dx%d:rate=25 -frames:v %d -pix_fmt yuv420p",
					s.width, s.height, sentPictures)), args...)...)
				source = "filesrc location=" + clip
			}
			var f rtp.Format
			var packets [][]byte
			switch {
			case s.codec == media.AV1:
				f, packets = rtp.Format{PayloadType: 96, Encoding: "AV1"}, packAV1(t, clip)
			case s.launch == "":
				f, packets = rtp.Format{PayloadType: 32}, sendByFFmpeg(t, clip)
			default:
				f, packets = gstreamer(t, source+" ! "+s.launch)
			}
			track, pictures := depacketize(t, f, packets)
			if track.Codec != s.codec || track.Width != s.width || track.Height != s.height {
				t.Errorf("%s of %dx%d", track.Codec, track.Width, track.Height)
			}
			checkPictures(t, pictures, s.keys)
			checkLosses(t, f, packets, pictures)
			w, err := mux.New([]media.Track{track})
			if err != nil {
				t.Fatal(err)
			}
			file := w.Init()
			for _, p := range pictures {
				file, _ = w.Append(file, p)
			}
			probeVideo(t, file, s.width, s.height, len(pictures))
			showVideo(t, w, pictures, s.width, s.height)
		})
	}
}

func checkPictures(t *testing.T, got []media.Packet, keys int) {
	t.Helper()
	if len(got) < sentPictures-2 || len(got) > sentPictures { // encoders keep some at the end
		t.Fatalf("%d pictures", len(got))
	}
	if !got[0].Key {
		t.Error("the first picture is no key picture")
	}
	seen := map[time.Duration]bool{}
	for _, p := range got {
		if p.Key {
			keys--
		}
		at := (p.Time - got[0].Time).Round(pictureTime)
		if d := p.Time - got[0].Time - at; d.Abs() > time.Millisecond || seen[at] {
			t.Errorf("a picture at %v, twice %v", p.Time-got[0].Time, seen[at])
		}
		seen[at] = true
	}
	if keys > 0 {
		t.Errorf("%d key pictures are missing", keys)
	}
}

// checkLosses drops packets here and there: what comes out is pictures that
// were sent, whole, and no fewer than whose packets all came.
func checkLosses(t *testing.T, f rtp.Format, packets [][]byte, pictures []media.Packet) {
	t.Helper()
	sent := map[string]bool{}
	for _, p := range pictures {
		sent[string(p.Data)] = true
	}
	random := rand.New(rand.NewPCG(11, 12))
	came, touched := 0, map[uint32]bool{}
	d, err := rtp.NewDepacketizer(f)
	if err != nil {
		t.Fatal(err)
	}
	r := rtp.NewReceiver(0, f, d, rtp.Options{})
	for i, raw := range packets {
		if i > 3 && random.IntN(20) == 0 { // headers that come once are in the first
			touched[binary.BigEndian.Uint32(raw[4:])] = true
			continue
		}
		_ = r.RTP(raw, time.Now(), func(p media.Packet) { // of an error nothing more is known
			came++
			if !sent[string(p.Data)] {
				t.Errorf("a picture of %d bytes was not sent", len(p.Data))
			}
		})
	}
	perPacket := max(1, len(pictures)/len(packets)+1)
	if least := len(pictures) - 2*perPacket*len(touched); came < least || len(touched) == 0 {
		t.Errorf("%d pictures of %d came, %d were touched", came, len(pictures), len(touched))
	}
}

// TestVP9LayersDecode sends two frames of libvpx as the two layers of a
// picture: ffmpeg must find both by the index that is put behind them.
func TestVP9LayersDecode(t *testing.T) {
	clip := filepath.Join(t.TempDir(), "clip.ivf")
	runPeer(t, "ffmpeg", strings.Fields(fmt.Sprintf("-nostdin -v error -f lavfi -i testsrc=size=320x180:rate=25 -frames:v %d -pix_fmt yuv420p"+
		" -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -lag-in-frames 0 %s", sentPictures, clip))...)
	var packets [][]byte
	h := pion.Header{Version: 2, PayloadType: 96, SSRC: 1}
	for i, frame := range ivfFrames(t, clip) {
		layer := byte(i % 2)
		// L, B, E; the layer, the upper of which needs the lower; TL0PICIDX
		payload := append([]byte{0x2c, layer<<1 | layer, 0}, frame...)
		h.Marker, h.Timestamp, h.SequenceNumber = layer == 1, uint32(i/2*3600), uint16(i)
		raw, err := (&pion.Packet{Header: h, Payload: payload}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, raw)
	}
	track, pictures := depacketize(t, rtp.Format{PayloadType: 96, Encoding: "VP9"}, packets)
	w, err := mux.New([]media.Track{track})
	if err != nil || len(pictures) != sentPictures/2 {
		t.Fatalf("%d pictures, %v", len(pictures), err)
	}
	file := w.Init()
	for _, p := range pictures {
		file, _ = w.Append(file, p)
	}
	probeVideo(t, file, 320, 180, sentPictures)
}

// ivfFrames takes the frames out of an IVF file.
func ivfFrames(t *testing.T, file string) (list [][]byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const header, frameHeader = 32, 12
	for b = b[header:]; len(b) > frameHeader; {
		size := frameHeader + int(binary.LittleEndian.Uint32(b))
		list = append(list, b[frameHeader:size])
		b = b[size:]
	}
	return list
}

// sendByFFmpeg has ffmpeg send a file, at the pace of its pictures.
func sendByFFmpeg(t *testing.T, clip string) (packets [][]byte) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	received := make(chan struct{})
	go func() {
		defer close(received)
		raw := make([]byte, 64<<10)
		for {
			n, err := conn.Read(raw)
			if err != nil {
				return
			}
			packets = append(packets, bytes.Clone(raw[:n]))
		}
	}()
	url := fmt.Sprintf("rtp://%s?rtcpport=9", conn.LocalAddr())
	runPeer(t, "ffmpeg", "-nostdin", "-v", "error", "-re", "-i", clip, "-c", "copy", "-f", "rtp", url)
	// All has been sent: it is in the socket's buffer.
	if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Error(err)
	}
	<-received
	return packets
}

// packAV1 packs with pion's payloader: neither ffmpeg 5.1 nor GStreamer 1.22
// can, as Debian has them.
func packAV1(t *testing.T, clip string) (packets [][]byte) {
	t.Helper()
	const mtu = 1200
	h := pion.Header{Version: 2, PayloadType: 96, SSRC: 1, Timestamp: math.MaxUint32 - 5000}
	for _, unit := range ivfFrames(t, clip) {
		parts := new(codecs.AV1Payloader).Payload(mtu, unit)
		for i, part := range parts {
			h.Marker = i == len(parts)-1
			raw, err := (&pion.Packet{Header: h, Payload: part}).Marshal()
			if err != nil {
				t.Fatal(err)
			}
			h.SequenceNumber++
			packets = append(packets, raw)
		}
		h.Timestamp += 3600
	}
	return packets
}

// probeVideo has ffmpeg demux and decode the stream.
func probeVideo(t *testing.T, file []byte, width, height, pictures int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-threads", "1", "-of", "json", "-count_frames",
		"-show_entries", "stream=codec_name,width,height,nb_read_frames", "-f", "matroska", "pipe:0")
	cmd.Stdin = bytes.NewReader(file)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	// H.261 does not tell key pictures from others; ffmpeg says so.
	words := regexp.MustCompile(`.*warning: first frame is no keyframe\n`).ReplaceAllString(said.String(), "")
	if err != nil || words != "" {
		t.Errorf("ffprobe: %v\n%s", err, words)
	}
	var report struct {
		Streams []struct {
			Width, Height int
			Frames        string `json:"nb_read_frames"`
		}
	}
	if err := json.Unmarshal(out, &report); err != nil || len(report.Streams) != 1 {
		t.Fatalf("ffprobe: %v, %s", err, out)
	}
	if s := report.Streams[0]; s.Width != width || s.Height != height || s.Frames != strconv.Itoa(pictures) {
		t.Errorf("ffmpeg decodes %s pictures of %dx%d, not %d of %dx%d", s.Frames, s.Width, s.Height, pictures, width, height)
	}
}

// showVideo plays the pictures to VLC again and again, as a live stream, until
// it has shown half of one round and told their size.
func showVideo(t *testing.T, w *mux.Writer, pictures []media.Packet, width, height int) {
	t.Helper()
	path, err := player.Find("")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("missing peer: vlc")
		}
		t.Skip("missing peer: vlc")
	}
	ctx, cancel := context.WithTimeout(t.Context(), peerPatience)
	defer cancel()
	feed, err := player.NewFeed()
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	vlc, err := player.Start(ctx, player.Config{Path: path, Audio: player.None, Video: player.Dummy})
	if err != nil {
		t.Fatal(err)
	}
	defer vlc.Close()
	url := feed.Stream(w.ContentType(), func() (io.ReadCloser, error) {
		out, in := io.Pipe()
		go sendPaced(in, w, pictures)
		return out, nil
	})
	if err := vlc.Open(ctx, url); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		st, err := vlc.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		sized := len(st.Streams) == 1 && st.Streams[0].Width == width && st.Streams[0].Height == height
		if st.Problem != "" {
			t.Fatalf("VLC: %s", st.Problem)
		}
		if int(st.Displayed) >= len(pictures)/2 && sized {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("VLC has come to %+v", st)
		}
	}
}

// sendPaced writes the stream as it would come: 300 ms at once, the rest in
// time. It ends when nobody reads any more.
func sendPaced(in *io.PipeWriter, w *mux.Writer, pictures []media.Packet) {
	const ahead = 300 * time.Millisecond
	w.Restart()
	if _, err := in.Write(w.Init()); err != nil {
		return
	}
	begun := time.Now()
	for i := 0; ; i++ {
		p := pictures[i%len(pictures)]
		p.Time += time.Duration(i/len(pictures)*len(pictures)) * pictureTime
		if wait := time.Duration(i)*pictureTime - ahead - time.Since(begun); wait > 0 {
			<-time.After(wait)
		}
		chunk, _ := w.Append(nil, p)
		if _, err := in.Write(chunk); err != nil {
			return
		}
	}
}
