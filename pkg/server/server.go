// Package server is the traced HTTP server of the time: /gettime returns it, /
// redirects there, and each request is a span. It depends on OpenTracing only, not on
// an implementation. Start at NewHandler and Run.
package server

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/opentracing-contrib/go-stdlib/nethttp"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"

	"github.com/otdemo/otdemo/pkg/graceful"
)

// TimeLayout is the layout of the time in /gettime's response, as in time.Format.
const TimeLayout = "Mon Jan _2 15:04:05 2006"

// Options are the dependencies of a handler.
type Options struct {
	// Tracer makes the spans; nil makes none.
	Tracer opentracing.Tracer
	// Logger logs panics; nil discards.
	Logger *slog.Logger
	// Metrics serves /metrics, untraced; without it the path does not exist.
	Metrics http.Handler
	// Now is the clock of /gettime; nil means the system's.
	Now func() time.Time
}

// The paths that probes and scrapers request every few seconds. They make no spans,
// which would hide those of real requests.
const (
	healthPath  = "/healthz"
	metricsPath = "/metrics"
)

// maxBodyBytes bounds a request's body, which no handler here uses.
const maxBodyBytes = 1 << 20

// NewHandler returns the server's routes. Each request to any path but /healthz
// and /metrics makes one span, named after the method and the route and not
// after the URL, so that the number of operations stays small.
func NewHandler(opts Options) http.Handler {
	opts.Tracer = cmp.Or[opentracing.Tracer](opts.Tracer, opentracing.NoopTracer{})
	opts.Logger = cmp.Or(opts.Logger, slog.New(slog.DiscardHandler))
	if opts.Now == nil {
		opts.Now = time.Now
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /gettime", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "The time is %s", opts.Now().Format(TimeLayout))
	})
	// A location without a host keeps the scheme, host and port that the client
	// used, behind a proxy too.
	mux.Handle("GET /{$}", http.RedirectHandler("/gettime", http.StatusMovedPermanently))
	mux.HandleFunc("GET "+healthPath, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	if opts.Metrics != nil {
		mux.Handle("GET "+metricsPath, opts.Metrics)
	}
	return trace(opts, mux)
}

func trace(opts Options, mux *http.ServeMux) http.Handler {
	traced := nethttp.Middleware(opts.Tracer, recovering(opts.Logger, mux),
		nethttp.OperationNameFunc(func(r *http.Request) string {
			return operation(mux, r)
		}),
		nethttp.MWSpanFilter(func(r *http.Request) bool {
			return r.URL.Path != healthPath && r.URL.Path != metricsPath
		}),
	)
	return http.MaxBytesHandler(traced, maxBodyBytes)
}

// operation names a span after its route: "HTTP GET /gettime". Requests that match no
// route have one name for each method, and unknown methods share one name.
func operation(mux *http.ServeMux, r *http.Request) string {
	switch _, pattern := mux.Handler(r); pattern {
	case "":
	case "GET /{$}":
		return "HTTP " + r.Method + " /"
	default:
		return "HTTP " + r.Method + pattern[len("GET"):]
	}
	methods := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace,
	}
	if slices.Contains(methods, r.Method) {
		return "HTTP " + r.Method + " unmatched"
	}
	return "HTTP unmatched"
}

// recovering responds to a panic with 500 and logs it on the request's span, which the
// outer middleware marks as failed because of the status.
func recovering(logger *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { //nolint:contextcheck // the span is the request's
			reason := recover()
			if reason == nil {
				return
			}
			if reason == http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
				panic(reason)
			}
			logger.Error("handler panicked", "path", r.URL.Path, "reason", reason)
			if span := opentracing.SpanFromContext(r.Context()); span != nil {
				err := fmt.Errorf("handler panicked: %v", reason)
				ext.LogError(span, err, log.Message(err.Error()))
			}
			http.Error(w, "internal server error", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// Limits of a connection. The handlers respond at once, so a slower client is broken or
// hostile.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	// drainTimeout bounds the requests in flight when the server stops; Kubernetes kills
	// it after 30s.
	drainTimeout = 20 * time.Second
)

// Run serves h on ln until ctx ends, then waits for the requests in flight and returns
// nil. It closes ln. An error means that the server failed, or that requests were still
// in flight after 20 seconds and their connections were closed.
func Run(ctx context.Context, ln net.Listener, h http.Handler, logger *slog.Logger) error {
	srv := graceful.Serve(ln, &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	})
	select {
	case err := <-srv.Failed():
		return fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	return srv.Close(drain)
}
