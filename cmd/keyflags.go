package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otdemo/otdemo/pkg/config"
)

// keyFlag is a flag that overrides one configuration key. It accepts any text:
// package config validates it like the file and the environment, so that the errors
// are the same everywhere.
type keyFlag struct {
	key, kind, text string
}

var _ pflag.Value = (*keyFlag)(nil)

// String returns the text given, or the key's default.
func (f *keyFlag) String() string { return f.text }

// Type returns the name of the value in help.
func (f *keyFlag) Type() string { return f.kind }

// Set stores the text.
func (f *keyFlag) Set(text string) error {
	f.text = text
	return nil
}

// addKeyFlag registers a flag for a configuration key. Its help is the key's doc line
// and environment variables.
func addKeyFlag(flags *pflag.FlagSet, name, key, kind string) {
	usage := ""
	value := &keyFlag{key: key, kind: kind}
	if k, ok := config.Lookup(key); ok {
		value.text = k.Default
		usage = k.Doc + " [" + strings.Join(slices.Concat([]string{k.Otdemo}, k.Jaeger, k.OTel), ", ") + "]"
	}
	flags.Var(value, name, usage)
}

// addTracerFlags registers the flags that every command with a tracer shares.
func addTracerFlags(flags *pflag.FlagSet) {
	addConfigFlag(flags)
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

func addConfigFlag(flags *pflag.FlagSet) {
	flags.String(configFlag, "", "read the configuration from `file` (default ./config.yaml, else otdemo/config.yaml in the user's configuration directory)")
}

// load reads the configuration for cmd: defaults, file, environment and the
// flags of cmd that were given; extra overrides are added to the flags. Its error
// has the exit code of invalid configuration. It does not print warnings.
func (a *app) load(cmd *cobra.Command, extra ...config.Flag) (*config.Loaded, error) {
	src, err := a.source(cmd, extra...)
	if err != nil {
		return nil, err
	}
	return loadSource(src)
}

func loadSource(src config.Source) (*config.Loaded, error) {
	loaded, err := config.Load(src)
	if err != nil {
		return nil, usageError(err)
	}
	return loaded, nil
}

// source returns the sources of the configuration of cmd.
func (a *app) source(cmd *cobra.Command, extra ...config.Flag) (config.Source, error) {
	file, err := cmd.Flags().GetString(configFlag)
	if err != nil {
		return config.Source{}, err
	}
	src := config.Source{
		Dir:     a.env.Dir,
		UserDir: a.env.UserConfigDir,
		File:    file,
		Environ: a.env.Environ,
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if kf, ok := f.Value.(*keyFlag); ok {
			src.Flags = append(src.Flags, config.Flag{Name: "--" + f.Name, Key: kf.key, Value: kf.text})
		}
	})
	src.Flags = append(src.Flags, extra...)
	return src, nil
}

// warn prints the warnings of a configuration.
func (a *app) warn(warnings []config.Warning) {
	for _, w := range warnings {
		printLine(a.env.Stderr, "warning", w.Text)
		printHint(a.env.Stderr, w.Hint)
	}
}
