package load

import (
	"context"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"

	"github.com/otdemo/otdemo/pkg/client"
)

// Call makes a single traced call with opts' Client, Tracer, Request and Tags; the
// other options are not used. The client's result has the response's body, and the
// error is the one of Result.Err. All spans are finished when it returns.
func Call(ctx context.Context, opts Options) (Result, client.Result, error) {
	c := newCaller(opts, func(ctx context.Context) (client.Result, error) {
		return opts.Client.Do(ctx, opts.Request)
	})
	result := Result{Start: time.Now()}
	answer, err := c.call(ctx, &result, true)
	return result, answer, err
}

// caller makes identical calls, from any number of goroutines.
type caller struct {
	send   func(context.Context) (client.Result, error)
	tracer Tracer
	// traced and untraced start the top-level span.
	traced, untraced []opentracing.StartSpanOption
}

func newCaller(opts Options, send func(context.Context) (client.Result, error)) *caller {
	c := &caller{send: send, tracer: opts.Tracer}
	for _, tag := range opts.Tags {
		c.traced = append(c.traced, tag)
	}
	// jaeger-client-go accepts the priority as a uint16 only.
	c.untraced = append(c.untraced, opentracing.Tag{Key: string(ext.SamplingPriority), Value: uint16(0)})
	c.untraced = append(c.untraced, c.traced...)
	return c
}

// call makes a call below its own top-level span and fills in r, whose Start and Delay
// are already set.
func (c *caller) call(ctx context.Context, r *Result, traced bool) (client.Result, error) {
	options := c.traced
	if !traced {
		options = c.untraced
	}
	top := c.tracer.StartSpan("call", options...)
	answer, err := c.send(opentracing.ContextWithSpan(ctx, top))
	r.Latency = r.Delay + answer.Elapsed
	r.Status = answer.Status
	r.Hops, r.Answered = answer.Hops, answer.Answered
	r.Bytes = answer.Bytes
	if _, noop := top.Tracer().(opentracing.NoopTracer); !noop {
		r.SpansMade = answer.Spans + 1
		r.TraceID, r.Sampled = c.tracer.Trace(top.Context())
	}
	if err != nil {
		ext.Error.Set(top, true)
		r.Kind, r.Err = kindOf(err), err.Error()
		if r.Kind == Timeout && ctx.Err() != nil {
			r.Kind = Canceled // the run has ended, not the call's timeout
		}
	}
	top.Finish()
	return answer, err
}
