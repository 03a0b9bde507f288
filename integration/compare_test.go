package integration

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// always is a window of time with all spans that the test sends.
const (
	always   = "start=1&end=1900000000000000"
	alwaysV3 = "query.start_time_min=2020-01-01T00:00:00Z&query.start_time_max=2030-01-01T00:00:00Z&query.num_traces=100"
)

// comparedPaths are asked of the embedded Jaeger and of a real one.
func comparedPaths(r jaegers.Release) []string {
	paths := comparedPathsV1()
	paths = append(paths, comparedPathsV3()...)
	if r.Name == "1.62" { // API v3 adjusts nothing, whatever it is asked
		for i, path := range paths {
			if traces, query, _ := strings.Cut(path, "?"); strings.HasPrefix(traces, "/api/v3/traces") {
				paths[i] = traces + "?query.raw_traces=true&raw_traces=true&" + query
			}
		}
		paths = append(paths,
			"/api/traces/300000000000000a2?raw=true", // 2.13 adjusts what it stores
			// 2.13 finds neither bytes nor events.
			"/api/traces?service=front&tag=raw:00ff01&"+always,
			"/api/traces?service=front&tag=event:boom&"+always)
	}
	return paths
}

func comparedPathsV1() []string {
	return []string{
		"/api/services",
		"/api/services/front/operations",
		"/api/services/nope/operations",
		"/api/operations",
		"/api/operations?service=front",
		"/api/operations?service=front&spanKind=client",
		"/api/operations?service=front&spanKind=odd",
		"/api/operations?service=nope",
		"/api/traces/a1",
		"/api/traces/00000000000000000000000000000A1",
		"/api/traces/300000000000000a2",
		"/api/traces/a2",
		"/api/traces/a3",
		"/api/traces/a4",
		"/api/traces/a5",
		"/api/traces/0",
		"/api/traces/zz",
		"/api/traces/" + strings.Repeat("1", 34),
		"/api/traces",
		"/api/traces?service=nope&" + always,
		"/api/traces?service=front&" + always,
		"/api/traces?service=front&operation=nope&" + always,
		"/api/traces?service=front&operation=get&" + always,
		"/api/traces?service=front&minDuration=3ms&" + always,
		"/api/traces?service=front&maxDuration=1ms&" + always,
		"/api/traces?service=front&minDuration=1ms&maxDuration=10ms&" + always,
		"/api/traces?service=front&tag=code:500&" + always,
		"/api/traces?service=front&tag=code:501&" + always,
		"/api/traces?service=front&tag=flag:true&tag=code:500&" + always,
		"/api/traces?service=front&tag=ratio:0.25&" + always,
		"/api/traces?service=front&tags=%7B%22code%22%3A%22500%22%7D&" + always,
		"/api/traces?service=front&start=1790000000500000&end=1900000000000000",
		"/api/traces?service=front&start=1&end=1790000000500000",
		"/api/traces?service=front&lookback=1h&limit=2&" + always,
		"/api/traces?traceID=a1&traceID=300000000000000a2",
		"/api/traces?traceID=a1&traceID=5",
		"/api/traces?traceID=zz",
		"/api/traces?service=x&limit=x",
		"/api/traces?service=x&start=x",
		"/api/traces?service=x&end=x",
		"/api/traces?service=x&minDuration=5",
		"/api/traces?service=x&maxDuration=5",
		"/api/traces?service=x&minDuration=5s&maxDuration=1s",
		"/api/traces?service=x&tag=a",
		"/api/traces?service=x&tags=%7B",
		"/api/traces?service=x&tags=%7B%22a%22%3A1%7D",
		"/api/dependencies",
		"/api/dependencies?endTs=1790000100000&lookback=604800000",
		"/api/dependencies?endTs=1790000100000&lookback=604800000&service=back",
		"/api/dependencies?endTs=1&lookback=1",
		"/api/dependencies?endTs=x",
		"/api/dependencies?lookback=1h",
		"/api/metrics/latencies",
		"/api/metrics/latencies?service=a&quantile=0.95",
		"/api/metrics/calls",
		"/api/metrics/calls?service=a&spanKind=odd",
		"/api/metrics/calls?service=a&groupByOperation=odd",
		"/api/metrics/errors?service=a",
		"/api/metrics/errors?service=a&step=1s",
		"/api/metrics/minstep",
	}
}

func comparedPathsV3() []string {
	return []string{
		"/api/v3/services",
		"/api/v3/operations",
		"/api/v3/operations?service=front",
		"/api/v3/operations?service=front&span_kind=client",
		"/api/v3/traces",
		"/api/v3/traces/zz",
		"/api/v3/traces?" + alwaysV3 + "&query.service_name=front",
		"/api/v3/traces?" + alwaysV3 + "&query.service_name=front&query.operation_name=get&query.duration_min=1ms",
		"/api/v3/traces?" + alwaysV3 + "&query.duration_min=5",
		"/api/v3/traces?" + alwaysV3 + "&query.duration_max=x",
		"/api/v3/traces?query.start_time_min=x&query.start_time_max=x",
		"/api/v3/traces?query.start_time_min=2020-01-01T00:00:00Z&query.start_time_max=x",
		"/api/v3/traces?query.start_time_min=2020-01-01T00:00:00Z&query.start_time_max=2030-01-01T00:00:00Z&query.num_traces=x",
		"/api/v3/traces/a1",
		"/api/v3/traces/300000000000000a2",
		"/api/v3/traces/a3",
		"/api/v3/traces/a4",
		"/api/v3/traces/a5",
	}
}

// TestAllInOneAnswersLikeRealJaegers sends the same spans to the embedded Jaeger
// and to each real one, asks all of them the same, and expects the same status,
// content type and JSON, but for what docs/all-in-one.md says.
func TestAllInOneAnswersLikeRealJaegers(t *testing.T) {
	t.Parallel()
	_, addrs := start(t, "all-in-one", "--free-ports")
	own := "http://" + addrs["query"]
	store(t, addrs["agent-compact"], own)
	for _, r := range jaegers.Releases() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			jaeger := jaegers.Start(t, r)
			store(t, jaeger.AgentHostPort, jaeger.QueryURL)
			allowed := differencesFrom(r)
			for _, path := range comparedPaths(r) {
				t.Run(path, func(t *testing.T) {
					t.Parallel()
					want, got := ask(t, jaeger.QueryURL+path), ask(t, own+path)
					allowed.apply(path, &want, &got)
					if diff := gocmp.Diff(want, got); diff != "" {
						t.Errorf("answer (-jaeger +all-in-one):\n%s", diff)
					}
				})
			}
		})
	}
}

// store sends the spans to be compared over UDP and waits until all can be read.
func store(t *testing.T, agent, queryURL string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, sent := range comparedTraces() {
		if err := wire.SendUDP(ctx, agent, sent); err != nil {
			t.Fatal(err)
		}
		ids := make(map[trace.SpanID]bool) // a span sent again may be dropped
		for i := range sent.Spans {
			ids[sent.Spans[i].SpanID] = true
		}
		if _, err := wire.ReadTrace(ctx, queryURL, sent.ID, len(ids)); err != nil {
			t.Fatal(err)
		}
	}
}

// reply is what a Jaeger answered.
type reply struct {
	Status      int
	ContentType string
	// Body is decoded, and in an order of its own.
	Body any
}

func ask(t *testing.T, url string) reply {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer := reply{Status: resp.StatusCode, ContentType: resp.Header.Get("Content-Type")}
	if err := json.Unmarshal(body, &answer.Body); err != nil {
		t.Fatalf("%s answered %d with no JSON: %v\n%s", url, resp.StatusCode, err, body)
	}
	answer.Body = ordered(answer.Body)
	return answer
}

// comparedTraces returns traces with all that a Jaeger looks at before it answers.
func comparedTraces() []trace.Trace {
	front := &trace.Process{Service: "front", Tags: []trace.Tag{
		{Key: "ip", Value: trace.String("10.0.0.1")}, {Key: "zone", Value: trace.String("a")},
	}}
	back := &trace.Process{Service: "back", Tags: []trace.Tag{{Key: "ip", Value: trace.Int64(10<<24 | 2)}}}
	plain := trace.Trace{ID: trace.TraceID{Low: 0xa1}, Spans: []trace.Span{
		at(1, 0, "get", 0, 5000, front, kind("client"),
			trace.Tag{Key: "code", Value: trace.Int64(500)}, trace.Tag{Key: "flag", Value: trace.Bool(true)},
			trace.Tag{Key: "raw", Value: trace.Binary([]byte{0, 255, 1})}, trace.Tag{Key: "ratio", Value: trace.Float64(0.25)}),
		at(2, 1, "serve", 1000, 2000, back, kind("server"), trace.Tag{Key: "peer.ipv4", Value: trace.Int64(10<<24 | 1)}),
		at(3, 2, "query", 1500, 200, back, trace.Tag{Key: "error", Value: trace.Bool(true)}),
	}}
	plain.Spans[0].Logs = []trace.Log{{Time: plain.Spans[0].Start, Fields: []trace.Tag{
		{Key: "z", Value: trace.String("1")}, {Key: "event", Value: trace.String("boom")}, {Key: "a", Value: trace.Int64(1)},
	}}}
	skewed := trace.Trace{ID: trace.TraceID{High: 3, Low: 0xa2}, Spans: []trace.Span{
		at(1, 0, "get", 0, 1000, front, kind("client")),
		at(2, 1, "serve", -1000, 100, back, kind("server")),
		at(3, 9, "orphan", 100, 100, front),
		at(4, 1, "follow", 500, 100, front),
	}}
	skewed.Spans[3].References = append(skewed.Spans[3].References, trace.Reference{Type: trace.FollowsFrom, SpanID: 2})
	shared := trace.Trace{ID: trace.TraceID{Low: 0xa3}, Spans: []trace.Span{
		at(7, 0, "shared", 0, 900, front, kind("client")),
		at(7, 0, "shared", 100, 500, back, kind("server")),
		at(8, 7, "below", 200, 100, back),
	}}
	library := trace.Trace{ID: trace.TraceID{Low: 0xa4}, Spans: []trace.Span{
		at(1, 0, "otel", 0, 900, front, kind("internal"),
			trace.Tag{Key: "telemetry.sdk.name", Value: trace.String("opentelemetry")},
			trace.Tag{Key: "otel.scope.name", Value: trace.String("lib")},
			trace.Tag{Key: "otel.scope.version", Value: trace.String("1.0")},
			trace.Tag{Key: "http.status_code", Value: trace.Int64(200)}),
	}}
	double := trace.Trace{ID: trace.TraceID{Low: 0xa5}, Spans: []trace.Span{
		at(1, 0, "sent twice", 0, 900, front), at(1, 0, "sent twice", 0, 900, front), at(1, 0, "sent twice", 0, 900, front),
	}}
	traces := []trace.Trace{plain, skewed, shared, library, double}
	for i := range traces {
		for j := range traces[i].Spans {
			s := &traces[i].Spans[j]
			s.TraceID = traces[i].ID
			s.Start = s.Start.Add(time.Duration(i) * time.Second)
			for k := range s.References {
				s.References[k].TraceID = traces[i].ID
			}
		}
	}
	return traces
}

// at returns a span that starts and lasts so many microseconds.
func at(id, parent trace.SpanID, name string, start, length int, p *trace.Process, tags ...trace.Tag) trace.Span {
	s := trace.Span{
		SpanID: id, Operation: name, Flags: 1, Process: p, Tags: tags,
		Start:    time.UnixMicro(1_790_000_000_000_000 + int64(start)).UTC(),
		Duration: time.Duration(length) * time.Microsecond,
	}
	if parent != 0 {
		s.References = []trace.Reference{{SpanID: parent}}
	}
	return s
}

func kind(value string) trace.Tag { return trace.Tag{Key: "span.kind", Value: trace.String(value)} }
