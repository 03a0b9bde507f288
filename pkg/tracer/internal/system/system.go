// Package system is what the tracing systems have in common. Start at Tracer, which
// each of them makes.
package system

import (
	"context"
	"errors"
	"fmt"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
	"github.com/otdemo/otdemo/pkg/tracer/internal/propagation"
	"github.com/otdemo/otdemo/pkg/tracer/internal/reporter"
	"github.com/otdemo/otdemo/pkg/tracer/internal/sampling"
)

// Tracer is what a tracing system makes of a configuration.
type Tracer struct {
	opentracing.Tracer
	// Service is the service name on the spans.
	Service string
	// TraceID returns zero for a context that another tracer made.
	TraceID func(opentracing.SpanContext) (trace id.TraceID, sampled bool)
	// Reporter delivers the spans.
	Reporter interface {
		Stats() reporter.Stats
		Shutdown(ctx context.Context) error
	}
	// Stop ends the requests of the sampler, before the reporter is shut down, so that
	// its deadline does not cut that off. It may be called again.
	Stop func()
}

// Check returns the propagators of cfg, or all that no tracing system can work with,
// so that a configuration that was made, not loaded, causes no panic.
func Check(cfg config.Config, env reporter.Env) (*propagation.Propagators, error) {
	var errs []error
	if cfg.Service == "" {
		errs = append(errs, hint.New(errors.New("service must not be empty"), "name it: --service NAME"))
	}
	if cfg.Reporter.QueueSize < 1 {
		errs = append(errs, fmt.Errorf("reporter.queue_size must be at least 1, got %d", cfg.Reporter.QueueSize))
	}
	if cfg.Reporter.FlushInterval <= 0 {
		errs = append(errs, fmt.Errorf("reporter.flush_interval must be positive, got %v", cfg.Reporter.FlushInterval))
	}
	if port := cfg.Reporter.Agent.Port; !cfg.UsesCollector() && (port < 1 || port > 65535) {
		errs = append(errs, fmt.Errorf("reporter.agent.port must be between 1 and 65535, got %d", port))
	}
	propagators, err := propagation.New(cfg.Formats(), env.Logger)
	return propagators, errors.Join(append(errs, sampling.Check(cfg), err)...)
}
