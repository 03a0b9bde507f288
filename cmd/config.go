package cmd

import (
	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/report/configuration"
)

func newConfig(a *app) *cobra.Command {
	output := newEnumFlag("text", "json")
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the effective configuration and the origin of each value",
		Long: `Show each configuration key with its effective value and the origin of the value:
a default, a line of the file, an environment variable or a flag. Passwords are
hidden.

From lowest to highest precedence: defaults, the file, JAEGER_* variables, OTEL_*
variables (tracer otel only), OTDEMO_* variables, flags. docs/configuration.md
describes every key.
` + exitCodesHelp(exitWriteFailed, "3"),
		Example: `  otdemo config
  otdemo config --sampler-type probabilistic --sampler-param 0.1
  JAEGER_AGENT_HOST=jaeger otdemo config -o json
  OTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:4318 otdemo config --tracer otel`,
		GroupID: groupOther,
		Args:    maxArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := a.load(cmd)
			if err != nil {
				return err
			}
			a.warnAll(loaded.Warnings)
			if output.text == "json" {
				return configuration.WriteJSON(a.env.Stdout, loaded)
			}
			return configuration.WriteText(a.env.Stdout, loaded)
		},
	}
	addTracerFlags(cmd.Flags())
	cmd.Flags().VarP(&output, "output", "o", "output `format`: text or json")
	return cmd
}

// load reads the configuration for cmd; extra overrides are added to its flags. It does
// not print warnings.
func (a *app) load(cmd *cobra.Command, extra ...config.Flag) (*config.Loaded, error) {
	return loadSource(a.source(cmd, extra...))
}

func loadSource(src config.Source) (*config.Loaded, error) {
	loaded, err := config.Load(src)
	if err != nil {
		return nil, usageError(err)
	}
	return loaded, nil
}

func (a *app) source(cmd *cobra.Command, extra ...config.Flag) config.Source {
	return config.Source{
		Dir:     a.env.Dir,
		UserDir: a.env.UserConfigDir,
		File:    cmd.Flag(configFlag).Value.String(),
		Environ: a.env.Environ,
		Flags:   append(keyFlags(cmd.Flags()), extra...),
	}
}

// urlFlag returns the override that the argument of a command with an optional URL is.
func urlFlag(args []string) []config.Flag {
	if len(args) == 0 {
		return nil
	}
	return []config.Flag{{Name: "URL", Key: "call.url", Value: args[0]}}
}
