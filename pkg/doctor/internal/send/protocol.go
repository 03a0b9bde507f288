package send

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/otdemo/otdemo/pkg/config"
	"github.com/otdemo/otdemo/pkg/doctor/internal/probe"
)

// Protocol is a protocol in which a backend receives the spans of a tracer.
type Protocol struct {
	// Name is the protocol in a sentence, others those that are mixed up with it.
	Name, Others string
	// Tracer is the tracer that uses it.
	Tracer string
	// Scheme, Port and Path are where a backend receives it by default.
	Scheme, Port, Path string
	// PathID is the id of the probe that tries it in addition to the configured
	// path.
	PathID string
	// mediaType and body are of a post, accepted the status that it is answered
	// with; they are empty where it is not one.
	mediaType string
	Accepted  int
	Body      func(context.Context, RawSpan) ([]byte, error)
	// Closed are explanations of a closed port.
	Closed []probe.Cause
}

// Protocols are those of all tracers.
func Protocols() []Protocol {
	return []Protocol{
		{
			Name: "thrift", Others: "an OTLP or Zipkin port", Tracer: config.TracerJaeger,
			Scheme: "http", Port: probe.PortThriftHTTP, Path: probe.ThriftPath, PathID: probe.IDHTTPPath,
			mediaType: "application/x-thrift", Accepted: http.StatusAccepted,
			Body: func(ctx context.Context, h RawSpan) ([]byte, error) { return h.body(ctx) },
			Closed: []probe.Cause{
				{Text: "Jaeger 2's configuration has no jaeger receiver with thrift_http, or no pipeline lists it"},
			},
		},
		{
			Name: "Zipkin's JSON", Others: "a thrift or OTLP port", Tracer: config.TracerZipkin,
			Scheme: "http", Port: PortZipkinHTTP, Path: "/api/v2/spans", PathID: probe.IDZipkinPath,
			mediaType: "application/json", Accepted: http.StatusAccepted,
			Body: func(_ context.Context, h RawSpan) ([]byte, error) { return json.Marshal(ZipkinBody(h)) },
			Closed: []probe.Cause{
				{Text: "Jaeger 1 receives Zipkin spans only with COLLECTOR_ZIPKIN_HOST_PORT=:9411"},
				{Text: "Jaeger 2's configuration has no zipkin receiver, or no pipeline lists it"},
			},
		},
		{
			Name: "OTLP over HTTP", Others: "a thrift or Zipkin port", Tracer: config.TracerOTel,
			Scheme: "http", Port: PortOTLPHTTP, Path: "/v1/traces", PathID: probe.IDOTLPPath,
			mediaType: "application/x-protobuf", Accepted: http.StatusOK,
			Body:   func(_ context.Context, h RawSpan) ([]byte, error) { return OTLPMessage(h), nil },
			Closed: causesOTLPClosed("http"),
		},
		{
			Name: "OTLP over gRPC", Tracer: config.TracerOTel,
			Scheme: probe.SchemeGRPC, Port: PortOTLPGRPC, PathID: probe.IDOTLPGRPCPath, Closed: causesOTLPClosed("grpc"),
		},
		{
			Name: "Appdash's packets", Tracer: config.TracerAppdash, Scheme: probe.SchemeTCP, Port: portAppdash,
			Closed: []probe.Cause{{Text: "Jaeger has no such port: only Appdash's collector and otdemo all-in-one have it"}},
		},
	}
}

func causesOTLPClosed(protocol string) []probe.Cause {
	return []probe.Cause{
		{Text: "Jaeger 1 before 1.46 receives OTLP only with COLLECTOR_OTLP_ENABLED=true"},
		{Text: "Jaeger 2's configuration has no otlp receiver with " + protocol + ", or no pipeline lists it"},
	}
}

// ProtocolOf returns the one that the configuration uses. Over UDP, and without a tracer,
// it is what the same tracer would send over HTTP.
func ProtocolOf(t *probe.Target) Protocol {
	cfg := t.Config()
	all := Protocols()
	scheme, _, _ := strings.Cut(cfg.CollectorURL(), "://")
	for i := range all {
		in := &all[i]
		isGRPC := scheme == probe.SchemeGRPC || scheme == probe.SchemeGRPCS
		if in.Tracer == cfg.Tracer && isGRPC == (in.Scheme == probe.SchemeGRPC) {
			return *in
		}
	}
	return all[0]
}

// At returns the URL of the protocol's own port on host.
func (in Protocol) At(host string) string {
	return in.Scheme + "://" + net.JoinHostPort(host, in.Port) + in.Path
}

// Flag returns the flag that makes a tracer send to the protocol's own port on
// host.
func (in Protocol) Flag(host string) string { return "--collector-endpoint " + in.At(host) }

// PortOwner returns the other protocol whose default port u has; false if the
// port proves nothing.
func (in Protocol) PortOwner(u *url.URL) (Protocol, bool) {
	if u.Port() == in.Port {
		return Protocol{}, false
	}
	for _, other := range Protocols() {
		if u.Port() == other.Port {
			return other, true
		}
	}
	return Protocol{}, false
}

// WithWrongPortHint adds to the finding that a collector does not accept spans
// the protocol of its port, and the tracer that uses it.
func (in Protocol) WithWrongPortHint(f probe.Finding, u *url.URL) probe.Finding {
	other, ok := in.PortOwner(u)
	if !ok {
		return f
	}
	f.Fact += "; port " + other.Port + " is for " + other.Name + ", and tracer " + in.Tracer + " sends " + in.Name
	switch {
	case other.Tracer != in.Tracer:
		return f.Hint("--tracer " + other.Tracer + " " + other.Flag(u.Hostname()))
	default:
		return f.Hint(other.Flag(u.Hostname()))
	}
}
