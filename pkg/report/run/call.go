package run

import (
	"fmt"
	"io"
	"strings"

	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/load"
	"github.com/otdemo/otdemo/pkg/load/ledger"
	"github.com/otdemo/otdemo/pkg/printable"
	"github.com/otdemo/otdemo/pkg/report"
	"github.com/otdemo/otdemo/pkg/trace"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// Call is the result of one traced call.
type Call struct {
	load.Result
	// Response is the response, empty if the call failed.
	Response client.Result
	// Link is the URL of the trace's page.
	Link  string
	Spans tracer.Stats
	// Ledger is nil without --verify.
	Ledger *ledger.Ledger
}

// WriteCallText writes the response, the trace id and the link to the trace, for people.
func WriteCallText(w io.Writer, c *Call) error {
	var b strings.Builder
	if c.Kind == "" {
		fmt.Fprintf(&b, "Received result: %s\n", printable.Text(strings.TrimSpace(string(c.Response.Body))))
	}
	switch {
	case c.TraceID.IsZero():
		fmt.Fprintln(&b, "trace: none, the tracer makes no spans")
	case !c.Sampled:
		fmt.Fprintf(&b, "trace: %s (not sampled, so no span is sent)\n", c.TraceID)
	default:
		fmt.Fprintf(&b, "trace: %s\n", c.TraceID)
		fmt.Fprintf(&b, "link:  %s\n", c.Link)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteCallJSON writes c for programs; docs/call.md has its fields.
func WriteCallJSON(w io.Writer, c *Call) error {
	out := struct {
		SchemaVersion int            `json:"schema_version"`
		URL           string         `json:"url,omitempty"`
		Status        int            `json:"status,omitempty"`
		Result        string         `json:"result,omitempty"`
		Error         string         `json:"error,omitempty"`
		Hops          int            `json:"hops"`
		ElapsedMS     float64        `json:"elapsed_ms"`
		TraceID       trace.TraceID  `json:"trace_id,omitzero"`
		Sampled       bool           `json:"sampled"`
		Link          string         `json:"link,omitempty"`
		Spans         tracer.Stats   `json:"spans"`
		Ledger        *ledger.Ledger `json:"ledger,omitempty"`
	}{
		SchemaVersion: 1,
		URL:           c.Response.URL,
		Status:        c.Response.Status,
		Result:        string(c.Response.Body),
		Error:         c.Err,
		Hops:          c.Response.Hops,
		ElapsedMS:     float64(c.Response.Elapsed.Microseconds()) / 1000,
		TraceID:       c.TraceID,
		Sampled:       c.Sampled,
		Spans:         c.Spans,
		Ledger:        c.Ledger,
	}
	if c.Sampled {
		out.Link = c.Link
	}
	return report.WriteJSON(w, out)
}
