package load

import (
	"context"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

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
		cfg.Reporter.Agent.Port = blackHole(tb)
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

// blackHole is a UDP port that reads and forgets.
func blackHole(tb testing.TB) int {
	tb.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1<<16)
		for {
			if _, err := conn.Read(buf); err != nil {
				return
			}
		}
	}()
	tb.Cleanup(func() { _ = conn.Close(); <-done })
	return conn.LocalAddr().(*net.UDPAddr).Port
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
