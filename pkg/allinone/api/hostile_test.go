package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/trace"
)

// FuzzSearch sends any parameters to both searches: they are taken or refused,
// and what is answered is JSON.
func FuzzSearch(f *testing.F) {
	for _, seed := range []string{
		"service=front&limit=5&lookback=1h",
		"service=front&tags=%7B%22code%22%3A%22500%22%7D&tag=code:500",
		"service=front&start=1&end=9223372036854775807&minDuration=1ms&maxDuration=2540400h",
		"traceID=1&traceID=a0000000000000002&raw=true",
		"service=front&limit=-2147483648&start=-9223372036854775808",
		"query.service_name=front&query.start_time_min=0001-01-01T00:00:00Z&query.start_time_max=9999-12-31T23:59:59Z",
		"query.serviceName=front&query.attributes=%7B%22a%22%3Anull%7D&query.num_traces=0",
		"endTs=9223372036854775807&lookback=-9223372036854775808",
		"service=a;b&%zz",
	} {
		f.Add(seed)
	}
	h := newHandler(newStore(), "127.0.0.1")
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/api/traces", "/api/v3/traces", "/api/v3/trace-summaries", "/api/dependencies", "/api/metrics/latencies"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			r.Host = "localhost"
			r.URL.Path, r.URL.RawQuery = path, query
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			switch w.Code {
			case http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusNotImplemented:
			default:
				t.Errorf("%s?%s: got status %d", path, query, w.Code)
			}
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s?%s: no JSON: %s", path, query, w.Body)
			}
			if want, _, err := parseSearch(r.URL.Query()); err == nil && (want.Limit <= 0 || want.Limit > maxLimit) {
				t.Errorf("%s: got a limit of %d, want 1 to %d", query, want.Limit, maxLimit)
			}
		}
	})
}

func TestHugeRequests(t *testing.T) {
	t.Parallel()
	h := newHandler(newStore(), "127.0.0.1")
	tests := []struct {
		name, target string
		status       int
	}{
		{"thousands of tags", "/api/traces?service=front" + strings.Repeat("&tag=code:500", 9000), 200},
		{"thousands of ids", "/api/traces?traceID=1" + strings.Repeat("&traceID=1", 9000), 200},
		{"more parameters than net/url takes", "/api/traces?service=front" + strings.Repeat("&tag=code:500", 20_000), 400},
		{"long id", "/api/traces/" + strings.Repeat("f", 60_000), 400},
		{"long id, v3", "/api/v3/traces/" + strings.Repeat("f", 60_000), 400},
		{"long service", "/api/services/" + strings.Repeat("s", 60_000) + "/operations", 200},
		{"deep json", "/api/traces?service=front&tags=" + strings.Repeat("[", 60_000), 400},
		{"highest limit", "/api/traces?service=front&limit=2147483647", 200},
		{"limit too high", "/api/traces?service=front&limit=2147483648", 400},
		{"many slashes", "/api/v3/traces/1" + strings.Repeat("/x", 10_000), 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := get(t, h, tt.target)
			if w.Code != tt.status {
				t.Errorf("got status %d, want %d", w.Code, tt.status)
			}
			if got, most := w.Body.Len(), len(tt.target)+10_000; got > most {
				t.Errorf("got an answer of %d bytes, want %d at most", got, most)
			}
		})
	}
}

// An id that is listed twice is answered once: the answer could be multiplied.
func TestRepeatedIDs(t *testing.T) {
	t.Parallel()
	w := get(t, newHandler(newStore(), "127.0.0.1"), "/api/traces?traceID=1&traceID=01&traceID=9&traceID=9")
	traces, errs, err := trace.DecodeTraces(w.Body)
	if err != nil || len(traces) != 1 || len(errs) != 1 {
		t.Errorf("got %d traces and errors %v (%v), want one of each", len(traces), errs, err)
	}
}

// An answer that would be too large says what is missing.
func TestLargeAnswersAreCut(t *testing.T) {
	t.Parallel()
	s := store.New(1 << 30)
	p := &trace.Process{Service: "svc"}
	spans := make([]trace.Span, 40_000)
	for id := range uint64(3) {
		for i := range spans {
			spans[i] = trace.Span{TraceID: trace.TraceID{Low: id + 1}, SpanID: trace.SpanID(i + 1), Start: epoch(), Process: p}
		}
		s.Add(spans)
	}
	w := get(t, newHandler(s, "127.0.0.1"), "/api/traces?service=svc&raw=true")
	traces, errs, err := trace.DecodeTraces(w.Body)
	if err != nil || len(traces) != 2 || len(errs) != 1 || errs[0].Msg != "1 more trace was found: an answer has up to 100000 spans" {
		t.Errorf("got %d traces and errors %v (%v), want 2 and that one was left out", len(traces), errs, err)
	}
}

// What could change something in another Jaeger is refused to pages elsewhere.
func TestForeignPages(t *testing.T) {
	t.Parallel()
	h := newHandler(newStore(), "127.0.0.1")
	tests := []struct {
		name, method, target string
		header               http.Header
		status               int
	}{
		{"archive of a program", "POST", "/api/archive/1", nil, 501},
		{"archive, unknown", "POST", "/api/archive/b1", nil, 404},
		{"archive, malformed", "POST", "/api/archive/zz", nil, 400},
		{"archive, read", "GET", "/api/archive/1", nil, 405},
		{"archive of our page", "POST", "/api/archive/1", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 501},
		{"archive of another page", "POST", "/api/archive/1", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"archive of another page, old browser", "POST", "/api/archive/1", http.Header{"Origin": {"https://evil.example"}}, 403},
		{"preflight", "OPTIONS", "/api/traces", http.Header{"Origin": {"https://evil.example"}}, 405},
		{"read by another page", "GET", "/api/services", http.Header{"Origin": {"https://evil.example"}}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, http.NoBody)
			r.Host = "localhost:16686"
			maps.Copy(r.Header, tt.header)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("got status %d, want %d", w.Code, tt.status)
			}
			for key := range w.Header() {
				if strings.HasPrefix(key, "Access-Control-") {
					t.Errorf("got header %s, which lets the page read the answer", key)
				}
			}
		})
	}
}
