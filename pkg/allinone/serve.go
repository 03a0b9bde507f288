package allinone

import (
	"fmt"
	"net/http"

	"github.com/otdemo/otdemo/pkg/allinone/api"
	"github.com/otdemo/otdemo/pkg/allinone/ingest"
	"github.com/otdemo/otdemo/pkg/allinone/sampling"
	"github.com/otdemo/otdemo/pkg/allinone/udp"
)

func (b *Backend) start(s map[string]ingest.Socket, opts Options) {
	strategies := sampling.Handler(opts.Sampling)
	for _, r := range receivers(&opts.Sampling, strategies) {
		name := r.Spec().Name
		if port := b.ingest.Ports[name]; port != nil {
			b.receivers[name] = r.Start(s[name], port)
		}
	}
	b.warnCappedBuffers()
	for name, handler := range map[string]http.Handler{
		Query: api.Handler(api.Options{
			Store:   b.store,
			Loss:    b.Stats,
			History: b.History,
			Bodies:  &b.ingest.Uploads.Bodies,
			Ending:  b.closing,
			Host:    opts.Host,
			UI:      b.ui,
			Now:     opts.Now,
			Logger:  opts.Logger,
		}),
		Sampling: strategies,
		Health:   b.healthV1(opts.Now),
		HealthV2: b.healthV2(),
	} {
		if port := b.ingest.Ports[name]; port != nil {
			b.servers = append(b.servers, ingest.ServeHTTP(s[name].TCP, port, handler, nil))
		}
	}
	b.running.Go(func() { b.keepHistory(opts.Now) })
}

// warnCappedBuffers logs once when the kernel grants a smaller buffer than bursts
// need. It does so to all sockets alike.
func (b *Backend) warnCappedBuffers() {
	if granted := b.Stats().Agent.SocketBuffer; udp.Capped(granted) {
		b.logger.Warn("kernel caps the UDP receive buffer, bursts may lose spans; raise net.core.rmem_max",
			"wanted_bytes", udp.WantedBuffer, "got_bytes", granted,
			"fix", fmt.Sprintf("sudo sysctl -w net.core.rmem_max=%d", udp.WantedBuffer))
	}
}
