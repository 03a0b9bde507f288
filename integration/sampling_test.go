package integration

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// TestRemoteSamplerReadsNumericStrategy has Jaeger 2.13 say "keep all" in the form
// that jaeger-client-go cannot read: it would stay at the rate of 0 that it has
// until the first answer, and every span would be lost.
func TestRemoteSamplerReadsNumericStrategy(t *testing.T) {
	t.Parallel()
	j := jaegers.Start(t, jaegers.V213())
	flags := slices.Concat(agentFlags(t, j.AgentHostPort), []string{
		"--query-url", j.QueryURL,
		"--sampler-type", "remote", "--sampler-param", "0", "--sampling-url", j.SamplingURL,
	})
	_, addrs := start(t, slices.Concat([]string{"serve", "--port", "0"}, flags)...)
	called := run(t, 0, slices.Concat([]string{"call", "http://" + addrs["http"] + "/", "-o", "json"}, flags)...)
	var answer struct {
		SchemaVersion int           `json:"schema_version"`
		TraceID       trace.TraceID `json:"trace_id"`
		Sampled       bool          `json:"sampled"`
	}
	if err := json.Unmarshal([]byte(called.Stdout), &answer); err != nil {
		t.Fatalf("call printed %q: %v", called.Stdout, err)
	}
	if answer.SchemaVersion != 1 || !answer.Sampled {
		t.Errorf("got %+v, want schema version 1 and a sampled trace", answer)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := wire.ReadTrace(ctx, j.QueryURL, answer.TraceID, 6); err != nil {
		t.Error(err)
	}

	// Programs with jaeger-client-go would not be so lucky, and are told.
	if got := check(t, 0, flags...).status("sampling-strategy"); got != "warn" {
		t.Errorf("check-jaeger on the strategy: got %q, want warn", got)
	}
}
