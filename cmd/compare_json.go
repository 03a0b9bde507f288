package cmd

import (
	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/query"
)

// compareJSON is the report for programs.
type compareJSON struct {
	SchemaVersion int    `json:"schema_version"`
	URL           string `json:"url"`
	// OwnServer says that the server was in this process and changed its tracer,
	// too.
	OwnServer   bool                 `json:"own_server"`
	From        compareSideJSON      `json:"from"`
	To          compareSideJSON      `json:"to"`
	Spans       []compareRowJSON     `json:"spans"`
	Differences []compare.Difference `json:"differences"`
	// Unexpected counts the differences that are not ignored.
	Unexpected int `json:"unexpected"`
	// ServiceUnseen says on which sides no span of the called service was seen, so
	// that the differences do not tell about it; "" when it was seen on both.
	ServiceUnseen string `json:"service_unseen,omitempty"`
}

type compareSideJSON struct {
	Tracer   string            `json:"tracer"`
	TraceID  string            `json:"trace_id"`
	Link     string            `json:"link"`
	Spans    int               `json:"spans"`
	Services []string          `json:"services"`
	Traits   map[string]string `json:"traits"`
}

type compareRowJSON struct {
	Depth  int    `json:"depth"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Result string `json:"result"`
}

func newCompareJSON(r *compare.Report, url string, own bool, reader *query.Client) compareJSON {
	out := compareJSON{
		SchemaVersion: 1,
		URL:           url,
		OwnServer:     own,
		From:          newCompareSideJSON(r.From, reader),
		To:            newCompareSideJSON(r.To, reader),
		Spans:         []compareRowJSON{},
		Differences:   append([]compare.Difference{}, r.Differences...),
		Unexpected:    r.Unexpected(),
		ServiceUnseen: r.Unseen(),
	}
	for _, row := range r.Rows {
		line := compareRowJSON{Depth: row.Depth, Result: row.Result()}
		if row.From != nil {
			line.From = compare.Label(row.From)
		}
		if row.To != nil {
			line.To = compare.Label(row.To)
		}
		out.Spans = append(out.Spans, line)
	}
	return out
}

func newCompareSideJSON(s compare.Side, reader *query.Client) compareSideJSON {
	traits := make(map[string]string, len(s.Traits))
	for _, t := range s.Traits {
		traits[t.ID] = t.Answer
	}
	return compareSideJSON{
		Tracer:   s.Tracer,
		TraceID:  s.Trace.ID.String(),
		Link:     reader.TraceURL(s.Trace.ID),
		Spans:    len(s.Trace.Spans),
		Services: s.Trace.Services(),
		Traits:   traits,
	}
}
