package jaegers

import (
	"context"
	"fmt"
	"net"
)

// anyPort is for the listeners that no test talks to.
const anyPort = "127.0.0.1:0"

// addresses are where one Jaeger is to listen.
type addresses struct {
	compact, binary                                   string // UDP
	health, query, sampling, collector, collectorGRPC string // TCP
	otlpGRPC, otlpHTTP, zipkin                        string // TCP
}

// freeAddresses returns addresses of the loopback interface that were free a
// moment ago. Another program may take one before Jaeger does; see Start.
func freeAddresses(ctx context.Context) (addresses, error) {
	var a addresses
	// All stay open until the last is found, so that no two are the same.
	for _, addr := range []*string{&a.compact, &a.binary} {
		conn, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp4", anyPort)
		if err != nil {
			return addresses{}, fmt.Errorf("find a free udp port: %w", err)
		}
		defer conn.Close()
		*addr = conn.LocalAddr().String()
	}
	for _, addr := range []*string{
		&a.health, &a.query, &a.sampling, &a.collector, &a.collectorGRPC,
		&a.otlpGRPC, &a.otlpHTTP, &a.zipkin,
	} {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", anyPort)
		if err != nil {
			return addresses{}, fmt.Errorf("find a free tcp port: %w", err)
		}
		defer l.Close()
		*addr = l.Addr().String()
	}
	return a, nil
}

// argsV1 moves every listener of Jaeger 1's all-in-one.
func argsV1(a addresses) []string {
	return []string{
		"--admin.http.host-port=" + a.health,
		"--collector.grpc-server.host-port=" + a.collectorGRPC,
		"--collector.http-server.host-port=" + a.collector,
		"--collector.otlp.grpc.host-port=" + a.otlpGRPC,
		"--collector.otlp.http.host-port=" + a.otlpHTTP,
		"--collector.zipkin.host-port=" + a.zipkin,
		"--http-server.host-port=" + a.sampling,
		"--log-level=warn",
		"--processor.jaeger-binary.server-host-port=" + a.binary,
		"--processor.jaeger-compact.server-host-port=" + a.compact,
		"--processor.zipkin-compact.server-host-port=" + anyPort,
		"--query.grpc-server.host-port=" + anyPort,
		"--query.http-server.host-port=" + a.query,
	}
}

// argsV2 moves every listener of Jaeger 2 and leaves all else as its built-in
// configuration (cmd/jaeger/internal/all-in-one.yaml) has it, but for its own
// metrics: their address stands in a list, which --set cannot reach into.
// The jaeger receiver refuses port 0, so each of its four has a real one.
func argsV2(a addresses) []string {
	return []string{
		"--set=service.telemetry.logs.level=warn",
		"--set=service.telemetry.metrics.level=none",
		"--set=extensions.expvar.endpoint=" + anyPort,
		"--set=extensions.healthcheckv2.grpc.endpoint=" + anyPort,
		"--set=extensions.healthcheckv2.http.endpoint=" + a.health,
		"--set=extensions.jaeger_query.grpc.endpoint=" + anyPort,
		"--set=extensions.jaeger_query.http.endpoint=" + a.query,
		"--set=extensions.remote_sampling.grpc.endpoint=" + anyPort,
		"--set=extensions.remote_sampling.http.endpoint=" + a.sampling,
		"--set=extensions.zpages.endpoint=" + anyPort,
		"--set=receivers.jaeger.protocols.grpc.endpoint=" + a.collectorGRPC,
		"--set=receivers.jaeger.protocols.thrift_binary.endpoint=" + a.binary,
		"--set=receivers.jaeger.protocols.thrift_compact.endpoint=" + a.compact,
		"--set=receivers.jaeger.protocols.thrift_http.endpoint=" + a.collector,
		"--set=receivers.otlp.protocols.grpc.endpoint=" + a.otlpGRPC,
		"--set=receivers.otlp.protocols.http.endpoint=" + a.otlpHTTP,
		"--set=receivers.zipkin.endpoint=" + a.zipkin,
	}
}
