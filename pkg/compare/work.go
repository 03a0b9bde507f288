package compare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/opentracing-contrib/go-stdlib/nethttp"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
)

// WorkPath is the only path of Work.
const WorkPath = "/work"

// workItem is the baggage that Tenant sets and Work reads.
const workItem = "tenant"

// Tenant sets the baggage that Work reads on the span of a request to it.
func Tenant(span opentracing.Span) { span.SetBaggageItem(workItem, "acme") }

// Work returns a traced server that uses all of OpenTracing: tags of all types, logs,
// errors, baggage, kinds, names that change, and spans that follow from another. Its
// traces show how a tracer represents each.
func Work(tracer opentracing.Tracer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+WorkPath, func(w http.ResponseWriter, r *http.Request) {
		work(r.Context(), tracer)
		fmt.Fprintln(w, "done")
	})
	return nethttp.Middleware(tracer, mux, nethttp.OperationNameFunc(func(r *http.Request) string {
		return "HTTP " + r.Method + " " + WorkPath
	}))
}

func work(ctx context.Context, tracer opentracing.Tracer) {
	span := opentracing.SpanFromContext(ctx)
	if span == nil {
		return
	}
	if item := span.BaggageItem(workItem); item != "" {
		span.SetTag("baggage."+workItem, item)
	}
	tags(span)
	span.LogFields(log.Event("cache.miss"), log.String("key", "user:42"), log.Int("tries", 3))
	span.LogKV("message", "a log without an event")
	span.SetBaggageItem("seen", "yes")

	query := tracer.StartSpan("query", opentracing.ChildOf(span.Context()), ext.SpanKindRPCClient)
	ext.LogError(query, errors.New("no such table"), log.Message("the query failed"))
	query.Finish()

	publish := tracer.StartSpan("publish", opentracing.ChildOf(span.Context()))
	ext.SpanKindProducer.Set(publish) // after the start, as much code does
	publish.SetOperationName("publish mail")
	publish.Finish()

	join := tracer.StartSpan("join", opentracing.ChildOf(query.Context()), opentracing.FollowsFrom(publish.Context()))
	join.Finish()
	tracer.StartSpan("audit", opentracing.FollowsFrom(span.Context())).Finish()
}

func tags(span opentracing.Span) {
	span.SetTag("value.string", "text")
	span.SetTag("value.bool", true)
	span.SetTag("value.int", 42)
	span.SetTag("value.uint64", uint64(1)<<40)
	span.SetTag("value.float", 0.5)
	span.SetTag("value.list", []string{"a", "b"})
	span.SetTag("value.long", strings.Repeat("0123456789", 30))
	span.SetTag("value.twice", "first")
	span.SetTag("value.twice", "second")
	span.SetTag("error.code", "E42")
}
