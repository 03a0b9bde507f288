// Package report is the parent of the packages that format results for people and for
// programs, one for each kind of result. Each writes to an io.Writer and does not depend
// on the process: width, colour and character set of the terminal are arguments. Start
// at the package of the result: check, run, waterfall, comparison or configuration. They share
// package terminal, and WriteJSON here.
package report

import (
	"encoding/json"
	"io"

	"github.com/otdemo/otdemo/pkg/printable"
)

// WriteJSON writes v as indented JSON. Untrusted text is complete in it, and escaped so
// that it is harmless on a terminal.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(printable.JSONWriter(w))
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
