package main

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
)

const (
	cameraWidth, cameraHeight = 320, 180

	// cameraPictures are pushed five a second: the hand goes round in five.
	cameraPictures = 25
)

// clockHand is the demo camera's view: a hand that goes round.
func clockHand() [][]byte {
	pictures := make([][]byte, cameraPictures)
	for i := range pictures {
		angle := 2 * math.Pi * float64(i) / cameraPictures
		var b bytes.Buffer
		_ = jpeg.Encode(&b, hand(angle), nil) // a Buffer does not fail
		pictures[i] = b.Bytes()
	}
	return pictures
}

// hand draws the dial and the hand at angle, clockwise from the top.
func hand(angle float64) image.Image {
	const radius, thick = 75, 4
	m := image.NewGray(image.Rect(0, 0, cameraWidth, cameraHeight))
	sin, cos := math.Sincos(angle)
	for y := range cameraHeight {
		for x := range cameraWidth {
			dx, dy := float64(x-cameraWidth/2), float64(y-cameraHeight/2)
			along, across := dx*sin-dy*cos, dx*cos+dy*sin // of the hand
			far := math.Hypot(dx, dy)
			switch {
			case along > 0 && along < radius && math.Abs(across) < thick:
				m.SetGray(x, y, color.Gray{Y: 240})
			case math.Abs(far-radius) < thick:
				m.SetGray(x, y, color.Gray{Y: 160})
			default:
				m.SetGray(x, y, color.Gray{Y: 40})
			}
		}
	}
	return m
}
