package playback

import (
	"time"

	"tapedeck/client/media"
)

// Event is what plain mode prints: one thing that happened, in the order in
// which it did. The JSON field names are a contract that the README documents.
// Times are seconds of media time; addresses and texts are safe to show.
type Event interface {
	// Name is the event's "event" field.
	Name() string
}

type (
	// Connecting: an address is about to be tried, over a transport.
	ConnectingEvent struct {
		URL       string `json:"url"`
		Transport string `json:"transport"`
	}
	// Step: one step of the ladder has ended.
	StepEvent struct {
		Rung   string  `json:"rung"`
		Step   string  `json:"step"`
		Took   float64 `json:"took"`
		OK     bool    `json:"ok"`
		Detail string  `json:"detail,omitempty"`
		Error  string  `json:"error,omitempty"`
	}
	// Opened: the stream is open and its tracks are known.
	OpenedEvent struct {
		Protocol  string      `json:"protocol"`
		Transport string      `json:"transport"`
		Live      bool        `json:"live"`
		Seekable  bool        `json:"seekable"`
		NoSeek    string      `json:"no_seek,omitempty"`
		Duration  float64     `json:"duration"`
		Server    string      `json:"server,omitempty"`
		Tracks    []TrackInfo `json:"tracks"`
	}
	// Playing: a picture was shown or sound decoded, at the start, after a
	// pause and after a seek.
	PlayingEvent struct {
		Position float64 `json:"position"`
	}
	// Position: where the player is, each second while it plays; aired is when
	// that was sent, where the broadcaster says it.
	PositionEvent struct {
		Position float64 `json:"position"`
		Aired    string  `json:"aired,omitempty"` // RFC 3339
	}
	// Stats: counted since the stream was opened, each second. The decoder's
	// figures begin anew with each seek of a packet stream.
	StatsEvent struct {
		Bytes        uint64 `json:"bytes"`
		Packets      uint64 `json:"packets"`
		Lost         uint64 `json:"lost"`
		Reordered    uint64 `json:"reordered"`
		DecodedVideo uint64 `json:"decoded_video"`
		Displayed    uint64 `json:"displayed"`
		DecodedAudio uint64 `json:"decoded_audio"`
		LostPictures uint64 `json:"lost_pictures"`
		BitRate      int    `json:"bit_rate"`
	}
	// Rate: it plays at another speed from now on; 1 is normal, 2 twice as
	// fast, -1 backwards.
	RateEvent struct {
		Rate float64 `json:"rate"`
	}
	// Title: another title begins to be heard; with --no-vlc, comes. Position is
	// where it begins, at when the server said so.
	TitleEvent struct {
		Title    string  `json:"title"`
		Position float64 `json:"position"`
		At       string  `json:"at"` // RFC 3339
	}
	// Paused: nothing moves any more.
	PausedEvent struct {
		Position float64 `json:"position"`
	}
	// Seeking: a jump has been asked for.
	SeekingEvent struct {
		To float64 `json:"to"`
	}
	// Ended: the stream came to its own end.
	EndedEvent struct{}
	// Error: the stream failed, at a rung.
	ErrorEvent struct {
		Rung    string `json:"rung"`
		Message string `json:"message"`
		Hint    string `json:"hint"`
		Err     error  `json:"-"` // for errors.Is
	}
	// Note: something changed by itself. Refused: a request could not be met.
	NoteEvent struct {
		Message string `json:"message"`
	}
	RefusedEvent struct {
		Message string `json:"message"`
	}
	// Gap: a part of a live stream never came, or fell off the tape before it
	// was recorded: so many seconds are missing at position, where what follows
	// joins what was before.
	GapEvent struct {
		Position float64 `json:"position"`
		Missing  float64 `json:"missing"`
	}
	// Recording: a file was begun. Recorded: it is complete. Duration is what is
	// in it; missing is what the gaps in it left out.
	RecordingEvent struct {
		Path string `json:"path"`
	}
	RecordedEvent struct {
		Path     string  `json:"path"`
		Bytes    int64   `json:"bytes"`
		Duration float64 `json:"duration"`
		Gaps     int     `json:"gaps"`
		Missing  float64 `json:"missing"`
	}
)

// TrackInfo is a track as events print it.
type TrackInfo struct {
	Kind       string  `json:"kind"`
	Codec      string  `json:"codec"`
	Width      int     `json:"width,omitempty"`
	Height     int     `json:"height,omitempty"`
	FrameRate  float64 `json:"frame_rate,omitempty"`
	SampleRate int     `json:"sample_rate,omitempty"`
	Channels   int     `json:"channels,omitempty"`
	Problem    string  `json:"problem,omitempty"`
}

func (ConnectingEvent) Name() string { return "connecting" }
func (StepEvent) Name() string       { return "step" }
func (OpenedEvent) Name() string     { return "opened" }
func (PlayingEvent) Name() string    { return "playing" }
func (PositionEvent) Name() string   { return "position" }
func (StatsEvent) Name() string      { return "stats" }
func (RateEvent) Name() string       { return "rate" }
func (TitleEvent) Name() string      { return "title" }
func (PausedEvent) Name() string     { return "paused" }
func (SeekingEvent) Name() string    { return "seeking" }
func (EndedEvent) Name() string      { return "ended" }
func (ErrorEvent) Name() string      { return "error" }
func (NoteEvent) Name() string       { return "note" }
func (RefusedEvent) Name() string    { return "refused" }
func (GapEvent) Name() string        { return "gap" }
func (RecordingEvent) Name() string  { return "recording" }
func (RecordedEvent) Name() string   { return "recorded" }

func seconds(d time.Duration) float64 {
	return float64(d.Milliseconds()) / 1000
}

func stepEvent(s media.Step) StepEvent {
	e := StepEvent{
		Rung: string(s.Rung), Step: s.Name, Took: seconds(s.Took), OK: s.Err == nil, Detail: s.Detail,
	}
	if s.Err != nil {
		e.Error = s.Err.Error()
	}
	return e
}

func trackInfos(tracks []media.Track) []TrackInfo {
	infos := make([]TrackInfo, len(tracks))
	for i, t := range tracks {
		infos[i] = TrackInfo{
			Kind: t.Kind.String(), Codec: string(t.Codec), Width: t.Width, Height: t.Height,
			FrameRate: t.FrameRate, SampleRate: t.SampleRate, Channels: t.Channels, Problem: t.Problem,
		}
	}
	return infos
}
