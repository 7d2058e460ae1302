package cut

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// jpegOf is a picture as far as its marks go: an application segment with a
// picture in it, a frame header of 320x180, and coded data that ends in words.
func jpegOf(words string) string {
	return "\xff\xd8" + "\xff\xe1\x00\x0aexif\xff\xd8\xff\xd9" + "\xff\xc0\x00\x0b\x08\x00\xb4\x01\x40\x01\x11\x11\x00" +
		"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + "coded \xff\x00 \xff\xd3 " + words + "\xff\xd9"
}

var one, two, three = jpegOf("one"), jpegOf("number two"), jpegOf("three")

func part(p string, head ...string) string {
	return strings.Join(append(head, "", p), "\r\n")
}

func length(p string) string { return fmt.Sprintf("Content-Length: %d", len(p)) }

var pushes = []struct {
	name, contentType, body string
	want                    []string
}{
	{"Axis: all of it", "multipart/x-mixed-replace; boundary=myboundary",
		part(one, "--myboundary", "Content-Type: image/jpeg", length(one)) + "\r\n" + part(two, "--myboundary", "Content-Type: image/jpeg", length(two)) + "\r\n--myboundary--\r\n",
		[]string{one, two}},
	{"Panasonic: dashes in the name", "multipart/x-mixed-replace;boundary=--myboundary",
		part(one, "--myboundary", "Content-type: image/jpeg") + "\r\n\r\n" + part(two, "--myboundary", "Content-type: image/jpeg") + "\r\n--myboundary", []string{one, two}},
	{"D-Link: blanks, no quotes", "multipart/x-mixed-replace;boundary=--video boundary--",
		part(one, "--video boundary--", length(one), "Date: 2000", "Content-type: image/jpeg") + "\r\n" + part(two, "--video boundary--", length(two)), []string{one, two}},
	{"quoted, bare line feeds", `multipart/x-mixed-replace; boundary="a b"`,
		strings.ReplaceAll(part("", "--a b", "content-type:image/jpg"), "\r", "") + one + "\n" + strings.ReplaceAll(part("", "--a b", "content-type:image/jpg"), "\r", "") + two, []string{one, two}},
	{"ESP32: empty lines before the boundary", "multipart/x-mixed-replace;boundary=123456789000000000000987654321",
		"\r\n" + part(one, "--123456789000000000000987654321", "Content-Type: image/jpeg", length(one)) + "\r\n\r\n\r\n" + part(two, "--123456789000000000000987654321", length(two)), []string{one, two}},
	{"another boundary than announced", "multipart/x-mixed-replace; boundary=a", part(one, "--b", "Content-Type: image/jpeg") + part(two, "--b", "Content-Type: image/jpeg"), []string{one, two}},
	{"no empty line", "multipart/x-mixed-replace; boundary=a", "--a\r\nContent-Type: image/jpeg\r\n" + one + "\r\n--a\r\n" + two, []string{one, two}},
	{"no boundary at all", "multipart/x-mixed-replace", one + two + three, []string{one, two, three}},
	{"lengths that are too small", "multipart/x-mixed-replace; boundary=a", part(one, "--a", "Content-Length: 30") + "\r\n" + part(two, "--a", "Content-Length: 30"), []string{one, two}},
	{"lengths that are too large", "multipart/x-mixed-replace; boundary=a", part(one, "--a", "Content-Length: 90") + "\r\n" + part(two, "--a", "Content-Length: 90") + strings.Repeat("\r\n", 40), []string{one, two}},
	{"a length with padding in it", "multipart/x-mixed-replace; boundary=a", part(one+"\x00\x00\x00", "--a", length(one+"000")) + "\r\n" + part(two, "--a", length(two)), []string{one, two}},
	{"other parts", "multipart/x-mixed-replace; boundary=a",
		part("a level "+one, "--a", "Content-Type: audio/basic", length("a level "+one)) + "\r\n" + part("words "+two, "--a", "Content-Type: text/plain") + "\r\n" + part(three, "--a", "Content-Type: image/jpeg", length(three)),
		[]string{three}},
	{"other parts, no boundary", "multipart/x-mixed-replace", part("words", "Content-Type: text/plain") + "\r\n" + part(three, "Content-Type: image/jpeg"), []string{three}},
	{"a picture that was cut off", "multipart/x-mixed-replace; boundary=a", part(one[:len(one)-8], "--a") + "\r\n" + part(two, "--a") + part(three, "--a"), []string{two, three}},
	{"no picture", "multipart/x-mixed-replace; boundary=a", part("\xff\xd8\xff no marks", "--a", "Content-Type: image/jpeg") + "\r\n" + part(two, "--a"), []string{two}},
	{"nothing but words", "multipart/x-mixed-replace; boundary=a", strings.Repeat("words ", 5000), nil},
}

// pushed feeds a body in steps.
func pushed(contentType string, body []byte, step int) (got []string) {
	p := NewPictures(contentType)
	for len(body) > 0 {
		n := copy(p.Room(), body[:min(len(body), step)])
		p.Filled(n)
		body = body[n:]
		for picture, ok := p.Next(); ok; picture, ok = p.Next() {
			got = append(got, string(picture))
		}
	}
	return got
}

func TestPictures(t *testing.T) {
	for _, c := range pushes {
		t.Run(c.name, func(t *testing.T) {
			for _, step := range []int{1, 5, 64, 1 << 20} {
				if got := pushed(c.contentType, []byte(c.body), step); !slices.Equal(got, c.want) {
					t.Errorf("%d bytes at a time: %q\nwant %q", step, got, c.want)
				}
			}
		})
	}
}

// TestPictureWithoutEnd: what has no end is dropped, and memory is bounded.
func TestPictureWithoutEnd(t *testing.T) {
	p := NewPictures("multipart/x-mixed-replace; boundary=a")
	n := copy(p.Room(), "--a\r\n\r\n\xff\xd8\xff\xda\x00\x02")
	p.Filled(n)
	for total := 0; total < 2*maxPicture; {
		room := p.Room()
		clear(room)
		p.Filled(len(room))
		total += len(room)
		if _, ok := p.Next(); ok {
			t.Fatal("a picture")
		}
	}
	if len(p.buf) > 4*maxPicture {
		t.Errorf("%d bytes are kept", len(p.buf))
	}
	if got := len(pushed("", []byte(one), 10)); got != 1 {
		t.Errorf("%d pictures", got)
	}
}

func TestPictureSize(t *testing.T) {
	for in, want := range map[string][2]int{one: {320, 180}, one[:20]: {}, "": {}, "\xff\xd8\xff\xc4\x00\x02": {}, "\xff\xd8\xff\xc2\x00\x0b\x08\x00\x01\x00\x02": {2, 1}} {
		if w, h, ok := PictureSize([]byte(in)); w != want[0] || h != want[1] || ok != (w > 0) {
			t.Errorf("%q: %d x %d", in, w, h)
		}
	}
}

func TestPicturesAllocateNothing(t *testing.T) {
	p := NewPictures("multipart/x-mixed-replace; boundary=a")
	body := []byte(part(one, "--a", "Content-Type: image/jpeg", length(one)) + "\r\n")
	if n := testing.AllocsPerRun(100, func() {
		p.Filled(copy(p.Room(), body))
		if _, ok := p.Next(); !ok {
			t.Fatal("no picture")
		}
	}); n > 8 {
		t.Errorf("%v allocations a picture", n)
	}
}

func FuzzPictures(f *testing.F) {
	for _, c := range pushes {
		f.Add(c.contentType, []byte(c.body), uint16(40))
	}
	f.Fuzz(func(t *testing.T, contentType string, body []byte, step uint16) {
		total := 0
		for _, p := range pushed(contentType, body, int(step)+1) {
			if !bytes.HasPrefix([]byte(p), soi) {
				t.Errorf("no picture: %q", p)
			}
			total += len(p)
		}
		if total > len(body) {
			t.Errorf("%d bytes of pictures in %d", total, len(body))
		}
	})
}
