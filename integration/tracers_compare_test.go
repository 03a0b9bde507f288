package integration

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/jaegers"
)

// comparison is what these tests look at of compare's JSON.
type comparison struct {
	OwnServer   bool `json:"own_server"`
	From        comparedSide
	To          comparedSide
	Differences []struct{ ID, Change string }
	Unexpected  int
}

type comparedSide struct {
	Tracer string
	Spans  int
}

// changes returns the change of each difference by its id.
func (c comparison) changes() map[string]string {
	all := make(map[string]string)
	for _, d := range c.Differences {
		all[d.ID] = d.Change
	}
	return all
}

// bridgeDifferences are what a span of jaeger-client-go and one of OpenTelemetry's
// bridge differ in, whatever is called.
func bridgeDifferences() map[string]string {
	return map[string]string{
		"trace-id":          "changed", // 64 and 128 bits
		"tag:sampler.param": "lost", "tag:sampler.type": "lost", "tag:otel.scope.name": "added",
		"process:client-uuid": "lost", "process:ip": "lost", "process:opencensus.exporterversion": "lost",
		"process:process.executable.name": "added", "process:process.pid": "added",
		"process:process.runtime.name": "added", "process:process.runtime.version": "added",
		"process:telemetry.sdk.language": "added", "process:telemetry.sdk.name": "added",
		"process:telemetry.sdk.version": "added",
		"tracer:headers":                "changed", "tracer:reads-jaeger": "changed", "tracer:reads-w3c": "changed",
		"tracer:baggage": "changed", "tracer:binary": "changed", "tracer:follows-from": "changed", "tracer:jaeger-debug-id": "changed",
		"tracer:sampling-priority-0": "changed", "tracer:sampling-priority-1": "changed",
	}
}

// workDifferences are those that the server of compare's own brings about.
func workDifferences() map[string]string {
	return map[string]string{
		"span:audit":        "lost",    // the bridge begins a trace at a span that follows
		"kind:publish mail": "changed", // the bridge reads span.kind as a span starts only
		"tag:value.long":    "changed", // jaeger-client-go cuts it
		"tag:value.uint64":  "changed", // the bridge makes text of it
		"log:baggage":       "lost",
	}
}

// TestCompare has compare find all that is known to differ between jaeger-client-go
// and OpenTelemetry's bridge, and nothing else, in what a real Jaeger stored of both.
func TestCompare(t *testing.T) {
	t.Parallel()
	j := jaegers.Start(t, jaegers.V213())
	for way, to := range map[string]string{"http": j.OTLPURL, "grpc": "grpc://" + j.OTLPHostPort} {
		t.Run("own server, "+way, func(t *testing.T) {
			t.Parallel()
			want := bridgeDifferences()
			maps.Copy(want, workDifferences())
			got := compareTracers(t, 1, "--query-url", j.QueryURL,
				"--from", "jaeger", "--from-endpoint", j.CollectorURL, "--to", "otel", "--to-endpoint", to)
			if diff := gocmp.Diff(want, got.changes()); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			if !got.OwnServer || got.From != (comparedSide{"jaeger", 8}) || got.To != (comparedSide{"otel", 7}) {
				t.Errorf("got %+v, want 8 spans and 7 through an own server", got)
			}
		})
	}
}

// TestCompareWhileServicesMove compares the tracers of a caller while the service
// that it calls has jaeger-client-go still. When that reads w3c too, no span is lost
// and all that differs can be named; when it does not, the caller may not move yet.
func TestCompareWhileServicesMove(t *testing.T) {
	t.Parallel()
	j := jaegers.Start(t, jaegers.V213())
	tracers := []string{
		"--query-url", j.QueryURL, "--from", "jaeger", "--from-endpoint", j.CollectorURL,
		"--to", "otel", "--to-endpoint", j.OTLPURL,
	}
	for _, test := range []struct {
		name, formats string
		lost          map[string]string
		// Exit codes: of the comparison, and of one that ignores all that is known.
		// When no span of the service is in the new tracer's trace, it is 3.
		code, ignoring int
	}{
		{"ready", "jaeger,w3c", nil, 1, 0},
		{"not ready", "jaeger", map[string]string{"span:HTTP GET /": "lost", "span:HTTP GET /gettime": "lost"}, 3, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, addrs := program.Start(t, []string{soonVariable},
				slices.Concat([]string{"serve", "--port", "0"}, mixedFlags(j, "jaeger", test.formats))...)
			url := "http://" + addrs["http"] + "/"
			got := compareTracers(t, test.code, append([]string{url}, tracers...)...)
			want := bridgeDifferences()
			maps.Copy(want, test.lost)
			if diff := gocmp.Diff(want, got.changes()); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			known := strings.Join(slices.Sorted(maps.Keys(bridgeDifferences())), ",")
			got = compareTracers(t, test.ignoring, append([]string{url, "--ignore", known}, tracers...)...)
			if got.Unexpected != len(test.lost) {
				t.Errorf("with all that is known ignored: got %d differences, want %d", got.Unexpected, len(test.lost))
			}
		})
	}
}

// compareTracers runs compare and fails the test unless its exit code is want.
func compareTracers(t *testing.T, want int, flags ...string) comparison {
	t.Helper()
	got := run(t, want, append([]string{"compare", "-o", "json"}, flags...)...)
	var c comparison
	if err := json.Unmarshal([]byte(got.Stdout), &c); err != nil {
		t.Fatalf("compare printed %q: %v", got.Stdout, err)
	}
	return c
}
