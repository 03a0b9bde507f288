package run

import (
	"io"

	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/report"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// WriteJSON writes r for programs; docs/call.md has its fields.
func WriteJSON(w io.Writer, r *Report) error {
	links := make(map[string]string)
	for _, s := range r.slowest() {
		if s.Link != "" {
			links[s.TraceID] = s.Link
		}
	}
	return report.WriteJSON(w, struct {
		SchemaVersion int               `json:"schema_version"`
		Run           load.RunInfo      `json:"run"`
		Outcome       load.Outcome      `json:"outcome"`
		Incomplete    string            `json:"incomplete,omitempty"`
		Report        load.Report       `json:"report"`
		Links         map[string]string `json:"links,omitempty"`
		Spans         *tracer.Stats     `json:"spans,omitempty"`
		Ledger        *ledger.Ledger    `json:"ledger,omitempty"`
	}{
		SchemaVersion: 1,
		Run:           r.Run,
		Outcome:       r.Outcome,
		Incomplete:    r.Cut,
		Report:        r.Calls,
		Links:         links,
		Spans:         r.Client,
		Ledger:        r.Ledger,
	})
}
