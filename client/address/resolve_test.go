package address

import "testing"

func TestResolve(t *testing.T) {
	base, err := Parse("http://h:8080/a/b/c?x=1")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"http://o/p?q":      "http://o/p?q",
		"rtsp://o/p":        "rtsp://o/p",
		"//o/p":             "http://o/p",
		"/p":                "http://h:8080/p",
		"p":                 "http://h:8080/a/b/p",
		"p?u=http://x/y":    "http://h:8080/a/b/p?u=http://x/y",
		"/p?u=http://x/../": "http://h:8080/p?u=http://x/../",
		"../p":              "http://h:8080/a/p",
		"../../../p":        "http://h:8080/p",
		"./":                "http://h:8080/a/b/",
		"..":                "http://h:8080/a/",
		"?y":                "http://h:8080/a/b/c?y",
		"p#frag":            "http://h:8080/a/b/p",
		"/a%20b//c":         "http://h:8080/a%20b//c",
	} {
		if got := base.Resolve(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
