package store

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/otdemo/otdemo/pkg/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// epoch is when the spans of these tests begin.
func epoch() time.Time { return time.Unix(1_700_000_000, 0).UTC() }

func newProcess(service string) *trace.Process {
	return &trace.Process{Service: service, Tags: []trace.Tag{{Key: "host", Value: trace.String("h")}}}
}

// span returns span n of a trace, n microseconds after the epoch.
func span(traceID uint64, n int, p *trace.Process) trace.Span {
	return trace.Span{
		TraceID: trace.TraceID{Low: traceID}, SpanID: trace.SpanID(n + 1), Operation: "op",
		Start: epoch().Add(time.Duration(n) * time.Microsecond), Duration: time.Millisecond, Process: p,
	}
}

// full returns a span as nethttp makes it: strings of its own, six tags, two logs.
func full(traceID uint64, n int, p *trace.Process) trace.Span {
	s := span(traceID, n, p)
	s.Operation = fmt.Sprintf("HTTP GET: /route/%d", n%10)
	s.References = []trace.Reference{{TraceID: s.TraceID, SpanID: 1}}
	s.Tags = make([]trace.Tag, 6)
	for i := range s.Tags {
		s.Tags[i].Key = fmt.Sprintf("http.tag.%d", i)
		s.Tags[i].Value = trace.String(fmt.Sprintf("http://localhost:8000/%d/%d/%d", traceID, n, i))
	}
	s.Logs = make([]trace.Log, 2)
	for i := range s.Logs {
		s.Logs[i] = trace.Log{Time: s.Start, Fields: []trace.Tag{{Key: fmt.Sprintf("event%d", i), Value: trace.Int64(int64(n))}}}
	}
	return s
}
