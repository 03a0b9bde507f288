package comparison

import (
	"io"

	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/report"
	"github.com/otdemo/otdemo/pkg/trace"
)

type comparisonJSON struct {
	SchemaVersion int    `json:"schema_version"`
	URL           string `json:"url"`
	// OwnServer is true if the server ran in this process and used the same tracers as
	// the caller.
	OwnServer   bool                 `json:"own_server"`
	From        sideJSON             `json:"from"`
	To          sideJSON             `json:"to"`
	Spans       []rowJSON            `json:"spans"`
	Differences []compare.Difference `json:"differences"`
	// Unexpected counts the differences that are not ignored.
	Unexpected int `json:"unexpected"`
	// ServiceUnseen names the sides without a span of the called service, whose
	// differences are then unknown; "" if both have one.
	ServiceUnseen string `json:"service_unseen,omitempty"`
}

type sideJSON struct {
	Tracer   string            `json:"tracer"`
	TraceID  string            `json:"trace_id"`
	Link     string            `json:"link"`
	Spans    int               `json:"spans"`
	Services []string          `json:"services"`
	Traits   map[string]string `json:"traits"`
}

type rowJSON struct {
	Depth  int    `json:"depth"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Result string `json:"result"`
}

// WriteJSON writes c for programs.
func WriteJSON(w io.Writer, c *Comparison) error {
	out := comparisonJSON{
		SchemaVersion: 1,
		URL:           c.URL,
		OwnServer:     c.OwnServer,
		From:          newSideJSON(c.From, c.TraceURL),
		To:            newSideJSON(c.To, c.TraceURL),
		Spans:         []rowJSON{},
		Differences:   append([]compare.Difference{}, c.Differences...),
		Unexpected:    c.Unexpected(),
		ServiceUnseen: c.Unseen(),
	}
	for _, row := range c.Rows {
		line := rowJSON{Depth: row.Depth, Result: row.Result()}
		if row.From != nil {
			line.From = compare.Label(row.From)
		}
		if row.To != nil {
			line.To = compare.Label(row.To)
		}
		out.Spans = append(out.Spans, line)
	}
	return report.WriteJSON(w, out)
}

func newSideJSON(s compare.Side, traceURL func(trace.TraceID) string) sideJSON {
	traits := make(map[string]string, len(s.Traits))
	for _, t := range s.Traits {
		traits[t.ID] = t.Answer
	}
	return sideJSON{
		Tracer:   s.Tracer,
		TraceID:  s.Trace.ID.String(),
		Link:     traceURL(s.Trace.ID),
		Spans:    len(s.Trace.Spans),
		Services: s.Trace.Services(),
		Traits:   traits,
	}
}
