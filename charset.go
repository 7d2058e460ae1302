package main

import (
	"fmt"

	"github.com/spf13/pflag"
	"golang.org/x/text/encoding/htmlindex"
)

// charsetFlag is the flag of the commands that show titles.
func charsetFlag(flags *pflag.FlagSet) *string {
	return flags.String("charset", "", "how the titles are written, such as windows-1251 or Shift_JIS; found out without it")
}

// knownCharset refuses a name that the WHATWG's table of encodings does not
// have.
func knownCharset(label string) error {
	if label == "" {
		return nil
	}
	if _, err := htmlindex.Get(label); err != nil {
		return fmt.Errorf("--charset %q is not known: write utf-8, windows-1251, koi8-r, shift_jis, gbk, euc-kr or the like", label)
	}
	return nil
}
