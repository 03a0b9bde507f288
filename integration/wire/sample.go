package wire

import (
	"time"

	"github.com/otdemo/otdemo/pkg/trace"
)

// Sample returns a trace of two services with all that Jaeger's model can hold.
// Its spans stand in the order of their ids.
func Sample(id trace.TraceID) trace.Trace {
	start := time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)
	front := &trace.Process{Service: "shop-front", Tags: []trace.Tag{
		{Key: "hostname", Value: trace.String("höst-1")},
		{Key: "replicas", Value: trace.Int64(3)},
	}}
	back := &trace.Process{Service: "shop-back"}
	parent := trace.Reference{Type: trace.ChildOf, TraceID: id, SpanID: 1}
	return trace.Trace{ID: id, Spans: []trace.Span{
		{
			TraceID: id, SpanID: 1, Operation: "GET /basket", Flags: 1, Process: front,
			Start: start, Duration: 50 * time.Millisecond,
			Tags: []trace.Tag{
				{Key: "span.kind", Value: trace.String("server")},
				{Key: "text", Value: trace.String("żółć \"quoted\" \n line")},
				{Key: "empty", Value: trace.String("")},
				{Key: "yes", Value: trace.Bool(true)},
				{Key: "no", Value: trace.Bool(false)},
				{Key: "http.status_code", Value: trace.Int64(200)},
				{Key: "beyond_javascript", Value: trace.Int64(1<<53 + 1)},
				{Key: "negative", Value: trace.Int64(-1)},
				{Key: "ratio", Value: trace.Float64(0.1)},
				{Key: "bytes", Value: trace.Binary([]byte{0, 1, 0xff})},
			},
			Logs: []trace.Log{{
				Time: start.Add(3 * time.Microsecond),
				Fields: []trace.Tag{
					{Key: "event", Value: trace.String("cache miss")},
					{Key: "key", Value: trace.String("basket:7")},
					{Key: "size", Value: trace.Int64(12)},
				},
			}},
		},
		{
			TraceID: id, SpanID: 2, Operation: "load basket", Flags: 1, Process: back,
			References: []trace.Reference{parent},
			Start:      start.Add(time.Millisecond), Duration: 7 * time.Microsecond,
			Tags: []trace.Tag{{Key: "error", Value: trace.Bool(true)}},
		},
		{
			TraceID: id, SpanID: 3, Operation: "refresh cache", Flags: 3, Process: back,
			References: []trace.Reference{
				parent,
				{Type: trace.FollowsFrom, TraceID: id, SpanID: 2},
			},
			Start: start.Add(2 * time.Millisecond), Duration: 0,
		},
	}}
}
