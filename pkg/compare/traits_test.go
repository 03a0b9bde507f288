package compare

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// asked returns what the tracer of cfg answers, and fails the test if that took a
// finished span.
func asked(t *testing.T, cfg config.Config) map[string]string {
	t.Helper()
	var tracers [2]*tracer.Tracer
	for i, param := range []float64{1, 0} {
		cfg.Sampler.Param = param
		tr, err := tracer.New(cfg, tracer.Options{Service: "compare"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := tr.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
		tracers[i] = tr
	}
	answers := make(map[string]string)
	for _, trait := range Ask(tracers[0], tracers[1]) {
		answers[trait.ID] = trait.Answer
	}
	for _, tr := range tracers {
		if s := tr.Stats(); s.Finished != 0 {
			t.Errorf("%d spans were finished, want 0", s.Finished)
		}
	}
	return answers
}

func TestAsk(t *testing.T) {
	t.Parallel()
	const (
		continues = "continues the trace"
		newTrace  = "is not read: a new trace begins"
		another   = "is a tag like any other"
		overrules = "overrules the sampler"
	)
	jaeger := map[string]string{
		"headers":             "uber-trace-id, uberctx-userid",
		"reads-jaeger":        continues,
		"reads-w3c":           newTrace,
		"reads-b3":            newTrace,
		"baggage":             "userId arrives as userid",
		"binary":              "works",
		"follows-from":        "is in the same trace",
		"jaeger-debug-id":     "is traced, whatever the sampler decides",
		"sampling-priority-0": overrules,
		"sampling-priority-1": overrules,
	}
	otel := map[string]string{
		"headers":             "baggage, traceparent",
		"reads-jaeger":        newTrace,
		"reads-w3c":           continues,
		"reads-b3":            newTrace,
		"baggage":             "userId arrives as userId",
		"binary":              "is not supported",
		"follows-from":        "begins a new trace",
		"jaeger-debug-id":     "is a request like any other",
		"sampling-priority-0": another,
		"sampling-priority-1": another,
	}
	for name, want := range map[string]map[string]string{config.TracerJaeger: jaeger, config.TracerOTel: otel} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config.Defaults()
			cfg.Tracer, cfg.Propagation = name, nil
			if diff := cmp.Diff(want, asked(t, cfg)); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			cfg.Propagation = []string{config.PropagationJaeger, config.PropagationW3C, config.PropagationB3}
			all := asked(t, cfg)
			for _, id := range []string{"reads-jaeger", "reads-w3c", "reads-b3"} {
				if all[id] != continues {
					t.Errorf("%s with all formats: got %q, want %q", id, all[id], continues)
				}
			}
		})
	}
}
