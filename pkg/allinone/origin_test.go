package allinone

import (
	"net/http"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/allinone/ingest"
)

// A page of another origin stores nothing through any port for spans that speaks
// HTTP; programs, and pages of the same origin, do.
func TestWebPagesSendNoSpans(t *testing.T) {
	t.Parallel()
	const zipkinSpan = `[{"traceId":"1f","id":"1f","name":"op","timestamp":1,"duration":1,"localEndpoint":{"serviceName":"s"}}]`
	page := http.Header{"Origin": {"https://evil.example"}, "Content-Type": {"text/plain"}}
	tests := []struct {
		name            string
		listener, path  string
		header          http.Header
		status          int
		stored, counted int64
	}{
		{"a program", Zipkin, "/api/v2/spans", http.Header{}, 202, 1, 0},
		{"a program that says plain text", Zipkin, "/api/v2/spans", http.Header{"Content-Type": {"text/plain"}}, 202, 1, 0},
		{"a page of another origin", Zipkin, "/api/v2/spans", page, 403, 0, 1},
		{"a page of another origin, first API", Zipkin, "/api/v1/spans", page, 403, 0, 1},
		{"a browser that tells no origin", Zipkin, "/api/v2/spans", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403, 0, 1},
		{"a sandboxed page", Zipkin, "/api/v2/spans", http.Header{"Origin": {"null"}}, 403, 0, 1},
		{"a page of the same origin", Zipkin, "/api/v2/spans", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 202, 1, 0},
		{"a page to the collector", CollectorHTTP, "/api/traces", page, 403, 0, 1},
		{"a page to OTLP", OTLPHTTP, "/v1/traces", page, 403, 0, 1},
		{"a page to OTLP over gRPC", OTLPGRPC, otlpMethod, page, 403, 0, 1},
		{"a page to Jaeger's gRPC", CollectorGRPC, "/jaeger.api_v2.CollectorService/PostSpans", page, 403, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := start(t, Options{})
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+b.Addrs()[tt.listener]+tt.path, strings.NewReader(zipkinSpan))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = tt.header.Clone()
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			resp, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tt.status {
				t.Errorf("got %d, want %d", resp.StatusCode, tt.status)
			}
			stats := b.Stats().Listeners[tt.listener]
			if got := stats.Undecodable[string(ingest.CrossOrigin)]; stats.Spans != tt.stored || got != tt.counted {
				t.Errorf("%d spans stored and %d refused, want %d and %d", stats.Spans, got, tt.stored, tt.counted)
			}
		})
	}
}
