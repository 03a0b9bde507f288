package api

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/trace"
)

// The bodies are those of real Jaegers 1.62 and 2.13 where these agree.
func TestAnswersV3(t *testing.T) {
	t.Parallel()
	const window = "query.start_time_min=2023-11-14T00:00:00Z&query.start_time_max=2023-11-15T00:00:00Z&"
	refusal := func(code, msg string) string { return `{"error":{"httpCode":` + code + `,"message":"` + msg + `"}}` }
	tests := []struct {
		name, target         string
		status               int
		contentType, wantAll string
	}{
		{"services", "/services", 200, jsonType, `{"services":["back/end","front"]}`},
		{"operations", "/operations?service=front", 200, jsonType, `{"operations":[{"name":"other","spanKind":"unspecified"},{"name":"root","spanKind":"client"}]}`},
		{"operations of a kind", "/operations?service=front&span_kind=client", 200, jsonType, `{"operations":[{"name":"root","spanKind":"client"}]}`},
		{"operations, no service", "/operations", 200, jsonType, `{"operations":[]}`},
		{"unknown trace", "/traces/b1", 404, textType, refusal("404", "No traces found")},
		{"malformed id", "/traces/zz", 400, textType, refusal("400", `malformed parameter trace_id: strconv.ParseUint: parsing \"zz\": invalid syntax`)},
		{"bad raw", "/traces/1?raw_traces=odd", 400, textType, refusal("400", `malformed parameter raw_traces: strconv.ParseBool: parsing \"odd\": invalid syntax`)},
		{"search without times", "/traces", 400, textType, refusal("400", "query.start_time_min and query.start_time_max are required")},
		{"bad time", "/traces?query.start_time_min=x", 400, textType, refusal("400", `malformed parameter query.start_time_min: parsing time \"x\" as \"2006-01-02T15:04:05.999999999Z07:00\": cannot parse \"x\" as \"2006\"`)},
		{"bad limit", "/traces?" + window + "query.num_traces=x", 400, textType, refusal("400", `malformed parameter query.num_traces: strconv.Atoi: parsing \"x\": invalid syntax`)},
		{"bad duration", "/traces?" + window + "query.duration_min=5", 400, textType, refusal("400", `malformed parameter query.duration_min: time: missing unit in duration \"5\"`)},
		{"bad duration, new spelling", "/traces?" + window + "query.durationMax=5", 400, textType, refusal("400", `malformed parameter query.durationMax: time: missing unit in duration \"5\"`)},
		{"bad attributes", "/traces?" + window + "query.attributes=%7B", 400, textType, refusal("400", "malformed parameter query.attributes: unexpected end of JSON input")},
		{"nothing found", "/traces?" + window + "query.service_name=nope", 404, textType, refusal("404", "No traces found")},
		{"no summaries", "/trace-summaries?query.service_name=nope", 200, jsonType, `{"summaries":[]}`},
		{"summary", "/trace-summaries?" + window + "query.service_name=back/end", 200, jsonType, `{"summaries":[{` +
			`"traceId":"00000000000000000000000000000001","traceID":"00000000000000000000000000000001",` +
			`"rootServiceName":"front","rootOperationName":"root",` +
			`"minStartTimeUnixNano":"1700000000000000000","maxEndTimeUnixNano":"1700000000002000000",` +
			`"spanCount":2,"errorSpanCount":1,"orphanSpanCount":0,` +
			`"services":[{"name":"back/end","spanCount":1,"errorSpanCount":1},{"name":"front","spanCount":1,"errorSpanCount":0}]}]}`},
	}
	h := newHandler(newStore(), "127.0.0.1")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := get(t, h, "/api/v3"+tt.target)
			if w.Code != tt.status {
				t.Errorf("got status %d, want %d", w.Code, tt.status)
			}
			if got := w.Header().Get("Content-Type"); got != tt.contentType {
				t.Errorf("got content type %q, want %q", got, tt.contentType)
			}
			if diff := cmp.Diff(tt.wantAll, strings.TrimSuffix(w.Body.String(), "\n")); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

// everything returns a span with all that OTLP has a place of its own for.
func everything() trace.Span {
	id := trace.TraceID{Low: 7}
	text := func(key, value string) trace.Tag { return trace.Tag{Key: key, Value: trace.String(value)} }
	return trace.Span{
		TraceID: id, SpanID: 2, Operation: "op", Start: epoch(), Duration: time.Millisecond,
		Process: &trace.Process{Service: "svc", Tags: []trace.Tag{text("hostname", "h"), text("jaeger.version", "Go-2.30.0")}},
		References: []trace.Reference{
			{TraceID: id, SpanID: 1},
			{TraceID: trace.TraceID{High: 1, Low: 9}, SpanID: 5, Type: trace.FollowsFrom},
		},
		Tags: []trace.Tag{
			text("span.kind", "server"), text("otel.scope.name", "lib"), text("otel.scope.version", "v1"),
			text("w3c.tracestate", "a=b"), text("otel.status_code", "ERROR"), text("otel.status_description", "why"),
			{Key: "n", Value: trace.Int64(1 << 60)},
			{Key: "raw", Value: trace.Binary([]byte{1})},
			{Key: "twice", Value: trace.Bool(false)},
			{Key: "twice", Value: trace.Bool(true)},
		},
		Logs: []trace.Log{{Time: epoch(), Fields: []trace.Tag{text("event", "e"), {Key: "f", Value: trace.Float64(0.5)}}}},
	}
}

func TestOTLP(t *testing.T) {
	t.Parallel()
	s := store.New(1 << 20)
	s.Add([]trace.Span{everything()})
	const want = `{"result":{"resourceSpans":[{
	"resource":{"attributes":[
		{"key":"host.name","value":{"stringValue":"h"}},
		{"key":"opencensus.exporterversion","value":{"stringValue":"Jaeger-Go-2.30.0"}},
		{"key":"service.name","value":{"stringValue":"svc"}}]},
	"scopeSpans":[{"scope":{"name":"lib","version":"v1"},"spans":[{
		"traceId":"00000000000000000000000000000007","spanId":"0000000000000002","traceState":"a=b",
		"parentSpanId":"0000000000000001","name":"op","kind":2,
		"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000001000000",
		"attributes":[
			{"key":"n","value":{"intValue":"1152921504606846976"}},
			{"key":"raw","value":{"bytesValue":"AQ=="}},
			{"key":"twice","value":{"boolValue":true}},
			{"key":"@jaeger@warnings","value":{"arrayValue":{"values":[
				{"stringValue":"invalid parent span IDs=0000000000000001; skipping clock skew adjustment"}]}}}],
		"events":[{"timeUnixNano":"1700000000000000000","name":"e","attributes":[{"key":"f","value":{"doubleValue":0.5}}]}],
		"links":[{"traceId":"00000000000000010000000000000009","spanId":"0000000000000005",
			"attributes":[{"key":"opentracing.ref_type","value":{"stringValue":"follows_from"}}]}],
		"status":{"message":"why","code":2}}]}]}]}}`
	h := newHandler(s, "127.0.0.1")
	for _, target := range []string{
		"/api/v3/traces/7",
		"/api/v3/traces?query.serviceName=svc&query.startTimeMin=2023-11-14T22:13:20Z&query.startTimeMax=2023-11-14T22:13:20Z&" +
			"query.durationMin=1ms&query.searchDepth=5&query.attributes=" + url.QueryEscape(`{"twice":"true"}`),
	} {
		if diff := cmp.Diff(decoded(t, want), decoded(t, get(t, h, target).Body.String())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", target, diff)
		}
	}
	if raw := get(t, h, "/api/v3/traces/7?raw_traces=true").Body.String(); strings.Contains(raw, "warnings") {
		t.Errorf("the raw trace has warnings: %s", raw)
	}
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func TestStatus(t *testing.T) {
	t.Parallel()
	text := func(key, value string) trace.Tag { return trace.Tag{Key: key, Value: trace.String(value)} }
	http := func(n int64) trace.Tag { return trace.Tag{Key: "http.status_code", Value: trace.Int64(n)} }
	failed := trace.Tag{Key: "error", Value: trace.Bool(true)}
	tests := []struct {
		name string
		kind int
		tags []trace.Tag
		want otlpStatus
	}{
		{"nothing said", 0, nil, otlpStatus{}},
		{"error", 0, []trace.Tag{failed}, otlpStatus{Code: 2}},
		{"error as text says nothing", 0, []trace.Tag{text("error", "true")}, otlpStatus{}},
		{"error wins over ok", 0, []trace.Tag{failed, text("otel.status_code", "OK")}, otlpStatus{Code: 2}},
		{"error with a description", 0, []trace.Tag{failed, text("otel.status_description", "d")}, otlpStatus{Code: 2, Message: "d"}},
		{"error with a message of http", 0, []trace.Tag{failed, text("http.status_message", "m")}, otlpStatus{Code: 2, Message: "m"}},
		{"ok", 0, []trace.Tag{text("otel.status_code", "ok"), http(500)}, otlpStatus{Code: 1}},
		{"http 200", 0, []trace.Tag{http(200)}, otlpStatus{}},
		{"http 404 of a client", otlpKind("client"), []trace.Tag{http(404)}, otlpStatus{Code: 2}},
		{"http 404 of a server", kindServer, []trace.Tag{http(404)}, otlpStatus{}},
		{"http 500 of a server, as text", kindServer, []trace.Tag{text("http.status_code", "500")}, otlpStatus{Code: 2}},
		{"http, no number", 0, []trace.Tag{text("http.status_code", "odd")}, otlpStatus{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := newAttributes(tt.tags).status(tt.kind); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
