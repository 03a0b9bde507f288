package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// enumFlag is a flag whose value is one of a few words; the first is the default.
type enumFlag struct {
	value   string
	allowed []string
}

var _ pflag.Value = (*enumFlag)(nil)

func newEnumFlag(def string, others ...string) enumFlag {
	return enumFlag{value: def, allowed: append([]string{def}, others...)}
}

// String returns the value.
func (f *enumFlag) String() string { return f.value }

// Type returns the name of the value, which the help shows if the usage has none.
func (f *enumFlag) Type() string { return "word" }

// Set sets the value to one of the allowed words.
func (f *enumFlag) Set(s string) error {
	if !slices.Contains(f.allowed, s) {
		last := len(f.allowed) - 1
		return fmt.Errorf("must be %s or %s", strings.Join(f.allowed[:last], ", "), f.allowed[last])
	}
	f.value = s
	return nil
}
