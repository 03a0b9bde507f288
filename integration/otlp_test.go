package integration

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/integration/jaegers"
	"github.com/otdemo/otdemo/integration/wire"
	"github.com/otdemo/otdemo/pkg/trace"
)

// TestOTLPIsReadLikeJaeger sends the same OTLP over gRPC to the embedded Jaeger
// and to real ones, and expects the same JSON of the trace.
func TestOTLPIsReadLikeJaeger(t *testing.T) {
	t.Parallel()
	_, addrs := start(t, "all-in-one", "--free-ports")
	for n, r := range jaegers.Releases() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			jaeger := jaegers.Start(t, r)
			id := trace.TraceID{High: 0x0715, Low: uint64(n + 1)}
			want := otlpJSON(t, jaeger.OTLPHostPort, jaeger.QueryURL, id)
			got := otlpJSON(t, addrs["otlp-grpc"], "http://"+addrs["query"], id)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("JSON of the trace (-jaeger +all-in-one):\n%s", diff)
			}
		})
	}
}

// otlpJSON sends the sample and returns what the query API then answers.
func otlpJSON(t *testing.T, hostPort, queryURL string, id trace.TraceID) any {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], id.High)
	binary.BigEndian.PutUint64(raw[8:], id.Low)
	if err := wire.SendOTLP(ctx, hostPort, wire.OTLPSample(raw)); err != nil {
		t.Fatal(err)
	}
	if _, err := wire.ReadTrace(ctx, queryURL, id, 2); err != nil {
		t.Fatal(err)
	}
	body, err := wire.ReadJSON(ctx, queryURL, id)
	if err != nil {
		t.Fatal(err)
	}
	return normal(t, body)
}
