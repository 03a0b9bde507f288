package wire

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/pkg/trace"
)

// TestRoundTrip sends a trace with all that Jaeger's model can hold, and expects
// the JSON of each real Jaeger to decode to it, field by field, but for what
// asStored says.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, r := range jaegers.Releases() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			j := jaegers.Start(t, r)
			t.Run("udp", func(t *testing.T) {
				t.Parallel()
				sent := Sample(trace.TraceID{High: 0x1, Low: 0xa1})
				if err := SendUDP(t.Context(), j.AgentHostPort, sent); err != nil {
					t.Fatal(err)
				}
				// Its agent hands batches on to its collector in protobuf.
				compare(t, j, sent, "proto")
			})
			t.Run("http", func(t *testing.T) {
				t.Parallel()
				sent := Sample(trace.TraceID{Low: 0xa2})
				if err := SendHTTP(t.Context(), j.CollectorURL, sent); err != nil {
					t.Fatal(err)
				}
				compare(t, j, sent, "jaeger")
			})
		})
	}
}

// compare reads sent back from j. The format is what 1.62 notes of the way by
// which the spans came.
func compare(t *testing.T, j *jaegers.Instance, sent trace.Trace, format string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got, err := ReadTrace(ctx, j.QueryURL, sent.ID, len(sent.Spans))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got.Spans, func(a, b trace.Span) int { return cmp.Compare(a.SpanID, b.SpanID) })
	want := asStored(j.Release, sent, format)
	equalValues := gocmp.Comparer(func(a, b trace.Value) bool { return a == b })
	if diff := gocmp.Diff(want, got, equalValues); diff != "" {
		t.Errorf("trace that came back (-want +got):\n%s", diff)
	}
}

// asStored returns sent as release r is known to give it back. Both sort the tags
// of spans and processes by key. 1.62 adds a tag. 2.13 keeps spans in
// OpenTelemetry's model: it loses the flags, renames the host, adds a status
// beside an error, and takes a duration of zero for a negative one.
func asStored(r jaegers.Release, sent trace.Trace, format string) trace.Trace {
	out := trace.Trace{ID: sent.ID}
	for _, s := range sent.Spans {
		proc := &trace.Process{Service: s.Process.Service, Tags: slices.Clone(s.Process.Tags)}
		s.Process, s.Tags = proc, slices.Clone(s.Tags)
		switch r.Name {
		case "1.62":
			s.Tags = append(s.Tags, trace.Tag{Key: "internal.span.format", Value: trace.String(format)})
		case "2.13":
			s.Flags = 0
			if s.Failed() {
				s.Tags = append(s.Tags, trace.Tag{Key: "otel.status_code", Value: trace.String("ERROR")})
			}
			for i := range proc.Tags {
				if proc.Tags[i].Key == "hostname" {
					proc.Tags[i].Key = "host.name"
				}
			}
			if s.Duration == 0 {
				s.Warnings = []string{fmt.Sprintf("Negative duration detected, sanitizing end timestamp. "+
					"Original end timestamp: %s, adjusted to: %s", s.Start, s.Start.Add(time.Nanosecond))}
			}
		}
		byKey := func(a, b trace.Tag) int { return cmp.Compare(a.Key, b.Key) }
		slices.SortFunc(s.Tags, byKey)
		slices.SortFunc(proc.Tags, byKey)
		out.Spans = append(out.Spans, s)
	}
	return out
}
