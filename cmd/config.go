package cmd

import (
	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/report/configuration"
)

func newConfig(a *app) *cobra.Command {
	output := newEnumFlag("text", "json")
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the effective configuration and where each value comes from",
		Long: `Show every configuration key with its effective value and where that came from:
a default, a line of the file, a variable or a flag. Passwords are hidden.

Defaults are overridden by the file, that by JAEGER_* variables, those by
OTEL_* variables where the tracer is otel, those by OTDEMO_* variables, and
those by flags. docs/configuration.md has every key.
` + exitCodesHelp(),
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
			a.warn(loaded.Warnings)
			if output.String() == "json" {
				return configuration.WriteJSON(a.env.Stdout, loaded)
			}
			return configuration.WriteText(a.env.Stdout, loaded)
		},
	}
	addTracerFlags(cmd.Flags())
	cmd.Flags().VarP(&output, "output", "o", "print as `form` text or json")
	return cmd
}
