package tracer

import (
	"testing"

	"github.com/otdemo/otdemo/pkg/config"
)

func newTracer(t *testing.T, cfg config.Config) (*Tracer, *logs) {
	t.Helper()
	l := &logs{}
	tr, err := New(cfg, Options{Logger: l.logger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeTracer(t, tr) })
	return tr, l
}
