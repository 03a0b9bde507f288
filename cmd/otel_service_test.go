package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// otelService is a program for the scripts: a service of another vendor, traced by
// OpenTelemetry's SDK with its defaults: a batch every 5 s, W3C's headers, and no
// counters to read. OTEL_EXPORTER_OTLP_ENDPOINT names its collector; without
// one it is not traced. It writes its address as "http" to FILE and stops at an
// interrupt: otelservice FILE.
func otelService() {
	if err := serveOTel(os.Args[1], os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveOTel(file, endpoint string) error {
	ctx, stop := OSEnv().Interrupt(context.Background())
	defer stop()
	answer := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") }))
	if endpoint != "" {
		exporter, err := otlptracehttp.New(ctx)
		if err != nil {
			return err
		}
		provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter),
			sdktrace.WithResource(resource.NewSchemaless(resource.Default().Attributes()...)))
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = provider.Shutdown(ctx) // the collector may be gone by now
		}()
		answer = traceRequests(provider.Tracer("otelservice"), answer)
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	addrs, err := json.Marshal(map[string]string{"http": ln.Addr().String()})
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", addrs, 0o600); err != nil {
		return err
	}
	if err := os.Rename(file+".new", file); err != nil {
		return err
	}
	mux := http.NewServeMux() // anything else is not found: there is no /metrics
	mux.Handle("/{$}", answer)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: waitTimeout}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func traceRequests(tracer trace.Tracer, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, "GET /", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
