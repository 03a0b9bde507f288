package canary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/uber/jaeger-client-go/thrift"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/jaegers"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
	"github.com/otdemo/otdemo/pkg/doctor/internal/send"
)

// IngestPath is one path into a Jaeger other than the configured one.
type IngestPath struct {
	ID, name string
	port     int
	// send sends its own span to the path's port on host.
	send func(ctx context.Context, env *probe.Env, host string, port int) send.Attempt
	// hint is the setting that makes a program use the path; nil if there is
	// none.
	hint func(env *probe.Env, host string) string
	// enable is what opens the port in a Jaeger 1.
	enable string
}

// IngestPaths returns all IngestPaths but thrift over HTTP, which has a probe of its own.
func IngestPaths() []IngestPath {
	return []IngestPath{
		{
			ID: probe.IDUDPCompact, name: "compact thrift over UDP", port: jaegers.PortCompact,
			send: overUDP(send.CompactProtocol),
			hint: func(env *probe.Env, host string) string {
				switch cfg := env.Config(); {
				case cfg.Tracer != config.TracerJaeger && cfg.Tracer != config.TracerNoop:
					return "--tracer jaeger --collector-endpoint '' --agent-host " + host
				case cfg.UsesCollector():
					return "--collector-endpoint '' --agent-host " + host
				}
				return "--agent-port " + strconv.Itoa(jaegers.PortCompact)
			},
		},
		{ID: "udp-binary-path", name: "binary thrift over UDP", port: jaegers.PortBinary, send: overUDP(send.BinaryProtocol)},
		{ID: "udp-zipkin-path", name: "compact thrift over UDP", port: jaegers.PortZipkin, send: overUDP(send.CompactProtocol)},
		{
			ID: probe.IDOTLPGRPCPath, name: "OTLP over gRPC", port: 4317, send: send.OverGRPC,
			hint:   hintOTLP("OTEL_EXPORTER_OTLP_PROTOCOL=grpc ", send.PortOTLPGRPC),
			enable: "COLLECTOR_OTLP_ENABLED=true (for Jaeger 1 before 1.46)",
		},
		{
			ID: probe.IDOTLPPath, name: "OTLP in JSON over HTTP", port: 4318,
			send:   overHTTP("/v1/traces", http.StatusOK, send.OTLPBody),
			hint:   hintOTLP("", send.PortOTLPHTTP),
			enable: "COLLECTOR_OTLP_ENABLED=true (for Jaeger 1 before 1.46)",
		},
		{
			ID: probe.IDZipkinPath, name: "Zipkin's JSON over HTTP", port: 9411,
			send:   overHTTP("/api/v2/spans", http.StatusAccepted, send.ZipkinBody),
			enable: "COLLECTOR_ZIPKIN_HOST_PORT=:9411 (for Jaeger 1)",
		},
	}
}

// hintOTLP is for programs with OpenTelemetry's SDK.
func hintOTLP(protocol, port string) func(*probe.Env, string) string {
	return func(_ *probe.Env, host string) string {
		return protocol + "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + net.JoinHostPort(host, port) + " (for OpenTelemetry)"
	}
}

// protocol returns the protocol of the path; false for UDP, which the agent's
// flags configure.
func (w IngestPath) protocol() (send.Protocol, bool) {
	for _, in := range send.Protocols() {
		if in.PathID == w.ID {
			return in, true
		}
	}
	return send.Protocol{}, false
}

func overUDP(protocol func(thrift.TTransport) thrift.TProtocol) func(context.Context, *probe.Env, string, int) send.Attempt {
	return func(ctx context.Context, env *probe.Env, host string, port int) send.Attempt {
		span := send.NewRawSpan("udp", time.Now())
		addr := net.JoinHostPort(host, strconv.Itoa(port))
		a := send.Attempt{Trace: span.ID, Target: "udp " + addr}
		packet, err := span.Encode(ctx, protocol)
		if err != nil {
			a.Problem = err
			return a
		}
		a.Evidence = fmt.Sprintf("sent a span of %d bytes to %s (trace %s)", len(packet), a.Target, span.ID)
		_, err = send.ExchangeUDP(ctx, env, addr, packet, send.RefusalTime(host))
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			// Silence is what a Jaeger does.
		case errors.Is(err, syscall.ECONNREFUSED):
			a.Problem = fmt.Errorf("nothing listens on %s", a.Target)
		case err != nil:
			a.Problem = fmt.Errorf("cannot send to %s: %s", a.Target, probe.Reason(err))
		default:
			a.Problem = fmt.Errorf("%s responded, which Jaeger never does", a.Target)
		}
		return a
	}
}

// overHTTP posts a JSON body and treats one status as success.
func overHTTP(
	path string, accepted int, body func(send.RawSpan) any,
) func(context.Context, *probe.Env, string, int) send.Attempt {
	return func(ctx context.Context, env *probe.Env, host string, port int) send.Attempt {
		span := send.NewRawSpan("http", time.Now())
		endpoint := &url.URL{Scheme: "http", Host: net.JoinHostPort(host, strconv.Itoa(port)), Path: path}
		a := send.Attempt{Trace: span.ID, Target: endpoint.String()}
		text, err := json.Marshal(body(span))
		if err != nil {
			a.Problem = err
			return a
		}
		answer, err := postJSON(ctx, env, endpoint, text)
		if err != nil {
			a.Problem = errors.New(probe.OneCode(codePathNoHelp).Finding(endpoint, err).Fact)
			return a
		}
		a.Evidence = (&send.Post{Fetched: answer, Trace: span.ID}).Evidence()
		if answer.Status != accepted {
			a.Problem = fmt.Errorf("%s returned %d for a span", endpoint, answer.Status)
		}
		return a
	}
}

func postJSON(ctx context.Context, env *probe.Env, endpoint *url.URL, body []byte) (*probe.Fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return nil, probe.WithoutURL(err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := env.HTTPClient()
	defer client.CloseIdleConnections()
	return probe.Send(client, env, req, probe.MaxAnswer)
}
