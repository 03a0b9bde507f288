package allinone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/api"
	"github.com/otdemo/otdemo/pkg/allinone/sampling"
	"github.com/otdemo/otdemo/pkg/allinone/store"
	"github.com/otdemo/otdemo/pkg/allinone/udp"
	"github.com/otdemo/otdemo/pkg/allinone/wire"
)

// Limits of the HTTP servers. A reader that stalls must not hold its connection
// for ever; a large trace over a slow line may take its time.
const (
	headerTimeout  = 5 * time.Second
	requestTimeout = 10 * time.Second
	answerTimeout  = 2 * time.Minute
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 64 << 10
)

// Backend is a running all-in-one. Its methods may be called from many goroutines
// at once.
type Backend struct {
	logger  *slog.Logger
	addrs   map[string]string
	intake  *intake
	agent   *udp.Receiver
	servers []*http.Server
	serving sync.WaitGroup

	stop     sync.Once
	closeErr error
}

// Start opens every port and begins to receive and to serve. When one cannot be
// had it opens none, and the error joins a *ListenError for each.
func Start(opts Options) (*Backend, error) {
	opts = opts.withDefaults()
	if err := opts.Sampling.Validate(); err != nil {
		return nil, err
	}
	if opts.MaxMemory < minMaxMemory {
		return nil, fmt.Errorf("memory for spans must be at least %d bytes, got %d", minMaxMemory, opts.MaxMemory)
	}
	sockets, err := listen(opts)
	if err != nil {
		return nil, err
	}
	b := &Backend{
		logger: opts.Logger,
		addrs:  sockets.addrs(),
		intake: &intake{
			store:      store.New(store.Options{MaxBytes: opts.MaxMemory}),
			clients:    newClients(),
			complaints: newComplaints(opts.Now),
			logger:     opts.Logger,
			faults:     make(map[wire.Reason]int64),
		},
	}
	b.agent = udp.Start(sockets.agent, compactAgent(b.intake), opts.Logger)
	b.serve(Query, sockets.query, api.Handler(api.Options{
		Store:  b.intake.store,
		Loss:   func() any { return b.Stats() },
		Host:   opts.Host,
		Logger: opts.Logger,
	}))
	b.serve(Sampling, sockets.sampling, sampling.Handler(opts.Sampling, opts.Logger))
	return b, nil
}

// serve runs an HTTP server until Close.
func (b *Backend) serve(name string, l net.Listener, handler http.Handler) {
	logger := b.logger.With("listener", name)
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	b.servers = append(b.servers, server)
	b.serving.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("server ended", "error", err)
		}
	})
}

// Addrs returns where the backend listens: a listener's name to its host:port.
// AgentCompact is a UDP port, the others are TCP.
func (b *Backend) Addrs() map[string]string { return maps.Clone(b.addrs) }

// Close stops receiving, once what waits in the sockets has been read and stored,
// then stops serving. It returns when every goroutine has ended; a ctx that ends
// first makes it give up what is left, which the error tells. Stats stay. Further
// calls wait for the first and return what it did.
func (b *Backend) Close(ctx context.Context) error {
	b.stop.Do(func() { b.closeErr = b.shutDown(ctx) })
	return b.closeErr
}

func (b *Backend) shutDown(ctx context.Context) error {
	faults := []error{b.agent.Close(ctx)}
	for _, server := range b.servers {
		if err := server.Shutdown(ctx); err != nil {
			faults = append(faults, fmt.Errorf("stop serving: %w", err), server.Close())
		}
	}
	b.serving.Wait()
	b.report()
	return errors.Join(faults...)
}

// report tells in the log what was lost, if anything.
func (b *Backend) report() {
	stats := b.Stats()
	if stats.Lossless() {
		return
	}
	lost := stats.Totals.Lost
	b.logger.Warn("spans were lost",
		"kernel_drops", stats.Agent.KernelDrops,
		"undecodable", stats.Agent.UndecodableTotal(),
		"abandoned", stats.Agent.Abandoned,
		"batches_missing", stats.Totals.BatchesMissing,
		"spans_evicted", stats.Store.EvictedSpans,
		"spans_refused", stats.Store.RefusedSpans,
		"client_queue_full", lost.QueueFull,
		"client_too_large", lost.TooLarge,
		"client_failed", lost.Failed)
}
