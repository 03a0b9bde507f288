package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/loss"
	"github.com/otdemo/otdemo/pkg/trace"
)

const (
	jsonType = "application/json"
	textType = "text/plain; charset=utf-8"
	htmlType = "text/html; charset=utf-8"
)

// The bodies are those of real Jaegers 1.42, 1.62 and 2.13, but for the newline
// that ends each of ours.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const head = `{"data":null,"total":0,"limit":0,"offset":0,"errors":[`
	refusal := func(code, msg string) string { return head + `{"code":` + code + `,"msg":"` + msg + `"}]}` }
	tests := []struct {
		name, target         string
		empty                bool
		status               int
		contentType, wantAll string
	}{
		{"services", "/api/services", false, 200, jsonType, `{"data":["back/end","front"],"total":2,"limit":0,"offset":0,"errors":null}`},
		{"services, fresh", "/api/services", true, 200, jsonType, `{"data":null,"total":0,"limit":0,"offset":0,"errors":null}`},
		{"operation names", "/api/services/front/operations", false, 200, jsonType, `{"data":["other","root"],"total":2,"limit":0,"offset":0,"errors":null}`},
		{"operation names, escaped", "/api/services/back%2Fend/operations", false, 200, jsonType, `{"data":["\u003cb\u003echild\u003c/b\u003e"],"total":1,"limit":0,"offset":0,"errors":null}`},
		{"operation names, unknown", "/api/services/nope/operations", false, 200, jsonType, `{"data":null,"total":0,"limit":0,"offset":0,"errors":null}`},
		{"operations", "/api/operations?service=front", false, 200, jsonType, `{"data":[{"name":"other","spanKind":"unspecified"},{"name":"root","spanKind":"client"}],"total":2,"limit":0,"offset":0,"errors":null}`},
		{"operations of a kind", "/api/operations?service=front&spanKind=client", false, 200, jsonType, `{"data":[{"name":"root","spanKind":"client"}],"total":1,"limit":0,"offset":0,"errors":null}`},
		{"operations, unknown", "/api/operations?service=nope", false, 200, jsonType, `{"data":[],"total":0,"limit":0,"offset":0,"errors":null}`},
		{"operations, no service", "/api/operations", false, 400, textType, refusal("400", "parameter 'service' is required")},
		{"unknown trace", "/api/traces/123abc", false, 404, textType, refusal("404", "trace not found")},
		{"zero", "/api/traces/0", false, 404, textType, refusal("404", "trace not found")},
		{"32 zeros", "/api/traces/" + strings.Repeat("0", 32), false, 404, textType, refusal("404", "trace not found")},
		{"not hexadecimal", "/api/traces/zzz", false, 400, textType, refusal("400", `strconv.ParseUint: parsing \"zzz\": invalid syntax`)},
		{"low half only", "/api/traces/2", false, 404, textType, refusal("404", "trace not found")},
		{"34 digits", "/api/traces/" + strings.Repeat("1", 34), false, 400, textType, refusal("400", "TraceID cannot be longer than 32 hex characters: "+strings.Repeat("1", 34))},
		{"search without service", "/api/traces", false, 400, textType, refusal("400", "parameter 'service' is required")},
		{"search, nothing found", "/api/traces?service=nope", false, 200, jsonType, `{"data":[],"total":0,"limit":0,"offset":0,"errors":null}`},
		{"list, unknown", "/api/traces?traceID=abc", false, 200, jsonType, `{"data":[],"total":0,"limit":0,"offset":0,"errors":[{"msg":"trace not found","traceID":"0000000000000abc"}]}`},
		{"list, malformed", "/api/traces?traceID=zzz", false, 400, textType, refusal("400", `cannot parse traceID param: strconv.ParseUint: parsing \"zzz\": invalid syntax`)},
		{"bad limit", "/api/traces?service=x&limit=many", false, 400, textType, refusal("400", `strconv.ParseInt: parsing \"many\": invalid syntax`)},
		{"bad start", "/api/traces?service=x&start=now", false, 400, textType, refusal("400", `unable to parse param 'start': strconv.ParseInt: parsing \"now\": invalid syntax`)},
		{"bad duration", "/api/traces?service=x&minDuration=5", false, 400, textType, refusal("400", `unable to parse param 'minDuration': time: missing unit in duration \"5\"`)},
		{"durations swapped", "/api/traces?service=x&minDuration=2s&maxDuration=1s", false, 400, textType, refusal("400", "'maxDuration' should be greater than 'minDuration'")},
		{"bad tag", "/api/traces?service=x&tag=error", false, 400, textType, refusal("400", "malformed 'tag' parameter, expecting key:value, received: error")},
		{"bad tags", "/api/traces?service=x&tags=%7B", false, 400, textType, refusal("400", "malformed 'tags' parameter, cannot unmarshal JSON: unexpected end of JSON input")},
		{"unknown path", "/api/v4/services", false, 404, textType, refusal("404", "no such path: /api/v4/services")},
		{"dependencies", "/api/dependencies?endTs=1700000001000", false, 200, jsonType, `{"data":[{"parent":"front","child":"back/end","callCount":1}],"total":0,"limit":0,"offset":0,"errors":null}`},
		{"dependencies of a service", "/api/dependencies?endTs=1700000001000&service=nope", false, 200, jsonType, `{"data":[],"total":0,"limit":0,"offset":0,"errors":null}`},
		{"dependencies of another time", "/api/dependencies?endTs=1700000000000", false, 200, jsonType, `{"data":[],"total":0,"limit":0,"offset":0,"errors":null}`},
		{"dependencies, now", "/api/dependencies", false, 200, jsonType, `{"data":[{"parent":"front","child":"back/end","callCount":1}],"total":0,"limit":0,"offset":0,"errors":null}`},
		{"dependencies, bad end", "/api/dependencies?endTs=x", false, 400, textType, refusal("400", `unable to parse param 'endTs': strconv.ParseInt: parsing \"x\": invalid syntax`)},
		{"dependencies, bad lookback", "/api/dependencies?lookback=1h", false, 400, textType, refusal("400", `unable to parse param 'lookback': strconv.ParseInt: parsing \"1h\": invalid syntax`)},
		{"metrics", "/api/metrics/latencies?service=a&quantile=0.95", false, 501, textType, refusal("501", "metrics querying is currently disabled")},
		{"metrics, step", "/api/metrics/minstep", false, 501, textType, refusal("501", "metrics querying is currently disabled")},
		{"metrics, no quantile", "/api/metrics/latencies", false, 400, textType, refusal("400", `unable to parse param 'quantile': strconv.ParseFloat: parsing \"\": invalid syntax`)},
		{"metrics, no service", "/api/metrics/calls", false, 400, textType, refusal("400", "unable to parse param 'service': please provide at least one service name")},
		{"metrics, bad kind", "/api/metrics/errors?service=a&spanKind=odd", false, 400, textType, refusal("400", "unable to parse param 'spanKind': unsupported span kind: 'odd'")},
		{"metrics, bad step", "/api/metrics/errors?service=a&step=1s", false, 400, textType, refusal("400", `unable to parse param 'step': strconv.ParseInt: parsing \"1s\": invalid syntax`)},
		{"unknown metric", "/api/metrics/odd", false, 404, textType, refusal("404", "no such path: /api/metrics/odd")},
		{"loss", "/api/loss", false, 200, jsonType, emptyAccount(t)},
	}
	full, empty := newHandler(newStore(), "127.0.0.1"), newHandler(store.New(1<<20), "127.0.0.1")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := full
			if tt.empty {
				h = empty
			}
			w := get(t, h, tt.target)
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

// found returns the ids of the traces in an answer, in its order.
func found(t *testing.T, w *httptest.ResponseRecorder) []string {
	t.Helper()
	traces, errs, err := trace.DecodeTraces(w.Body)
	if err != nil || len(errs) > 0 {
		t.Fatalf("answer %d: %v, errors %v", w.Code, err, errs)
	}
	ids := []string{}
	for i := range traces {
		ids = append(ids, traces[i].ID.String())
	}
	return ids
}

func TestSearch(t *testing.T) {
	t.Parallel()
	const one, two = "0000000000000001", "000000000000000a0000000000000002"
	both := []string{two, one}
	h := newHandler(newStore(), "127.0.0.1")
	tests := []struct {
		query string
		want  []string
	}{
		{"service=front", both},
		{"service=front&lookback=1h", both},
		{"service=front&limit=1", []string{two}},
		{"service=front&limit=0", both},
		{"service=front&operation=root", []string{one}},
		{"service=front&minDuration=1.5ms", []string{one}},
		{"service=front&maxDuration=1500us", []string{two}},
		{"service=front&start=1700000000500000", []string{two}},
		{"service=front&end=1700000000500000", []string{one}},
		{"service=front&tag=code:500", []string{one}},
		{"service=front&tag=code:500&tag=nope:1", []string{}},
		{"service=back/end&tags=" + url.QueryEscape(`{"error":"true","span.kind":"server"}`), []string{one}},
		{"service=front&tag=code:1&tags=" + url.QueryEscape(`{"code":"500"}`), []string{one}},
		{"traceID=1&traceID=a0000000000000002", []string{one, two}},
		{"traceID=" + strings.Repeat("0", 31) + "1", []string{one}},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, found(t, get(t, h, "/api/traces?"+tt.query))); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTraceKeepsItsSpans(t *testing.T) {
	t.Parallel()
	s := newStore()
	h := newHandler(s, "127.0.0.1")
	want, _ := s.Trace(trace.TraceID{Low: 1})
	for _, target := range []string{"/api/traces/1?raw=true", "/api/traces/0000000000000001"} {
		got, _, err := trace.DecodeTraces(get(t, h, target).Body)
		if err != nil {
			t.Fatal(err)
		}
		opts := cmp.Options{cmp.AllowUnexported(trace.Value{}), cmp.Transformer("sorted", sortTags)}
		if diff := cmp.Diff([]trace.Trace{want}, got, opts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", target, diff)
		}
	}
}

// sortTags lets tags be compared whatever their order.
func sortTags(tags []trace.Tag) map[string]trace.Value {
	out := make(map[string]trace.Value, len(tags))
	for _, tag := range tags {
		out[tag.Key] = tag.Value
	}
	return out
}

func TestMethods(t *testing.T) {
	t.Parallel()
	h := newHandler(newStore(), "127.0.0.1")
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		for _, target := range []string{"/api/traces", "/", "/api/v3/traces"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader("x"))
			r.Host = "localhost"
			h.ServeHTTP(w, r)
			if w.Code != http.StatusMethodNotAllowed || w.Body.Len() != 0 || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: got %d %q, want 405 without a body", method, target, w.Code, w.Body)
			}
		}
	}
}

func TestGuardHost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		bound, host string
		want        int
	}{
		{"127.0.0.1", "localhost:16686", 200},
		{"127.0.0.1", "LocalHost", 200},
		{"127.0.0.1", "127.0.0.1:16686", 200},
		{"127.0.0.1", "[::1]:16686", 200},
		{"127.0.0.1", "[::1]", 200},
		{"127.0.0.1", "192.168.1.2", 200},
		{"127.0.0.1", "evil.example:16686", 403},
		{"127.0.0.1", "localhost.evil.example", 403},
		{"127.0.0.1", "", 403},
		{"::1", "evil.example", 403},
		{"localhost", "evil.example", 403},
		{"0.0.0.0", "jaeger.example", 200},
		{"192.168.1.2", "jaeger.example", 200},
	}
	for _, tt := range tests {
		t.Run(tt.bound+" "+tt.host, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/services", http.NoBody)
			r.Host = tt.host
			newHandler(newStore(), tt.bound).ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("got %d, want %d", w.Code, tt.want)
			}
			if w.Code == http.StatusForbidden && strings.Contains(w.Body.String(), "front") {
				t.Error("the refusal tells a service's name")
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("pages of %q may read the answer, want none", got)
			}
		})
	}
}

// emptyAccount is what newHandler's backend has counted.
func emptyAccount(t *testing.T) string {
	t.Helper()
	account, err := json.Marshal(loss.Account{SchemaVersion: loss.SchemaVersion})
	if err != nil {
		t.Fatal(err)
	}
	return string(account)
}
