package mms

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{length: time.Minute})
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		c.until(2 * time.Second)
		if err := s.Pause(t.Context()); err != nil || l.stops != 1 {
			t.Fatal(err)
		}
		if err := s.Pause(t.Context()); err != nil || l.stops != 1 {
			t.Fatal(err)
		}
		at := c.last.Time
		got := make(chan media.Chunk, 1)
		go func() {
			m, err := c.next(t.Context())
			if err != nil {
				t.Error(err)
			}
			got <- m
		}()
		time.Sleep(10 * time.Minute) // longer than any silence while it plays
		synctest.Wait()
		select {
		case <-got:
			t.Fatal("it goes on in a pause")
		default:
		}
		if err := s.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		m := <-got
		if m.Time != at+testStep || m.Init != nil || m.Seek != 0 {
			t.Errorf("after %v comes %v, header %v", at, m.Time, m.Init != nil)
		}
		if r := l.plays[1]; r.packet != uint32(at/testStep)+1 || r.from != at {
			t.Errorf("resumed at packet %d, %v", r.packet, r.from)
		}
		if err := s.Resume(t.Context()); err != nil || len(l.plays) != 2 {
			t.Errorf("twice: %v", err)
		}

		// A server that knows no numbers begins at the key picture before.
		l.refuse = func(_ int, r request) error {
			if r.packet != 0 {
				return &ServerError{"play", 0x80070057}
			}
			return nil
		}
		at = c.until(5500 * time.Millisecond).Time
		if err := errors.Join(s.Pause(t.Context()), s.Resume(t.Context())); err != nil {
			t.Fatal(err)
		}
		if m, err := c.next(t.Context()); err != nil || m.Time != at+testStep {
			t.Errorf("after %v comes %v, %v", at, m.Time, err)
		}

		// A seek ends a pause.
		if err := s.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Seek(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
		if m, err := c.next(t.Context()); err != nil || m.Time != time.Second || m.Seek != 1 {
			t.Errorf("%v at %v", err, m.Time)
		}
		if err := s.Resume(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(Memory)
		l := newFake(shape{live: true})
		l.prog.way = overUDP
		s, err := openFake(t, "mms://host/live", Config{Memory: m}, func(route) (link, error) { return l, nil })
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		c := &checker{t: t, s: s}
		c.until(time.Second)
		l.stop(t.Context())
		began := time.Now()
		for err == nil {
			_, err = c.next(t.Context())
		}
		at, _ := errors.AsType[*media.RungError](err)
		if took := time.Since(began); !errors.Is(err, ErrSilent) || at == nil || at.Rung != media.RungTransport || took < 45*time.Second || took > 52*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		a, _ := address.Parse("mms://host/live")
		if routes := routesTo(a, m); routes[0].way != overTCP || slices.ContainsFunc(routes, func(r route) bool { return r.way == overUDP }) {
			t.Errorf("then %v", routes)
		}
	})
}

func TestNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{live: true})
		s := over(t, l, Config{})
		c := &checker{t: t, s: s}
		c.until(time.Second)
		l.die(media.At(media.RungTransport, errors.New("mms: the connection was lost")))
		var err error
		for err == nil {
			_, err = c.next(t.Context())
		}
		if err.Error() != "mms: the connection was lost" {
			t.Error(err)
		}
		if _, again := s.Next(t.Context()); again != err {
			t.Error(again)
		}
		s.Close()
		s.Close()
		if _, err := s.Next(t.Context()); err != ErrClosed {
			t.Error(err)
		}
		if _, err := s.Seek(t.Context(), 0); err == nil {
			t.Error("it seeks after Close")
		}
	})
}

func TestCancelledNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := over(t, newFake(shape{length: time.Minute}), Config{})
		ctx, cancel := context.WithCancelCause(t.Context())
		c := &checker{t: t, s: s}
		c.until(time.Second)
		mine := errors.New("enough")
		cancel(mine)
		var err error
		for err == nil {
			_, err = c.next(ctx)
		}
		if err != mine {
			t.Error(err)
		}
		c.until(2 * time.Second)
	})
}

func TestCloseEndsNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake(shape{live: true})
		s := over(t, l, Config{})
		l.stop(t.Context())
		ends := make(chan error, 2)
		go func() {
			var err error
			for err == nil {
				_, err = s.Next(t.Context())
			}
			ends <- err
		}()
		synctest.Wait()
		s.Close()
		if err := <-ends; err != ErrClosed {
			t.Error(err)
		}
	})
}
