package allinone

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/otdemo/otdemo/pkg/allinone/api"
	"github.com/otdemo/otdemo/pkg/allinone/sampling"
	"github.com/otdemo/otdemo/pkg/allinone/udp"
	"github.com/otdemo/otdemo/pkg/allinone/wire"
	"github.com/otdemo/otdemo/pkg/graceful"
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

// start runs what stands behind each of the listeners.
func (b *Backend) start(s *sockets, opts Options) {
	b.receive(AgentCompact, s, wire.DecodeCompact)
	b.receive(AgentBinary, s, wire.DecodeBinary)
	b.receive(AgentZipkin, s, wire.DecodeCompact)

	b.tellCappedBuffers()

	up := newUploads()
	b.startCalls(s, up, &opts.Sampling)
	if l, ok := s.tcp[Appdash]; ok {
		b.appdash = startPackets(l, b.intake.inlet(Appdash), up, opts.Now)
	}
	strategies := sampling.Handler(opts.Sampling, opts.Logger)
	health := &health{since: opts.Now(), now: opts.Now, logger: opts.Logger}
	handlers := map[string]http.Handler{
		CollectorHTTP: collectorHandler(b.intake.inlet(CollectorHTTP), up, strategies),
		Zipkin:        zipkinHandler(b.intake.inlet(Zipkin), up),
		Query: api.Handler(api.Options{
			Store:      b.intake.store,
			Loss:       b.Stats,
			History:    b.History,
			DecodeOTLP: decodeOTLP,
			ReadBody:   up.readFile,
			Ending:     b.closing,
			Host:       opts.Host,
			UI:         b.ui,
			Now:        opts.Now,
			Logger:     opts.Logger,
		}),
		Sampling: strategies,
		Health:   health.firstHandler(b.Stats),
		HealthV2: health.secondHandler(),
	}
	for name, handler := range handlers {
		b.serve(name, s, redirecting(b.intake.inlet(name), handler))
	}
	b.serving.Go(func() { b.keepHistory(opts.Now) })
}

// receive takes the datagrams of a listener until Close, unless it is off.
func (b *Backend) receive(name string, s *sockets, decode decoder) {
	if conn, ok := s.udp[name]; ok {
		handle := agent(b.intake.inlet(name), decode)
		b.receivers[name] = udp.Start(conn, handle, b.logger.With("listener", name))
	}
}

// tellCappedBuffers says once when the kernel grants less than bursts need, which
// it does to all receivers alike.
func (b *Backend) tellCappedBuffers() {
	for name, receiver := range b.receivers {
		if stats := receiver.Stats(); udp.Capped(stats.SocketBuffer) {
			b.logger.Warn("kernel caps the UDP receive buffer, bursts may lose spans; raise net.core.rmem_max",
				"listener", name, "wanted_bytes", udp.WantedBuffer, "got_bytes", stats.SocketBuffer,
				"fix", fmt.Sprintf("sudo sysctl -w net.core.rmem_max=%d", udp.WantedBuffer))
			return
		}
	}
}

// serve runs an HTTP server on a listener until Close, unless it is off; configure
// may change it before. Clients that speak something else there are told of in the
// log.
func (b *Backend) serve(name string, s *sockets, handler http.Handler, configure ...func(*http.Server)) {
	l, ok := s.tcp[name]
	if !ok {
		return
	}
	in := b.intake.inlet(name)
	server := newServer(fromPrograms(in, handler), b.logger.With("listener", name))
	for _, change := range configure {
		change(server.Server)
	}
	http2 := server.Protocols != nil && server.Protocols.UnencryptedHTTP2()
	b.run(name, &watched{Listener: l, in: in, http2: http2}, server)
}

// newServer makes an HTTP server with the limits that all have.
func newServer(handler http.Handler, logger *slog.Logger) *graceful.Server {
	return graceful.Wrap(&http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	})
}

// run serves until Close.
func (b *Backend) run(name string, l net.Listener, server *graceful.Server) {
	b.servers = append(b.servers, server)
	b.serving.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			b.logger.Error("server ended", "listener", name, "error", err)
		}
	})
}
