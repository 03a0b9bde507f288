package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/printable"
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
		GroupID: groupServing,
		Args:    maxArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := a.load(cmd)
			if err != nil {
				return err
			}
			a.warn(loaded.Warnings)
			if output.String() == "json" {
				return writeConfigJSON(a.env.Stdout, loaded)
			}
			return writeConfigText(a.env.Stdout, loaded)
		},
	}
	addTracerFlags(cmd.Flags())
	cmd.Flags().VarP(&output, "output", "o", "print as `form` text or json")
	return cmd
}

func writeConfigText(w io.Writer, loaded *config.Loaded) error {
	if loaded.File == "" {
		fmt.Fprintln(w, "# no configuration file")
	} else {
		fmt.Fprintf(w, "# configuration file: %s\n", printable.Line(loaded.File))
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range loaded.Values {
		text := v.Text
		if text == "" {
			text = `""`
		}
		origin := v.Origin.String()
		if v.Note != "" {
			origin += "; " + v.Note
		}
		fmt.Fprintf(table, "%s\t%s\t# %s\n", v.Key, printable.Line(text), printable.Line(origin))
	}
	return table.Flush()
}

func writeConfigJSON(w io.Writer, loaded *config.Loaded) error {
	type value struct {
		Key    string `json:"key"`
		Value  string `json:"value"`
		Layer  string `json:"layer"`
		Origin string `json:"origin,omitempty"`
		Note   string `json:"note,omitempty"`
		Secret bool   `json:"secret,omitempty"`
	}
	out := struct {
		SchemaVersion int      `json:"schema_version"`
		File          string   `json:"file,omitempty"`
		Values        []value  `json:"values"`
		Warnings      []string `json:"warnings,omitempty"`
	}{SchemaVersion: 1, File: loaded.File}
	for _, v := range loaded.Values {
		out.Values = append(out.Values, value{
			Key: v.Key, Value: v.Text, Layer: v.Origin.Layer.String(), Origin: v.Origin.Detail,
			Note: v.Note, Secret: v.Secret,
		})
	}
	for _, warning := range loaded.Warnings {
		out.Warnings = append(out.Warnings, warning.Text)
	}
	return writeJSON(w, out)
}

// writeJSON writes v as indented JSON, for people and jq alike. What strangers sent
// is whole in it, and harmless to show.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(printable.JSONWriter(w))
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
