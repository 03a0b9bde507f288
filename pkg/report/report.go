// Package report is the parent of what shows results to people and to programs: one
// package for each kind of result, each writing to an io.Writer that it is given. None
// of them looks at the process: width, colour and character set of a terminal come as
// a value. Start at the package of the result: check, run, comparison or
// configuration; terminal has what they share on a terminal, and WriteJSON here what
// they share in JSON.
package report

import (
	"encoding/json"
	"io"

	"github.com/otdemo/otdemo/pkg/printable"
)

// WriteJSON writes v as indented JSON, for people and jq alike. Text of unknown origin
// is complete in it, and harmless to show.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(printable.JSONWriter(w))
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
