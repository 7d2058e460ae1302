package player
import ("testing";"time";"os";"io")
func TestDbg(t *testing.T) {
	v, err := Start(t.Context(), Config{Path: os.Getenv("VLCPATH"), Audio: Dummy, Video: Dummy})
	ok(t, err)
	defer v.Close()
	f := newFeed(t)
	ctx := t.Context()
	t0 := time.Now()
	dbg = func(s string) { println(time.Since(t0).Milliseconds(), time.Now().Format("05.000"), s) }
	defer func() { dbg = nil }()
	if os.Getenv("DBG") == "2" {
	next := f.Stream(octets, func() (io.ReadCloser, error) { return newEndless(), nil })
	res := &resource{contentType: "audio/x-mpegurl"}
	res.serve = serveText("#EXTM3U\n#EXTINF:1,x\n" + next + "\n")
	ok(t, v.Open(t.Context(), f.add(res)))
	st := await(t, v, "the failure", func(st Status) bool { return st.State == Failed })
	dbg(st.Problem)
	ok(t, v.Open(t.Context(), offerStream(t, f, "video/mp2t", "ts")))
	await(t, v, "something else", playing)
	return
	}
	url := offerFile(t, f, "video/mp4", sample(t, "mp4"))
	ok(t, v.Open(ctx, url))
	await(t, v, "the next after a pause", playing)
	ok(t, v.Seek(ctx, 19*time.Second))
	await(t, v, "the end", func(st Status) bool { return st.State == Ended })
	for range 12 {
		dbg("OPEN")
		ok(t, v.Open(ctx, url))
		dbg("OPENED")
		holds(t, v, 300*time.Millisecond, "the same again", func(st Status) bool { return st.State == Opening || st.State == Playing })
	}
}
