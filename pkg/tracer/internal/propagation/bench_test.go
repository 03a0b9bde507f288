package propagation_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/opentracing/opentracing-go"
	"github.com/uber/jaeger-client-go"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
)

// BenchmarkPropagation injects a span's context into a request's headers and
// extracts it again. "jaeger-client-go" is the bare library, which "jaeger/jaeger"
// must not be slower than.
func BenchmarkPropagation(b *testing.B) {
	b.Run("jaeger-client-go", func(b *testing.B) {
		tr, closer := jaeger.NewTracer("shop", jaeger.NewConstSampler(true), jaeger.NewNullReporter())
		defer func() { _ = closer.Close() }()
		benchmarkPropagation(b, tr)
	})
	for _, system := range speakers() {
		for _, formats := range [][]string{{config.PropagationJaeger}, {config.PropagationW3C}, {config.PropagationB3}, {config.PropagationW3C, config.PropagationJaeger, config.PropagationB3}} {
			b.Run(system+"/"+strings.Join(formats, "+"), func(b *testing.B) {
				cfg := speakConfig(system, formats...)
				tr, err := tracer.New(cfg, tracer.Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer func() { _ = tr.Close(b.Context()) }()
				benchmarkPropagation(b, tr)
			})
		}
	}
}

func benchmarkPropagation(b *testing.B, tr opentracing.Tracer) {
	b.Helper()
	b.ReportAllocs()
	span := tr.StartSpan("call").SetBaggageItem("who", "me")
	for b.Loop() {
		carrier := opentracing.HTTPHeadersCarrier(http.Header{
			"Accept": {"*/*"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"bench"}, "Connection": {"keep-alive"},
		})
		if err := span.Tracer().Inject(span.Context(), opentracing.HTTPHeaders, carrier); err != nil {
			b.Fatal(err)
		}
		if _, err := tr.Extract(opentracing.HTTPHeaders, carrier); err != nil {
			b.Fatal(err)
		}
	}
}
