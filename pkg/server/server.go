// Package server is the traced HTTP server that tells the time: /gettime
// answers, / redirects there, and each request is a span. It knows OpenTracing
// and not who implements it. Start at NewHandler and Run.
package server

import (
	"context"
	"errors"
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

// TimeLayout is the form of the time in /gettime's answer, as time.Format reads
// it.
const TimeLayout = "Mon Jan _2 15:04:05 2006"

// Options say what a handler works with.
type Options struct {
	// Tracer makes the spans; nil makes none.
	Tracer opentracing.Tracer
	// Logger hears of panics; nil discards.
	Logger *slog.Logger
	// Metrics answers /metrics, untraced; nil leaves the path unknown.
	Metrics http.Handler
	// Now is the clock that /gettime reads; nil is the system's.
	Now func() time.Time
}

// The paths that probes and scrapers ask every few seconds. They make no spans,
// since those would bury the ones of real requests.
const (
	healthPath  = "/healthz"
	metricsPath = "/metrics"
)

// maxBodyBytes bounds a request's body, which no handler here has a use for.
const maxBodyBytes = 1 << 20

// NewHandler returns the server's routes. Each request to any path but /healthz
// and /metrics makes one span, named after the method and the route and not
// after the URL, so that the number of operations stays small.
func NewHandler(opts Options) http.Handler {
	if opts.Tracer == nil {
		opts.Tracer = opentracing.NoopTracer{}
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
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

// trace wraps the routes of mux so that each request is a span.
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

// operation names a span after its route: "HTTP GET /gettime". Whatever matches
// no route shares one name a method, and invented methods share one name.
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

// recovering answers a panic with 500 and puts it on the request's span, which
// the middleware outside marks as failed because of the status.
func recovering(logger *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { //nolint:contextcheck // the span is the request's
			reason := recover()
			if reason == nil {
				return
			}
			if reason == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, too
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

// Limits on a connection. The handlers answer at once, so that whoever takes
// longer is broken or hostile.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	// drainTimeout is how long requests under way may take once the server is
	// told to stop; Kubernetes kills after 30s.
	drainTimeout = 20 * time.Second
)

// Run serves h on ln until ctx ends, then lets the requests under way finish and
// returns nil. It closes ln. An error means that the server could not go on, or
// that requests were still under way after 20 seconds and were cut.
func Run(ctx context.Context, ln net.Listener, h http.Handler, logger *slog.Logger) error {
	srv := graceful.Wrap(&http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	})
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	err := srv.Shutdown(drain)
	if err != nil {
		err = fmt.Errorf("requests still under way after %s were cut: %w", drainTimeout, errors.Join(err, srv.Close()))
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
