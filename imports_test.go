package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "tapedeck/"

// mayImport is the house's plan: which of our packages a package may import.
// "x/..." stands for x and what lies in it. Tests may import more.
var mayImport = map[string][]string{
	"client/media":      {},
	"client/address":    {},
	"client/quoted":     {},
	"client/login":      {"client/quoted"},
	"client/sdp":        {},
	"client/words":      {},
	"client/http1":      {"client/words"},
	"client/trace":      {"client/media"},
	"client/dial":       {"client/media", "client/trace", "client/words"},
	"client/bits":       {},
	"client/nal":        {"client/bits"},
	"client/audioframe": {"client/media", "client/bits"},
	"client/id3":        {},
	"client/ts":         {"client/media", "client/bits", "client/nal", "client/audioframe", "client/mpegvideo", "client/id3"},
	"client/fmp4":       {"client/media", "client/bits", "client/nal", "client/audioframe"},
	"client/mpegvideo":  {"client/media", "client/bits", "client/nal"},
	"client/rtp":        {"client/media", "client/bits", "client/nal", "client/audioframe", "client/mpegvideo"},
	"client/metafile":   {},
	"client/filemap":    {"client/audioframe", "client/asf"},
	"client/srtp":       {},
	"client/datagram":   {},
	"client/trust":      {"client/media", "client/words"},
	"client/mux":        {"client/media"},
	"client/rtsp":       {"client/media", "client/address", "client/login", "client/quoted", "client/sdp", "client/rtp", "client/srtp", "client/datagram", "client/mux", "client/trust", "client/dial"},
	"client/web":        {"client/media", "client/address", "client/login", "client/audioframe", "client/filemap", "client/metafile", "client/trust", "client/mux", "client/http1", "client/dial", "client/trace", "client/words", "client/web/cut"},
	"client/web/cut":    {"client/media", "client/audioframe", "client/asf"},
	"client/hls":        {"client/media", "client/address", "client/mux", "client/ts", "client/fmp4", "client/id3", "client/trace", "client/words"},
	"client/asf":        {"client/media", "client/words"},
	"client/mms/wire":   {"client/quoted"},
	"client/mms":        {"client/media", "client/address", "client/login", "client/metafile", "client/asf", "client/mms/wire", "client/datagram", "client/http1", "client/dial", "client/trace", "client/words"},
	"client":            {"client/..."},
	"playlist":          {"client/address"},
	"player":            {"client/media"},
	"player/tape":       {"client/media"},
	"player/playback":   {"client", "client/media", "player", "player/tape", "playlist"},
	"tui":               {"playlist", "player/playback", "tui/..."},

	// Servers for tests and the demo.
	"client/login/logintest": {},
	"client/media/clip":      {"client/media"},
	"client/peers":           {},
	"client/mux/muxtest":     {"client/media", "client/media/clip", "client/mux", "client/peers"},
	"client/rtsp/rtsptest":   {"client/media", "client/media/clip", "client/peers"},
	"client/web/webtest":     {"client/media", "client/media/clip", "client/audioframe", "client/peers"},
	"client/mms/mmstest":     {"client/media", "client/media/clip", "client/asf", "client/audioframe", "client/login", "client/login/logintest", "client/mms/wire", "client/nal", "client/bits", "client/peers"},
	"client/hls/hlstest":     {"client/media/clip", "client/web/webtest", "client/peers"},
}

// neverImport is what a package must not import from outside.
var neverImport = map[string][]string{
	"tui":             {"net", "net/http", "os/exec", "syscall"},
	"client":          {"os/exec"},
	"client/login":    {"net", "net/http", "os/exec"},
	"client/metafile": {"net", "net/http", "os/exec"},
	"player/playback": {"net", "net/http", "os/exec"},
	"playlist":        {"net", "net/http", "os/exec"},

	// These start real peers for tests.
	"client/mux/muxtest":   {},
	"client/peers":         {"testing"}, // the demo's servers are in the program itself
	"client/rtsp/rtsptest": {"testing"},
	"client/web/webtest":   {"testing"},
	"client/hls/hlstest":   {"testing"},
	"client/mms/mmstest":   {"testing"},
}

// rule finds the entry for pkg: its own, or its nearest parent's.
func rule(table map[string][]string, pkg string) ([]string, bool) {
	for p := pkg; p != "."; p = filepath.Dir(p) {
		if r, ok := table[p]; ok {
			return r, true
		}
	}
	return nil, false
}

func TestImports(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files++
		checkImports(t, path)
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files, %v", files, err)
	}
}

func checkImports(t *testing.T, path string) {
	pkg := filepath.ToSlash(filepath.Dir(path))
	if pkg == "." {
		return // package main wires everything
	}
	allowed, ok := rule(mayImport, pkg)
	if !ok {
		t.Errorf("%s: the plan has no place for package %s", path, pkg)
		return
	}
	never, _ := rule(neverImport, pkg)
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	for _, spec := range f.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if slices.Contains(never, name) {
			t.Errorf("%s imports %s, which %s never does", path, name, pkg)
		}
		ours, ok := strings.CutPrefix(name, module)
		if !ok {
			continue
		}
		if !slices.ContainsFunc(allowed, func(a string) bool { return covers(a, ours) }) {
			t.Errorf("%s imports %s; %s may import %v", path, ours, pkg, allowed)
		}
	}
}

func covers(allowed, pkg string) bool {
	if tree, ok := strings.CutSuffix(allowed, "/..."); ok {
		return pkg == tree || strings.HasPrefix(pkg, tree+"/")
	}
	return allowed == pkg
}
