package allinone

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/pkg/trace"
)

// A file of OTLP's JSON comes back as traces of Jaeger, and is not stored.
func TestTransform(t *testing.T) {
	t.Parallel()
	b := start(t, Options{})
	span := func(id, trace string) string {
		return `{"traceId":"` + strings.Repeat("0", 31) + trace + `","spanId":"` + strings.Repeat("0", 15) + id + `","name":"op` + id + `"}`
	}
	file := func(spans ...string) string {
		return `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"svc"}}]},` +
			`"scopeSpans":[{"spans":[` + strings.Join(spans, ",") + `]}]}]}`
	}
	status, body := postTransform(t, b, file(span("1", "a"), span("2", "b"), span("3", "a")))
	got, _, err := trace.DecodeTraces(strings.NewReader(body))
	if err != nil || status != http.StatusOK || len(got) != 2 || len(got[0].Spans) != 2 || got[0].Spans[1].Operation != "op3" {
		t.Errorf("got %d, %v, %+v, want two traces, the first with op1 and op3", status, err, got)
	}
	if n := b.Stats().Store.Added; n != 0 {
		t.Errorf("%d spans of the file were stored", n)
	}
	for name, bad := range map[string]string{
		"empty":              "",
		"no json":            "{",
		"a span without ids": file(`{"name":"op"}`),
		"too large":          strings.Repeat(" ", 17<<20),
	} {
		if status, body := postTransform(t, b, bad); status != http.StatusBadRequest || !strings.Contains(body, `"errors":[{"code":400,"msg":"`) {
			t.Errorf("%s: got %d %s, want 400 with a reason", name, status, body)
		}
	}
}

func postTransform(t *testing.T, b *Backend, body string) (int, string) {
	t.Helper()
	url := "http://" + b.Addrs()[Query] + "/api/transform"
	req, err := http.NewRequestWithContext(within(t), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := httpClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}
