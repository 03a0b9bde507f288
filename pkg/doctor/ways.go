package doctor

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
	"github.com/uber/jaeger-client-go/thrift-gen/jaeger"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/trace"
)

// idUDPCompact is the way that the Go client knows, when another one is
// configured; the others are those of other tracers.
const (
	idUDPCompact = "udp-compact-path"
	idGRPCWay    = "otlp-grpc-path"
	idOTLPWay    = "otlp-path"
	idZipkinWay  = "zipkin-path"
)

// A way is one that spans may take into a Jaeger beside the configured one.
type way struct {
	id, name string
	port     int
	// send sends a span of its own to the way's port on host.
	send func(ctx context.Context, env *Env, host string, port int) attempt
	// hint would make use of the way; nil when nothing here can.
	hint func(env *Env, host string) string
	// enable is what opens the port in a Jaeger 1.
	enable string
}

// attempt is a span on a way, and what is known of it before it is read back.
type attempt struct {
	trace    trace.TraceID
	target   string
	evidence string
	// problem says why it will not arrive; nil when it may.
	problem error
}

// ways returns all ways but thrift over HTTP, which has a probe of its own.
func ways() []way {
	return []way{
		{
			id: idUDPCompact, name: "compact thrift over UDP", port: portCompact,
			send: overUDP(compactProtocol),
			hint: func(env *Env, host string) string {
				switch cfg := env.config(); {
				case cfg.Tracer != config.TracerJaeger && cfg.Tracer != config.TracerNoop:
					return "--tracer jaeger --collector-endpoint '' --agent-host " + host
				case cfg.UsesCollector():
					return "--collector-endpoint '' --agent-host " + host
				}
				return "--agent-port " + strconv.Itoa(portCompact)
			},
		},
		{id: "udp-binary-path", name: "binary thrift over UDP", port: portBinary, send: overUDP(binaryProtocol)},
		{id: "udp-zipkin-path", name: "compact thrift over UDP", port: portZipkin, send: overUDP(compactProtocol)},
		{
			id: idGRPCWay, name: "OTLP over gRPC", port: 4317, send: overGRPC,
			hint:   hintOTLP("OTEL_EXPORTER_OTLP_PROTOCOL=grpc ", portOTLPGRPC),
			enable: "COLLECTOR_OTLP_ENABLED=true (for Jaeger 1 before 1.46)",
		},
		{
			id: idOTLPWay, name: "OTLP in JSON over HTTP", port: 4318,
			send:   overHTTP("/v1/traces", http.StatusOK, otlpBody),
			hint:   hintOTLP("", portOTLPHTTP),
			enable: "COLLECTOR_OTLP_ENABLED=true (for Jaeger 1 before 1.46)",
		},
		{
			id: idZipkinWay, name: "Zipkin's JSON over HTTP", port: 9411,
			send:   overHTTP("/api/v2/spans", http.StatusAccepted, zipkinBody),
			enable: "COLLECTOR_ZIPKIN_HOST_PORT=:9411 (for Jaeger 1)",
		},
	}
}

// hintOTLP is for programs with OpenTelemetry's SDK.
func hintOTLP(protocol, port string) func(*Env, string) string {
	return func(_ *Env, host string) string {
		return protocol + "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + net.JoinHostPort(host, port) + " (for OpenTelemetry)"
	}
}

// intake is the one that the way leads to; false for UDP, which the agent's flags
// are for.
func (w way) intake() (intake, bool) {
	for _, in := range intakes() {
		if in.way == w.id {
			return in, true
		}
	}
	return intake{}, false
}

func overUDP(protocol func(thrift.TTransport) thrift.TProtocol) func(context.Context, *Env, string, int) attempt {
	return func(ctx context.Context, env *Env, host string, port int) attempt {
		span := newHandmade("udp", time.Now())
		addr := net.JoinHostPort(host, strconv.Itoa(port))
		a := attempt{trace: span.id, target: "udp " + addr}
		packet, err := span.encoded(ctx, protocol)
		if err != nil {
			a.problem = err
			return a
		}
		a.evidence = fmt.Sprintf("sent a span of %d bytes to %s (trace %s)", len(packet), a.target, span.id)
		_, err = exchangeUDP(ctx, env, addr, packet, refusalTime(host))
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			// Silence is what a Jaeger does.
		case errors.Is(err, syscall.ECONNREFUSED):
			a.problem = fmt.Errorf("nothing listens on %s", a.target)
		case err != nil:
			a.problem = fmt.Errorf("%s cannot be sent to: %s", a.target, reason(err))
		default:
			a.problem = fmt.Errorf("%s answers, which no Jaeger does", a.target)
		}
		return a
	}
}

// overHTTP posts a body in JSON and takes one status for a success.
func overHTTP(
	path string, accepted int, body func(handmade) any,
) func(context.Context, *Env, string, int) attempt {
	return func(ctx context.Context, env *Env, host string, port int) attempt {
		span := newHandmade("http", time.Now())
		endpoint := &url.URL{Scheme: "http", Host: net.JoinHostPort(host, strconv.Itoa(port)), Path: path}
		a := attempt{trace: span.id, target: endpoint.String()}
		text, err := json.Marshal(body(span))
		if err != nil {
			a.problem = err
			return a
		}
		answer, err := postJSON(ctx, env, endpoint, text)
		if err != nil {
			a.problem = errors.New(oneCode(codeWayNoHelp).finding(endpoint, err).Fact)
			return a
		}
		a.evidence = (&post{fetched: answer, trace: span.id}).evidence()
		if answer.status != accepted {
			a.problem = fmt.Errorf("%s answers a span with %d", endpoint, answer.status)
		}
		return a
	}
}

func postJSON(ctx context.Context, env *Env, endpoint *url.URL, body []byte) (*fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), bytes.NewReader(body))
	if err != nil {
		return nil, withoutURL(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return send(env, req, endpoint, maxAnswer)
}

// object is a JSON object.
type object = map[string]any

// otlpBody is the first span as an ExportTraceServiceRequest in OTLP's JSON, where
// ids are hexadecimal and 64-bit numbers are text.
func otlpBody(h handmade) any {
	start, operation := h.batch.Spans[0].StartTime, h.batch.Spans[0].OperationName
	nano := func(micro int64) string { return strconv.FormatInt(micro*int64(time.Microsecond), 10) }
	span := object{
		"traceId": h.id.String(), "spanId": trace.SpanID(h.id.Low).String(), "name": operation, "kind": 1,
		"startTimeUnixNano": nano(start), "endTimeUnixNano": nano(start + 1),
	}
	service := object{"key": "service.name", "value": object{"stringValue": checkService}}
	return object{"resourceSpans": []object{{
		"resource":   object{"attributes": []object{service}},
		"scopeSpans": []object{{"spans": []object{span}}},
	}}}
}

// zipkinBody is the spans as Zipkin's v2 API takes them.
func zipkinBody(h handmade) any {
	var spans []object
	for _, s := range h.batch.Spans {
		spans = append(spans, object{
			"traceId": traceOf(s).String(), "id": trace.SpanID(s.SpanId).String(), "name": s.OperationName,
			"timestamp": s.StartTime, "duration": max(1, s.Duration),
			"localEndpoint": object{"serviceName": checkService},
		})
	}
	return spans
}

func traceOf(s *jaeger.Span) trace.TraceID {
	return trace.TraceID{High: uint64(s.TraceIdHigh), Low: uint64(s.TraceIdLow)}
}
