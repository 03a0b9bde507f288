package check

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/otdemo/otdemo/pkg/doctor"
	"github.com/otdemo/otdemo/pkg/report"
)

// WriteJSON writes r as docs/check-jaeger.schema.json describes it.
func WriteJSON(w io.Writer, r doctor.Report) error { return report.WriteJSON(w, r) }

// WriteProbes writes a table of probes: id, hop and claim.
func WriteProbes(w io.Writer, probes []doctor.Probe) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range probes {
		fmt.Fprintf(table, "%s\t%s\t%s\n", p.ID, p.Hop, p.Title)
	}
	return table.Flush()
}

// Waiting returns the status line of a check that is repeated: the time left, and why v
// does not end it.
func Waiting(left time.Duration, v doctor.Verdict) string {
	reason := "nothing is proven yet"
	if v.FirstBrokenHop != doctor.HopNone {
		reason = "first broken hop: " + v.FirstBrokenHop.String()
	}
	return fmt.Sprintf("waiting, %s left (%s)", left.Round(time.Second), reason)
}
