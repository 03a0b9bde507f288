package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// v3Traces is the part of an answer of /api/v3/traces that Search reads: OTLP's
// TracesData in JSON, inside the "result" of grpc-gateway
// (cmd/query/app/apiv3/http_gateway.go in Jaeger 1.76, which is 2.13).
type v3Traces struct {
	Result *struct {
		ResourceSpans []struct {
			Resource struct {
				Attributes []struct {
					Key   string `json:"key"`
					Value struct {
						String string `json:"stringValue"`
					} `json:"value"`
				} `json:"attributes"`
			} `json:"resource"`
			ScopeSpans []struct {
				Spans []v3Span `json:"spans"`
			} `json:"scopeSpans"`
		} `json:"resourceSpans"`
	} `json:"result"`
}

type v3Span struct {
	TraceID  trace.TraceID `json:"traceId"`
	SpanID   trace.SpanID  `json:"spanId"`
	ParentID string        `json:"parentSpanId"`
	Name     string        `json:"name"`
	// Kind is a number, or in the other form of OTLP's JSON a name.
	Kind json.RawMessage `json:"kind"`
	// Nanoseconds since 1970 as decimal text, as JSON has no 64-bit integers.
	Start string `json:"startTimeUnixNano"`
	End   string `json:"endTimeUnixNano"`
}

// decodeV3 returns the traces in the order of their first spans.
func decodeV3(r io.Reader) ([]trace.Trace, error) {
	var answer v3Traces
	if err := json.NewDecoder(r).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.Result == nil {
		return nil, errors.New(`it has no "result"`)
	}
	var traces []trace.Trace
	index := make(map[trace.TraceID]int)
	for _, resource := range answer.Result.ResourceSpans {
		process := &trace.Process{}
		for _, a := range resource.Resource.Attributes {
			if a.Key == "service.name" {
				process.Service = a.Value.String
			}
		}
		for _, scope := range resource.ScopeSpans {
			for i := range scope.Spans {
				span, err := scope.Spans[i].span(process)
				if err != nil {
					return nil, err
				}
				at, known := index[span.TraceID]
				if !known {
					at = len(traces)
					index[span.TraceID] = at
					traces = append(traces, trace.Trace{ID: span.TraceID})
				}
				traces[at].Spans = append(traces[at].Spans, span)
			}
		}
	}
	return traces, nil
}

func (s *v3Span) span(process *trace.Process) (trace.Span, error) {
	start, err := strconv.ParseInt(s.Start, 10, 64)
	if err != nil {
		return trace.Span{}, fmt.Errorf("span %s starts at %q", s.SpanID, s.Start)
	}
	end, err := strconv.ParseInt(s.End, 10, 64)
	if err != nil {
		return trace.Span{}, fmt.Errorf("span %s ends at %q", s.SpanID, s.End)
	}
	span := trace.Span{
		TraceID: s.TraceID, SpanID: s.SpanID, Operation: s.Name, Process: process,
		Start: time.Unix(0, start), Duration: time.Duration(end - start),
	}
	if kind := s.kind(); kind != "" {
		span.Tags = []trace.Tag{{Key: "span.kind", Value: trace.String(kind)}}
	}
	if s.ParentID != "" {
		parent, err := trace.ParseSpanID(s.ParentID)
		if err != nil {
			return trace.Span{}, fmt.Errorf("span %s has the parent %q", s.SpanID, s.ParentID)
		}
		span.References = []trace.Reference{{Type: trace.ChildOf, TraceID: s.TraceID, SpanID: parent}}
	}
	return span, nil
}

// kind returns OpenTracing's name of OTLP's kind, "" for none
// (opentelemetry/proto/trace/v1/trace.proto).
func (s *v3Span) kind() string {
	switch string(s.Kind) {
	case "2", `"SPAN_KIND_SERVER"`:
		return "server"
	case "3", `"SPAN_KIND_CLIENT"`:
		return "client"
	case "4", `"SPAN_KIND_PRODUCER"`:
		return "producer"
	case "5", `"SPAN_KIND_CONSUMER"`:
		return "consumer"
	}
	return ""
}
