package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// unhex reads annotated bytes: what stands behind # is a remark.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var digits strings.Builder
	for line := range strings.Lines(s) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVectors holds whole packets against what was computed by hand.
func TestVectors(t *testing.T) {
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"Pong", AppendControl(nil, 5, 0, Pong{}), `
			01000000 CEFA0BB0 20000000 4D4D5320  # session id, 32 bytes, "MMS "
			06000000 05000000 0000000000000000   # 6 units, number 5, no time
			02000000 1B000300 00000000 00000000`},
		{"StreamSwitch", AppendControl(nil, 6, 0, StreamSwitch{[]StreamEntry{
			{From: NoStream, To: 1}, {From: NoStream, To: 2, Thin: ThinAll},
		}}), `
			01000000 CEFA0BB0 28000000 4D4D5320 07000000 06000000 0000000000000000
			03000000 33000300 02000000
			FFFF 0100 0000                       # 1 on
			FFFF 0200 0200                       # 2 off`},
		{"StartPlaying", AppendControl(nil, 7, 0, StartPlaying{OpenFileID: 1, Incarnation: 10}), `
			01000000 CEFA0BB0 38000000 4D4D5320 09000000 07000000 0000000000000000
			05000000 07000300 01000000 00000000
			0000000000000000                     # position
			FFFFFFFF FFFFFFFF 00000000 0A000000  # no offset, no packet, to the end, incarnation`},
		{"Resend", Resend{Client: 0x12345678, OpenFileID: 1, Sequences: []uint32{0x0A, 0x10B}}.Append(nil),
			`0DF0EFBE 78563412 0100 0200 0A000000 0B010000`},
		{"time", AppendControl(nil, 0, 258*time.Millisecond), `
			01000000 CEFA0BB0 10000000 4D4D5320 04000000 00000000 0201000000000000`},
		{"OpenFile with a token", OpenFile{Incarnation: 9, Name: "abc.asf", Token: []byte{1, 2}}.Append(nil), `
			06000000 05000300 09000000 00000000
			10000000 02000000                    # the token is 16 bytes behind the name's beginning
			6100 6200 6300 2E00 6100 7300 6600 0000
			0102 0000 0000 0000`},
		{"ReadBlock", ReadBlock{OpenFileID: 1, Incarnation: 2}.Append(nil), `
			07000000 15000300 01000000 00000000 00000000 00800000 FFFFFFFF 00000000
			0000000000000000 000000000020AC40 02000000 00000000`},
		{"data", DataPacket{Location: 3, Incarnation: 2, Flags: HeaderPiece | HeaderLast, Payload: []byte{0xAA}}.Append(nil),
			`03000000 02 0C 0900 AA`},
		{"a packet that is asked for", StartPlaying{OpenFileID: 1, Position: Unset, Packet: 7, Incarnation: 11}.Append(nil), `
			05000000 07000300 01000000 00000000
			FFFFFFFFFFFFEF7F FFFFFFFF 07000000 00000000 0B000000`},
	} {
		if want := unhex(t, c.want); !bytes.Equal(c.got, want) {
			t.Errorf("%s:\n%x\nwant\n%x", c.name, c.got, want)
		}
	}
}

// parser makes one of ParseX.
func parser[T any](parse func(Message) (T, error)) func(Message) (any, error) {
	return func(m Message) (any, error) { return parse(m) }
}

var parsers = map[MID]func(Message) (any, error){
	MIDConnect: parser(ParseConnect), MIDFunnelInfo: parser(ParseFunnelInfo), MIDConnectFunnel: parser(ParseConnectFunnel),
	MIDOpenFile: parser(ParseOpenFile), MIDSecurityResponse: parser(ParseSecurityResponse), MIDReadBlock: parser(ParseReadBlock),
	MIDCancelReadBlock: parser(ParseCancelReadBlock), MIDStreamSwitch: parser(ParseStreamSwitch),
	MIDStartPlaying: parser(ParseStartPlaying), MIDStartStriding: parser(ParseStartStriding),
	MIDStopPlaying: parser(ParseStopPlaying), MIDCloseFile: parser(ParseCloseFile), MIDLogging: parser(ParseLogging),

	MIDConnected: parser(ParseConnected), MIDReportFunnelInfo: parser(ParseReportFunnelInfo),
	MIDConnectedFunnel: parser(ParseConnectedFunnel), MIDDisconnectedFunnel: parser(ParseDisconnectedFunnel),
	MIDReportOpenFile: parser(ParseReportOpenFile), MIDSecurityChallenge: parser(ParseSecurityChallenge),
	MIDRedirect: parser(ParseRedirect), MIDReportReadBlock: parser(ParseReportReadBlock),
	MIDReportStreamSwitch: parser(ParseReportStreamSwitch), MIDStartedPlaying: parser(ParseStartedPlaying),
	MIDReportStartStriding: parser(ParseReportStartStriding), MIDEndOfStream: parser(ParseEndOfStream),
	MIDStreamChange: parser(ParseStreamChange),
}

// messages are one of each, with all fields set.
var messages = []Appender{
	Connect{Pair: NoPair, Subscriber: "NSPlayer/10.0.0.3802; {00000000-0000-0000-0000-000000000000}; Host: a:1755", More: []string{"HOST: a", "VIA: b"}},
	FunnelInfo{Pair: PairUDP},
	ConnectFunnel{Address: "192.0.2.1", UDP: true, Port: 65535},
	ConnectFunnel{Address: "::1", Port: 1},
	OpenFile{Incarnation: 3, Name: "päth/\U0001F3AC.asf?auth=1%25", Token: []byte("token")},
	OpenFile{Incarnation: 3, Name: "x"},
	SecurityResponse{Incarnation: 4, Cookie: 5, Token: []byte{1, 2, 3}},
	ReadBlock{OpenFileID: 6, Incarnation: 8},
	CancelReadBlock{Incarnation: 8},
	StreamSwitch{Entries: []StreamEntry{{From: 1, To: 127, Thin: ThinKeys}, {From: NoStream, To: 2}, {From: 3, To: NoStream}}},
	StartPlaying{OpenFileID: 7, Position: 90 * time.Second, Offset: 8, Packet: 9, Stop: 10, Incarnation: 11},
	StartPlaying{OpenFileID: 7, Position: Unset, Incarnation: 11, Accelerate: true, AccelRate: 1, AccelDuration: 2 * time.Second, LinkRate: 3},
	StartStriding{StartPlaying: StartPlaying{OpenFileID: 7, Position: time.Second, Incarnation: 11}, Rate: -2.5},
	StopPlaying{OpenFileID: 7, Incarnation: 11},
	CloseFile{OpenFileID: 7},
	Logging{
		OpenFileID: 7, URL: "mms://a/b", Agent: "NSPlayer/10.0.0.3802", Player: "{1}", UDP: true,
		Duration: time.Minute, Start: time.Second, Played: 2 * time.Second,
		Bytes: 1 << 40, Packets: 100, Lost: 2, LongLoss: 1, Requests: 3, Recovered: 4,
	},

	Connected{Pair: PairTCP, MaxBitRate: 1, Version: "9.1.1.3814", Upgrade: "u", UpgradeURL: "v", Login: "NTLM"},
	Connected{Pair: NoPair, Version: "4.1.0.3934"},
	ReportFunnelInfo{Pair: PairTCP, Client: 0x12345678, Random: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
	ConnectedFunnel{Text: "Funnel Of The Gods"},
	DisconnectedFunnel{HResult: 0xC00D000C},
	ReportOpenFile{
		Incarnation: 3, OpenFileID: 7, Attributes: Broadcast | Live, Duration: 61500 * time.Millisecond,
		PacketSize: 1400, Packets: 1 << 33, BitRate: 5, HeaderSize: 6,
	},
	SecurityChallenge{Incarnation: 4, Cookie: 5, Token: []byte{0, 0}},
	Redirect{Kind: RedirectURL, Location: "mmst://other/ä"},
	ReportReadBlock{Incarnation: 8},
	ReportStreamSwitch{HResult: 1},
	StartedPlaying{Incarnation: 11, OpenFileID: 7},
	ReportStartStriding{Incarnation: 11},
	EndOfStream{HResult: MoreFollows, Incarnation: 11},
	StreamChange{PacketSize: 1, HeaderSize: 2, BitRate: 3},
	Pong{}, Ping{},
}

func TestRoundTrip(t *testing.T) {
	for _, want := range messages {
		packet := AppendControl(nil, 0xABCD, time.Second, want)
		kind, n, err := Split(packet)
		if kind != Control || n != len(packet) || err != nil {
			t.Fatalf("%T: Split: %v %d %v", want, kind, n, err)
		}
		if Sequence(packet) != 0xABCD {
			t.Errorf("%T: sequence %x", want, Sequence(packet))
		}
		m, rest, err := Next(Messages(packet))
		if err != nil || len(rest) != 0 || len(m.B)%8 != 0 {
			t.Fatalf("%T: %d bytes, %d more, %v", want, len(m.B), len(rest), err)
		}
		parse := parsers[m.ID]
		if parse == nil {
			continue // Ping and Pong have no fields
		}
		got, err := parse(m)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, %v\nwant %+v", m.ID, got, err, want)
		}
	}
}

// TestSplitBytewise has a connection arrive byte by byte.
func TestSplitBytewise(t *testing.T) {
	control := AppendControl(nil, 0, 0, Ping{}, EndOfStream{})
	data := DataPacket{Location: 1, Incarnation: 9, Payload: make([]byte, 100)}.Append(nil)
	stream := bytes.Join([][]byte{control, data, control}, nil)
	var kinds []Kind
	var have []byte
	for _, b := range stream {
		have = append(have, b)
		kind, n, err := Split(have)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 || n > len(have) {
			continue
		}
		kinds = append(kinds, kind)
		have = have[n:]
	}
	if want := []Kind{Control, Data, Control}; !reflect.DeepEqual(kinds, want) || len(have) != 0 {
		t.Errorf("%v, %d bytes left", kinds, len(have))
	}
}

// TestSeveralMessages: a server may put several messages into one packet.
func TestSeveralMessages(t *testing.T) {
	rest := Messages(AppendControl(nil, 0, 0, Ping{}, ReportStreamSwitch{}, StartedPlaying{Incarnation: 9}))
	var got []MID
	for len(rest) > 0 {
		m, more, err := Next(rest)
		if err != nil {
			t.Fatal(err)
		}
		got, rest = append(got, m.ID), more
	}
	if want := []MID{MIDPing, MIDReportStreamSwitch, MIDStartedPlaying}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if len(Messages(AppendControl(nil, 0, 0))) != 0 {
		t.Error("a packet without a message has one")
	}
}

// TestPaddingForgotten: some servers leave the zeros out of a message's length.
func TestPaddingForgotten(t *testing.T) {
	b := Redirect{Kind: RedirectURL, Location: "ab"}.Append(nil)
	b[0]-- // of 24 bytes it says 16
	m, rest, err := Next(append(b[:16:16], b[16:22]...))
	if err != nil || len(rest) != 0 {
		t.Fatal(err, len(rest))
	}
	if r, err := ParseRedirect(m); err != nil || r.Location != "ab" {
		t.Errorf("%+v %v", r, err)
	}
}

// TestMalformed is what a peer may send in malice or by mistake.
func TestMalformed(t *testing.T) {
	head := "01000000 CEFA0BB0 "
	for name, s := range map[string]string{
		"length below 16":           head + "0F000000 4D4D5320",
		"length beyond all bounds":  head + "F1FF0000 4D4D5320",
		"length near 4 GB":          head + "FFFFFFFF 4D4D5320",
		"another seal":              head + "20000000 4D4D5321",
		"data of 7 bytes":           "00000000 0000 0700",
		"data of no bytes":          "00000000 0000 0000",
		"data of length 0, no flag": "00000000 0104 0000 0000000000000000",
	} {
		if kind, n, err := Split(unhex(t, s)); !errors.Is(err, ErrMalformed) || n != 0 || kind != 0 {
			t.Errorf("%s: %v %d %v", name, kind, n, err)
		}
	}
	for name, s := range map[string]string{
		"no length: the loop":    "00000000 1B000400",
		"length beyond the rest": "02000000 1B000400",
		"length near 32 GB":      "FFFFFFFF 1B000400",
		"cut in its head":        "01000000 1B0004",
		"nothing":                "",
	} {
		if _, _, err := Next(unhex(t, s)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, s := range map[string]string{
		"longer than it says":  "00000000 0100 0900 AABB",
		"shorter than it says": "00000000 0100 0A00 AA",
		"no head":              "00000000 0100",
	} {
		if _, err := ParseData(unhex(t, s)); !errors.Is(err, ErrMalformed) {
			t.Errorf("data %s: %v", name, err)
		}
	}
	for name, s := range map[string]string{
		"of nothing":        "0DF0EFBE 78563412 0100 0000",
		"of too many":       "0DF0EFBE 78563412 0100 2100" + strings.Repeat("00000000", 33),
		"of more than sent": "0DF0EFBE 78563412 0100 0200 0A000000",
		"of another magic":  "0DF0EFBF 78563412 0100 0100 0A000000",
		"cut":               "0DF0EFBE 78563412",
	} {
		if _, err := ParseResend(unhex(t, s), nil); !errors.Is(err, ErrMalformed) {
			t.Errorf("resend %s: %v", name, err)
		}
	}
}

// TestMalformedMessages: counts and offsets of messages that point out of them.
func TestMalformedMessages(t *testing.T) {
	zeros := func(n int) string { return strings.Repeat("00", n) }
	for name, s := range map[string]string{
		"ConnectedEX, 4 G characters":  "09000000 01000400" + zeros(40) + "FFFFFFFF" + zeros(12) + zeros(8),
		"ConnectedEX, count overflows": "09000000 01000400" + zeros(40) + "01000080" + zeros(12) + zeros(8),
		"ConnectedEX, last string":     "09000000 01000400" + zeros(52) + "05000000" + zeros(8),
		"ConnectedEX, short":           "02000000 01000400 00000000 00000000",
		"ReportOpenFile, short":        "03000000 06000400" + zeros(16),
		"Redirect":                     "03000000 22000400 00000000 0100 0A00" + zeros(8),
		"SecurityChallenge":            "03000000 1A000400" + zeros(8) + "05000000 00000000",
		"SecurityChallenge, 4 GB":      "03000000 1A000400" + zeros(8) + "FFFFFFFF 00000000",
		"OpenFile, token behind":       "04000000 05000300" + zeros(8) + "08000000 01000000 4100000000000000",
		"OpenFile, offset near 4 G":    "04000000 05000300" + zeros(8) + "FFFFFFFF 01000000 4100000000000000",
		"StreamSwitch":                 "03000000 33000300 03000000" + zeros(12),
		"StreamSwitch, 4 G entries":    "03000000 33000300 FFFFFFFF" + zeros(12),
		"StartPlaying, short":          "02000000 07000300" + zeros(8),
		"StartStriding, rate 0":        "06000000 28000300" + zeros(40),
		"StartStriding, rate NaN":      "06000000 28000300" + zeros(32) + "000000000000F87F",
		"ConnectFunnel, no port":       "05000000 02000300" + zeros(20) + "5C005C0061000000 0000000000000000",
		"EndOfStream, short":           "01800000 1E000400",
		"Logging, short":               "02000000 32000300 D2050000 00000000",
		"EndOfStream without a code":   "01000000 1E000400",
		"StreamChange, short":          "02000000 20000400 00000000 FF000000",
		"CloseFile, short":             "01000000 0D000300",
		"ReadBlock, short":             "02000000 15000300" + zeros(8),
		"FunnelInfo, short":            "01000000 18000300",
		"ReportFunnelInfo, short":      "02000000 15000400" + zeros(8),
		"DisconnectedFunnel, short":    "01000000 03000400",
	} {
		b := unhex(t, s)
		m := Message{ID: MID(uint32(b[4]) | uint32(b[5])<<8 | uint32(b[6])<<16), B: b}
		if _, err := parsers[m.ID](m); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseRedirect(Message{ID: MIDPing, B: make([]byte, 64)}); !errors.Is(err, ErrMalformed) {
		t.Errorf("a Ping read as a Redirect: %v", err)
	}
}

// TestRefusalsAreShort: a message that refuses may end behind its HRESULT.
func TestRefusalsAreShort(t *testing.T) {
	for _, id := range []MID{
		MIDConnected, MIDReportFunnelInfo, MIDConnectedFunnel, MIDDisconnectedFunnel, MIDReportOpenFile, MIDRedirect,
		MIDReportReadBlock, MIDReportStreamSwitch, MIDStartedPlaying, MIDReportStartStriding, MIDEndOfStream, MIDStreamChange,
	} {
		m, _, err := Next(words(nil, id, 0x80070005))
		if err != nil {
			t.Fatal(err)
		}
		got, err := parsers[id](m)
		if err != nil {
			t.Errorf("%v: %v", id, err)
			continue
		}
		if hr := reflect.ValueOf(got).FieldByName("HResult").Uint(); hr != 0x80070005 {
			t.Errorf("%v: 0x%08X", id, hr)
		}
	}
}

func TestDurations(t *testing.T) {
	for _, c := range []struct {
		seconds float64
		want    time.Duration
	}{
		{12.5, 12500 * time.Millisecond}, {0, 0}, {-1, 0}, {math.NaN(), 0}, {math.Inf(-1), 0},
		{math.Inf(1), 0}, {math.MaxFloat64, 0}, {1e300, 0},
	} {
		b := ReportOpenFile{}.Append(nil)
		bits := math.Float64bits(c.seconds)
		for i := range 8 {
			b[32+i] = byte(bits >> (8 * i))
		}
		r, err := ParseReportOpenFile(Message{ID: MIDReportOpenFile, B: b})
		if err != nil || r.Duration != c.want {
			t.Errorf("%v: %v %v, want %v", c.seconds, r.Duration, err, c.want)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"with a NUL", "6100 6200 0000 6300", "ab"},
		{"without", "6100 6200", "ab"},
		{"half a character", "6100 62", "a"},
		{"a pair", "3CD8 ACDF 0000", "\U0001F3AC"},
		{"half a pair", "3CD8 6100 0000", "\uFFFDa"},
		{"nothing", "", ""},
	} {
		if got := Text(unhex(t, c.in)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	long := strings.Repeat("x", 3*MaxText)
	if n := len(AppendText(nil, long)); n > 2*MaxText {
		t.Errorf("%d bytes of text", n)
	}
	if n := len(Text(bytes.Repeat([]byte{'x', 0}, 3*MaxText))); n != MaxText {
		t.Errorf("%d characters", n)
	}
}

// TestLogging: a log is always of one size, and fields end with a NUL.
func TestLogging(t *testing.T) {
	b := Logging{URL: strings.Repeat("u", 1000)}.Append(nil)
	if len(b) != 1504 || b[0] != 188 {
		t.Errorf("%d bytes, %d units", len(b), b[0])
	}
	l, err := ParseLogging(Message{ID: MIDLogging, B: b})
	if err != nil || len(l.URL) != 259 {
		t.Errorf("%d bytes of the URL, %v", len(l.URL), err)
	}
	b[8]++
	if _, err := ParseLogging(Message{ID: MIDLogging, B: b}); !errors.Is(err, ErrMalformed) {
		t.Errorf("a log of another size: %v", err)
	}
}

// TestUnambiguous: only one incarnation makes data look like a message.
func TestUnambiguous(t *testing.T) {
	for incarnation := range 256 {
		d := DataPacket{Incarnation: byte(incarnation), Flags: 0xFA, Payload: make([]byte, 0xB00B-8)}
		kind, _, err := Split(d.Append(nil))
		if ambiguous := byte(incarnation) == AmbiguousIncarnation; (kind == Data && err == nil) == ambiguous {
			t.Errorf("incarnation %02X: %v %v", incarnation, kind, err)
		}
	}
}

// TestNoAllocation: media goes through here.
func TestNoAllocation(t *testing.T) {
	d := DataPacket{Location: 1, Incarnation: 9, Payload: make([]byte, 1400)}
	buf := d.Append(nil)
	seqs := make([]uint32, 0, MaxResend)
	request := Resend{Client: 1, Sequences: []uint32{1, 2}}.Append(nil)
	if n := testing.AllocsPerRun(100, func() {
		_, size, _ := Split(buf)
		got, err := ParseData(buf[:size])
		if err != nil || len(got.Payload) != 1400 {
			t.Fatal(err)
		}
		buf = got.Append(buf[:0])
		if _, err := ParseResend(request, seqs[:0]); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNames(t *testing.T) {
	if s := MIDReportOpenFile.String(); s != "ReportOpenFile" {
		t.Error(s)
	}
	if s := MID(0x40099).String(); s != "message 0x40099" {
		t.Error(s)
	}
}

// FuzzControl reads a connection as a client and as a server do.
func FuzzControl(f *testing.F) {
	for _, m := range messages {
		f.Add(AppendControl(nil, 1, time.Second, m))
	}
	f.Add(DataPacket{Location: 1, Incarnation: 9, Payload: []byte("payload")}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			kind, n, err := Split(b)
			if err != nil || n == 0 || n > len(b) {
				return
			}
			packet := b[:n]
			b = b[n:]
			if kind == Data {
				d, err := ParseData(packet)
				if err != nil || !bytes.Equal(d.Append(nil), packet) {
					t.Fatalf("%x: %v", packet, err)
				}
				continue
			}
			for rest := Messages(packet); len(rest) > 0; {
				var m Message
				if m, rest, err = Next(rest); err != nil {
					break
				}
				again(t, m)
			}
		}
	})
}

// again holds what was read of a message against what is read of it when it is
// written again.
func again(t *testing.T, m Message) {
	parse := parsers[m.ID]
	if parse == nil {
		return
	}
	v, err := parse(m)
	if err != nil {
		return
	}
	second, rest, err := Next(v.(Appender).Append(nil))
	if err != nil || len(rest) != 0 || second.ID != m.ID {
		t.Fatalf("%v: %v", m.ID, err)
	}
	if _, err := parse(second); err != nil {
		t.Fatalf("%v: %v from what was written of %+v", m.ID, err, v)
	}
}

func FuzzResend(f *testing.F) {
	f.Add(Resend{Client: 0x12345678, OpenFileID: 1, Sequences: []uint32{0x0A, 0x10B}}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseResend(b, nil)
		if err != nil {
			return
		}
		if written := r.Append(nil); !bytes.Equal(written, b[:len(written)]) {
			t.Fatalf("%x became %x", b, written)
		}
	})
}
