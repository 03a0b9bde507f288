package allinone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/api"
	"github.com/otdemo/otdemo/pkg/allinone/udp"
	"github.com/otdemo/otdemo/pkg/graceful"
)

// Backend is a running all-in-one. Its methods may be called from many goroutines
// at once.
type Backend struct {
	logger  *slog.Logger
	started time.Time
	addrs   map[string]string
	intake  *intake
	ui      *api.UI // nil without one
	// receivers of datagrams, by the listener's name.
	receivers map[string]*udp.Receiver
	appdash   *packets // nil when that is off
	history   *history
	closing   chan struct{} // closed as Close begins
	servers   []*graceful.Server
	serving   sync.WaitGroup

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
	if err := checkPorts(opts.Ports); err != nil {
		return nil, err
	}
	if opts.MaxMemory < minMaxMemory {
		return nil, fmt.Errorf("memory for spans must be at least %d bytes, got %d", minMaxMemory, opts.MaxMemory)
	}
	ui, err := openUI(opts.UIDir)
	if err != nil {
		return nil, err
	}
	sockets, err := listen(opts)
	if err != nil {
		_ = ui.Close() // was only opened
		return nil, err
	}
	addrs := sockets.addrs()
	b := &Backend{
		logger:    opts.Logger,
		started:   opts.Now(),
		addrs:     addrs,
		ui:        ui,
		receivers: make(map[string]*udp.Receiver),
		intake:    newIntake(opts, addrs),
		history:   newHistory(opts.Now()),
		closing:   make(chan struct{}),
	}
	b.start(&sockets, opts)
	return b, nil
}

// openUI opens the directory of a UI, if there is to be one.
func openUI(dir string) (*api.UI, error) {
	if dir == "" {
		return nil, nil
	}
	return api.OpenUI(dir)
}

// Addrs returns where the backend listens: a listener's name to its host:port.
// Listeners says which are UDP ports and which are TCP.
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
	close(b.closing)
	faults := b.drain(ctx)
	for _, server := range b.servers {
		if err := server.Shutdown(ctx); err != nil {
			faults = append(faults, fmt.Errorf("stop serving: requests that were still under way were cut off: %w", err), server.Close())
		}
	}
	b.serving.Wait()
	faults = append(faults, b.ui.Close())
	b.report()
	return errors.Join(faults...)
}

// drain closes the receivers of datagrams and of packets, all at once since each may
// take a while.
func (b *Backend) drain(ctx context.Context) []error {
	closers := []func(context.Context) error{b.appdash.close}
	for _, receiver := range b.receivers {
		closers = append(closers, receiver.Close)
	}
	faults := make(chan error)
	for _, stop := range closers {
		go func() { faults <- stop(ctx) }()
	}
	var all []error
	for range closers {
		all = append(all, <-faults)
	}
	return all
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
		"undecodable", stats.UndecodableTotal(),
		"abandoned", stats.Agent.Abandoned,
		"batches_missing", stats.Totals.BatchesMissing,
		"spans_evicted", stats.Store.EvictedSpans,
		"spans_refused", stats.Store.RefusedSpans,
		"client_queue_full", lost.QueueFull,
		"client_too_large", lost.TooLarge,
		"client_failed", lost.Failed)
}
