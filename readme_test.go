package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tapedeck/tui"
)

const readmePath = "README.md"

// readmeBlocks are the parts of the README that are made from the program. Each
// stands between <!-- name --> and <!-- /name -->.
var readmeBlocks = map[string]func(testing.TB) string{
	"keys":   keysBlock,
	"events": eventsBlock,
	"screen": screenBlock,
}

// TestReadme compares the README's blocks with the program, or with -update
// writes them anew.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	for name, made := range readmeBlocks {
		want := "<!-- " + name + " -->\n" + made(t) + "<!-- /" + name + " -->"
		block := regexp.MustCompile(`(?s)<!-- ` + name + ` -->.*?<!-- /` + name + ` -->`)
		got := block.FindAllString(string(text), -1)
		switch {
		case len(got) != 1:
			t.Errorf("%s has %d blocks of %s, want one", readmePath, len(got), name)
		case got[0] == want:
		case *update:
			text = block.ReplaceAllLiteral(text, []byte(want))
		default:
			t.Errorf("%s is not as the program is; go test . -run TestReadme -update writes it:\n%s", readmePath, want)
		}
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(readmePath, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// keysBlock is the keys, a table for each section; the second column is what a
// config file calls them.
func keysBlock(testing.TB) string {
	var b strings.Builder
	section := ""
	for _, row := range tui.DefaultKeyMap().Rows() {
		if row.Section != section {
			section = row.Section
			fmt.Fprintf(&b, "\n| %s | name | |\n| --- | --- | --- |\n", section)
		}
		name := "" // it stays
		if row.Name != "" {
			name = "`" + row.Name + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", keyCaps(row.Keys), name, row.Help)
	}
	return b.String() + "\n"
}

// keyCaps puts each of the keys "←/h" in code quotes. The key / is no divider.
func keyCaps(keys string) string {
	if keys == "/" {
		return "`/`"
	}
	caps := strings.Split(keys, "/")
	for i, c := range caps {
		caps[i] = "`" + strings.ReplaceAll(c, "|", "\\|") + "`"
	}
	return strings.Join(caps, " ")
}

// screenBlock is the screen that the program draws in a terminal of 80x24.
func screenBlock(t testing.TB) string {
	text, err := os.ReadFile(goldenPath("film", 80, 24))
	if err != nil {
		t.Fatal(err)
	}
	return "\n```text\n" + string(text) + "```\n\n"
}

// playbackEvent is one event as its declaration tells of it.
type playbackEvent struct {
	name   string // the "event" field
	what   string
	fields []string // JSON names
}

// eventsBlock is the table of the events that play and record print.
func eventsBlock(t testing.TB) string {
	var b strings.Builder
	b.WriteString("\n| event | when | fields |\n| --- | --- | --- |\n")
	for _, e := range playbackEvents(t) {
		fields := "–"
		if len(e.fields) > 0 {
			fields = "`" + strings.Join(e.fields, "` `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", e.name, e.what, fields)
	}
	return b.String() + "\n"
}

// playbackEvents reads the events from the source of package playback: the
// types with a Name method, what their comments say, and their fields' tags.
func playbackEvents(t testing.TB) []playbackEvent {
	t.Helper()
	const path = "player/playback/event.go"
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{} // type -> event
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "Name" && f.Recv != nil {
			literal, isReturn := f.Body.List[0].(*ast.ReturnStmt)
			if recv, ok := f.Recv.List[0].Type.(*ast.Ident); ok && isReturn {
				names[recv.Name], _ = strconv.Unquote(literal.Results[0].(*ast.BasicLit).Value)
			}
		}
	}
	if len(names) == 0 {
		t.Fatalf("%s has no events", path)
	}
	var events []playbackEvent
	meanings := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || names[spec.Name.Name] == "" {
			return true
		}
		explain(meanings, spec.Doc.Text(), names)
		events = append(events, playbackEvent{name: names[spec.Name.Name], fields: jsonFields(spec.Type)})
		return true
	})
	for i := range events {
		events[i].what = meanings[events[i].name]
		if events[i].what == "" {
			t.Errorf("%s does not say when %q happens", path, events[i].name)
		}
	}
	if len(events) != len(names) {
		t.Errorf("%d types of events and %d names", len(events), len(names))
	}
	return events
}

// explain takes "Paused: nothing moves any more." apart; a comment may tell of
// several events.
func explain(meanings map[string]string, comment string, names map[string]string) {
	words := strings.Fields(comment)
	name, from := "", 0
	for i, w := range append(words, ":") {
		head, ok := strings.CutSuffix(w, ":")
		if !ok || head != "" && names[head+"Event"] == "" {
			continue
		}
		if name != "" {
			meanings[name] = strings.TrimSuffix(strings.Join(words[from:min(i, len(words))], " "), ".")
		}
		name, from = names[head+"Event"], i+1
	}
}

func jsonFields(t ast.Expr) []string {
	var fields []string
	for _, f := range t.(*ast.StructType).Fields.List {
		tag, _ := strconv.Unquote(f.Tag.Value)
		name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if name != "-" && !slices.Contains(fields, name) {
			fields = append(fields, name)
		}
	}
	return fields
}
