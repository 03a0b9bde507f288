package cmd

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/otdemo/otdemo/pkg/compare"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/server"
)

// worker is the server in this process. It gets one request at a time.
type worker struct {
	addr    string
	handler atomic.Pointer[http.Handler]
	busy    sync.WaitGroup
	cancel  context.CancelFunc
	done    chan error
}

func startWorker(ctx context.Context, a *app, logger *slog.Logger) (*worker, error) {
	ln, err := a.listen(ctx, config.Serve{Host: "127.0.0.1"})
	if err != nil {
		return nil, err
	}
	w := &worker{addr: ln.Addr().String(), done: make(chan error, 1)}
	ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() { w.done <- server.Run(ctx, ln, w, logger) }()
	return w, nil
}

// ServeHTTP calls the handler of the current side.
func (w *worker) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.busy.Add(1)
	defer w.busy.Done()
	(*w.handler.Load()).ServeHTTP(rw, r)
}

func (w *worker) serve(h http.Handler) { w.handler.Store(&h) }

// wait returns when all handlers have returned, and so have finished their spans.
func (w *worker) wait() { w.busy.Wait() }

func (w *worker) url() string { return "http://" + w.addr + compare.WorkPath }

func (w *worker) stop() error {
	w.cancel()
	return <-w.done
}
