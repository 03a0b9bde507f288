package integration

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// wantOutline is the trace of one call: the redirect is a hop of its own, and
// each hop has a span on both sides.
const wantOutline = `
otdemo-client: call
  otdemo-client: HTTP Client
    otdemo-client: HTTP GET
      otdemo-server: HTTP GET /
    otdemo-client: HTTP GET
      otdemo-server: HTTP GET /gettime
`

// TestSpansReachJaeger has serve, call and check-jaeger use each way to each
// Jaeger, and expects exactly the spans of the call in its storage.
func TestSpansReachJaeger(t *testing.T) {
	t.Parallel()
	for _, r := range jaegers.Releases() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			j := jaegers.Start(t, r)
			for way, flags := range ways(t, j) {
				t.Run(way, func(t *testing.T) {
					t.Parallel()
					id := serveAndCall(t, j, flags)
					stored(t, j, id)
					got := check(t, 0, append([]string{"--query-url", j.QueryURL}, flags...)...).Verdict
					if got.Answer != "yes" || got.Warnings != 0 {
						t.Errorf("check-jaeger's verdict: got %+v, want yes without warnings", got)
					}
				})
			}
		})
	}
}

// serveAndCall makes one call to a server of its own, checks what call prints,
// stops the server, and returns the id of the trace, whose spans are all sent.
func serveAndCall(t *testing.T, j *jaegers.Instance, flags []string) trace.TraceID {
	t.Helper()
	server, addrs := start(t, slices.Concat([]string{"serve", "--port", "0"}, flags)...)
	got := run(t, 0, slices.Concat(
		[]string{"call", "http://" + addrs["http"] + "/", "--show", "--query-url", j.QueryURL}, flags)...)
	if got.Stderr != "" {
		t.Errorf("call's stderr: got %q, want nothing", got.Stderr)
	}
	id := traceID(t, got.Stdout)
	for _, want := range []string{
		"Received result: The time is ",
		j.QueryURL + "/trace/" + id.String(),
		"HTTP GET /gettime",
	} {
		if !strings.Contains(got.Stdout, want) {
			t.Errorf("call's stdout lacks %q:\n%s", want, got.Stdout)
		}
	}
	if err := server.Stop(); err != nil {
		t.Errorf("stop of serve: got %v, want exit status 0", err)
	}
	return id
}

// stored expects the call's spans in j, those and no more, and no warning.
func stored(t *testing.T, j *jaegers.Instance, id trace.TraceID) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got, err := wire.ReadTrace(ctx, j.QueryURL, id, strings.Count(wantOutline, ": "))
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(wantOutline, outline(got)); diff != "" {
		t.Errorf("spans in jaeger (-want +got):\n%s", diff)
	}
	if got := warnings(got); len(got) > 0 {
		t.Errorf("jaeger warns of %q, want no warnings", got)
	}
}

// outline draws who called whom: a line a span, below its parent, in the order in
// which they started.
func outline(t trace.Trace) string {
	spans := slices.Clone(t.Spans)
	slices.SortFunc(spans, func(a, b trace.Span) int { return a.Start.Compare(b.Start) })
	var b strings.Builder
	b.WriteByte('\n')
	var draw func(parent trace.SpanID, indent string)
	draw = func(parent trace.SpanID, indent string) {
		for i := range spans {
			if s := &spans[i]; s.ParentID() == parent {
				b.WriteString(indent + s.Service() + ": " + s.Operation + "\n")
				draw(s.SpanID, indent+"  ")
			}
		}
	}
	draw(0, "")
	return b.String()
}

func warnings(t trace.Trace) []string {
	out := slices.Clone(t.Warnings)
	for i := range t.Spans {
		out = append(out, t.Spans[i].Warnings...)
	}
	return out
}
