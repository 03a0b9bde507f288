package jaegers

import (
	"context"

	"github.com/otdemo/otdemo/integration/process"
)

// Setup is a Jaeger that can be run on free ports. Start does so for a test;
// another program runs Command itself and then calls WaitReady.
type Setup struct {
	// Instance has the addresses, and is not running yet.
	Instance Instance
	Command  process.Command

	healthURL string
}

// Setup finds free ports for release r, whose program is at path. Another program
// may take one of them before the command runs; it ends before it is ready then.
func (r Release) Setup(ctx context.Context, path string) (Setup, error) {
	addrs, err := freeAddresses(ctx)
	if err != nil {
		return Setup{}, err
	}
	return Setup{
		Instance: Instance{
			Release:       r,
			AgentHostPort: addrs.compact,
			CollectorURL:  "http://" + addrs.collector + "/api/traces",
			OTLPHostPort:  addrs.otlpGRPC,
			OTLPURL:       "http://" + addrs.otlpHTTP + "/v1/traces",
			ZipkinURL:     "http://" + addrs.zipkin + "/api/v2/spans",
			QueryURL:      "http://" + addrs.query,
			SamplingURL:   "http://" + addrs.sampling + "/sampling",
		},
		Command: process.Command{
			Path: path,
			Args: r.args(addrs),
			Env:  []string{"OTEL_TRACES_SAMPLER=always_off"},
		},
		healthURL: "http://" + addrs.health + r.healthPath,
	}, nil
}

// WaitReady returns nil once all receivers of the running Jaeger answer. It
// returns an error after 30 s, or when ended is closed before.
func (s *Setup) WaitReady(ctx context.Context, ended <-chan struct{}) error {
	return waitReady(ctx, s.healthURL, ended)
}
