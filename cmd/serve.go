package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
	jaegerprom "github.com/uber/jaeger-lib/metrics/prometheus"

	"github.com/otdemo/otdemo/internal/hint"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/report/run"
	"github.com/otdemo/otdemo/pkg/server"
	"github.com/otdemo/otdemo/pkg/tracer"
)

func newServe(a *app) *cobra.Command {
	var addrFile string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run an HTTP server that traces its requests",
		Long: `Run an HTTP server whose requests are traced with OpenTracing: /gettime returns the
time, and / redirects to it. /healthz and /metrics (Prometheus) are not traced.

It also works without Jaeger, and reports lost spans on stderr. --tracer selects
another tracing library: zipkin, otel or appdash. --collector-endpoint sets the URL
that spans are sent to.

On SIGINT or SIGTERM it finishes the requests in progress, flushes the spans and
exits.
` + exitCodesHelp("0 stopped by a signal", "1 cannot listen, or requests were aborted at the end", "3"),
		Example: `  otdemo serve --port 8000
  otdemo serve --agent-host jaeger.example.com
  otdemo serve --collector-endpoint http://localhost:14268/api/traces
  otdemo serve --tracer otel --collector-endpoint grpc://localhost:4317
  otdemo serve --port 0 --addr-file addrs.json`,
		GroupID: groupCore,
		Args:    maxArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, err := a.load(cmd)
			if err != nil {
				return err
			}
			a.warnAll(loaded.Warnings)
			return a.serve(cmd.Context(), loaded.Config, addrFile)
		},
	}
	flags := cmd.Flags()
	addTracerFlags(flags)
	addKeyFlag(flags, "host", "serve.host", "host")
	addKeyFlag(flags, "port", "serve.port", "port")
	flags.StringVar(&addrFile, "addr-file", "", "write the listening address to `file`, as JSON: {\"http\": \"host:port\"}")
	return cmd
}

func (a *app) serve(ctx context.Context, cfg config.Config, addrFile string) error {
	logger := a.logger()
	ln, err := a.listen(ctx, cfg.Serve)
	if err != nil {
		return err
	}
	defer ln.Close()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	tr, err := tracer.New(cfg, tracer.Options{
		Service: "otdemo-server",
		Logger:  logger,
		Metrics: jaegerprom.New(jaegerprom.WithRegisterer(registry)),
	})
	if err != nil {
		return usageError(err)
	}
	registry.MustRegister(spanCollector(tr.Stats))
	defer func() {
		a.closeTracer(ctx, tr)
		s := tr.Stats()
		logger.Info("stopped", "spans_finished", s.Finished, "spans_sent", s.Sent, "spans_lost", s.Lost())
	}()

	addr := ln.Addr().String()
	if err := a.writeAddrFile(ctx, addrFile, map[string]string{"http": addr}); err != nil {
		return err
	}
	logger.Info("listening", "url", "http://"+addr+"/", "service", tr.Service(), "spans_to", tr.Target())
	handler := server.NewHandler(server.Options{
		Tracer:  tr,
		Logger:  logger,
		Metrics: promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}),
		Now:     a.env.Now,
	})
	return server.Run(ctx, ln, handler, logger)
}

// spanCollector exports a tracer's span counters as one gauge per state, because a span
// can leave a state: from queued to refused to sent.
func spanCollector(stats func() tracer.Stats) prometheus.Collector {
	finished := prometheus.NewDesc("otdemo_spans_finished_total",
		"Sampled spans that were finished.", nil, nil)
	now := prometheus.NewDesc("otdemo_spans",
		"Finished spans by their current state; the states add up to otdemo_spans_finished_total.", []string{"state"}, nil)
	return prometheus.CollectorFunc(func(metrics chan<- prometheus.Metric) {
		s := stats()
		metrics <- prometheus.MustNewConstMetric(finished, prometheus.CounterValue, float64(s.Finished))
		for _, state := range run.SpanStates(s) {
			metrics <- prometheus.MustNewConstMetric(now, prometheus.GaugeValue, float64(state.Spans), state.Name)
		}
	})
}

// listen opens the server's port. If another program listens on it, the hint names the
// flag to change.
func (a *app) listen(ctx context.Context, cfg config.Serve) (net.Listener, error) {
	addr := net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))
	ln, err := a.env.Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, hint.New(fmt.Errorf("another program already listens on %s", addr),
			"choose another port with --port, or --port 0 for any free port")
	case err != nil:
		return nil, hint.New(fmt.Errorf("listen on %s: %w", addr, err),
			"choose another address with --host and --port")
	}
	return ln, nil
}

// localServer is a server in the background, on a free port of this machine. It also
// runs when the context it was started with has ended.
type localServer struct {
	addr   string
	cancel context.CancelFunc
	done   chan error
}

func (a *app) startServer(ctx context.Context, handler http.Handler, logger *slog.Logger) (*localServer, error) {
	ln, err := a.listen(ctx, config.Serve{Host: "127.0.0.1"})
	if err != nil {
		return nil, err
	}
	s := &localServer{addr: ln.Addr().String(), done: make(chan error, 1)}
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() { s.done <- server.Run(ctx, ln, handler, logger) }()
	return s, nil
}

func (s *localServer) url(path string) string { return "http://" + s.addr + path }

func (s *localServer) stop() error {
	s.cancel()
	return <-s.done
}

// closeTimeout is how long a command waits at its end for its last spans to be sent.
const closeTimeout = 5 * time.Second

// closing returns a context for the end of a command, also after Ctrl-C.
func closing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
}

// closeTracer flushes the last spans, also after Ctrl-C, and prints a warning for the
// spans that were not sent.
func (a *app) closeTracer(ctx context.Context, tr *tracer.Tracer) {
	ctx, cancel := closing(ctx)
	defer cancel()
	if err := tr.Close(ctx); err != nil {
		a.warn(err.Error(), "")
	}
	losses, fix := run.Losses(tr.Stats(), tr.Target())
	for _, loss := range losses {
		a.warn(loss, "")
	}
	printHint(a.env.Stderr, fix)
}
