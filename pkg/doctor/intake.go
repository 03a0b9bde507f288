package doctor

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
)

// The ports at which backends take spans by default, as in URLs.
const (
	portOTLPGRPC   = "4317"
	portOTLPHTTP   = "4318"
	portZipkinHTTP = "9411"
	portAppdash    = "7701"
)

// The schemes of collector URLs that are not HTTP's; see config.Config.CollectorURL.
const (
	schemeGRPC  = "grpc"
	schemeGRPCS = "grpcs"
	schemeTCP   = "tcp"
)

// intake is a protocol in which a backend takes the spans of a tracer.
type intake struct {
	// name is the protocol in a sentence, others those that are mixed up with it.
	name, others string
	// tracer speaks it.
	tracer string
	// scheme, port and path are where a backend takes it by default.
	scheme, port, path string
	// way is the id of the probe that tries it beside the configured way.
	way string
	// mediaType and body are of a post, accepted the status that it is answered
	// with; they are empty where it is not one.
	mediaType string
	accepted  int
	body      func(context.Context, handmade) ([]byte, error)
	// closed are explanations of a port at which nobody listens.
	closed []Cause
}

// intakes are those of all tracers.
func intakes() []intake {
	return []intake{
		{
			name: "thrift", others: "an OTLP or Zipkin port", tracer: config.TracerJaeger,
			scheme: "http", port: portThriftHTTP, path: thriftPath, way: idHTTPPath,
			mediaType: "application/x-thrift", accepted: http.StatusAccepted,
			body: func(ctx context.Context, h handmade) ([]byte, error) { return h.body(ctx) },
			closed: []Cause{
				{Text: "Jaeger 2's configuration has no jaeger receiver with thrift_http, or no pipeline lists it"},
			},
		},
		{
			name: "Zipkin's JSON", others: "a thrift or OTLP port", tracer: config.TracerZipkin,
			scheme: "http", port: portZipkinHTTP, path: "/api/v2/spans", way: idZipkinWay,
			mediaType: "application/json", accepted: http.StatusAccepted,
			body: func(_ context.Context, h handmade) ([]byte, error) { return json.Marshal(zipkinBody(h)) },
			closed: []Cause{
				{Text: "Jaeger 1 takes Zipkin's spans only when told so: COLLECTOR_ZIPKIN_HOST_PORT=:9411"},
				{Text: "Jaeger 2's configuration has no zipkin receiver, or no pipeline lists it"},
			},
		},
		{
			name: "OTLP over HTTP", others: "a thrift or Zipkin port", tracer: config.TracerOTel,
			scheme: "http", port: portOTLPHTTP, path: "/v1/traces", way: idOTLPWay,
			mediaType: "application/x-protobuf", accepted: http.StatusOK,
			body:   func(_ context.Context, h handmade) ([]byte, error) { return otlpMessage(h), nil },
			closed: causesOTLPClosed("http"),
		},
		{
			name: "OTLP over gRPC", tracer: config.TracerOTel,
			scheme: schemeGRPC, port: portOTLPGRPC, way: idGRPCWay, closed: causesOTLPClosed("grpc"),
		},
		{
			name: "Appdash's packets", tracer: config.TracerAppdash, scheme: schemeTCP, port: portAppdash,
			closed: []Cause{{Text: "Jaeger has no such port: it is Appdash's collector's, and otdemo all-in-one's"}},
		},
	}
}

func causesOTLPClosed(protocol string) []Cause {
	return []Cause{
		{Text: "Jaeger 1 before 1.46 takes OTLP only when told so: COLLECTOR_OTLP_ENABLED=true"},
		{Text: "Jaeger 2's configuration has no otlp receiver with " + protocol + ", or no pipeline lists it"},
	}
}

// intakeOf returns the one that the configuration uses. Over UDP, and without a tracer,
// it is what the same tracer would send over HTTP.
func intakeOf(t *Target) intake {
	cfg := t.config()
	all := intakes()
	scheme, _, _ := strings.Cut(cfg.CollectorURL(), "://")
	for i := range all {
		in := &all[i]
		isGRPC := scheme == schemeGRPC || scheme == schemeGRPCS
		if in.tracer == cfg.Tracer && isGRPC == (in.scheme == schemeGRPC) {
			return *in
		}
	}
	return all[0]
}

// at is the URL of the intake's own port on host.
func (in intake) at(host string) string {
	return in.scheme + "://" + net.JoinHostPort(host, in.port) + in.path
}

// flag makes a tracer send to the intake's own port on host.
func (in intake) flag(host string) string { return "--collector-endpoint " + in.at(host) }

// collector is where spans go. Whoever asks has seen that they go to one.
func (t *Target) collector() (*url.URL, error) { return url.Parse(t.config().CollectorURL()) }

// meant returns the other intake whose port u has by default; false when the
// port tells nothing.
func (in intake) meant(u *url.URL) (intake, bool) {
	if u.Port() == in.port {
		return intake{}, false
	}
	for _, other := range intakes() {
		if u.Port() == other.port {
			return other, true
		}
	}
	return intake{}, false
}

// misled adds to the finding that a collector does not take spans which protocol
// its port is for, and the tracer that speaks it.
func (in intake) misled(f Finding, u *url.URL) Finding {
	other, ok := in.meant(u)
	if !ok {
		return f
	}
	f.Fact += "; port " + other.port + " is for " + other.name + ", and tracer " + in.tracer + " sends " + in.name
	switch {
	case other.tracer != in.tracer:
		return f.hint("--tracer " + other.tracer + " " + other.flag(u.Hostname()))
	default:
		return f.hint(other.flag(u.Hostname()))
	}
}
