package allinone

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/allinone/internal/wiretest"
	"github.com/otdemo/otdemo/pkg/loss"
)

// What the store accounts for is what the process grows by, whichever way the
// spans came: a receiver that kept whole bodies alive for the sake of one name
// would break the bound. Not parallel: other tests allocate.
func TestMemoryIsAccounted(t *testing.T) {
	const (
		requests  = 200
		each      = 100
		tolerance = 0.2
	)
	otlp := func(n int) (string, string, string) {
		spans := make([]string, each)
		for i := range spans {
			spans[i] = fmt.Sprintf(`{"traceId":"%032x","spanId":"%016x","name":"GET /%d","startTimeUnixNano":"1700000000000000000",`+
				`"attributes":[{"key":"http.url","value":{"stringValue":"http://localhost/%d/%d"}},{"key":"n","value":{"intValue":"%d"}}]}`,
				n*10+i%10+1, i+1, i%7, n, i, i)
		}
		return OTLPHTTP, "/v1/traces", `{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Join(spans, ",") + `]}]}]}`
	}
	zipkin := func(n int) (string, string, string) {
		spans := make([]string, each)
		for i := range spans {
			spans[i] = fmt.Sprintf(`{"traceId":"%032x","id":"%016x","name":"get /%d","timestamp":1700000000000000,"duration":5,`+
				`"localEndpoint":{"serviceName":"svc"},"tags":{"http.url":"http://localhost/%d/%d","n":"%d"}}`,
				n*10+i%10+1, i+1, i%7, n, i, i)
		}
		return Zipkin, "/api/v2/spans", "[" + strings.Join(spans, ",") + "]"
	}
	for name, body := range map[string]func(n int) (listener, path, body string){"otlp json": otlp, "zipkin json": zipkin} {
		t.Run(name, func(t *testing.T) {
			b := start(t, Options{})
			client := httpClient(t)
			upload := func(n int) {
				listener, path, text := body(n)
				postJSON(t, client, "http://"+b.Addrs()[listener]+path, text)
			}
			upload(requests) // what is allocated once
			assertGrowth(t, b, tolerance, func() {
				for n := range requests {
					upload(n)
				}
			})
		})
	}
	t.Run("compact thrift", func(t *testing.T) {
		b := start(t, Options{})
		conn := dial(t, b)
		send(t, conn, wiretest.Compact(wiretest.Batch("svc", 1_000_000, each)))
		assertGrowth(t, b, tolerance, func() {
			for n := range requests {
				send(t, conn, wiretest.Compact(wiretest.Batch("svc", 1+n*each, each)))
			}
			waitFor(t, b, func(s loss.Account) bool { return s.Spans == (requests+1)*each })
		})
	})
}

// assertGrowth expects the heap to grow by what the store says while fill runs.
func assertGrowth(t *testing.T, b *Backend, tolerance float64, fill func()) {
	t.Helper()
	before, accounted := heap(), b.Stats().Store.Bytes
	fill()
	grown := heap() - before
	accounted = b.Stats().Store.Bytes - accounted
	ratio := float64(accounted) / float64(grown)
	t.Logf("accounted %d, heap grew by %d: %.2f", accounted, grown, ratio)
	if ratio < 1-tolerance || ratio > 1+tolerance {
		t.Errorf("accounted %d bytes, the heap grew by %d: ratio %.2f, want 1 within %.0f%%", accounted, grown, ratio, 100*tolerance)
	}
}

func postJSON(t *testing.T, client *http.Client, url, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(within(t), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s: got status %d, %v", url, resp.StatusCode, err)
	}
}
