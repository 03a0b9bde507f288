// Package tracertest makes tracers for tests that go through package tracer. Start at
// New.
package tracertest

import (
	"testing"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
	"github.com/otdemo/otdemo/pkg/tracer/internal/testkit"
)

// New makes a tracer that the end of the test closes.
func New(t *testing.T, cfg config.Config) (*tracer.Tracer, *testkit.Logs) {
	t.Helper()
	l := &testkit.Logs{}
	tr, err := tracer.New(cfg, tracer.Options{Logger: l.Logger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { testkit.CloseTracer(t, tr) })
	return tr, l
}
