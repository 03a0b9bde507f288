package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// choice is a flag that takes one of a few words; the first is its default.
type choice struct {
	value   string
	allowed []string
}

var _ pflag.Value = (*choice)(nil)

func newChoice(def string, others ...string) choice {
	return choice{value: def, allowed: append([]string{def}, others...)}
}

// String returns the word chosen.
func (c *choice) String() string { return c.value }

// Type names the flag's type, which the help shows when the usage text does not.
func (c *choice) Type() string { return "word" }

// Set takes one of the allowed words.
func (c *choice) Set(s string) error {
	if !slices.Contains(c.allowed, s) {
		last := len(c.allowed) - 1
		return fmt.Errorf("must be %s or %s", strings.Join(c.allowed[:last], ", "), c.allowed[last])
	}
	c.value = s
	return nil
}
