package probetest

import (
	"context"
	"testing"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone"
)

// StartBackend runs the embedded Jaeger and returns the configuration that fits
// it.
func StartBackend(t *testing.T) (backend *allinone.Backend, pairs []string) {
	t.Helper()
	backend, err := allinone.Start(allinone.Options{Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := backend.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	addrs := backend.Addrs()
	return backend, []string{
		"reporter.agent.host", "127.0.0.1",
		"reporter.agent.port", PortFrom(t, addrs[allinone.AgentCompact]),
		"query.url", "http://" + addrs[allinone.Query],
		"sampler.endpoint", "http://" + addrs[allinone.Sampling] + "/sampling",
	}
}
