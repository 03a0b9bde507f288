package cmd

import (
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/allinone/sampling"
)

// byteSize is a flag whose value is a number of bytes with a unit.
type byteSize int64

var _ pflag.Value = (*byteSize)(nil)

// byteUnits are tried in this order, since "MB" ends in "B".
func byteUnits() []struct {
	suffix string
	factor int64
} {
	return []struct {
		suffix string
		factor int64
	}{
		{"KiB", 1 << 10},
		{"MiB", 1 << 20},
		{"GiB", 1 << 30},
		{"kB", 1e3},
		{"MB", 1e6},
		{"GB", 1e9},
		{"B", 1},
	}
}

// Set parses a size such as 64MiB, 1GB or 4096B; the unit is required.
func (b *byteSize) Set(s string) error {
	for _, unit := range byteUnits() {
		digits, ok := strings.CutSuffix(s, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n <= 0 || n > (1<<62)/unit.factor {
			break
		}
		*b = byteSize(n * unit.factor)
		return nil
	}
	return errors.New("must be a size with a unit, such as 64MiB or 1GB")
}

// String prints the size in the largest binary unit that divides it.
func (b *byteSize) String() string {
	n := int64(*b)
	for _, unit := range []string{"B", "KiB", "MiB"} {
		if n%1024 != 0 || n == 0 {
			return strconv.FormatInt(n, 10) + unit
		}
		n /= 1024
	}
	return strconv.FormatInt(n, 10) + "GiB"
}

// Type names the flag's type.
func (b *byteSize) Type() string { return "size" }

// samplingFlag is a flag whose value is TYPE:PARAM.
type samplingFlag struct {
	sampling.Strategy
}

var _ pflag.Value = (*samplingFlag)(nil)

// Set parses const:0, const:1, probabilistic:0..1 or ratelimiting:N.
func (f *samplingFlag) Set(text string) (err error) {
	f.Strategy, err = sampling.Parse(text)
	return err
}

// Type names the flag's type.
func (f *samplingFlag) Type() string { return "strategy" }
