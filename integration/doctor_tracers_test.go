package integration

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/process"
	"github.com/otdemo/otdemo/integration/stores"
)

// sent is a way in which somebody sends spans to a real backend, and what
// check-jaeger makes of it. TestTracers has the ways that are well.
type sent struct {
	tracer, endpoint string
	exit             int
	// code is of the finding that decides.
	code string
	// text is part of the verdict, hint of the fix or of that finding's hints.
	text, hint string
}

// check runs check-jaeger with the query API at queryURL.
func (s sent) check(t *testing.T, queryURL string) {
	t.Helper()
	got := process.Run(t, runTimeout, command(t, "check-jaeger", "-o", "json", "--timeout", "8s",
		"--tracer", s.tracer, "--collector-endpoint", s.endpoint, "--query-url", queryURL))
	var r labReport
	if err := json.Unmarshal([]byte(got.Stdout), &r); err != nil {
		t.Fatalf("check-jaeger printed %q, %s: %v", got.Stdout, got.Stderr, err)
	}
	if got.Code != s.exit {
		t.Fatalf("got exit code %d, want %d\n%s", got.Code, s.exit, r)
	}
	var hints []string
	var code string
	for _, f := range r.Findings {
		if f.ID == r.Verdict.Probe {
			code, hints = f.Code, f.Hints
		}
	}
	if code != s.code || !strings.Contains(r.Verdict.Text, s.text) {
		t.Errorf("got %s %q, want %s and %q\n%s", code, r.Verdict.Text, s.code, s.text, r)
	}
	if !strings.Contains(strings.Join(append(hints, r.Verdict.Fix), "\n"), s.hint) {
		t.Errorf("hints lack %q\n%s", s.hint, r)
	}
}

// TestDoctorAndMixedUpPortsOfJaeger sends to ports of a real Jaeger that are for
// another protocol.
func TestDoctorAndMixedUpPortsOfJaeger(t *testing.T) {
	t.Parallel()
	j := jaegers.Start(t, jaegers.V213())
	thrift := strings.TrimSuffix(j.CollectorURL, "/api/traces")
	for name, s := range map[string]sent{
		"OTLP over HTTP to the port for gRPC": {
			"otel", "http://" + j.OTLPHostPort + "/v1/traces", 1, "collector-not-http", "does not speak HTTP/1", "http://127.0.0.1:4318/v1/traces",
		},
		"OTLP over gRPC to the port for HTTP": {
			"otel", "grpc://" + strings.TrimSuffix(strings.TrimPrefix(j.OTLPURL, "http://"), "/v1/traces"),
			1, "collector-not-grpc", "speaks HTTP, not gRPC", "grpc://127.0.0.1:4317",
		},
		"OTLP to Zipkin's port": {
			"otel", strings.Replace(j.ZipkinURL, "/api/v2/spans", "/v1/traces", 1), 1, "collector-rejects", "network", "http://127.0.0.1:4318/v1/traces",
		},
		"OTLP to the UI": {
			"otel", j.QueryURL + "/v1/traces", 1, "collector-wrong-port", "the span is lost", "http://127.0.0.1:4318/v1/traces",
		},
		"Zipkin to thrift's port": {
			"zipkin", thrift + "/api/v2/spans", 1, "collector-path-wrong", "does not accept spans", "http://127.0.0.1:9411/api/v2/spans",
		},
		"Zipkin to OTLP's port": {
			"zipkin", j.OTLPURL, 1, "collector-rejects", "network", "http://127.0.0.1:9411/api/v2/spans",
		},
		"Appdash to the UI": {
			"appdash", "tcp://" + strings.TrimPrefix(j.QueryURL, "http://"), 1, "canary-not-sent", "could not send a span", "tcp://127.0.0.1:7701",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.check(t, j.QueryURL)
		})
	}
}

// TestDoctorAndZipkin is about a real Zipkin, which shows the traces itself.
func TestDoctorAndZipkin(t *testing.T) {
	t.Parallel()
	z := stores.Zipkin(t)
	for name, s := range map[string]sent{
		"well": {"zipkin", z.SpansURL(), 0, "canary-delivered", "spans from this configuration reach Zipkin (", ""},
		"OTLP": {"otel", z.URL + "/v1/traces", 1, "collector-path-wrong", "spans do NOT reach Zipkin", "http://127.0.0.1:4318/v1/traces"},
		"thrift": {
			"jaeger", z.SpansURL(), 1, "collector-rejects", "spans do NOT reach Zipkin: first broken hop: network", "http://127.0.0.1:14268/api/traces",
		},
		"gRPC": {"otel", "grpc://" + z.Addr, 1, "collector-not-grpc", "speaks HTTP, not gRPC", "grpc://127.0.0.1:4317"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.check(t, z.URL)
		})
	}
}

// TestDoctorAndAppdash is honest about a backend that shows its traces to people
// only.
func TestDoctorAndAppdash(t *testing.T) {
	t.Parallel()
	a := jaegers.StartAppdash(t)
	j := jaegers.Start(t, jaegers.V213())
	sent{
		"appdash", a.CollectorURL, 3, "canary-appdash-unread", "cannot determine whether spans reach Jaeger", "/traces (in a browser",
	}.check(t, j.QueryURL)
}
