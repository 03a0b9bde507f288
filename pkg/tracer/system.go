package tracer

import (
	"context"
	"errors"
	"fmt"

	"github.com/opentracing/opentracing-go"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace/id"
)

// systemTracer is what a tracing system makes of a configuration.
type systemTracer struct {
	opentracing.Tracer
	backend
	// service is the service name on the spans.
	service string
	// target is where the spans go, see Tracer.Target.
	target string
}

// backend is what a tracing system needs beyond OpenTracing's interface.
type backend interface {
	// traceID returns zero for a context that another tracer made.
	traceID(sc opentracing.SpanContext) (trace id.TraceID, sampled bool)
	stats() Stats
	// close is Tracer.Close.
	close(ctx context.Context) error
}

// checkBasics finds what no implementation can work with, so that a
// configuration that was not loaded but made is no panic.
func checkBasics(cfg config.Config) []error {
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

// checkTraceSampled is checkBasics for the libraries that sample by trace id and
// are taught their header formats, and makes both.
func checkTraceSampled(cfg config.Config, opts env) (func(traceID uint64) bool, *propagators, error) {
	errs := checkBasics(cfg)
	sampler, badSampler := newTraceSampler(cfg)
	propagators, badFormat := newPropagators(cfg.Formats(), opts.logger)
	if err := errors.Join(append(errs, badSampler, badFormat)...); err != nil {
		return nil, nil, err
	}
	return sampler, propagators, nil
}
