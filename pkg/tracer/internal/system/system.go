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
	Backend
	// Service is the service name on the spans.
	Service string
	// Target is where the spans go, see Tracer.Target.
	Target string
}

// Backend is what a tracing system needs beyond OpenTracing's interface.
type Backend interface {
	// TraceID returns zero for a context that another tracer made.
	TraceID(sc opentracing.SpanContext) (trace id.TraceID, sampled bool)
	Stats() reporter.Stats
	// Shutdown is Tracer.Close.
	Shutdown(ctx context.Context) error
}

// CheckBasics finds what no implementation can work with, so that a
// configuration that was not loaded but made is no panic.
func CheckBasics(cfg config.Config) []error {
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
	return errs
}

// CheckTraceSampled is CheckBasics for the libraries that sample by trace id and
// are taught their header formats, and makes both.
func CheckTraceSampled(cfg config.Config, opts reporter.Env) (func(traceID uint64) bool, *propagation.Propagators, error) {
	errs := CheckBasics(cfg)
	sampler, badSampler := sampling.ByTraceID(cfg)
	propagators, badFormat := propagation.New(cfg.Formats(), opts.Logger)
	if err := errors.Join(append(errs, badSampler, badFormat)...); err != nil {
		return nil, nil, err
	}
	return sampler, propagators, nil
}
