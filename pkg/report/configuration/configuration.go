// Package configuration writes the effective configuration with the origin of each
// value, as "otdemo config" shows it. Secrets are hidden already. Start at WriteText.
package configuration

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/report"
)

// WriteText writes one line per key: key, value and origin.
func WriteText(w io.Writer, loaded *config.Loaded) error {
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

// WriteJSON writes the same for programs, with the warnings.
func WriteJSON(w io.Writer, loaded *config.Loaded) error {
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
	return report.WriteJSON(w, out)
}
