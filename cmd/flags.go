package cmd

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/config"
)

// textFlag is a pflag.Value: a text that check accepts.
type textFlag struct {
	text  string // as it was given, or the default
	kind  string // the name of the value, which the help shows if the usage has none
	check func(string) error
}

func (f *textFlag) String() string { return f.text }
func (f *textFlag) Type() string   { return f.kind }

func (f *textFlag) Set(text string) error {
	if err := f.check(text); err != nil {
		return err
	}
	f.text = text
	return nil
}

// newEnumFlag returns a flag whose value is one of a few words; the first is the
// default.
func newEnumFlag(words ...string) textFlag {
	return textFlag{text: words[0], kind: "word", check: func(text string) error {
		if last := len(words) - 1; !slices.Contains(words, text) {
			return fmt.Errorf("must be %s or %s", strings.Join(words[:last], ", "), words[last])
		}
		return nil
	}}
}

// parseSize parses a size such as 64MiB, 1GB or 4096B; the unit is required.
func parseSize(text string) (int64, error) {
	digits := strings.TrimRight(text, "BikKMG")
	factor := map[string]int64{
		"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
	}[text[len(digits):]]
	n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	if err != nil || factor == 0 || n <= 0 || n > (1<<62)/factor {
		return 0, errors.New("must be a size with a unit, such as 64MiB or 1GB")
	}
	return n * factor, nil
}

// formatSize returns a size in the largest binary unit that divides it.
func formatSize(n int64) string {
	for _, unit := range []string{"B", "KiB", "MiB"} {
		if n%1024 != 0 || n == 0 {
			return strconv.FormatInt(n, 10) + unit
		}
		n /= 1024
	}
	return strconv.FormatInt(n, 10) + "GiB"
}

// keyFlag is a flag that overrides one configuration key. It accepts any text:
// package config validates it like the file and the environment, so that the errors
// are the same everywhere.
type keyFlag struct {
	textFlag
	key string
}

// addKeyFlag registers a flag for a configuration key. Its help is the key's doc line
// and environment variables.
func addKeyFlag(flags *pflag.FlagSet, name, key, kind string) {
	k, _ := config.Lookup(key)
	anyText := func(string) error { return nil }
	flags.Var(&keyFlag{textFlag{k.Default, kind, anyText}, key}, name,
		k.Doc+" ["+strings.Join(slices.Concat([]string{k.Otdemo}, k.Jaeger, k.OTel), ", ")+"]")
}

func addTracerFlags(flags *pflag.FlagSet) {
	flags.String(configFlag, "", "read the configuration from `file` (default ./config.yaml, else otdemo/config.yaml in the user's configuration directory)")
	addKeyFlag(flags, "service", "service", "name")
	addKeyFlag(flags, "tracer", "tracer", "name")
	addKeyFlag(flags, "sampler-type", "sampler.type", "type")
	addKeyFlag(flags, "sampler-param", "sampler.param", "number")
	addKeyFlag(flags, "sampling-url", "sampler.endpoint", "url")
	addKeyFlag(flags, "agent-host", "reporter.agent.host", "host")
	addKeyFlag(flags, "agent-port", "reporter.agent.port", "port")
	addKeyFlag(flags, "collector-endpoint", "reporter.collector.endpoint", "url")
	addKeyFlag(flags, "propagation", "propagation", "formats")
	addKeyFlag(flags, "query-url", "query.url", "url")
}

const configFlag = "config"

func keyFlags(flags *pflag.FlagSet) []config.Flag {
	var given []config.Flag
	flags.Visit(func(f *pflag.Flag) {
		if kf, ok := f.Value.(*keyFlag); ok {
			given = append(given, config.Flag{Name: "--" + f.Name, Key: kf.key, Value: kf.text})
		}
	})
	return given
}
