package hls

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"strings"
	"testing"
)

// encrypt makes AES-128-CBC with its padding.
func encrypt(key, iv, plain []byte) []byte {
	n := aes.BlockSize - len(plain)%aes.BlockSize
	b := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(n)}, n)...)
	block, _ := aes.NewCipher(key)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(b, b)
	return b
}

func TestDecrypter(t *testing.T) {
	key := []byte("sixteen bytes ok")
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	given := []byte("another sixteen!")
	number := append(make([]byte, 14), 0x0a, 0x78) // of segment 2680
	for _, iv := range [][]byte{given, number} {
		tag := &keyTag{}
		if iv[0] != 0 {
			tag.iv = iv
		}
		for size := range 50 {
			plain := []byte(strings.Repeat("0123456789", 5)[:size])
			secret := encrypt(key, iv, plain)
			for cut := 1; cut < 40; cut += 6 {
				d := newDecrypter(block, tag, 2680)
				var got []byte
				for rest := secret; len(rest) > 0; {
					n := min(cut, len(rest))
					got = append(got, d.write(rest[:n])...)
					rest = rest[n:]
				}
				last, err := d.finish()
				if got = append(got, last...); err != nil || !bytes.Equal(got, plain) {
					t.Fatalf("%d bytes in parts of %d: %q, %v", size, cut, got, err)
				}
			}
		}
	}
	// Without padding, and cut off.
	d := newDecrypter(block, &keyTag{iv: given}, 0)
	secret := encrypt(key, given, []byte("exactly 16 bytes and 32 in all !"))[:32]
	got := bytes.Clone(d.write(secret))
	last, err := d.finish()
	if got = append(got, last...); err != nil || string(got) != "exactly 16 bytes and 32 in all !" {
		t.Errorf("%q, %v", got, err)
	}
	d = newDecrypter(block, &keyTag{iv: given}, 0)
	d.write(secret[:17])
	if _, err := d.finish(); !errors.Is(err, errCutBlock) {
		t.Error(err)
	}
}

// TestDecrypterAllocates nothing while a segment comes.
func TestDecrypterAllocates(t *testing.T) {
	block, _ := aes.NewCipher([]byte("sixteen bytes ok"))
	d := newDecrypter(block, &keyTag{}, 0)
	p := make([]byte, readSize)
	d.write(p)
	if n := testing.AllocsPerRun(20, func() { d.write(p) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
