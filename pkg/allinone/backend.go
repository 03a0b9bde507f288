package allinone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/api"
	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/store"
)

// Backend is a running all-in-one. Its methods may be called from many goroutines
// at once.
type Backend struct {
	logger  *slog.Logger
	started time.Time
	addrs   map[string]string
	store   *store.Store
	clients *clients
	ingest  *ingest.Ingest
	ui      *api.UI // nil without one
	// receivers by name, and the servers of the other ports.
	receivers map[string]ingest.Server
	servers   []ingest.Server
	history   *history
	closing   chan struct{} // closed when Close begins
	running   sync.WaitGroup

	stop     sync.Once
	closeErr error
}

// Start opens every port and begins to receive and to serve. When one cannot be
// opened it opens none, and the error joins a *ListenError for each.
func Start(opts Options) (*Backend, error) {
	opts = opts.withDefaults()
	if err := opts.Sampling.Validate(); err != nil {
		return nil, err
	}
	if err := checkPorts(opts.Ports); err != nil {
		return nil, err
	}
	if opts.MaxMemory < minMaxMemory {
		return nil, fmt.Errorf("memory for spans must be at least %d MiB, got %d bytes", minMaxMemory>>20, opts.MaxMemory)
	}
	var ui *api.UI
	var err error
	if opts.UIDir != "" {
		if ui, err = api.OpenUI(opts.UIDir); err != nil {
			return nil, err
		}
	}
	sockets, err := listen(opts)
	if err != nil {
		_ = ui.Close() // was only opened
		return nil, err
	}
	addrs := make(map[string]string)
	for name, s := range sockets {
		addrs[name] = s.Addr().String()
	}
	b := &Backend{
		logger:    opts.Logger,
		started:   opts.Now(),
		addrs:     addrs,
		store:     store.New(opts.MaxMemory),
		clients:   newClients(),
		ui:        ui,
		receivers: make(map[string]ingest.Server),
		history:   newHistory(opts.Now()),
		closing:   make(chan struct{}),
	}
	b.ingest = ingest.New(ingest.Options{
		Store:     b.add,
		Receivers: specs(),
		Addrs:     addrs,
		Logger:    opts.Logger,
		Now:       opts.Now,
	})
	b.start(sockets, opts)
	return b, nil
}

// add stores a batch, then adds it to the counters of its client.
func (b *Backend) add(batch *ingest.Batch) {
	b.store.Add(batch.Spans)
	b.clients.observe(batch)
}

// Addrs returns where the backend listens: a listener's name to its host:port.
// Listeners has their networks.
func (b *Backend) Addrs() map[string]string { return maps.Clone(b.addrs) }

// Close stops receiving, after what waits in the sockets has been read and stored,
// then stops serving. It returns when every goroutine has ended. If ctx ends first it
// gives up the rest, which is an error. Stats remain. Further calls wait for the first
// and return its error.
func (b *Backend) Close(ctx context.Context) error {
	b.stop.Do(func() { b.closeErr = b.shutDown(ctx) })
	return b.closeErr
}

func (b *Backend) shutDown(ctx context.Context) error {
	close(b.closing)
	err := errors.Join(
		closeAll(ctx, slices.Collect(maps.Values(b.receivers))),
		closeAll(ctx, b.servers),
	)
	b.running.Wait()
	err = errors.Join(err, b.ui.Close())
	b.logLosses()
	return err
}

// closeAll closes servers all at once, because each may take a while.
func closeAll(ctx context.Context, servers []ingest.Server) error {
	faults := make([]error, len(servers))
	var closing sync.WaitGroup
	for i, s := range servers {
		closing.Go(func() { faults[i] = s.Close(ctx) })
	}
	closing.Wait()
	return errors.Join(faults...)
}

func (b *Backend) logLosses() {
	stats := b.Stats()
	if stats.Lossless() {
		return
	}
	lost := stats.Totals.Lost
	b.logger.Warn("spans were lost",
		"kernel_drops", stats.Agent.KernelDrops,
		"undecodable", stats.UndecodableTotal(),
		"abandoned", stats.Agent.Abandoned,
		"batches_missing", stats.Totals.BatchesMissing,
		"spans_evicted", stats.Store.EvictedSpans,
		"spans_refused", stats.Store.RefusedSpans,
		"client_queue_full", lost.QueueFull,
		"client_too_large", lost.TooLarge,
		"client_failed", lost.Failed)
}
