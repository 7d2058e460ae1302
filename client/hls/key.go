package hls

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"sync"

	"tapedeck/client/address"
	"tapedeck/client/media"
)

const (
	keySize = aes.BlockSize // 128 bits
	maxKept = 16            // keys and init segments that are remembered
)

// KeyError is a key that is none: not 16 bytes long.
type KeyError struct{ Size int }

func (e *KeyError) Error() string {
	if e.Size > keySize {
		return fmt.Sprintf("hls: the key is longer than %d bytes", keySize)
	}
	return fmt.Sprintf("hls: the key is %d bytes long, not %d", e.Size, keySize)
}

// noKey is why there is no key: without one nothing goes on.
type noKey struct{ err error }

func (e *noKey) Error() string { return e.err.Error() }
func (e *noKey) Unwrap() error { return e.err }

// key fetches what a playlist from from names as a key.
func (s *Session) key(ctx context.Context, from sender, tag *keyTag) (cipher.Block, error) {
	a, err := link(from.link, tag.uri)
	if err != nil {
		return nil, media.At(media.RungContainer, err)
	}
	if b, ok := s.keys.get(a); ok {
		return b, nil
	}
	raw, _, err := s.get(ctx, Request{Link: a, OnlyPublic: from.public}, keySize, &KeyError{Size: keySize + 1})
	if err == nil && len(raw) != keySize {
		err = &KeyError{Size: len(raw)}
	}
	if err != nil {
		return nil, wrapped("the key", &noKey{err})
	}
	b, err := aes.NewCipher(raw)
	if err != nil {
		return nil, wrapped("the key", err)
	}
	s.keys.put(a, b)
	return b, nil
}

// decrypter takes AES-128-CBC off a segment as it comes (section 4.3.2.4). The
// last block is kept back: its last byte tells how many bytes of it, that byte
// included, fill it up.
//
//	| block | block | ... | xx xx xx ... 05 05 05 05 05 |
type decrypter struct {
	mode cipher.BlockMode
	rest []byte // less than two blocks
	out  []byte
}

// newDecrypter begins a segment. Where the tag has no IV it is the segment's
// sequence number, big endian.
func newDecrypter(b cipher.Block, tag *keyTag, sequence int64) *decrypter {
	iv := tag.iv
	if iv == nil {
		iv = binary.BigEndian.AppendUint64(make([]byte, 8, keySize), uint64(sequence))
	}
	return &decrypter{mode: cipher.NewCBCDecrypter(b, iv)}
}

// write returns what p brings, which is valid until the next call.
func (d *decrypter) write(p []byte) []byte {
	d.rest = append(d.rest, p...)
	n := max(len(d.rest)-1, 0) / keySize * keySize // the last one stays
	d.out = append(d.out[:0], d.rest[:n]...)
	d.mode.CryptBlocks(d.out, d.out)
	d.rest = d.rest[:copy(d.rest, d.rest[n:])]
	return d.out
}

// finish returns what was kept back. Padding that is none is taken for media:
// some packagers leave it out.
func (d *decrypter) finish() ([]byte, error) {
	if len(d.rest) == 0 {
		return nil, nil
	}
	if len(d.rest) != keySize {
		return nil, errCutBlock
	}
	last := d.out[:0]
	last = append(last, d.rest...)
	d.mode.CryptBlocks(last, last)
	n := int(last[keySize-1])
	if n == 0 || n > keySize {
		return last, nil
	}
	for _, b := range last[keySize-n:] {
		if int(b) != n {
			return last, nil
		}
	}
	return last[:keySize-n], nil
}

var errCutBlock = fmt.Errorf("hls: an encrypted segment is not a whole number of blocks of %d bytes", keySize)

// kept remembers a few things by their address.
type kept[T any] struct {
	mu sync.Mutex
	by map[address.Address]T
}

func (k *kept[T]) get(a address.Address) (T, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.by[a]
	return v, ok
}

func (k *kept[T]) put(a address.Address, v T) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.by) >= maxKept || k.by == nil {
		k.by = make(map[address.Address]T)
	}
	k.by[a] = v
}
