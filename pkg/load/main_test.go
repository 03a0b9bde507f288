package load

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/otdemo/otdemo/internal/udpsink"
	"github.com/otdemo/otdemo/pkg/client"
	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/tracer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newTracer returns a tracer whose spans go to a port that reads and forgets.
func newTracer(tb testing.TB, kind string) *tracer.Tracer {
	tb.Helper()
	cfg := config.Defaults()
	cfg.Tracer = kind
	cfg.Service = "load-test"
	if kind == "jaeger" {
		cfg.Reporter.Agent.Host = "127.0.0.1"
		cfg.Reporter.Agent.Port = udpsink.Open(tb)
	}
	tr, err := tracer.New(cfg, tracer.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), 10*time.Second)
		defer cancel()
		if err := tr.Close(ctx); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	return tr
}

// optionsFor returns the options of a run of one worker and one call to url.
func optionsFor(tb testing.TB, tr *tracer.Tracer, url string) Options {
	tb.Helper()
	c := client.New(tr, client.Options{Timeout: 10 * time.Second, Connections: 50})
	tb.Cleanup(c.Close)
	return Options{
		Client: c, Tracer: tr, Request: client.Request{URL: url},
		Requests: 1, Concurrency: 1, TraceShare: 1,
	}
}
